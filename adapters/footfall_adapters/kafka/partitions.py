"""Checks what every process must agree on before it touches the raw topic."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from footfall_adapters.environment import SettingsError
from footfall_adapters.kafka.settings import KafkaSettings


def check_partitions(kafka: KafkaSettings, timeout_seconds: float = 10.0) -> None:
    """Compare the setting with the topic: a writer's batches must meet the same window whatever server takes them.

    Raises:
        SettingsError: the topic has another number of partitions, does not exist, or Kafka cannot be asked.
    """
    topic = kafka.topic("events.raw")
    try:
        metadata = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3}).list_topics(
            topic, timeout=timeout_seconds
        )
    except KafkaException as error:
        raise SettingsError(f"Kafka at {kafka.bootstrap_servers} cannot be reached: {error.args[0].str()}") from error
    found = len(metadata.topics[topic].partitions)
    if not found:
        raise SettingsError(f"The topic {topic} does not exist; `footfall provision` makes it.")
    if found != kafka.raw_partitions:
        raise SettingsError(
            f"The topic {topic} has {found} partitions, but FOOTFALL_KAFKA_RAW_PARTITIONS is {kafka.raw_partitions}. "
            "Every process must state the topic's own number, which cannot change."
        )

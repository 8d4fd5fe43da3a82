"""Checks what every process must agree on before it touches the raw topic."""

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from footfall_adapters.environment import SettingsError
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA


def check_partitions(kafka: KafkaSettings, timeout_seconds: float = 10.0) -> None:
    """Compare the setting with the topic: a writer's batches must meet the same window whatever server takes them.

    Raises:
        SettingsError: the topic has another number of partitions, does not exist, or Kafka cannot be asked.
    """
    topic = kafka.topic("events.raw")
    try:
        metadata = AdminClient(
            {"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "logger": LIBRDKAFKA}
        ).list_topics(topic, timeout=timeout_seconds)
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


def check_offsets(kafka: KafkaSettings, group: str, timeout_seconds: float = 10.0) -> None:
    """Make sure that a group that has processed the log before still knows how far it came.

    Kafka forgets the offsets of a group that was away for `offsets.retention.minutes`. It would begin anew then, and
    count the whole log again.

    Raises:
        SettingsError: the group has state and no offsets, or Kafka cannot be asked.
    """
    raw, changelog = kafka.topic("events.raw"), f"changelog__{kafka.topic(group)}--{kafka.topic('events.raw')}--default"
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "logger": LIBRDKAFKA})
    try:
        metadata = admin.list_topics(timeout=timeout_seconds).topics
        if changelog not in metadata:
            return
        asked = ConsumerGroupTopicPartitions(kafka.topic(group))
        (known,) = admin.list_consumer_group_offsets([asked]).values()
        if any(found.topic == raw and found.offset >= 0 for found in known.result(timeout_seconds).topic_partitions):
            return
        partitions = [TopicPartition(changelog, partition) for partition in metadata[changelog].partitions]
        ends = admin.list_offsets(dict.fromkeys(partitions, OffsetSpec.latest()))
        if not any(end.result(timeout_seconds).offset for end in ends.values()):
            return
    except KafkaException as error:
        raise SettingsError(f"Kafka at {kafka.bootstrap_servers} cannot be reached: {error.args[0].str()}") from error
    raise SettingsError(
        f"The group {kafka.topic(group)} has processed {raw} before, and Kafka does not know any more how far it "
        "came: it would count everything again. Set the group's offsets, or name another group for a new run."
    )

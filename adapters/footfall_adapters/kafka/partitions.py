"""Checks what every process must agree on before it touches a raw topic."""

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from footfall_adapters.environment import SettingsError
from footfall_adapters.kafka.group_offsets import committed, outsider
from footfall_adapters.kafka.marks import end_of
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.kinds import EventKind

RAW, PURCHASES = EventKind.LIVE.raw_topic, "events.purchases"
"""The topics of which the partitions are where state lives, and what completeness is known by."""


class KafkaUnreachableError(SettingsError):
    """Kafka gave no answer: its address is wrong, or it is away."""


def check_partitions(kafka: KafkaSettings, topics: Sequence[str] = (RAW,), timeout_seconds: float = 10.0) -> None:
    """Compare the setting with topics: a writer's batches must meet the same window whatever server takes them.

    Args:
        kafka: states how many partitions each of them has.
        topics: without the prefix.
        timeout_seconds: how long Kafka may take to answer.

    Raises:
        SettingsError: a topic has another number of partitions, or does not exist.
        KafkaUnreachableError: Kafka cannot be asked.
    """
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "logger": LIBRDKAFKA})
    for topic in map(kafka.topic, topics):
        try:
            metadata = admin.list_topics(topic, timeout=timeout_seconds)
        except KafkaException as error:
            raise _unreachable(kafka, error) from error
        found, problem = len(metadata.topics[topic].partitions), metadata.topics[topic].error
        if not found:
            if problem is not None and problem.code() == KafkaError.LEADER_NOT_AVAILABLE:
                raise _unreachable(kafka, KafkaException(problem))  # a broker that is only just back says so
            if problem is not None and problem.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise SettingsError(f"Kafka refuses to tell of the topic {topic}: {problem.str()}")
            raise SettingsError(f"The topic {topic} does not exist; `footfall provision` makes it.")
        if found != kafka.raw_partitions:
            raise SettingsError(
                f"The topic {topic} has {found} partitions, but FOOTFALL_KAFKA_RAW_PARTITIONS is "
                f"{kafka.raw_partitions}. Every process must state the topic's own number, which cannot change."
            )


def check_offsets(
    kafka: KafkaSettings, group: str, topics: Sequence[str] = (RAW, PURCHASES), timeout_seconds: float = 10.0
) -> None:
    """Make sure that a group that has processed the log before still knows how far it came.

    Kafka forgets the offsets of a group that was away for `offsets.retention.minutes`. It would begin anew then, and
    count the whole log again, or take every purchase for a copy of itself.

    Args:
        kafka: where the group is.
        group: without the prefix.
        topics: all that it reads, without the prefix.
        timeout_seconds: how long Kafka may take to answer.

    Raises:
        SettingsError: the group has state and no offsets.
        KafkaUnreachableError: Kafka cannot be asked.
    """
    try:
        with outsider(kafka, group) as asking:
            metadata = asking.list_topics(timeout=timeout_seconds).topics
            for topic in map(kafka.topic, topics):
                changelog = f"changelog__{kafka.topic(group)}--{topic}--default"
                places = [TopicPartition(topic, each) for each in metadata[topic].partitions]
                if changelog not in metadata or committed(asking, places, timeout_seconds):
                    continue
                if any(end_of(asking, changelog, each, timeout_seconds) for each in metadata[changelog].partitions):
                    raise SettingsError(
                        f"The group {kafka.topic(group)} has processed {topic} before, and Kafka does not know any "
                        "more how far it came: it would count everything again. Set the group's offsets, or name "
                        "another group for a new run."
                    )
    except KafkaException as error:
        raise _unreachable(kafka, error) from error


def _unreachable(kafka: KafkaSettings, error: KafkaException) -> KafkaUnreachableError:
    return KafkaUnreachableError(f"Kafka at {kafka.bootstrap_servers} cannot be reached: {error.args[0].str()}")

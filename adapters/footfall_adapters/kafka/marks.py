"""Asks Kafka where a partition begins and ends."""

import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

_MOVES = frozenset(
    {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.OFFSET_NOT_AVAILABLE}
)
"""Leaders change as brokers are restarted, a new partition has none for a moment, and one that was elected a moment ago
may not know yet how far its partition goes. librdkafka asks once."""

_PAUSE_SECONDS = 0.1


def begin_and_end_of(asking: Consumer, topic: str, partition: int, timeout_seconds: float) -> tuple[int, int]:
    """Return the first offset that a partition still has, and its end: the first that is not committed yet.

    Raises:
        KafkaException: Kafka does not say it in time.
    """
    give_up = time.monotonic() + timeout_seconds
    while True:
        try:
            known = asking.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout_seconds)
        except KafkaException as error:
            if error.args[0].code() not in _MOVES or time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE_SECONDS)
            continue
        if known is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - librdkafka's name
        begin, end = known
        return int(begin), int(end)


def end_of(asking: Consumer, topic: str, partition: int, timeout_seconds: float) -> int:
    """Return where a partition ends; raises as `begin_and_end_of`."""
    _, end = begin_and_end_of(asking, topic, partition, timeout_seconds)
    return end

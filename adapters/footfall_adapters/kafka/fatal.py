"""Tells an error of a consumer that ends it from those that librdkafka mends by itself."""

from confluent_kafka import KafkaError


def is_fatal(error: KafkaError) -> bool:
    """Return whether the consumer that was polled does nothing any more; only another one helps.

    `KafkaError.fatal()` is false for what `Consumer.poll` returns (confluent-kafka-python #869).
    """
    return bool(error.code() == KafkaError._FATAL)  # noqa: SLF001 - it has no other name

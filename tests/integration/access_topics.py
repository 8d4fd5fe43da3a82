"""Topics of properties and keys of a test's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from footfall_adapters.kafka.access import CONTROL, PROPERTIES
from footfall_adapters.kafka.settings import KafkaSettings
from tests.integration.error_log import delete_topic

NAMES = (PROPERTIES, CONTROL)


def make_topics(kafka: KafkaSettings) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    # the broker's time of a record of `control` says when a switch of runs takes effect
    settings = {"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}
    new = [NewTopic(kafka.topic(name), num_partitions=1, replication_factor=1, config=settings) for name in NAMES]
    for made in admin.create_topics(new).values():
        made.result(30)


def delete_topics(kafka: KafkaSettings) -> None:
    for name in NAMES:
        delete_topic(kafka, name)


@contextmanager
def topics_of(kafka: KafkaSettings) -> Iterator[KafkaSettings]:
    make_topics(kafka)
    try:
        yield kafka
    finally:
        delete_topics(kafka)


def write(kafka: KafkaSettings, topic: str, name: bytes, record: bytes) -> None:
    """Put a record there, whatever it is."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    producer.produce(kafka.topic(topic), record, key=name)
    assert producer.flush(30) == 0

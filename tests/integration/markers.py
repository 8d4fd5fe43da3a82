"""Waits until what was committed can be read: a commit returns before its markers are written.

Until then a partition ends, for who reads what is committed, before what was committed; and who reads to the end once,
as a test does, would miss it.
"""

import time
from contextlib import closing, suppress

from confluent_kafka import KafkaException

from footfall_adapters.kafka.error_topic import new_reader, watermarks
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.errors.feed import Position


def ends_of(kafka: KafkaSettings, topic: str = "errors", *, seconds: float = 20) -> Position:
    """Return the ends of a topic's partitions when each is behind the markers of all transactions; none may be open."""
    with (
        closing(new_reader(kafka)) as reader,
        closing(new_reader(kafka, **{"isolation.level": "read_uncommitted"})) as reader_of_all,
    ):
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            with suppress(KafkaException):  # a topic that was just made has no leader yet
                _, ends = watermarks(reader_of_all, kafka.topic(topic))
                if watermarks(reader, kafka.topic(topic))[1] == ends:
                    return ends
            time.sleep(0.05)
    raise AssertionError(f"a transaction stays open in {topic}")

"""What a reader of raw records makes of what its consumer gives out, told by a consumer that the test holds still."""

from typing import cast

import pytest
from confluent_kafka import Consumer, TopicPartition

from footfall_adapters.kafka.raw_reader import KafkaRawReader, RawReaderSettings
from footfall_adapters.kafka.settings import KafkaSettings


class Record:
    """A record as Kafka's consumer gives it out; its value tells its place."""

    def __init__(self, partition: int, offset: int, topic: str = "events.raw") -> None:
        self._place = (partition, offset)
        self._topic = topic

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def value(self) -> bytes:
        return repr(self._place).encode()

    def error(self) -> None:
        return None


class Consuming:
    """Gives out records."""

    def __init__(self, *places: tuple[int, int] | tuple[int, int, str]) -> None:
        self._records = [Record(*place) for place in places]

    def poll(self, _: float) -> Record:
        return self._records.pop(0)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([(1, 7)], b"(1, 7)"),
        # left over from the reads before
        ([(1, 5), (1, 6), (0, 7), (0, 9), (1, 7)], b"(1, 7)"),
        ([(1, 7, "imports.raw"), (1, 8, "imports.raw"), (1, 7)], b"(1, 7)"),
        # the record itself is gone
        ([(1, 8)], None),
    ],
)
def test_only_the_record_at_the_place_is_it(
    given: list[tuple[int, int] | tuple[int, int, str]], found: bytes | None
) -> None:
    reader = KafkaRawReader(KafkaSettings("nowhere"), RawReaderSettings())
    assert reader._value_at(cast("Consumer", Consuming(*given)), TopicPartition("events.raw", 1, 7)) == found
    reader.close()

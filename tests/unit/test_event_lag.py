"""How far an event consumer says it is behind."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from confluent_kafka import TopicPartition
from prometheus_client import REGISTRY

from footfall_adapters.kafka.event_lag import EventLag
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind

NOW = Micros(1_790_000_000_000_000)
RAW, CHANGELOG = EventKind.IMPORT.raw_topic, "changelog"


@dataclass
class Reader:
    """A consumer of which only the places matter: partition to position and end."""

    places: dict[int, tuple[int, int]]
    topics: dict[int, str] = field(default_factory=dict)

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition(self.topics.get(partition, RAW), partition) for partition in self.places]

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(one.topic, one.partition, self.places[one.partition][0]) for one in partitions]

    def get_watermark_offsets(self, partition: TopicPartition, *, cached: bool) -> tuple[int, int]:
        assert cached, "asking the broker would hold up the answer"
        return 0, self.places[partition.partition][1]


def seconds(partition: int) -> float | None:
    return REGISTRY.get_sample_value("footfall_processing_lag_seconds", {"log": "import", "partition": str(partition)})


def offsets(partition: int) -> float | None:
    return REGISTRY.get_sample_value("footfall_processing_lag_offsets", {"log": "import", "partition": str(partition)})


@pytest.fixture
def lag() -> Iterator[EventLag]:
    lag = EventLag(RAW, EventKind.IMPORT)
    yield lag
    lag.measure(Reader({}), NOW)  # figures are the process's: nothing is left for other tests


def test_the_lag_is_the_age_of_the_newest_record_and_grows_while_nothing_is_processed(lag: EventLag) -> None:
    lag.processed(0, NOW // 1000 - 1_500)
    reader = Reader({0: (90, 100)})
    lag.measure(reader, NOW)
    assert (seconds(0), offsets(0)) == (1.5, 10)
    lag.measure(reader, Micros(NOW + 60_000_000))
    assert seconds(0) == 61.5


def test_a_partition_that_went_to_another_consumer_is_not_shown(lag: EventLag) -> None:
    lag.processed(0, NOW // 1000)
    lag.processed(1, NOW // 1000)
    lag.measure(Reader({0: (1, 1), 1: (1, 1)}), NOW)
    lag.measure(Reader({1: (1, 1)}), NOW)
    assert (seconds(0), offsets(0), seconds(1)) == (None, None, 0)


def test_what_is_not_known_yet_is_not_shown(lag: EventLag) -> None:
    lag.measure(Reader({0: (-1001, 100), 1: (5, -1001)}), NOW)
    assert [seconds(0), offsets(0), offsets(1)] == [None, None, None]


def test_other_topics_do_not_count(lag: EventLag) -> None:
    lag.measure(Reader({0: (1, 5)}, topics={0: CHANGELOG}), NOW)
    assert offsets(0) is None

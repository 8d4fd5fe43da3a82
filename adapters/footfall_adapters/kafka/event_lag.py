"""How far an event consumer is behind the log, by partition."""

from typing import Protocol

from confluent_kafka import TopicPartition

from footfall_core import telemetry
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind


class Reader(Protocol):
    """What is asked of a consumer; nothing of it waits for Kafka."""

    def assignment(self) -> list[TopicPartition]:
        """Return what it is assigned."""
        ...

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Return the offsets that it reads next; negative before the first record."""
        ...

    def get_watermark_offsets(self, partition: TopicPartition, *, cached: bool) -> tuple[int, int]:
        """Return begin and end of a partition; negative if not known yet."""
        ...


class EventLag:
    """Knows the newest raw record of each partition that was processed, and sets the figures of lag."""

    def __init__(self, topic: str, kind: EventKind) -> None:
        self._topic = topic
        self._log = kind.value
        self._newest_ms: dict[int, int] = {}
        self._shown: set[int] = set()

    def processed(self, partition: int, log_time_ms: int) -> None:
        """Note a record that was processed, and the broker's time of it."""
        self._newest_ms[partition] = log_time_ms

    def measure(self, reader: Reader, now: Micros) -> None:
        """Set the figures for the partitions assigned now, and take those of others away; called from any thread."""
        assigned = [place for place in reader.assignment() if place.topic == self._topic]
        for partition in self._shown - {place.partition for place in assigned}:
            # another consumer has it: what this one last knew would look like a lag that grows
            for figure in (telemetry.PROCESSING_LAG_SECONDS, telemetry.PROCESSING_LAG_OFFSETS):
                figure.remove(self._log, str(partition))
        self._shown = {place.partition for place in assigned}
        for place in reader.position(assigned):
            labels = (self._log, str(place.partition))
            if (newest_ms := self._newest_ms.get(place.partition)) is not None:
                telemetry.PROCESSING_LAG_SECONDS.labels(*labels).set((now - newest_ms * 1000) / 1e6)
            _, end = reader.get_watermark_offsets(place, cached=True)
            if place.offset >= 0 and end >= 0:
                telemetry.PROCESSING_LAG_OFFSETS.labels(*labels).set(max(0, end - place.offset))

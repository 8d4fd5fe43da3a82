"""Where a run begins and ends in the log: found once, by the broker's time, before it is processed."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from footfall_adapters.kafka.error_topic import new_reader, watermarks
from footfall_adapters.kafka.group_offsets import commit, committed, outsider
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.kinds import EventKind
from footfall_core.processing.run_stages import HOUR_MS, SLACK_MS
from footfall_core.processing.window import WINDOW_TTL
from footfall_core.runs.run import Run, hour_text
from footfall_core.runs.work import RawPlace

LEAD_MS = round(WINDOW_TTL.total_seconds() * 1000)
"""How much of the log before its first hour a run reads, for the windows of writers."""

KAFKA_SECONDS = 30.0


class LogTooShortError(Exception):
    """The log does not reach as far back as a run needs it; the message says so to the operator."""


@dataclass(frozen=True)
class Bounds:
    """Offsets of a run by raw partition."""

    begin: Mapping[RawPlace, int]
    """Where it begins to read."""
    end: Mapping[RawPlace, int] | None
    """The first record that is far enough behind its end; None: it has no end."""


class RawLog:
    """What is asked of the raw topics, and of the group of a run, about offsets. Each question waits for Kafka."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "logger": LIBRDKAFKA})
        self._places = {
            (kind, number): TopicPartition(kafka.topic(kind.raw_topic), number)
            for kind in EventKind
            for number in range(kafka.raw_partitions)
        }

    def bounds(self, run: Run, *, is_begun: bool = False) -> Bounds | None:
        """Return a run's bounds, or None as long as the log has not come far enough behind its end everywhere.

        Args:
            run: the run.
            is_begun: whether it has read what is before its hours, which may be gone by now.

        Raises:
            LogTooShortError: records that it needs are not kept any more.
            KafkaException: Kafka cannot be asked.
        """
        begin = self._begin(run, is_begun=is_begun)
        if run.end_hour is None:
            return Bounds(begin, None)
        end = self._first_from(run.end_hour * HOUR_MS + SLACK_MS)
        return None if any(offset < 0 for offset in end.values()) else Bounds(begin, end)

    def _begin(self, run: Run, *, is_begun: bool) -> dict[RawPlace, int]:
        found = self._first_from(max(0, run.start_hour * HOUR_MS - LEAD_MS))
        first, ends = self._offsets(OffsetSpec.earliest()), self.ends()
        for place, offset in found.items():
            if not is_begun and first[place] > 0 and offset in (first[place], -1):
                raise LogTooShortError(
                    f"The log does not reach back to seven days before {hour_text(run.start_hour)}, which it takes to "
                    "tell what was sent twice; take a later first hour."
                )
            if offset < 0:  # nothing has come since
                found[place] = ends[place]
        return found

    def ends(self) -> dict[RawPlace, int]:
        """Return where each raw partition ends now."""
        return self._offsets(OffsetSpec.latest())

    def _first_from(self, time_ms: int) -> dict[RawPlace, int]:
        """Return the first record of a time or later in each raw partition; -1: there is none."""
        return self._offsets(OffsetSpec.for_timestamp(time_ms))

    def _offsets(self, spec: OffsetSpec) -> dict[RawPlace, int]:
        futures = self._admin.list_offsets(dict.fromkeys(self._places.values(), spec))
        found = {(each.topic, each.partition): future.result(KAFKA_SECONDS).offset for each, future in futures.items()}
        return {place: found[each.topic, each.partition] for place, each in self._places.items()}

    # ---- the group ----

    def committed(self, group: str, topic: str) -> dict[tuple[str, int], int]:
        """Return the offsets that a group has committed in a topic (with the prefix), by topic and partition."""
        return self._committed(group, [TopicPartition(topic, each) for each in range(self._kafka.raw_partitions)])

    def raw_committed(self, group: str) -> dict[RawPlace, int]:
        """Return the offsets that a group has committed in the raw topics; those it has not are left out."""
        known = self._committed(group, list(self._places.values()))
        places = ((place, (each.topic, each.partition)) for place, each in self._places.items())
        return {place: known[each] for place, each in places if each in known}

    def _committed(self, group: str, places: Sequence[TopicPartition]) -> dict[tuple[str, int], int]:
        with outsider(self._kafka, group) as asking:
            found = committed(asking, places, KAFKA_SECONDS)
        return {(place.topic, place.partition): place.offset for place in found}

    def begin_at(self, group: str, begin: Mapping[RawPlace, int]) -> None:
        """Have a group that nobody is a member of begin at some offsets.

        Raises:
            KafkaException: somebody is, or Kafka cannot be asked.
        """
        offsets = [
            TopicPartition(self._places[place].topic, self._places[place].partition, offset)
            for place, offset in begin.items()
        ]
        with outsider(self._kafka, group) as asking:
            commit(asking, offsets)


def wait_for_bounds(log: RawLog, run: Run, *, is_begun: bool, pause_seconds: float = 1.0) -> Bounds:
    """Return a run's bounds, once its end has come: see `RawLog.bounds`."""
    while (bounds := log.bounds(run, is_begun=is_begun)) is None:
        time.sleep(pause_seconds)
    return bounds


def is_drained(kafka: KafkaSettings, topic: str, committed: Mapping[tuple[str, int], int]) -> bool:
    """Return whether no committed record of a topic is behind what a group has committed.

    Ends of transactions take offsets too, so that the end of a partition says nothing. And a transaction's partitions
    hear of its end one after another, so that what was committed together with the raw records may not be seen yet.

    Args:
        kafka: where it is.
        topic: with the prefix.
        committed: offsets by topic and partition.

    Raises:
        KafkaException: Kafka cannot be asked.
    """
    with (
        closing(new_reader(kafka, **{"enable.partition.eof": True, "auto.offset.reset": "earliest"})) as reader,
        closing(new_reader(kafka, **{"isolation.level": "read_uncommitted"})) as reader_of_all,
    ):
        _, ends = watermarks(reader, topic)
        _, whole_ends = watermarks(reader_of_all, topic)
        if ends != whole_ends:
            return False
        places = [TopicPartition(topic, n, committed.get((topic, n), 0)) for n in range(kafka.raw_partitions)]
        reader.assign(places)
        at_end: set[int] = set()
        give_up = time.monotonic() + KAFKA_SECONDS
        while len(at_end) < len(places) and time.monotonic() < give_up:
            message = reader.poll(1)
            if message is None:
                continue
            failure = message.error()
            if failure is None:
                return False
            if failure.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name
                raise KafkaException(failure)
            at_end.add(message.partition())
    return len(at_end) == len(places)

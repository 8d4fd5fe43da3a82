"""Which runs are worked on now, and what a worker says of one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.run import hour_begins
from footfall_core.runs.state import CAUGHT_UP_MICROS, is_serving, under_way
from footfall_core.wire.runs_pb2 import RunProgress, RunStage

RawPlace = tuple[EventKind, int]
"""A raw partition."""


def to_work_on(book: Book, now: Micros) -> list[Entry]:
    """Return the runs that are worked on: those that keep up with what is live, and one of the others, the oldest.

    One at a time, since each takes from live processing what it gets. Those that could not go on are behind all others,
    and take turns.
    """
    wanted = [entry for entry in under_way(book) if entry.cancelled is None]
    keeping_up = [entry for entry in wanted if _keeps_up(entry) or is_serving(book, entry.run.id, now)]
    others = sorted((entry for entry in wanted if entry not in keeping_up), key=_rank)
    return [*keeping_up, *others[:1]]


def _rank(entry: Entry) -> tuple[bool, int]:
    """Return whether a run could not go on, and when it was said to."""
    said = entry.progress
    return (True, said.update_time_micros) if said is not None and said.problem else (False, 0)


def _keeps_up(entry: Entry) -> bool:
    return entry.progress is not None and entry.progress.caught_up_time_micros > 0


@dataclass
class Made:
    """What a worker has made since it was started."""

    rows: int = 0
    failed_batches: int = 0
    passed: dict[RawPlace, Micros] = field(default_factory=dict)
    """The newest tick of each kind that each partition of purchases has passed, and so both stages."""


@dataclass(frozen=True)
class Places:
    """Offsets by raw partition, and when they were looked at."""

    begin: Mapping[RawPlace, int]
    done: Mapping[RawPlace, int]
    """Where the run goes on."""
    end: Mapping[RawPlace, int]
    """Its end, or that of the log."""
    now: Micros

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(max(0, end - self.begin[place]) for place, end in self.end.items())

    @property
    def processed(self) -> int:
        """How many were processed."""
        return sum(
            min(max(0, self.done.get(place, begin) - begin), max(0, self.end[place] - begin))
            for place, begin in self.begin.items()
        )


def progress_of(
    entry: Entry, before: RunProgress, made: Made, places: Places, *, first: Places, raw_partitions: int
) -> RunProgress:
    """Return how far a run is that is being processed.

    Args:
        entry: the run.
        before: what was said when this worker was started.
        made: what it has made since.
        places: where it is.
        first: where it was when this worker was started.
        raw_partitions: of each log.
    """
    said = RunProgress()
    said.CopyFrom(before)
    said.stage = RunStage.RUN_STAGE_RUNNING
    said.rows = before.rows + made.rows
    said.failed_batches = before.failed_batches + made.failed_batches
    said.records_done, said.records_total = places.processed, places.total
    said.update_time_micros = places.now
    # as long as they are not known, what was said before holds: what is processed stays so
    said.processed_until_micros = _passed(made, EventKind.LIVE, raw_partitions) or before.processed_until_micros
    said.imported_processed_until_micros = (
        _passed(made, EventKind.IMPORT, raw_partitions) or before.imported_processed_until_micros
    )
    said.estimated_end_micros = _estimated_end(places, first)
    if places.processed > first.processed:
        said.ClearField("problem")
    behind = places.now - min(said.processed_until_micros, said.imported_processed_until_micros)
    if entry.run.end_hour is None and not said.caught_up_time_micros and behind <= CAUGHT_UP_MICROS:
        said.caught_up_time_micros = places.now
    return said


def _passed(made: Made, kind: EventKind, raw_partitions: int) -> int:
    newest = [made.passed.get((kind, partition), 0) for partition in range(raw_partitions)]
    return min(newest)


def _estimated_end(places: Places, first: Places) -> int:
    seconds, records = (places.now - first.now) / 1e6, places.processed - first.processed
    if records <= 0 or seconds <= 0:
        return 0
    return places.now + round((places.total - places.processed) / records * seconds * 1e6)


def processed(said: RunProgress, entry: Entry, now: Micros) -> RunProgress:
    """Return what is said of a run with an end, all of whose hours have been processed."""
    assert entry.run.end_hour is not None
    done = RunProgress()
    done.CopyFrom(said)
    done.stage = RunStage.RUN_STAGE_PROCESSED
    done.records_done = done.records_total
    done.processed_until_micros = done.imported_processed_until_micros = hour_begins(entry.run.end_hour)
    done.estimated_end_micros = 0
    done.ClearField("problem")
    done.end_time_micros = done.update_time_micros = now
    return done

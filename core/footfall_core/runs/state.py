"""Where a run is in its life, by what is known of it. Pure."""

from enum import Enum

from footfall_core.clock import Micros
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.serving import Serving
from footfall_core.wire.runs_pb2 import RunStage

CAUGHT_UP_MICROS = 15_000_000
"""How far behind the present a run without an end may be that has caught up. Progress is written every few seconds."""


class RunState(Enum):
    """Where a run is in its life; names are those of `footfall.v1.ReprocessingState`."""

    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    CAUGHT_UP = "caught up"
    DONE = "done"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REMOVED = "removed"

    @property
    def has_data(self) -> bool:
        """Whether its tables are there, and will be."""
        return self in {RunState.PREPARING, RunState.RUNNING, RunState.CAUGHT_UP, RunState.DONE}

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in {RunState.DONE, RunState.CANCELLED, RunState.FAILED, RunState.REMOVED}


def state_of(entry: Entry) -> RunState:
    """Return where a run is."""
    stage = RunStage.RUN_STAGE_UNSPECIFIED if entry.progress is None else entry.progress.stage
    if entry.cancelled is not None and not entry.cancelled.expired:
        return RunState.CANCELLED if is_gone(entry) else RunState.CANCELLING
    if entry.closed is not None and entry.cancelled is None:
        return RunState.DONE  # whatever its worker has said since, it was behind its end before
    match stage:
        case RunStage.RUN_STAGE_FAILED:
            return RunState.FAILED
        case RunStage.RUN_STAGE_REMOVED:
            return RunState.REMOVED if entry.progress is None or not entry.progress.failure else RunState.FAILED
        case _ if entry.cancelled is not None:
            return RunState.REMOVED  # its time is over, and what is left of it is being removed
        case RunStage.RUN_STAGE_UNSPECIFIED:
            return RunState.QUEUED
        case RunStage.RUN_STAGE_PREPARING:
            return RunState.PREPARING
        case RunStage.RUN_STAGE_PROCESSED:
            return RunState.DONE
        case _:
            return RunState.CAUGHT_UP if _has_caught_up(entry) else RunState.RUNNING


def is_gone(entry: Entry) -> bool:
    """Return whether a run has nothing of its own: nobody has taken it up, or all that it had is removed."""
    gone = {RunStage.RUN_STAGE_UNSPECIFIED, RunStage.RUN_STAGE_REMOVED}
    return entry.progress is None or entry.progress.stage in gone


def _has_caught_up(entry: Entry) -> bool:
    """Return whether a run without an end was as far as the present when it said so last."""
    if entry.run.end_hour is not None or entry.progress is None:
        return False
    both = (entry.progress.processed_until_micros, entry.progress.imported_processed_until_micros)
    return min(both) > 0 and min(both) >= entry.progress.update_time_micros - CAUGHT_UP_MICROS


def under_way(book: Book) -> list[Entry]:
    """Return the runs that somebody works on, or is to."""
    return [entry for entry in book.entries() if not state_of(entry).is_over]


def can_serve(book: Book, serving: Serving) -> bool:
    """Return whether all the runs of a serving have the rows of their hours, and will; the live run always does."""
    parts = [(part, book.entry(part.run_id)) for part in serving.parts]
    return all(
        entry is None or (state_of(entry).has_data and part.ends_by(entry.run.end_hour)) for part, entry in parts
    )


def is_serving(book: Book, run_id: str, now: Micros) -> bool:
    """Return whether a run serves any hour now, or will by what is stored."""
    return book.in_force(now).serves(run_id) or book.newest.serves(run_id)

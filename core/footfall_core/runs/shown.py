"""Runs and servings as the contract shows them."""

from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.admin_pb2 import (
    ReprocessingFailure,
    ReprocessingMetadata,
    ReprocessingOperation,
    ReprocessingResult,
)
from footfall.v1.admin_pb2 import Serving as ShownServing
from footfall_core.clock import Micros
from footfall_core.runs.asking import run_name
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.run import LIVE, hour_begins
from footfall_core.runs.serving import Serving
from footfall_core.runs.state import RunState, is_serving, state_of
from footfall_core.wire.runs_pb2 import RunProgress


def operation_of(entry: Entry, book: Book, now: Micros) -> ReprocessingOperation:
    """Return a run as an operation."""
    state = state_of(entry)
    shown = ReprocessingOperation(name=run_name(entry.run.id), done=state.is_over)
    shown.metadata.CopyFrom(_metadata(entry, state))
    shown.metadata.serving = is_serving(book, entry.run.id, now)
    progress = entry.progress or RunProgress()
    if state is RunState.FAILED:
        shown.error.CopyFrom(ReprocessingFailure(reason="FAILED", message=progress.failure or "It could not go on."))
    elif state is RunState.CANCELLED:
        shown.error.CopyFrom(ReprocessingFailure(reason="CANCELLED", message="It was cancelled; its data are removed."))
    elif state.is_over:
        shown.response.CopyFrom(ReprocessingResult(records=progress.records_done, rows=progress.rows))
    return shown


def _metadata(entry: Entry, state: RunState) -> ReprocessingMetadata:
    run, progress = entry.run, entry.progress or RunProgress()
    shown = ReprocessingMetadata(
        version=run.version,
        dry_run=entry.definition.dry_run,
        state=f"REPROCESSING_STATE_{state.name}",
        fraction=fraction_of(progress, state),
        records_done=progress.records_done,
        records_total=progress.records_total,
        rows=progress.rows,
        failed_batches=progress.failed_batches,
        problem="" if state.is_over else progress.problem,
    )
    _set(shown.start_hour, hour_begins(run.start_hour))
    _set(shown.end_hour, None if run.end_hour is None else hour_begins(run.end_hour))
    _set(shown.create_time, entry.definition.create_time_micros)
    _set(shown.start_time, progress.start_time_micros)
    _set(shown.end_time, entry.closed.time_micros if entry.closed else progress.end_time_micros)
    if state is RunState.RUNNING:
        _set(shown.estimated_end_time, progress.estimated_end_micros)
    _set(shown.processed_until, progress.processed_until_micros)
    _set(shown.imported_processed_until, progress.imported_processed_until_micros)
    _set(shown.update_time, progress.update_time_micros)
    return shown


def fraction_of(progress: RunProgress, state: RunState) -> float:
    """Return how much of a run is processed, 0 to 1."""
    if state in {RunState.DONE, RunState.CAUGHT_UP}:
        return 1.0
    if not progress.records_total:
        return 0.0
    # what is counted twice after a restart must not look like the end
    return min(progress.records_done / progress.records_total, 0.99)


def serving_shown(serving: Serving) -> ShownServing:
    """Return a serving as the contract shows it."""
    shown = ShownServing(epoch=serving.epoch)
    _set(shown.effective_time, serving.effective_micros)
    for part in serving.parts:
        hours = shown.hours.add(run=part.run_id if part.run_id == LIVE else run_name(part.run_id))
        _set(hours.start_hour, hour_begins(part.start_hour))
        _set(hours.end_hour, None if part.end_hour is None else hour_begins(part.end_hour))
    return shown


def _set(stamp: Timestamp, instant: int | None) -> None:
    """Set an instant; what is not known, or lies at the beginning of time, stays unset."""
    if instant:
        stamp.FromMicroseconds(instant)

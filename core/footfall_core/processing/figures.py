"""Counts what became of a record, once for all of it."""

from collections import Counter

from footfall.v1.errors_pb2 import EventError, Stage
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core import telemetry
from footfall_core.columns import EVENTS, ITEMS
from footfall_core.processing.purchases import Counted
from footfall_core.processing.record import Outcome

_BATCHES, _TICK, _PURCHASES = map(telemetry.PROCESSING_RECORDS.labels, ("batches", "tick", "purchases"))
_EVENT_ROWS, _ITEM_ROWS = map(telemetry.PROCESSING_ROWS.labels, (EVENTS.name, ITEMS.name))
_NEW, _DUPLICATE, _REFUSED, _FAILED = map(
    telemetry.PROCESSING_BATCHES.labels, ("new", "duplicate", "refused", "failed")
)
_REDRIVEN, _REDRIVEN_BEFORE = map(telemetry.PROCESSING_REDRIVEN_EVENTS.labels, ("counted", "duplicate"))


def count_record(outcome: Outcome, seconds: float) -> None:
    """Count a raw record that was processed.

    Args:
        outcome: what it gave.
        seconds: how long it took.
    """
    telemetry.PROCESSING_SECONDS.observe(seconds)
    _EVENT_ROWS.inc(len(outcome.lines))
    _ITEM_ROWS.inc(len(outcome.item_lines))
    if not outcome.batches:
        _TICK.inc()
        return
    _BATCHES.inc()
    if outcome.errors:
        _count_errors(outcome.errors)
    refused = sum(error.stage == Stage.STAGE_DEDUPE for error in outcome.errors)
    failed = len(outcome.failures)
    _NEW.inc(outcome.batches - outcome.duplicates - refused - failed)
    _DUPLICATE.inc(outcome.duplicates)
    _REFUSED.inc(refused)
    _FAILED.inc(failed)
    if outcome.redriven or outcome.redriven_before:
        _REDRIVEN.inc(outcome.redriven)
        _REDRIVEN_BEFORE.inc(outcome.redriven_before)


def count_purchases(counted: Counted) -> None:
    """Count a record of the second stage that was processed."""
    _PURCHASES.inc()
    _EVENT_ROWS.inc(len(counted.lines))
    _ITEM_ROWS.inc(len(counted.item_lines))
    if counted.errors:
        _count_errors(counted.errors)


def _count_errors(errors: list[EventError]) -> None:
    for (stage, code), number in Counter((error.stage, error.code) for error in errors).items():
        telemetry.PROCESSING_ERRORS.labels(
            Stage.Name(stage).removeprefix("STAGE_"), ErrorCode.Name(code).removeprefix("ERROR_CODE_")
        ).inc(number)

"""Counts what became of a batch, once for all of it."""

from collections import Counter
from collections.abc import Iterable

from footfall.v1.ingest_pb2 import DiscardedEvents, ErrorCode
from footfall_core import telemetry
from footfall_core.errors.discards import reason_name
from footfall_core.intake import Taken
from footfall_core.problems import Problem

_STORED, _VALIDATED, _REFUSED = map(telemetry.INGEST_BATCHES.labels, ("stored", "validated", "refused"))
_ACCEPTED, _REJECTED = map(telemetry.INGEST_EVENTS.labels, ("accepted", "rejected"))


def count_taken(taken: Taken, seconds: float) -> None:
    """Count a batch that was answered with what became of its events.

    Args:
        taken: the batch.
        seconds: how long it took to store it.
    """
    answer = taken.answer
    if answer.rejected:
        for code, number in Counter(rejected.code for rejected in answer.rejected).items():
            telemetry.INGEST_REFUSALS.labels("event", ErrorCode.Name(code).removeprefix("ERROR_CODE_")).inc(number)
    if taken.validate_only:
        _VALIDATED.inc()
        return
    _STORED.inc()
    telemetry.INGEST_SECONDS.observe(seconds)
    telemetry.INGEST_BYTES.inc(len(taken.raw_batch))
    _ACCEPTED.inc(answer.accepted)
    _REJECTED.inc(len(answer.rejected))


def count_refused(problem: Problem) -> None:
    """Count a batch that was refused as a whole."""
    _REFUSED.inc()
    telemetry.INGEST_REFUSALS.labels("batch", type(problem).__name__).inc()


def count_discarded(report: Iterable[DiscardedEvents]) -> None:
    """Count what a client dropped itself."""
    for discarded in report:
        telemetry.INGEST_DISCARDED.labels(reason_name(discarded.reason)).inc(discarded.count)

"""Whether a request may be taken, and which of its events are good."""

import re

from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.event_time import EventTimes
from footfall_core.limits import MAX_BATCH_ITEMS, MAX_EVENT_BYTES, MAX_EVENTS, MAX_WRITER_ID_LENGTH
from footfall_core.problems import FieldViolation, InvalidRequest, Problem
from footfall_core.properties import parse_property
from footfall_core.validation.event import event_mistake
from footfall_core.validation.mistakes import OUT_OF_BOUNDS, TOO_MANY, Mistake
from footfall_core.wire.raw_pb2 import Verdict

RULES_VERSION = "1"
"""Version of the rules in this package; grows with every change of a verdict."""

WRITER_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{MAX_WRITER_ID_LENGTH}}}")
WRITER_ID_SENTENCE = f"Allowed are 1 to {MAX_WRITER_ID_LENGTH} of A-Z, a-z, 0-9 and . _ : -"


def batch_problem(request: WriteEventsRequest) -> Problem | None:
    """Return why a request cannot be taken at all, naming every field that is wrong, or None."""
    violations: list[FieldViolation] = []
    try:
        parse_property(request.property)
    except InvalidRequest as problem:
        violations += problem.violations
    if not request.events:
        violations.append(FieldViolation("events", "The batch is empty; send 1 to 1,000 events."))
    elif len(request.events) > MAX_EVENTS:
        violations.append(
            FieldViolation("events", f"There are {len(request.events):,} events; at most {MAX_EVENTS:,} are allowed.")
        )
    if request.writer_id:
        if WRITER_ID.fullmatch(request.writer_id) is None:
            violations.append(FieldViolation("writer_id", WRITER_ID_SENTENCE))
        if request.sequence < 1:
            violations.append(
                FieldViolation("sequence", f"{request.sequence} is not a sequence; a writer's first batch has 1.")
            )
    elif request.sequence:
        violations.append(FieldViolation("sequence", "It is of no use without writer_id; set both or neither."))
    return InvalidRequest(*violations) if violations else None


def verdicts(request: WriteEventsRequest, received_micros: int, request_bytes: int) -> list[Verdict]:
    """Return the verdict on each event that is not to be stored, in order of index.

    Args:
        request: a request that `batch_problem` found nothing wrong with.
        received_micros: Unix time of receipt in microseconds.
        request_bytes: size of the serialized request, which spares measuring each event of a small one.
    """
    times = EventTimes.of_request(request, received_micros)
    measured = request_bytes > MAX_EVENT_BYTES
    found: list[Verdict] = []
    items = 0
    for index, event in enumerate(request.events):
        mistake = (_size_mistake(event) if measured else None) or event_mistake(event, times)
        if mistake is None and event.items:
            items += len(event.items)
            if items > MAX_BATCH_ITEMS:
                mistake = Mistake(
                    "items", TOO_MANY, f"The batch has more than {MAX_BATCH_ITEMS:,} items; send it in parts."
                )
        if mistake is not None:
            field = f"events[{index}].{mistake.field}" if mistake.field else f"events[{index}]"
            found.append(Verdict(index=index, field=field, code=mistake.code, message=mistake.message))
    return found


def _size_mistake(event: Event) -> Mistake | None:
    size = event.ByteSize()
    if size <= MAX_EVENT_BYTES:
        return None
    return Mistake("", OUT_OF_BOUNDS, f"The event takes {size:,} bytes; at most {MAX_EVENT_BYTES:,} are allowed.")

"""What a client says that it dropped itself: whether its report may be taken, and the errors that it becomes. Pure."""

from collections.abc import Iterator, Set

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError, Stage
from footfall.v1.ingest_pb2 import DiscardedEvents, DiscardReason, ErrorCode, ReportDiscardedEventsRequest
from footfall_core.clock import Micros
from footfall_core.errors.records import error_id
from footfall_core.instants import instant_of
from footfall_core.limits import MAX_DISCARDED
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.properties import parse_property
from footfall_core.validation.batch import RULES_VERSION, WRITER_ID, WRITER_ID_SENTENCE

_WHY = {
    DiscardReason.DISCARD_REASON_QUEUE_FULL: "too much was waiting to be sent",
    DiscardReason.DISCARD_REASON_EXPIRED: "they waited in its spool until they were too old",
    DiscardReason.DISCARD_REASON_GIVEN_UP: "they were sent and never answered, so some may be stored all the same",
    DiscardReason.DISCARD_REASON_CLOSED: "it was closed, or its program ended, before they were sent",
    DiscardReason.DISCARD_REASON_INVALID: "they could not be sent at all",
    DiscardReason.DISCARD_REASON_SPOOL_FAILED: "the disk of its spool did not take them",
    DiscardReason.DISCARD_REASON_SPOOL_DAMAGED: "its spool held them and they could not be read any more",
    DiscardReason.DISCARD_REASON_REFUSED: "their batch was refused for good",
}


def discards_in(request_bytes: bytes) -> ReportDiscardedEventsRequest:
    """Return a report that may be taken.

    Raises:
        InvalidRequest: names every field that is wrong.
    """
    try:
        request = ReportDiscardedEventsRequest.FromString(request_bytes)
    except DecodeError:
        sentence = "The request is not a footfall.v1.ReportDiscardedEventsRequest in protobuf."
        raise InvalidRequest.of("", sentence) from None
    if violations := [*_header_violations(request), *_count_violations(request)]:
        raise InvalidRequest(*violations)
    return request


def discard_errors(request: ReportDiscardedEventsRequest, received_micros: Micros) -> list[EventError]:
    """Return the errors of a report that `discards_in` found nothing wrong with, one a reason.

    A retry gives the same ids, because they are made of the report's number.
    """
    errors = []
    for discarded in request.discarded:
        subject = ("discarded", request.property, request.writer_id, request.report_number, discarded.reason)
        error = EventError(
            error_id=error_id(*subject),
            property=request.property,
            stage=Stage.STAGE_CLIENT,
            code=ErrorCode.ERROR_CODE_CLIENT_DISCARDED,
            message=_sentence(request, discarded),
            writer_id=request.writer_id,
            processing_version=RULES_VERSION,
            discarded=discarded,
        )
        error.time.FromMicroseconds(received_micros)
        errors.append(error)
    return errors


def reason_name(reason: int) -> str:
    """Return the name of a `DiscardReason` that is known, without its prefix."""
    return DiscardReason.Name(reason).removeprefix("DISCARD_REASON_")


def _sentence(request: ReportDiscardedEventsRequest, discarded: DiscardedEvents) -> str:
    events = "1 event" if discarded.count == 1 else f"{discarded.count:,} events"
    when = f"from {request.start_time.ToJsonString()} to {request.end_time.ToJsonString()} by its clock"
    return f"The client dropped {events} itself, {when}: {_WHY[discarded.reason]} ({reason_name(discarded.reason)})."


def _header_violations(request: ReportDiscardedEventsRequest) -> Iterator[FieldViolation]:
    try:
        parse_property(request.property)
    except InvalidRequest as problem:
        yield from problem.violations
    if WRITER_ID.fullmatch(request.writer_id) is None:
        yield FieldViolation("writer_id", WRITER_ID_SENTENCE)
    if request.report_number < 1:
        yield FieldViolation(
            "report_number", f"{request.report_number} is not a number of a report; allowed is 1 or more."
        )
    instants = []
    for field in ("start_time", "end_time"):
        if not request.HasField(field):
            yield FieldViolation(field, "It is missing; state when the first and the last event were dropped.")
            continue
        try:
            instants.append(instant_of(getattr(request, field), field))
        except InvalidRequest as problem:
            yield from problem.violations
    if len(instants) == 2 and instants[1] < instants[0]:
        yield FieldViolation("end_time", "It is before start_time; allowed is the same instant or a later one.")


def _count_violations(request: ReportDiscardedEventsRequest) -> Iterator[FieldViolation]:
    if not request.discarded:
        yield FieldViolation("discarded", "The report is empty; send at least one reason with its count.")
    seen: set[int] = set()
    for index, discarded in enumerate(request.discarded):
        field = f"discarded[{index}]"
        if not 1 <= discarded.count <= MAX_DISCARDED:
            yield FieldViolation(f"{field}.count", f"{discarded.count} is none; allowed are 1 to {MAX_DISCARDED:,}.")
        if mistake := _reason_mistake(discarded.reason, seen):
            yield FieldViolation(f"{field}.reason", mistake)
            return  # of a million wrong ones the first is enough
        seen.add(discarded.reason)


def _reason_mistake(reason: int, seen: Set[int]) -> str:
    if reason in seen:
        return f"{reason_name(reason)} is there twice; state each reason once."
    if reason not in _WHY:
        allowed = ", ".join(f"{reason_name(known)} ({int(known)})" for known in _WHY)
        return f"{reason} is none of them; allowed are {allowed}."
    return ""

"""What an ingest server decides about a request: parse, check, and hand the raw bytes on. Pure; no I/O."""

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from footfall.v1.ingest_pb2 import RejectedEvent, WriteEventsRequest, WriteEventsResponse
from footfall_core.kinds import EventKind
from footfall_core.limits import MAX_REQUEST_BYTES
from footfall_core.problems import InvalidRequest, Problem, TooLarge
from footfall_core.properties import PREFIX, PROPERTY_ID
from footfall_core.validation.batch import RULES_VERSION, batch_problem, verdicts
from footfall_core.wire.raw_pb2 import BatchHead, RawBatch


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a request besides its bytes. It travels on, so that the rules can decide again alike."""

    received_micros: int
    """Unix time of receipt in microseconds."""
    peer_address: str
    """Address of the client."""
    user_agent: str
    """User agent of the call; empty if it is only a gRPC library's."""
    trace_parent: str
    """W3C `traceparent`, or empty."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is not taken at all."""

    problem: Problem
    property_id: str
    """The property as stated, unchecked; empty if the request could not be read. For the error's record only."""
    sequence: int
    """The batch's number as stated, unchecked; 0 if it had none, or could not be read."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that is to be stored, good and bad events alike, with the verdicts on the bad ones."""

    property_id: str
    writer_id: str
    """Empty: the batch has no writer and may go to any partition."""
    sequence: int
    """The batch's number; 0 without a writer."""
    kind: EventKind
    raw_batch: bytes
    """The `RawBatch` to store."""
    answer: WriteEventsResponse
    """The answer, still without the time of the commit."""
    validate_only: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What is read of a request before anything else, at a hundredth of the cost of all of it."""

    property_id: str
    """The property, as far as the request names one."""
    sequence: int
    """The batch's number as stated, unchecked; 0 if it had none."""
    events: int
    """Number of its events."""


def head_of(request_bytes: bytes) -> Head | None:
    """Return the head of a `WriteEventsRequest`; None if it names no property, and so will be refused as a whole."""
    try:
        head = BatchHead.FromString(request_bytes)
    except DecodeError:
        return None
    # as leniently as `take` names the property of a refusal: whoever floods with such requests floods its errors
    property_id = head.property.removeprefix(PREFIX)
    return Head(property_id, head.sequence, len(head.events)) if PROPERTY_ID.fullmatch(property_id) else None


def take(request_bytes: bytes, arrival: Arrival) -> Taken | Refused:
    """Decide about a `WriteEventsRequest`."""
    request = WriteEventsRequest()
    problem: Problem | None = _size_problem(request_bytes)
    try:
        # one that is too large is read all the same: the refusal is for its property and its sequence
        request.ParseFromString(request_bytes)
    except DecodeError:
        unreadable = InvalidRequest.of("", "The request is not a footfall.v1.WriteEventsRequest in protobuf.")
        return Refused(problem or unreadable, property_id="", sequence=0)
    property_id = request.property.removeprefix(PREFIX)
    if problem := problem or batch_problem(request):
        return Refused(problem, property_id, request.sequence)
    rejected = verdicts(request, arrival.received_micros, len(request_bytes))
    answer = WriteEventsResponse(accepted=len(request.events) - len(rejected))
    for verdict in rejected:
        answer.rejected.append(
            RejectedEvent(
                index=verdict.index,
                event_id=request.events[verdict.index].event_id,
                field=verdict.field,
                code=verdict.code,  # type: ignore[arg-type]  # the wire keeps the number
                message=verdict.message,
            )
        )
    raw_batch = RawBatch(
        request=request_bytes,
        rejected=rejected,
        received_time_micros=arrival.received_micros,
        peer_address=arrival.peer_address,
        user_agent=arrival.user_agent,
        rules_version=RULES_VERSION,
        trace_parent=arrival.trace_parent,
    )
    return Taken(
        property_id=property_id,
        writer_id=request.writer_id,
        sequence=request.sequence,
        kind=EventKind.of(request),
        raw_batch=raw_batch.SerializeToString(),
        answer=answer,
        validate_only=request.validate_only,
    )


def _size_problem(request_bytes: bytes) -> TooLarge | None:
    if len(request_bytes) <= MAX_REQUEST_BYTES:
        return None
    return TooLarge(f"The request takes {len(request_bytes):,} bytes; at most {MAX_REQUEST_BYTES:,} are allowed.")

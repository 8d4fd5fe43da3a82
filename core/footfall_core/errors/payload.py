"""The payload of an error: the event, or the whole batch, as it stands in its raw topic. Pure."""

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError, GetErrorResponse, PayloadPlace, Stage
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.kinds import EventKind
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord

NEVER_STORED = "The request was refused as a whole before it reached the raw topic, so its content was not kept."
NEVER_SENT = "The client dropped the events itself, so that nothing of them came here."
EXPIRED = "Its raw record is not kept any more."
ANOTHER = "Something else stands at its place in the raw topic, which was made anew since."


def log_of(place: PayloadPlace) -> EventKind:
    """Return whose raw topic a payload is in; of an error from before there were two, the live one."""
    return EventKind.IMPORT if place.imported else EventKind.LIVE


def with_payload(error: EventError, record: bytes | None) -> GetErrorResponse:
    """Return an error with its payload, or with a sentence on why there is none.

    Args:
        error: an error that names the place of its payload.
        record: the raw record at that place; None if it is gone.
    """
    answer = GetErrorResponse(error=error)
    if record is None:
        answer.payload_missing = EXPIRED
        return answer
    batch = _batch_at(record, error.payload.batch_index)
    # the place alone is no proof: nobody may be shown what another property sent
    if batch is None or batch.property != error.property:
        answer.payload_missing = ANOTHER
    elif not error.HasField("event_index"):
        answer.batch.CopyFrom(batch)
    elif 0 <= error.event_index < len(batch.events):
        answer.event.CopyFrom(batch.events[error.event_index])
    else:
        answer.payload_missing = ANOTHER
    return answer


def without_payload(error: EventError) -> GetErrorResponse:
    """Return an error of what never reached the raw topic."""
    missing = NEVER_SENT if error.stage == Stage.STAGE_CLIENT else NEVER_STORED
    return GetErrorResponse(error=error, payload_missing=missing)


def _batch_at(record: bytes, index: int) -> WriteEventsRequest | None:
    try:
        batches = RawRecord.FromString(record).batches
        if not 0 <= index < len(batches):
            return None
        return WriteEventsRequest.FromString(RawBatch.FromString(batches[index]).request)
    except DecodeError:
        return None

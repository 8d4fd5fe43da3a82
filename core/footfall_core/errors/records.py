"""The records of `errors`: why an event, a batch or a request was not stored. Pure.

The id of an error is made from what the error is about, so that it stays the same however often the error is
recorded:

    batch of a writer        property, writer, sequence, event index, code
    batch without a writer   the payload's place, event index, code
    refused request          property, field, message, time of receipt
    reason of a report       property, writer, report number, reason (see `discards`)

A writer's batch of history is another one than its live batch of the same number, and each kind's log has places of its
own; so the kind is part of the first two, where it is not live.

None is retryable: the same input gives the same verdict, and what could not be processed is processed again
by us.
"""

from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from footfall.v1.errors_pb2 import EventError, PayloadPlace, Stage
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.kinds import EventKind
from footfall_core.limits import MAX_STRING_LENGTH
from footfall_core.problems import InvalidRequest, Problem, TooLarge
from footfall_core.properties import PROPERTY_ID, UNREADABLE_PROPERTY, property_id_of, property_name
from footfall_core.validation.batch import RULES_VERSION
from footfall_core.wire.purchase_pb2 import Purchase
from footfall_core.wire.raw_pb2 import RawBatch

INVALID = ErrorCode.ERROR_CODE_VALUE_INVALID
OUT_OF_BOUNDS = ErrorCode.ERROR_CODE_VALUE_OUT_OF_BOUNDS

_DEDUPE_SENTENCES = {
    ErrorCode.ERROR_CODE_SEQUENCE_REUSED: (
        "Sequence {sequence} of this writer was used before, with other events, so this batch was not stored; a "
        "writer numbers each batch once, and each run of a client has a writer_id of its own."
    ),
    ErrorCode.ERROR_CODE_SEQUENCE_TOO_OLD: (
        "Sequence {sequence} is older than what is remembered of this writer: whether it was stored before "
        "is not known, and now it was not; a retry must come before 4,096 later batches."
    ),
    ErrorCode.ERROR_CODE_SEQUENCE_JUMP: (
        "Sequence {sequence} is more than 1,000,000 ahead of this writer's last one, so this batch was not "
        "stored; sequences start at 1 and grow by one."
    ),
}


@dataclass(frozen=True, slots=True)
class RawPlace:
    """Where a batch stands in the raw topic, and when it came there."""

    partition: int
    offset: int
    batch_index: int
    """Index of the batch in its raw record."""
    log_time_ms: int
    """The broker's time of the raw record, Unix milliseconds, which is the time of the error as well."""
    log: EventKind = EventKind.LIVE
    """Whose raw topic."""


def validation_errors(batch: RawBatch, request: WriteEventsRequest, place: RawPlace, run: str) -> list[EventError]:
    """Return the errors of a stored batch's rejected events, in order of index."""
    errors = []
    for verdict in batch.rejected:
        error = _batch_error(request, place, run, Stage.STAGE_VALIDATION, code=verdict.code, event_index=verdict.index)
        error.field = verdict.field
        error.message = verdict.message
        error.event_index = verdict.index
        # one that is too long is a mistake of its own, and would make the record too large for its topic
        error.event_id = request.events[verdict.index].event_id[:MAX_STRING_LENGTH]
        errors.append(error)
    return errors


def dedupe_error(request: WriteEventsRequest, place: RawPlace, run: str, code: ErrorCode) -> EventError:
    """Return the error of a whole batch that was refused because of its sequence.

    Args:
        request: the batch's request.
        place: where it stands.
        run: the processing version at work.
        code: `SEQUENCE_REUSED`, `SEQUENCE_TOO_OLD` or `SEQUENCE_JUMP`.
    """
    error = _batch_error(request, place, run, Stage.STAGE_DEDUPE, code=code)
    error.field = "sequence"
    error.message = _DEDUPE_SENTENCES[code].format(sequence=request.sequence)
    return error


def processing_error(request: WriteEventsRequest, place: RawPlace, run: str, cause: Exception) -> EventError:
    """Return the error of a batch that could not be processed, which is never the client's mistake.

    The cause is named by its class alone: what it says may hold anything.
    """
    error = _batch_error(request, place, run, Stage.STAGE_PROCESSING, code=ErrorCode.ERROR_CODE_PROCESSING_FAILED)
    error.message = (
        f"The batch could not be processed ({type(cause).__name__}); its bytes are kept, so that it can be "
        "processed again. Do not send it again."
    )
    return error


def duplicate_transaction_error(
    purchase: Purchase, run: str, counted_hour: int, log: EventKind = EventKind.LIVE
) -> EventError:
    """Return the error of a purchase whose transaction was counted before.

    Args:
        purchase: the later copy.
        run: the processing version at work.
        counted_hour: hours since the Unix epoch of the log time of the purchase that counts.
        log: in which the later copy stands.
    """
    place = RawPlace(purchase.raw_partition, purchase.raw_offset, purchase.batch_index, purchase.log_time_ms, log)
    kind = EventKind.IMPORT if purchase.imported else EventKind.LIVE
    batch = _Batch(property_name(purchase.property_id), purchase.writer_id, purchase.sequence, kind, place)
    code = ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION
    error = _error_of(batch, run, Stage.STAGE_PROCESSING, code=code, event_index=purchase.event_index)
    error.field = f"events[{purchase.event_index}].transaction_id"
    hour = datetime.fromtimestamp(counted_hour * 3600, UTC)
    error.message = (
        f"A purchase with the transaction_id {purchase.transaction_id[:80]!r} was counted before (it came in the hour "
        f"of {hour:%Y-%m-%d %H:%M} UTC), so this one was not; an order counts once, under a number of its own."
    )
    error.event_index = purchase.event_index
    error.event_id = purchase.event_id
    return error


def unreadable_error(place: RawPlace, run: str, cause: Exception) -> EventError:
    """Return the error of a raw record, or a batch in it, that is not what its place says; nobody knows whose it is.

    Args:
        place: where it stands; the batch's index is -1 if the whole record cannot be read.
        run: the processing version at work.
        cause: why it cannot be read; it is named by its class alone.
    """
    nobodys = WriteEventsRequest(property=property_name(UNREADABLE_PROPERTY))
    error = _batch_error(nobodys, place, run, Stage.STAGE_PROCESSING, code=ErrorCode.ERROR_CODE_PROCESSING_FAILED)
    what = "The raw record" if place.batch_index < 0 else f"Batch {place.batch_index} of the raw record"
    error.message = (
        f"{what} at offset {place.offset} of partition {place.partition} cannot be read ({type(cause).__name__}); "
        "its bytes are kept there, and what stands behind it was processed."
    )
    return error


def refusal_error(problem: Problem, property_id: str, received_micros: int) -> EventError | None:
    """Return the error of a request that was refused as a whole at ingest.

    Of several fields that are wrong it names the first; its message names all. There is none if the property
    itself is wrong or unknown, because nobody could be shown it.
    """
    if PROPERTY_ID.fullmatch(property_id) is None:
        return None
    field = problem.violations[0].field if isinstance(problem, InvalidRequest) and problem.violations else ""
    error = EventError(
        error_id=error_id("request", property_id, received_micros, field, problem.message),
        property=property_name(property_id),
        stage=Stage.STAGE_INGEST,
        # an empty batch and one of too many events are both out of bounds
        code=OUT_OF_BOUNDS if field == "events" or isinstance(problem, TooLarge) else INVALID,
        field=field,
        message=problem.message,
        processing_version=RULES_VERSION,
    )
    error.time.FromMicroseconds(received_micros)
    return error


def error_record(error: EventError) -> tuple[bytes, bytes]:
    """Return key and value of an error's Kafka record; the key is the property's id."""
    return property_id_of(error.property).encode(), error.SerializeToString()


@dataclass(frozen=True, slots=True)
class _Batch:
    """A stored batch, as far as its errors name it."""

    property: str
    writer_id: str
    sequence: int
    kind: EventKind
    place: RawPlace


def _batch_error(
    request: WriteEventsRequest, place: RawPlace, run: str, stage: Stage, *, code: int, event_index: int = -1
) -> EventError:
    batch = _Batch(request.property, request.writer_id, request.sequence, EventKind.of(request), place)
    return _error_of(batch, run, stage, code=code, event_index=event_index)


def _error_of(batch: _Batch, run: str, stage: Stage, *, code: int, event_index: int) -> EventError:
    """Return what all errors of a stored batch have in common; index -1 means the whole batch."""
    place = batch.place
    subject: tuple[object, ...]
    if batch.writer_id:
        subject = (*_apart(batch.kind), "writer", batch.property, batch.writer_id, batch.sequence)
    else:
        subject = (*_apart(place.log), "place", place.partition, place.offset, place.batch_index)
    error = EventError(
        error_id=error_id(*subject, event_index, int(code)),
        property=batch.property,
        stage=stage,
        code=code,  # type: ignore[arg-type]  # verdicts keep the number
        writer_id=batch.writer_id,
        sequence=batch.sequence,
        payload=PayloadPlace(
            partition=place.partition,
            offset=place.offset,
            batch_index=place.batch_index,
            imported=place.log is EventKind.IMPORT,
        ),
        processing_version=run,
    )
    error.time.FromMilliseconds(place.log_time_ms)
    return error


def _apart(kind: EventKind) -> tuple[str, ...]:
    """Return what keeps a kind's subjects apart from live ones, whose ids were given before there were kinds."""
    return () if kind is EventKind.LIVE else (kind.value,)


def error_id(*subject: object) -> str:
    """Return 16 characters that name the subject of an error."""
    content = "\0".join(map(str, subject)).encode()
    return b32encode(blake2b(content, digest_size=10).digest()).decode().lower()

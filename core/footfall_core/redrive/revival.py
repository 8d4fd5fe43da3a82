"""What is stored of refused events that are brought back: repaired, checked anew, and with where they come from. Pure.

All that the rules look at is as it was when the events were received, the time above all; the rules are those of today.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError, NotRedrivableReason, Stage
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.kinds import EventKind
from footfall_core.limits import MAX_REQUEST_BYTES
from footfall_core.processing.fingerprint import fingerprint_of
from footfall_core.redrive.repairs import Step, repair
from footfall_core.validation.batch import RULES_VERSION, verdicts
from footfall_core.validation.mistakes import OUT_OF_BOUNDS, Mistake
from footfall_core.wire.raw_pb2 import BatchPlace, RawBatch, RawRecord, Redriven, SentBatch, Verdict

NEVER_STORED = NotRedrivableReason.NOT_REDRIVABLE_REASON_NEVER_STORED
NEVER_SENT = NotRedrivableReason.NOT_REDRIVABLE_REASON_NEVER_SENT
TRANSACTION_COUNTED = NotRedrivableReason.NOT_REDRIVABLE_REASON_TRANSACTION_COUNTED
MAYBE_COUNTED = NotRedrivableReason.NOT_REDRIVABLE_REASON_MAYBE_COUNTED
PAYLOAD_GONE = NotRedrivableReason.NOT_REDRIVABLE_REASON_PAYLOAD_GONE
IMPORT_NOT_ALLOWED = NotRedrivableReason.NOT_REDRIVABLE_REASON_IMPORT_NOT_ALLOWED

_UNSIGHTED = frozenset({ErrorCode.ERROR_CODE_PROCESSING_FAILED, ErrorCode.ERROR_CODE_SEQUENCE_JUMP})
"""Why a batch is refused of which a copy may be counted as it is sent."""


@dataclass(slots=True)
class Revival:
    """What comes of the errors at one place."""

    partition: int
    kind: EventKind
    raw_batch: bytes | None = None
    """The `RawBatch` to store in that partition of that kind's log; None if nothing passes."""
    redriven: list[EventError] = field(default_factory=list)
    """The errors of which something passes."""
    refused: list[EventError] = field(default_factory=list)
    """The errors of which nothing does."""
    gone: list[EventError] = field(default_factory=list)
    """The errors whose payload is not there."""
    not_allowed: list[EventError] = field(default_factory=list)
    """The errors of an import, if that may not come back."""
    events: int = 0
    """Number of events that pass."""
    verdicts: list[tuple[EventError, Verdict]] = field(default_factory=list)
    """Why the others do not; paths are those of the batch in which they were sent."""


def why_not(error: EventError) -> NotRedrivableReason | None:
    """Return why an error cannot be redriven whatever its payload is, or None if it can."""
    if error.stage == Stage.STAGE_CLIENT:
        return NEVER_SENT
    if not error.HasField("payload"):
        return NEVER_STORED
    if error.code == ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION:
        return TRANSACTION_COUNTED
    if error.code == ErrorCode.ERROR_CODE_SEQUENCE_TOO_OLD:
        return MAYBE_COUNTED
    return None


def revivals(
    record: bytes | None, kind: EventKind, errors: Iterable[EventError], steps: Sequence[Step], *, imports: bool
) -> Iterator[Revival]:
    """Yield what comes of the errors of one raw record, batch by batch.

    Args:
        record: the raw record; None if it is gone.
        kind: in whose log it stands.
        errors: that name this record, and can be redriven.
        steps: what is done to each event.
        imports: whether events of a historical import may come back.
    """
    by_batch: dict[tuple[int, bool], list[EventError]] = defaultdict(list)
    for error in errors:
        by_batch[error.payload.batch_index, error.HasField("event_index")].append(error)
    try:
        batches: Sequence[bytes] = RawRecord.FromString(record or b"").batches
    except DecodeError:
        batches = ()
    for (index, _), those in by_batch.items():
        revival = Revival(those[0].payload.partition, kind)
        stored = _batch_at(batches, index, those[0].property)
        if stored is None:
            revival.gone += those
        elif stored[1].historical_import and not imports:
            revival.not_allowed += those
        else:
            _revive(revival, *stored, those, steps)
        yield revival


def _batch_at(batches: Sequence[bytes], index: int, property_name: str) -> tuple[RawBatch, WriteEventsRequest] | None:
    if not 0 <= index < len(batches):
        return None
    try:
        batch = RawBatch.FromString(batches[index])
        request = WriteEventsRequest.FromString(batch.request)
    except DecodeError:
        return None
    # the place alone is no proof: nothing that another property sent may be brought back
    return (batch, request) if request.property == property_name else None


def _revive(
    revival: Revival, batch: RawBatch, request: WriteEventsRequest, errors: list[EventError], steps: Sequence[Step]
) -> None:
    """Work out what comes of the errors of a batch: of all of it, or of single events in it."""
    whole = not errors[0].HasField("event_index")
    events = range(len(request.events))
    if not whole:
        revival.gone += [error for error in errors if error.event_index not in events]
        errors = [error for error in errors if error.event_index in events]
    owner = dict.fromkeys(events, errors[0]) if whole else {error.event_index: error for error in errors}
    if not owner:
        return
    origin = _origin(batch, request, errors[0])
    tried = sorted(owner)
    repaired, mistakes = _repaired(request, tried, steps)
    found = {verdict.index: verdict for verdict in _verdicts(repaired, batch, mistakes)}
    for position, verdict in found.items():
        sent_at = origin.event_indexes[tried[position]]
        told = Verdict(index=sent_at, code=verdict.code, message=verdict.message)
        told.field = verdict.field.replace(f"events[{position}]", f"events[{sent_at}]", 1)
        revival.verdicts.append((owner[tried[position]], told))
    good = [position for position in range(len(tried)) if position not in found]
    revival.events = len(good)
    passed = {tried[position] for position in good}
    for error in errors:
        passes = bool(passed) if whole else error.event_index in passed
        (revival.redriven if passes else revival.refused).append(error)
    if not good:
        return
    # of a batch that comes back as a whole the bad events come too, as they were sent: each gets an error of its own
    kept = range(len(tried)) if whole else good
    stored = _without_events(repaired)
    for position in kept:
        stored.events.append(request.events[tried[position]] if position in found else repaired.events[position])
    indexes = [origin.event_indexes[tried[position]] for position in kept]
    origin.ClearField("event_indexes")
    origin.event_indexes.extend(indexes)
    revival.raw_batch = RawBatch(
        request=stored.SerializeToString(),
        rejected=[found[position] for position in sorted(found)] if whole else [],
        received_time_micros=batch.received_time_micros,
        peer_address=batch.peer_address,
        user_agent=batch.user_agent,
        rules_version=RULES_VERSION,
        trace_parent=batch.trace_parent,
        redriven=origin,
    ).SerializeToString()


def _origin(batch: RawBatch, request: WriteEventsRequest, error: EventError) -> Redriven:
    """Return where the events of a batch come from: from there, unless they were redriven before."""
    if batch.HasField("redriven"):
        origin = Redriven()
        origin.CopyFrom(batch.redriven)
        return origin
    whole = not error.HasField("event_index")
    place = error.payload
    origin = Redriven(
        origin=BatchPlace(
            partition=place.partition,
            offset=place.offset,
            batch_index=place.batch_index,
            log_time_ms=error.time.ToMilliseconds(),
        ),
        event_indexes=range(len(request.events)),
    )
    if request.writer_id:
        origin.sent.CopyFrom(
            SentBatch(
                writer_id=request.writer_id,
                sequence=request.sequence,
                fingerprint=fingerprint_of(request),
                unsighted=whole and error.code in _UNSIGHTED,
                rejected_indexes=[verdict.index for verdict in batch.rejected],
            )
        )
    return origin


def _without_events(request: WriteEventsRequest) -> WriteEventsRequest:
    return WriteEventsRequest(
        property=request.property,
        sent_time_micros=request.sent_time_micros,
        trust_client_clock=request.trust_client_clock,
        historical_import=request.historical_import,
    )


def _repaired(
    request: WriteEventsRequest, indexes: Sequence[int], steps: Sequence[Step]
) -> tuple[WriteEventsRequest, dict[int, Mistake]]:
    """Return a request of some of a batch's events, repaired, and why some cannot be, by position."""
    repaired = _without_events(request)
    mistakes = {}
    for position, index in enumerate(indexes):
        event = repaired.events.add()
        event.CopyFrom(request.events[index])
        if mistake := repair(event, steps):
            mistakes[position] = mistake
    return repaired, mistakes


def _verdicts(request: WriteEventsRequest, batch: RawBatch, mistakes: dict[int, Mistake]) -> list[Verdict]:
    """Return the verdict on each event that does not pass."""
    size = request.ByteSize()
    if size > MAX_REQUEST_BYTES:
        sentence = f"With its repairs the batch takes {size:,} bytes; at most {MAX_REQUEST_BYTES:,} are allowed."
        mistakes = {position: Mistake("", OUT_OF_BOUNDS, sentence) for position in range(len(request.events))}
    found = {verdict.index: verdict for verdict in verdicts(request, batch.received_time_micros, size)}
    for position, mistake in mistakes.items():
        path = f"events[{position}].{mistake.field}" if mistake.field else f"events[{position}]"
        found[position] = Verdict(index=position, field=path, code=mistake.code, message=mistake.message)
    return [found[position] for position in sorted(found)]

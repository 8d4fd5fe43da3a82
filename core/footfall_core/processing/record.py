"""What becomes of one raw record: rows, errors and new state. Pure and deterministic.

All of it is worked out before the first of it is written, so that a failure half-way leaves nothing behind.
"""

from collections.abc import Callable, Collection, Iterator, Sequence, Set
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.clock import Micros
from footfall_core.columns import EVENT_COLUMNS, ITEM_COLUMNS
from footfall_core.enrichment.country import CountryOf, nowhere
from footfall_core.errors.records import (
    RawPlace,
    dedupe_error,
    processing_error,
    unreadable_error,
    validation_errors,
)
from footfall_core.event_time import EventTimes
from footfall_core.kinds import EventKind
from footfall_core.problems import InvalidRequest
from footfall_core.processing.fingerprint import fingerprint_of
from footfall_core.processing.origins import Origins, batch_key, origin_keys, writer_key
from footfall_core.processing.purchases import PURCHASE, purchase_of
from footfall_core.processing.rows import RowContext, RowOrigin, event_row, item_rows, tick_row
from footfall_core.processing.versions import Version
from footfall_core.processing.window import WINDOW_TTL_MS, Sighting, Window, decode_window, encode_window
from footfall_core.properties import parse_property
from footfall_core.wire.purchase_pb2 import Purchase
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord, Redriven

MAX_ROW_RECORD_BYTES = 512 * 1024
"""Largest row record; one longer row goes alone."""

NOTHING_PROCESSED = 2**63
"""The time since which batches were processed, for who only learns of them."""

_REFUSALS = {
    Sighting.REUSED: ErrorCode.ERROR_CODE_SEQUENCE_REUSED,
    Sighting.TOO_OLD: ErrorCode.ERROR_CODE_SEQUENCE_TOO_OLD,
    Sighting.JUMP: ErrorCode.ERROR_CODE_SEQUENCE_JUMP,
}


@dataclass(slots=True)
class Outcome:
    """What a raw record gives."""

    lines: list[str] = field(default_factory=list)
    """Rows of events but for `purchases`, in order."""
    item_lines: list[str] = field(default_factory=list)
    """Rows of their items, in order."""
    purchases: list[Purchase] = field(default_factory=list)
    """Purchases with a transaction id, in order, their rows within them. Whether each counts is not decided here but
    by `footfall_core.processing.purchases.count_once`: another writer may have sent the same transaction."""
    tick_micros: Micros | None = None
    """The tick's time, if the record was one."""
    errors: list[EventError] = field(default_factory=list)
    windows: dict[str, bytes] = field(default_factory=dict)
    """New state by key, only where it changed; it expires."""
    origins: dict[str, bytes] = field(default_factory=dict)
    """New state by key that never expires: which events were counted as redriven, and which batches may be."""
    failures: list[Exception] = field(default_factory=list)
    """Why batches could not be processed; each has its error among `errors` too."""
    batches: int = 0
    duplicates: int = 0
    redriven: int = 0
    """Redriven events that count."""
    redriven_before: int = 0
    """Redriven events that were counted before, and are passed over."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a raw record stands in the log."""

    partition: int
    offset: int
    log_time_ms: int
    """The broker's time of the record, Unix milliseconds. From here on it is what "now" means."""
    log: EventKind = EventKind.LIVE
    """Whose log; one that has both kinds in it is the live one's."""


Process = Callable[[bytes, Place, Callable[[str], bytes | None]], Outcome]
"""`process_record` with all that stays the same: of a record's bytes, its place, and a way to load state."""


def process_record(
    version: Version,
    record: bytes,
    place: Place,
    load: Callable[[str], bytes | None],
    *,
    country_of: CountryOf = nowhere,
    mark: str = "",
    since_ms: int = 0,
) -> Outcome:
    """Decide what becomes of a raw record.

    Args:
        version: the rules at work.
        record: the record's bytes.
        place: where it stands.
        load: returns the stored state of a key, or None.
        country_of: knows the countries of addresses.
        mark: what the column `run` is to say, if not the version alone.
        since_ms: from which time of the log on batches were processed, Unix milliseconds; those of before were only
            learnt, and may have been such as could not be processed.
    """
    try:
        raw = RawRecord.FromString(record)
    except DecodeError as error:
        whole = RawPlace(place.partition, place.offset, -1, place.log_time_ms, place.log)
        # it counts as a batch: of what it holds nothing else is known
        return Outcome(errors=[unreadable_error(whole, version.name, error)], failures=[error], batches=1)
    origin = RowOrigin(mark or version.name, place.log_time_ms // 3_600_000, place.partition)
    if raw.tick_time_micros:
        return Outcome(
            lines=[tick_row(raw.tick_time_micros, origin, EVENT_COLUMNS)],
            item_lines=[tick_row(raw.tick_time_micros, origin, ITEM_COLUMNS)],
            tick_micros=Micros(raw.tick_time_micros),
        )
    work = _Work(version, origin.tail, load, country_of, since_ms)
    for batch_index, stored in enumerate(raw.batches):
        work.take(stored, RawPlace(place.partition, place.offset, batch_index, place.log_time_ms, place.log))
    return work.finish()


def learn_record(record: bytes, place: Place, load: Callable[[str], bytes | None]) -> Outcome:
    """Return the new state that a raw record leaves behind, and make nothing else of it.

    Each batch is taken for one that could be processed.

    Args:
        record: the record's bytes.
        place: where it stands.
        load: returns the stored state of a key, or None.
    """
    try:
        batches = RawRecord.FromString(record).batches
    except DecodeError:
        return Outcome()
    work = _Work(None, "", load, since_ms=NOTHING_PROCESSED)
    for batch_index, stored in enumerate(batches):
        work.take(stored, RawPlace(place.partition, place.offset, batch_index, place.log_time_ms, place.log))
    learnt = work.finish()
    return Outcome(windows=learnt.windows, origins=learnt.origins)


class _Work:
    """A raw record under way; without a version, no rows are made of it."""

    def __init__(
        self,
        version: Version | None,
        tail: str,
        load: Callable[[str], bytes | None],
        country_of: CountryOf = nowhere,
        since_ms: int = 0,
    ) -> None:
        self._rules = version
        self._version = version.name if version else ""
        self._tail = tail
        self._load = load
        self._country_of = country_of
        self._since_ms = since_ms
        self._windows: dict[str, Window] = {}
        self._origins = Origins(load)
        self._outcome = Outcome()

    def take(self, stored: bytes, at: RawPlace) -> None:
        """Decide about a batch; one that cannot be processed goes to the errors and does not stop its partition.

        What reading the state raises is raised: it says nothing of the batch, and must stop everything.
        """
        outcome = self._outcome
        outcome.batches += 1
        try:
            batch = RawBatch.FromString(stored)
            request = WriteEventsRequest.FromString(batch.request)
            property_id = parse_property(request.property)
            if batch.HasField("redriven"):
                _check_origins(batch.redriven, request)
        except (DecodeError, InvalidRequest) as error:
            outcome.failures.append(error)
            outcome.errors.append(unreadable_error(at, self._version, error))
            return
        if batch.HasField("redriven"):
            self._take_redriven(batch, request, at, property_id)
            return
        key, sent, fingerprint, window = "", "", 0, None
        if request.writer_id:
            key = writer_key(property_id, EventKind.of(request), request.writer_id)
            fingerprint, window = fingerprint_of(request), self._window(key, at)
            sent = batch_key(key, request.sequence, fingerprint)
            sighting = window.sight(request.sequence, fingerprint)
            if sighting is Sighting.NEW and self._origins.counted((sent,)):
                sighting = Sighting.DUPLICATE  # it was refused, and redriven since
            if sighting is Sighting.DUPLICATE:
                outcome.duplicates += 1
                if window.seen_at(at.log_time_ms):
                    self._windows[key] = window
                return
            if sighting is not Sighting.NEW:
                outcome.errors.append(dedupe_error(request, at, self._version, _REFUSALS[sighting]))
                if sighting is Sighting.JUMP:
                    self._origins.refuse(sent)  # once its writer has come that far, it may count
                return
        is_counted = self._count(batch, request, at, property_id, ())
        if window is None:
            return
        if not is_counted:
            self._origins.refuse(sent)  # it leaves no mark in the window: it may come again
            return
        window.remember(request.sequence, fingerprint)
        window.seen_at(at.log_time_ms)
        self._windows[key] = window
        if self._origins.is_refused(sent):
            rejected = {verdict.index for verdict in batch.rejected}
            self._origins.remember((sent,), set(range(len(request.events))) - rejected)

    def _take_redriven(self, batch: RawBatch, request: WriteEventsRequest, at: RawPlace, property_id: str) -> None:
        """Decide about a batch of events that were refused before: each counts once by its origin."""
        redriven, kind = batch.redriven, EventKind.of(request)
        sent, key, window = redriven.sent, "", None
        keys = origin_keys(redriven, property_id, kind)
        counted = self._origins.counted(keys)
        # what is known of a batch that was only learnt says nothing of whether it could be processed
        if sent.unsighted and redriven.origin.log_time_ms >= self._since_ms:
            key = writer_key(property_id, kind, sent.writer_id)
            window = self._window(key, at)
            sighting = window.sight(sent.sequence, sent.fingerprint)
            if not self._origins.is_refused(keys[-1]):
                if _is_uncounted(sighting, at.log_time_ms - redriven.origin.log_time_ms):
                    self._origins.refuse(keys[-1])
                else:
                    counted = counted | (set(redriven.event_indexes) - set(sent.rejected_indexes))
            if sighting is not Sighting.NEW:
                window = None  # the writer has gone on without the batch, or is far behind it
        rejected = {verdict.index for verdict in batch.rejected}
        offered = {index: origin for index, origin in enumerate(redriven.event_indexes) if index not in rejected}
        before = {index for index, origin in offered.items() if origin in counted}
        self._outcome.redriven_before += len(before)
        if len(before) == len(offered):
            self._outcome.duplicates += 1
            return
        if not self._count(batch, request, at, property_id, before):
            return
        self._outcome.redriven += len(offered) - len(before)
        self._origins.remember(keys, offered.values())
        if window is not None:
            window.remember(sent.sequence, sent.fingerprint)
            window.seen_at(at.log_time_ms)
            self._windows[key] = window

    def _window(self, key: str, at: RawPlace) -> Window:
        return self._windows.get(key) or decode_window(self._load(key), at.log_time_ms)

    def _count(
        self, batch: RawBatch, request: WriteEventsRequest, at: RawPlace, property_id: str, counted: Collection[int]
    ) -> bool:
        """Take in what a batch gives, and return whether it could be processed.

        Args:
            batch: as it is stored.
            request: its request.
            at: where it stands.
            property_id: whose it is.
            counted: indexes of good events that are not to count.
        """
        outcome = self._outcome
        try:
            rows = Outcome()
            if self._rules:
                left_out = {verdict.index for verdict in batch.rejected}.union(counted)
                rows = _rows(request, at, self._context(batch, request, property_id, self._rules), left_out)
            errors = validation_errors(batch, request, at, self._version) if batch.rejected else []
        except Exception as error:  # noqa: BLE001 - whatever it is, its place is kept for processing it again
            outcome.failures.append(error)
            outcome.errors.append(processing_error(request, at, self._version, error))
            return False
        outcome.lines += rows.lines
        outcome.item_lines += rows.item_lines
        outcome.purchases += rows.purchases
        outcome.errors += errors
        return True

    def finish(self) -> Outcome:
        """Return what became of the record."""
        self._outcome.windows = {key: encode_window(window) for key, window in self._windows.items()}
        self._outcome.origins = self._origins.state()
        return self._outcome

    def _context(self, batch: RawBatch, request: WriteEventsRequest, property_id: str, version: Version) -> RowContext:
        # a batch of history was recorded elsewhere: the call's own user agent and address say nothing of its visitors
        historical = request.historical_import
        return RowContext(
            property_id,
            EventTimes.of_request(request, batch.received_time_micros),
            call_user_agent="" if historical else batch.user_agent,
            call_address="" if historical else batch.peer_address,
            origin=self._tail,
            country_of=self._country_of,
            attribution=version.attribution,
        )


def _rows(request: WriteEventsRequest, at: RawPlace, context: RowContext, left_out: Set[int]) -> Outcome:
    """Return the rows of a batch's events and of their items, and its purchases, but for some indexes."""
    rows = Outcome()
    for index, event in enumerate(request.events):
        if index in left_out:
            continue
        line = event_row(event, context)
        if event.transaction_id and event.name == PURCHASE:
            rows.purchases.append(purchase_of(request, index, at, line, item_rows(event, line)))
            continue
        rows.lines.append(line)
        if event.items:
            rows.item_lines.extend(item_rows(event, line))
    return rows


def _is_uncounted(sighting: Sighting, age_ms: int) -> bool:
    """Return whether no copy of a batch was counted as it was sent that is not noted as refused.

    It could be processed by the rules at work; or it came before refusals were noted, and then its writer's window
    knows, for as long as it cannot have been forgotten since.

    Args:
        sighting: what its writer's window says of it now.
        age_ms: how long ago it came.
    """
    return age_ms <= WINDOW_TTL_MS and sighting not in {Sighting.DUPLICATE, Sighting.TOO_OLD}


def _check_origins(redriven: Redriven, request: WriteEventsRequest) -> None:
    if len(redriven.event_indexes) != len(request.events):
        raise InvalidRequest.of("redriven", "It does not have as many origins as events.")


def row_records(lines: Sequence[str]) -> Iterator[bytes]:
    """Pack rows into row records of at most `MAX_ROW_RECORD_BYTES`, in order."""
    packed: list[bytes] = []
    size = 0
    for line in lines:
        row = line.encode()
        if packed and size + len(row) >= MAX_ROW_RECORD_BYTES:
            yield b"\n".join(packed)
            packed, size = [], 0
        packed.append(row)
        size += len(row) + 1
    if packed:
        yield b"\n".join(packed)

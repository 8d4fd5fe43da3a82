"""A purchase counts once by its property and transaction id, whoever sends it and whenever. Pure.

The id itself is the key under which a transaction is remembered, not a hash of it: two ids can never be taken for one
another, and an order's number is hardly longer than a hash of which that could nearly be said.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from footfall.v1.errors_pb2 import EventError
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_core.clock import Micros
from footfall_core.errors.records import RawPlace, duplicate_transaction_error
from footfall_core.kinds import EventKind
from footfall_core.properties import PREFIX
from footfall_core.wire.purchase_pb2 import Purchase
from footfall_core.wire.state_pb2 import CountedTransaction

PURCHASE = "purchase"
"""The event of which one counts for a transaction; a refund may come several times."""

HOUR_MS = 3_600_000

Load = Callable[[str], bytes | None]
"""Returns the stored state of a key, or None."""


@dataclass(slots=True)
class Counted:
    """What purchases give."""

    lines: list[str] = field(default_factory=list)
    """Rows of those that count, in order."""
    item_lines: list[str] = field(default_factory=list)
    """Rows of their items, in order."""
    errors: list[EventError] = field(default_factory=list)
    """One for each that does not."""
    state: dict[str, bytes] = field(default_factory=dict)
    """New state by key; it never expires."""
    log: EventKind = EventKind.LIVE
    """In whose log they stand, and so whose tables the rows belong to."""
    tick_micros: Micros | None = None
    """The tick's time, if the rows are a tick's."""


CountOnce = Callable[[Iterable[Purchase], Load], Counted]
"""`count_once` with the run, which stays the same."""


def purchase_of(
    request: WriteEventsRequest, event_index: int, place: RawPlace, row: str, item_rows: Iterable[str]
) -> Purchase:
    """Return an event as it goes to the second stage.

    Args:
        request: its batch's request.
        event_index: its index in the batch; a valid purchase with a transaction id.
        place: where the batch stands.
        row: the event's row.
        item_rows: the rows of its items.
    """
    event = request.events[event_index]
    return Purchase(
        property_id=request.property.removeprefix(PREFIX),
        transaction_id=event.transaction_id,
        row=row,
        item_rows=item_rows,
        event_id=event.event_id,
        event_index=event_index,
        writer_id=request.writer_id,
        sequence=request.sequence,
        raw_partition=place.partition,
        raw_offset=place.offset,
        batch_index=place.batch_index,
        log_time_ms=place.log_time_ms,
        imported=request.historical_import,
    )


def count_once(run: str, purchases: Iterable[Purchase], load: Load, log: EventKind = EventKind.LIVE) -> Counted:
    """Decide which purchases count: the first of each transaction, live or imported.

    Args:
        run: the processing version at work.
        purchases: in the order in which they came.
        load: knows the transactions that were counted before.
        log: in which the purchases stand.
    """
    counted = Counted(log=log)
    for purchase in purchases:
        # no property's id holds a slash, so a key is one property's and one transaction's
        key = f"{purchase.property_id}/{purchase.transaction_id}"
        before = counted.state[key] if key in counted.state else load(key)
        if before is not None:
            hour = CountedTransaction.FromString(before).log_hour
            counted.errors.append(duplicate_transaction_error(purchase, run, hour, log))
            continue
        hour = purchase.log_time_ms // HOUR_MS
        counted.state[key] = CountedTransaction(log_hour=hour).SerializeToString()
        counted.lines.append(purchase.row)
        counted.item_lines.extend(purchase.item_rows)
    return counted

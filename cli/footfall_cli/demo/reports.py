"""What a demo shows in the end: three reports and the errors that it caused."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from footfall.client import Client
from footfall.error_list import ErrorCount
from footfall.report import Report
from footfall_cli.demo.shop import CURRENCY, ZONE

ERRORS_KEPT = timedelta(days=30)
"""How long the server can count errors."""
_POLL_SECONDS = 0.2
_BEST_SELLERS = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report of the demo."""

    name: str
    """For programs."""
    title: str
    dimensions: list[str]
    metrics: list[str]
    order_by: list[str]
    limit: int = 0
    """0: all rows."""


REPORTS = (
    Wanted(
        "days",
        "Day by day",
        ["date"],
        ["eventCount", "totalUsers", "sessions", "transactions", "purchaseRevenue"],
        ["date"],
    ),
    Wanted(
        "channels",
        "What brought visitors",
        ["defaultChannelGroup"],
        ["sessions", "activeUsers", "transactions", "purchaseRevenue"],
        ["-sessions"],
    ),
    Wanted(
        "best_sellers",
        f"The {_BEST_SELLERS} best sellers",
        ["itemName"],
        ["itemsViewed", "itemsAddedToCart", "itemsPurchased", "itemRevenue"],
        ["-itemsPurchased", "itemName"],
        _BEST_SELLERS,
    ),
)


def ask(client: Client, wanted: Wanted, first: date, last: date, committed_micros: int) -> Report:
    """Return a report over days in the shop's time zone, with amounts in its currency.

    Args:
        client: of the property.
        wanted: which report.
        first: the first day.
        last: the last one; it counts too.
        committed_micros: no cached answer that may lack what was imported by this Unix time in microseconds.

    Raises:
        FootfallError: it cannot be had.
    """
    return client.report(
        wanted.dimensions,
        wanted.metrics,
        first,
        last,
        order_by=wanted.order_by,
        limit=wanted.limit,
        time_zone=ZONE,
        currency_code=CURRENCY,
        min_imported_data_complete_until=datetime.fromtimestamp(committed_micros / 1_000_000, UTC),
    )


def errors_caused(
    client: Client,
    writer_ids: Iterable[str],
    expected: int,
    *,
    now: datetime,
    timeout: float,
    pause: Callable[[float], object] = time.sleep,
) -> list[ErrorCount]:
    """Count the errors of writers by hour, stage and code, the first hour first, as soon as there are enough.

    A list of errors does not say how far it is complete. So it is asked for until it has as many as were refused; after
    `timeout` seconds what there is must do, because errors of a demo that was sent long ago are no longer kept.

    Raises:
        FootfallError: they cannot be had.
    """
    writer_ids, deadline = tuple(writer_ids), time.monotonic() + timeout
    while True:
        counts: Counter[tuple[datetime, str, str]] = Counter()
        for writer_id in writer_ids:
            for c in client.list_errors(now - ERRORS_KEPT, writer_id=writer_id, page_size=1).counts:
                counts[c.hour, c.stage, c.code] += c.count
        if counts.total() >= expected or time.monotonic() >= deadline:
            return [ErrorCount(*kind, count) for kind, count in sorted(counts.items())]
        pause(_POLL_SECONDS)


def total_of(counts: Iterable[ErrorCount]) -> int:
    """Return how many errors there are."""
    return sum(count.count for count in counts)

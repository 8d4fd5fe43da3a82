"""A property of rows that are hard to read: texts that look like something else, and amounts of all kinds."""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.contract.report_paths import ReportPath
from tests.contract.report_rows import event, item, stored

TEXTS = [
    "", "", "a", "A", "b", "ab", "a b", "(not set)", "(NOT SET)", "%", "_", "a%b", "a_b", "\\", "a\\b", "\\_", '"',
    'a"b', "'", "a'; DROP TABLE events; --", "$1", "?", "{", "}", "[]", ",", ',"p":1', '{"p":2}',
    "é", "É", "İ", "i\u0307", "ΟΔΟΣ", "οδος", "οδοσ", "ΚΩΣ-Α", "κως-α", "äÖ", "ß",
    "SS", "日本", "😀", "ﬁn", "\ue000", "\ud7ff", "n/a", "null", "true", "0", "-0", "7", "07", "+7", "7.0", "0.5",
    ".5", "1e-7", "1E3", "1e400", "1,000", "0x7", "NaN", "inf", "٣", " 7", "7 ", "-3", "99999999999999999999", "0.1",
    "0.30000000000000004",
]  # fmt: skip
"""Values of texts; every one of them may also be what a filter compares with."""

NUMBERS = [0, -0.0, 1, -3, 7, 9.5, 0.1, 0.2, 0.30000000000000004, 1e-7, 12345678.5, 1e15, -2.5e-3, 2**53]
AMOUNTS = [0.25, 0.1, 0.2, 0.30000000000000004, 1.75, -0.7, 1e-9, 12345678.9, 999999999.99, 5e-7]
"""Amounts that, added up as doubles, leave noise."""

COLUMNS = {
    "event_name": "eventName", "page_path": "pagePath", "host_name": "hostName", "source": "source",
    "campaign": "campaignName", "country": "country",
}  # fmt: skip


@dataclass(frozen=True)
class Mixture:
    """A property of hard rows."""

    property_id: str
    rows: list[dict[str, Any]] = field(repr=False)
    items: list[dict[str, Any]] = field(repr=False)


def stored_mixture(path: ReportPath) -> Mixture:
    """Store the rows under a property of their own; they are the same each time."""
    draw = random.Random(20260701)
    rows, items = _rows(draw), _items(draw)
    return Mixture(stored(path, "mixture", rows, items), rows, items)


def _rows(draw: random.Random) -> list[dict[str, Any]]:
    rows = []
    for _ in range(400):
        when = f"2026-{draw.choice(('03-28', '03-29', '03-30', '10-24', '10-25'))}T{draw.randrange(24):02d}:30:00"
        values: dict[str, Any] = {column: draw.choice(TEXTS) for column in COLUMNS if column != "event_name"}
        values |= {"session_id": draw.choice(("", "1", "2")), "is_active_user": draw.randrange(2)}
        values["is_bot"] = int(draw.random() < 0.1)
        if draw.random() < 0.6:
            values |= {"value": draw.choice(AMOUNTS), "currency": "EUR"}
        if draw.random() < 0.6:
            values["transaction_id"] = draw.choice(TEXTS)
        params = {
            name: draw.choice((draw.choice(TEXTS), draw.choice(NUMBERS), draw.random() < 0.5))
            for name in ("p", "Q_1", "q_1", "other")
            if draw.random() < 0.7
        }
        # whole numbers are written without a point, as the event consumer does
        whole = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in params.items()}
        name = draw.choice(("page_view", "screen_view", "purchase", "refund", "scroll"))
        rows.append(event(when, name, draw.choice(("", "ada", "bob", "cid", "dora")), **values, params=whole))
    return rows


def _items(draw: random.Random) -> list[dict[str, Any]]:
    rows = []
    for _ in range(200):
        when = f"2026-{draw.choice(('03-28', '03-29', '10-25'))}T{draw.randrange(24):02d}:30:00"
        values = {
            column: draw.choice(TEXTS) for column in ("item_id", "item_name", "item_variant", "source", "country")
        }
        name = draw.choice(("view_item", "add_to_cart", "purchase", "refund"))
        price = draw.choice((None, 0.25, 10, 0.1, 19.99, 4_000_000_000.07))
        rows.append(item(when, name, "ada", draw.randrange(5), price, currency="EUR", **values))
    return rows

"""A crowd on many pages, whose numbers are counted here from the same rows."""

import random
from dataclasses import dataclass
from typing import Any

from tests.contract.report_paths import ReportPath
from tests.contract.report_rows import event, stored

DISTINCT = ["eventCount", "totalUsers", "transactions"]


@dataclass(frozen=True)
class Crowd:
    """A property of more users than a sketch counts exactly, on more pages than one query keeps sketches of."""

    property_id: str
    rows: list[dict[str, Any]]

    def by(self, *columns: str) -> list[tuple[Any, ...]]:
        """Return the events, users and orders by some columns, as a report has them."""
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in self.rows:
            groups.setdefault(tuple(row[column] for column in columns), []).append(row)
        return [(*group, *counts_of(rows)) for group, rows in groups.items()]


def counts_of(rows: list[dict[str, Any]]) -> tuple[int, int, int]:
    orders = {row["transaction_id"] for row in rows if row["event_name"] == "purchase"}
    return len(rows), len({row["client_id"] for row in rows}), len(orders)


def stored_crowd(path: ReportPath) -> Crowd:
    """Store the crowd under a property of its own."""
    draw = random.Random(20260601)
    rows = []
    for number in range(30_000):
        day = draw.randrange(1, 4)
        row = event(
            f"2026-06-0{day}T12:00:00",
            "purchase" if number % 5 == 0 else "page_view",
            f"user-{number if number < 20_000 else draw.randrange(2_000)}",
            page_path=f"/p/{int(draw.paretovariate(0.7)) % 700}",
            page_referrer=f"https://shop.example/{number}/{'y' * 60}",
            device_category=("mobile", "desktop")[number % 2],
        )
        if number % 5 == 0:
            row["transaction_id"] = f"order-{draw.randrange(3_000)}"
        elif number % 50 == 1:
            # an order that is refunded, and bought on no day of the report, is none of its transactions
            row |= {"event_name": "refund", "transaction_id": f"bought-before-{number}"}
        rows.append(row | {"day": f"2026-06-0{day}"})
    return Crowd(stored(path, "crowd", rows), rows)

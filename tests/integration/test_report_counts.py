"""Distinct counts of a property of more users than a sketch counts exactly, against counts of the same rows here."""

import random
from dataclasses import dataclass
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_core.report.filter_language import parse_metric_filter
from tests.integration.query_path import QueryPath, report_request, table, totals
from tests.integration.report_rows import event, stored

pytestmark = pytest.mark.stack


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
        return [(*group, *_counts(rows)) for group, rows in groups.items()]


def _counts(rows: list[dict[str, Any]]) -> tuple[int, int, int]:
    orders = {row["transaction_id"] for row in rows if row["event_name"] == "purchase"}
    return len(rows), len({row["client_id"] for row in rows}), len(orders)


@pytest.fixture(scope="module")
def crowd(path: QueryPath) -> Crowd:
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


DISTINCT = ["eventCount", "totalUsers", "transactions"]


def test_a_distinct_count_beyond_the_sketch_is_near_and_says_that_it_is_an_estimate(
    path: QueryPath, crowd: Crowd
) -> None:
    response = path.ask(report_request(crowd.property_id, DISTINCT))
    events, users, orders = totals(response)
    (_, expected_users, expected_orders) = _counts(crowd.rows)
    assert (events, orders) == (30_000, expected_orders)
    assert expected_users == 20_000
    assert users == pytest.approx(expected_users, rel=0.04)
    (approximate,) = response.metadata.approximate_metrics
    assert (approximate.name, approximate.exact_up_to) == ("totalUsers", 16_384)
    assert 0.007 < approximate.relative_standard_error < 0.009


def test_distinct_counts_of_days_are_exact_and_do_not_add_up(path: QueryPath, crowd: Crowd) -> None:
    response = path.ask(report_request(crowd.property_id, DISTINCT, ["date"]))
    assert table(response) == sorted(crowd.by("day"))


@pytest.mark.parametrize(
    ("dimensions", "columns"),
    [
        (["deviceCategory"], ["device_category"]),
        (["pagePath"], ["page_path"]),
        (["date", "pagePath"], ["day", "page_path"]),
    ],
)
@pytest.mark.parametrize("metric", ["eventCount", "totalUsers", "transactions"])
@pytest.mark.parametrize(("offset", "limit"), [(0, 10), (5, 20), (0, 10_000)])
def test_distinct_counts_are_right_however_many_rows_there_are(
    path: QueryPath, crowd: Crowd, dimensions: list[str], columns: list[str], metric: str, offset: int, limit: int
) -> None:
    expected = sorted(crowd.by(*columns))
    index = len(dimensions) + DISTINCT.index(metric)
    expected.sort(key=lambda row: row[index], reverse=True)
    request = report_request(
        crowd.property_id,
        DISTINCT,
        dimensions,
        order_bys=[query_pb2.OrderBy(metric=metric, desc=True)],
        offset=offset,
        limit=limit,
    )
    response = path.ask(request)
    assert table(response) == expected[offset : offset + limit]
    assert response.row_count == len(expected)


def test_an_answer_of_several_parts_arrives_whole(path: QueryPath, crowd: Crowd) -> None:
    response = path.ask(report_request(crowd.property_id, ["eventCount"], ["pageReferrer"], limit=250_000))
    assert response.ByteSize() > 5 * 512 * 1024
    assert table(response) == sorted((row["page_referrer"], 1) for row in crowd.rows)
    assert response.row_count == 30_000


@pytest.mark.parametrize("text", ["totalUsers > 30", "eventCount between (20, 200)", "NOT transactions < 5"])
@pytest.mark.parametrize(("offset", "limit"), [(0, 10), (5, 20), (0, 10_000)])
def test_a_filter_on_metrics_sees_the_counts_that_are_answered_however_many_rows_there_are(
    path: QueryPath, crowd: Crowd, text: str, offset: int, limit: int
) -> None:
    passes = {
        "totalUsers > 30": lambda events, users, orders: users > 30,
        "eventCount between (20, 200)": lambda events, users, orders: 20 <= events <= 200,
        "NOT transactions < 5": lambda events, users, orders: orders >= 5,
    }[text]
    expected = sorted((row for row in crowd.by("page_path") if passes(*row[1:])), key=lambda row: (-row[1], row[0]))
    assert 10 < len(expected) < len(crowd.by("page_path"))
    request = report_request(
        crowd.property_id, DISTINCT, ["pagePath"], metric_filter=parse_metric_filter(text), offset=offset, limit=limit
    )
    response = path.ask(request)
    assert table(response) == expected[offset : offset + limit]
    assert response.row_count == len(expected)
    assert totals(response)[0] == 30_000

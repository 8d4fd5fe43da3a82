"""Sums of amounts are exact, and the same in whatever order events come in; texts have one order."""

import random
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_core.report import amounts
from footfall_core.report.filter_language import parse_metric_filter
from tests.contract.report_paths import ReportPath
from tests.contract.report_rows import event, item, stored
from tests.contract.reports import report_request, table, totals

WHEN = "2026-03-28T10:00:00"
EUR = {"currency": "EUR"}

SUMS: dict[str, tuple[list[float], float]] = {
    # as doubles, 0.1 + 0.2 is more than 0.3
    "/c": ([0.1, 0.2], 0.3),
    "/b": ([0.3], 0.3),
    "/a": ([0.2, 0.1], 0.3),
    "/d": ([0.7, -0.4], 0.3),
    "/noise": ([0.1] * 10 + [12345678.9] * 99, 1222222212.1),
    # what is behind the sixth digit counts for nothing, a half of the last one for one
    "/dust": ([1e-9] * 1000, 0.0),
    "/half": ([5e-7, 1e-300, -1e-300], 1e-6),
    "/large": ([999_999_999.99] * 7, 6_999_999_999.93),
    "/larger": ([4_000_000_000.01, 5_000_000_000.01], 9_000_000_000.02),
    "/largest": ([1e15, 1e15, 0.25], 2_000_000_000_000_000.25),
    "/beyond": ([1e15] * 10 + [0.5], 10_000_000_000_000_000.0),
    "/below": ([-1e15, -0.1, 1e15], -0.1),
    "/nothing": ([], 0.0),
}
"""Amounts by page, and what one adds up to by hand."""


@pytest.fixture(scope="module")
def sums(path: ReportPath) -> str:
    rows = [
        event(WHEN, "purchase", page_path=page, value=value, **EUR)
        for page, (parts, _) in SUMS.items()
        for value in parts
    ]
    rows.append(event(WHEN, "scroll", page_path="/nothing"))
    random.Random(2).shuffle(rows)
    return stored(path, "sums", rows)


def by_page(path: ReportPath, property_id: str, **fields: Any) -> list[tuple[Any, ...]]:
    return table(path.ask(report_request(property_id, ["purchaseRevenue"], ["pagePath"], **fields)))


def test_sums_are_those_of_decimal_numbers(path: ReportPath, sums: str) -> None:
    expected = {page: total for page, (_, total) in SUMS.items()}
    assert dict(by_page(path, sums)) == expected
    assert dict(table(path.ask(report_request(sums, ["eventValue"], ["pagePath"], currency_code="EUR")))) == expected
    of_all = amounts.shown(sum(amounts.added(value) for parts, _ in SUMS.values() for value in parts))
    assert totals(path.ask(report_request(sums, ["purchaseRevenue"]))) == (of_all,)
    assert table(path.ask(report_request(sums, ["purchaseRevenue"], ["date"]))) == [("2026-03-28", of_all)]


@pytest.mark.parametrize("descending", [False, True])
def test_rows_of_equal_sums_come_in_the_order_of_their_dimensions(
    path: ReportPath, sums: str, descending: bool
) -> None:
    expected = sorted((page, total) for page, (_, total) in SUMS.items())
    expected.sort(key=lambda row: row[1], reverse=descending)
    by = [query_pb2.OrderBy(metric="purchaseRevenue", desc=descending)]
    assert by_page(path, sums, order_bys=by) == expected
    assert by_page(path, sums, order_bys=by, offset=3, limit=4) == expected[3:7]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("purchaseRevenue = 0.3", lambda total: total == 0.3),
        ("purchaseRevenue > 0.3", lambda total: total > 0.3),
        ("NOT purchaseRevenue < 0.3", lambda total: total >= 0.3),
        ("purchaseRevenue between (0.000001, 1222222212.1)", lambda total: 1e-6 <= total <= 1222222212.1),
        ("purchaseRevenue >= 2000000000000000.25", lambda total: total >= 2e15 + 0.25),
        ("purchaseRevenue = 0", lambda total: total == 0),
    ],
)
def test_a_filter_on_sums_is_of_what_is_shown(path: ReportPath, sums: str, text: str, holds: Any) -> None:
    expected = {page for page, (_, total) in SUMS.items() if holds(total)}
    found = by_page(path, sums, metric_filter=parse_metric_filter(text))
    assert {page for page, _ in found} == expected


@pytest.mark.parametrize(
    ("text", "pages"),
    [("eventCount > 98.5", 2), ("eventCount < 1.5", 2), ("eventCount = 2.5", 0), ("eventCount between (1.5, 2.5)", 4)],
)
def test_counts_are_compared_with_numbers_that_are_not_whole(
    path: ReportPath, sums: str, text: str, pages: int
) -> None:
    condition = parse_metric_filter(text)
    request = report_request(sums, ["eventCount"], ["pagePath"], metric_filter=condition)
    assert path.ask(request).row_count == pages


def test_what_is_refunded_is_taken_off_to_the_last_digit(path: ReportPath) -> None:
    draw = random.Random(7)
    values = [draw.uniform(-1, 1) * 10 ** draw.randrange(-7, 13) for _ in range(300)] + [5e-7, -5e-7, 1 / 3]
    rows = [event(WHEN, name, value=value, **EUR) for value in values for name in ("purchase", "refund")]
    rows += [event(WHEN, "refund", value=0.1, **EUR)] * 3
    rows += [event(WHEN, "refund", value=2.0, currency="USD"), event(WHEN, "refund", **EUR)]
    draw.shuffle(rows)
    sold = stored(path, "refunds", rows)
    assert totals(path.ask(report_request(sold, ["purchaseRevenue"], currency_code="EUR"))) == (-0.3,)
    assert totals(path.ask(report_request(sold, ["purchaseRevenue"], currency_code="USD"))) == (-2.0,)


def test_quantities_and_amounts_of_items_are_exact(path: ReportPath) -> None:
    price, quantity = 0.1, 3
    items = [item(WHEN, "purchase", "ada", quantity, price, item_name="Pin", **EUR)] * 11
    items += [item(WHEN, "purchase", "ada", 2**31 - 1, None, item_name="Dust", **EUR)] * 5
    items += [item(WHEN, "view_item", "ada", 1, 1.0, item_name="Seen", **EUR)]
    shop = stored(path, "exact", [], items)
    request = report_request(
        shop,
        ["itemsPurchased", "itemRevenue"],
        ["itemName"],
        order_bys=[query_pb2.OrderBy(metric="itemsPurchased")],
    )
    assert table(path.ask(request)) == [("Seen", 0, 0.0), ("Pin", 33, 3.3), ("Dust", 5 * (2**31 - 1), 0.0)]


def test_amounts_of_items_beyond_all_bounds_count_up_to_them(path: ReportPath) -> None:
    # price and quantity are within their bounds, and the amount is not
    vast = event(WHEN, "purchase", quantity=2**31 - 1, price=1e15, amount=(2**31 - 1) * 1e15, item_name="Vast", **EUR)
    items = [vast] * 3 + [item(WHEN, "purchase", "ada", 1, 0.25, item_name="Vast", **EUR)]
    items += [item(WHEN, "purchase", "ada", 1, 3.0, item_name="Pin", **EUR)]
    shop = stored(path, "vast", [], items)
    request = report_request(shop, ["itemRevenue"], ["itemName"])
    assert table(path.ask(request)) == [("Vast", 3_000_000_000_000_000.25), ("Pin", 3.0)]


def test_texts_come_in_the_order_of_utf_16(path: ReportPath) -> None:
    # code points have the smile behind all others
    expected = ["z", "ﷺ", "ﬁn", "😀", "\ue000", "\ud7ff", "\uffee", "a", "😀a", "😀😀", "é", "a😀", "aﬁ", "\U00010000"]
    shop = stored(path, "texts", [event(WHEN, "x", page_path=text) for text in expected])
    expected.sort(key=lambda text: text.encode("utf-16-be"))
    assert expected.index("😀") < expected.index("ﬁn")
    for descending in (False, True):
        by = [query_pb2.OrderBy(dimension="pagePath", desc=descending)]
        for dimensions in (["pagePath"], ["pagePath", "date"]):
            found = path.ask(report_request(shop, ["eventCount"], dimensions, order_bys=by))
            assert [row[0] for row in table(found)] == expected
            page = path.ask(report_request(shop, ["eventCount"], dimensions, order_bys=by, offset=4, limit=3))
            assert [row[0] for row in table(page)] == expected[4:7]
        # rows that are put in order by the process itself
        positive = parse_metric_filter("eventCount > 0")
        found = path.ask(report_request(shop, ["eventCount"], ["pagePath"], order_bys=by, metric_filter=positive))
        assert [row[0] for row in table(found)] == expected
        expected.reverse()

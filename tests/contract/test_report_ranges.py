"""Several date ranges in one report."""

from typing import Any

import grpc
import pytest

from footfall.v1 import query_pb2
from footfall_core.report.filter_language import parse_filter, parse_metric_filter
from tests.contract.report_paths import ReportPath
from tests.contract.reports import number, report_request, table, totals

WHOLE = query_pb2.DateRange(start_date="2026-03-28", end_date="2026-03-31", name="whole")
LATE = query_pb2.DateRange(start_date="2026-03-30", end_date="2026-03-31")
"""Overlaps with the other one: its events count in both."""


def ranged(
    property_id: str, metrics: list[str], dimensions: list[str] | None = None, **fields: Any
) -> query_pb2.RunReportRequest:
    request = report_request(property_id, metrics, dimensions, **fields)
    del request.date_ranges[:]
    request.date_ranges.extend([WHOLE, LATE])
    return request


def range_totals(response: query_pb2.RunReportResponse) -> list[tuple[Any, ...]]:
    return [(*row.dimension_values, *map(number, row.metric_values)) for row in response.range_totals]


def test_each_row_tells_its_range_and_each_range_has_its_totals(path: ReportPath, shop: str) -> None:
    response = path.ask(ranged(shop, ["eventCount", "totalUsers"], ["eventName"]))
    assert list(response.dimension_headers) == ["eventName", "dateRange"]
    assert table(response) == [
        ("page_view", "whole", 3, 2),
        ("purchase", "date_range_1", 3, 1),
        ("purchase", "whole", 3, 1),
        ("refund", "date_range_1", 1, 1),
        ("refund", "whole", 1, 1),
        ("screen_view", "whole", 1, 1),
        ("scroll", "date_range_1", 1, 0),
        ("scroll", "whole", 1, 0),
    ]
    assert response.row_count == 8
    assert totals(response) == (9, 3)
    assert range_totals(response) == [("RESERVED_TOTAL", "whole", 9, 3), ("RESERVED_TOTAL", "date_range_1", 5, 1)]
    assert [(one.start_date, one.end_date, one.name) for one in response.metadata.date_ranges] == [
        ("2026-03-28", "2026-03-31", "whole"),
        ("2026-03-30", "2026-03-31", "date_range_1"),
    ]


def test_order_and_pages_are_over_all_ranges_together(path: ReportPath, shop: str) -> None:
    by_range = [
        query_pb2.OrderBy(dimension="dateRange", desc=True),
        query_pb2.OrderBy(metric="totalUsers"),
    ]
    whole = path.ask(ranged(shop, ["eventCount", "totalUsers"], ["dateRange", "eventName"], order_bys=by_range))
    assert [row[:2] for row in table(whole)] == [
        ("whole", "scroll"),
        ("whole", "purchase"),
        ("whole", "refund"),
        ("whole", "screen_view"),
        ("whole", "page_view"),
        ("date_range_1", "scroll"),
        ("date_range_1", "purchase"),
        ("date_range_1", "refund"),
    ]
    for offset in range(0, 9, 3):
        page = path.ask(
            ranged(
                shop,
                ["eventCount", "totalUsers"],
                ["dateRange", "eventName"],
                order_bys=by_range,
                offset=offset,
                limit=3,
            )
        )
        assert table(page) == table(whole)[offset : offset + 3]
        assert page.row_count == 8


def test_ranges_need_no_other_dimension(path: ReportPath, shop: str) -> None:
    response = path.ask(ranged(shop, ["sessions"]))
    assert table(response) == [("whole", 6), ("date_range_1", 3)]
    days = path.ask(ranged(shop, ["eventCount"], ["date"]))
    assert table(days) == [
        ("2026-03-28", "whole", 2),
        ("2026-03-29", "whole", 2),
        ("2026-03-30", "date_range_1", 3),
        ("2026-03-30", "whole", 3),
        ("2026-03-31", "date_range_1", 2),
        ("2026-03-31", "whole", 2),
    ]


def test_filters_work_in_each_range(path: ReportPath, shop: str) -> None:
    condition = parse_filter('pagePath matches "^/(pay|help)" OR (dateRange = whole AND eventName = scroll)')
    response = path.ask(
        ranged(
            shop,
            ["eventCount"],
            ["eventName"],
            dimension_filter=condition,
            metric_filter=parse_metric_filter("eventCount < 3"),
        )
    )
    assert table(response) == [("refund", "date_range_1", 1), ("refund", "whole", 1), ("scroll", "whole", 1)]
    assert response.row_count == 3
    assert range_totals(response) == [("RESERVED_TOTAL", "whole", 5), ("RESERVED_TOTAL", "date_range_1", 4)]


def test_ranges_of_items(path: ReportPath, shop: str) -> None:
    response = path.ask(ranged(shop, ["itemsViewed", "itemsPurchased"], ["itemName"]))
    assert table(response)[0] == ("Hat", "whole", 1, 2)
    assert range_totals(response) == [("RESERVED_TOTAL", "whole", 1, 7), ("RESERVED_TOTAL", "date_range_1", 0, 7)]


def test_currencies_of_different_ranges_are_not_shown_side_by_side(path: ReportPath, travel: str, shop: str) -> None:
    request = report_request(travel, ["purchaseRevenue"])
    del request.date_ranges[:]
    request.date_ranges.extend(
        query_pb2.DateRange(start_date=day, end_date=day) for day in ("2026-05-01", "2026-05-02")
    )
    with pytest.raises(grpc.RpcError) as refused:
        path.ask(request)
    assert "EUR, USD" in refused.value.details()
    response = path.ask(ranged(shop, ["purchaseRevenue"]))
    assert table(response) == [("date_range_1", 120.25), ("whole", 120.25)]
    assert response.metadata.currency_code == "EUR"

"""Reports, against numbers computed by hand from the rows of `report_rows`."""

from typing import Any

import grpc
import pytest

from footfall.v1 import query_pb2
from footfall_core.report.fields import ANY_PARAM, DIMENSIONS, METRICS
from footfall_core.report.filter_language import parse_filter
from tests.contract.report_paths import ReportPath
from tests.contract.reports import report_request, table, totals

EVENT_METRICS = {
    "eventCount": query_pb2.METRIC_TYPE_INTEGER,
    "screenPageViews": query_pb2.METRIC_TYPE_INTEGER,
    "sessions": query_pb2.METRIC_TYPE_INTEGER,
    "totalUsers": query_pb2.METRIC_TYPE_INTEGER,
    "activeUsers": query_pb2.METRIC_TYPE_INTEGER,
    "eventValue": query_pb2.METRIC_TYPE_FLOAT,
    "purchaseRevenue": query_pb2.METRIC_TYPE_CURRENCY,
    "transactions": query_pb2.METRIC_TYPE_INTEGER,
}
ITEM_METRICS = {
    "itemsViewed": query_pb2.METRIC_TYPE_INTEGER,
    "itemsAddedToCart": query_pb2.METRIC_TYPE_INTEGER,
    "itemsPurchased": query_pb2.METRIC_TYPE_INTEGER,
    "itemRevenue": query_pb2.METRIC_TYPE_CURRENCY,
}


def test_every_metric_is_what_one_counts_by_hand(path: ReportPath, shop: str) -> None:
    response = path.ask(report_request(shop, list(EVENT_METRICS)))
    # sessions: ada 1, bob 1, cid 2, bob 2, bob 3, and 9 of nobody known; users: ada, bob, cid; active ones: ada, bob;
    # value: 100.10 + 0.20 + 50 + 30.05 + 2.5; revenue: 150.30 - 30.05; orders: T1, T2
    assert table(response) == [(9, 4, 6, 3, 2, 182.85, 120.25, 2)]
    assert totals(response) == (9, 4, 6, 3, 2, 182.85, 120.25, 2)
    assert response.row_count == 1
    assert {header.name: header.type for header in response.metric_headers} == EVENT_METRICS
    assert response.metadata.time_zone == "UTC"
    assert response.metadata.currency_code == "EUR"
    assert not response.metadata.approximate_metrics
    assert not response.metadata.bots_included
    assert not response.range_totals


def test_every_metric_of_items_is_what_one_counts_by_hand(path: ReportPath, shop: str) -> None:
    response = path.ask(report_request(shop, list(ITEM_METRICS)))
    # pieces sold: 2 + 2 + 3; revenue: 100.10 + 0.20 + nothing for the gift - 30.05
    assert table(response) == [(1, 2, 7, 70.25)]
    assert totals(response) == (1, 2, 7, 70.25)
    assert {header.name: header.type for header in response.metric_headers} == ITEM_METRICS
    assert response.metadata.currency_code == "EUR"
    assert totals(path.ask(report_request(shop, list(ITEM_METRICS), include_bots=True)))[0] == 2


def test_every_metric_and_dimension_of_the_table_is_in_these_tests() -> None:
    # those of errors are in tests/contract/test_error_reports.py
    assert [*EVENT_METRICS, *ITEM_METRICS] == [name for name in METRICS if not name.startswith("error")]
    asked = {name for name, _ in (*EVENTS_BY, *ITEMS_BY)}
    assert {ANY_PARAM if name.startswith("event.") else name for name in asked} == {
        name for name in DIMENSIONS if not name.startswith("error")
    }


EVENTS_BY: list[tuple[str, list[tuple[str, int]]]] = [
    ("date", [("2026-03-28", 2), ("2026-03-29", 2), ("2026-03-30", 3), ("2026-03-31", 2)]),
    ("hour", [("09", 2), ("10", 2), ("22", 2), ("11", 1), ("21", 1), ("23", 1)]),
    (
        "dateHour",
        [
            ("2026-03-30T10", 2),
            ("2026-03-31T09", 2),
            ("2026-03-28T22", 1),
            ("2026-03-28T23", 1),
            ("2026-03-29T21", 1),
            ("2026-03-29T22", 1),
            ("2026-03-30T11", 1),
        ],
    ),
    ("dateRange", [("date_range_0", 9)]),
    ("eventName", [("page_view", 3), ("purchase", 3), ("refund", 1), ("screen_view", 1), ("scroll", 1)]),
    (
        "pagePath",
        [("/pay", 3), ("(not set)", 1), ("/", 1), ("/Shop", 1), ("/help", 1), ("/shop", 1), ("/shop/100%_wool", 1)],
    ),
    ("hostName", [("(not set)", 7), ("shop.example", 2)]),
    ("pageReferrer", [("(not set)", 8), ("https://a.example/x", 1)]),
    ("source", [("(not set)", 6), ("google", 2), ("(direct)", 1)]),
    ("medium", [("(not set)", 6), ("organic", 2), ("(none)", 1)]),
    ("campaignName", [("(not set)", 8), ("spring", 1)]),
    ("defaultChannelGroup", [("(not set)", 7), ("Organic Search", 2)]),
    ("deviceCategory", [("(not set)", 7), ("mobile", 2)]),
    ("browser", [("(not set)", 7), ("Chrome Mobile", 2)]),
    ("operatingSystem", [("(not set)", 7), ("Android", 2)]),
    ("country", [("(not set)", 6), ("Germany", 2), ("India", 1)]),
    ("countryId", [("(not set)", 6), ("DE", 2), ("IN", 1)]),
    ("language", [("(not set)", 6), ("German", 2), ("English", 1)]),
    ("languageCode", [("(not set)", 6), ("de-de", 2), ("en-in", 1)]),
    ("currencyCode", [("(not set)", 5), ("EUR", 4)]),
    ("event.plan", [("(not set)", 7), ('P"ro,"price":9', 1), ("pro", 1)]),
    ("event.price", [("(not set)", 4), ("-3", 1), ("10", 1), ("12 EUR", 1), ("9.5", 1), ("9.50", 1)]),
    ("event.ratio", [("(not set)", 7), ("12345678.5", 1), ("1e-7", 1)]),
    ("event.member", [("(not set)", 7), ("false", 1), ("true", 1)]),
    ("event.nobody_sends_this", [("(not set)", 9)]),
]
"""The events by each dimension; the largest number comes first, then by the dimension's value."""

ITEMS_BY: list[tuple[str, list[tuple[str, int, float]]]] = [
    ("itemId", [("g1", 3, 0), ("h1", 2, 70.05), ("s1", 2, 0.2)]),
    ("itemName", [("Gift", 3, 0), ("Hat", 2, 70.05), ("Sock", 2, 0.2)]),
    ("itemBrand", [("(not set)", 5, 0.2), ("Acme", 2, 70.05)]),
    ("itemCategory", [("(not set)", 3, 0), ("Hats", 2, 70.05), ("Socks", 2, 0.2)]),
    ("itemVariant", [("(not set)", 5, 0.2), ("red", 2, 100.1), ("blue", 0, -30.05)]),
    # those of events that items have too
    ("date", [("2026-03-28", 0, 0), ("2026-03-30", 7, 100.3), ("2026-03-31", 0, -30.05)]),
    ("country", [("(not set)", 7, 70.25), ("Germany", 0, 0)]),
]
"""Pieces sold and their revenue by each dimension."""


@pytest.mark.parametrize(("dimension", "expected"), EVENTS_BY)
def test_every_dimension_groups_and_the_largest_comes_first(
    path: ReportPath, shop: str, dimension: str, expected: list[tuple[str, int]]
) -> None:
    response = path.ask(report_request(shop, ["eventCount"], [dimension]))
    assert table(response) == expected
    assert response.row_count == len(expected)
    assert totals(response) == (9,)


@pytest.mark.parametrize(("dimension", "expected"), ITEMS_BY)
def test_every_dimension_of_items_groups(
    path: ReportPath, shop: str, dimension: str, expected: list[tuple[str, int, float]]
) -> None:
    response = path.ask(report_request(shop, ["itemsPurchased", "itemRevenue"], [dimension]))
    assert table(response) == expected


def test_distinct_counts_of_several_columns_are_right(path: ReportPath, shop: str) -> None:
    expected = [("page_view", 2, 1), ("purchase", 2, 1), ("screen_view", 1, 0), ("scroll", 1, 0), ("refund", 0, 0)]
    assert table(path.ask(report_request(shop, ["sessions", "activeUsers"], ["eventName"]))) == expected


def test_bots_are_counted_only_when_asked_for(path: ReportPath, shop: str) -> None:
    response = path.ask(report_request(shop, ["eventCount", "totalUsers"], include_bots=True))
    assert totals(response) == (10, 4)
    assert response.metadata.bots_included


def test_pages_of_a_report_follow_each_other_and_know_the_whole(path: ReportPath, shop: str) -> None:
    whole = path.ask(report_request(shop, ["eventCount", "totalUsers"], ["pagePath"]))
    assert whole.row_count == 7
    for offset in range(0, 9, 3):
        page = path.ask(report_request(shop, ["eventCount", "totalUsers"], ["pagePath"], offset=offset, limit=3))
        assert table(page) == table(whole)[offset : offset + 3]
        assert page.row_count == 7
        # users of pages do not add up: ada and bob were on several
        assert totals(page) == (9, 3)


def test_order_is_by_what_was_asked_for_then_by_dimensions(path: ReportPath, shop: str) -> None:
    def by(*terms: query_pb2.OrderBy, dimensions: list[str]) -> list[tuple[Any, ...]]:
        return table(path.ask(report_request(shop, ["purchaseRevenue"], dimensions, order_bys=terms)))

    ascending = by(query_pb2.OrderBy(metric="purchaseRevenue"), dimensions=["eventName"])
    assert ascending == [("refund", -30.05), ("page_view", 0), ("screen_view", 0), ("scroll", 0), ("purchase", 150.3)]
    days = by(query_pb2.OrderBy(dimension="date", desc=True), dimensions=["date"])
    assert [day for day, _ in days] == ["2026-03-31", "2026-03-30", "2026-03-29", "2026-03-28"]
    days = by(query_pb2.OrderBy(metric="purchaseRevenue", desc=True), dimensions=["date"])
    assert days == [("2026-03-30", 150.3), ("2026-03-28", 0), ("2026-03-29", 0), ("2026-03-31", -30.05)]


def test_a_report_of_nothing_has_totals_of_zero(path: ReportPath, shop: str) -> None:
    for property_id, days in ((shop, ("2025-01-01", "2025-01-02")), ("nobody-has-this", ("2026-03-01", "2026-04-01"))):
        for dimensions in ([], ["date"], ["source"]):
            response = path.ask(report_request(property_id, list(EVENT_METRICS), dimensions, days=days))
            assert not response.rows
            assert totals(response) == (0, 0, 0, 0, 0, 0.0, 0.0, 0)
            assert response.row_count == 0
            assert response.metadata.currency_code == ""


def test_amounts_of_several_currencies_are_never_added_up(path: ReportPath, travel: str) -> None:
    for metric in ("purchaseRevenue", "eventValue"):
        with pytest.raises(grpc.RpcError) as refused:
            path.ask(report_request(travel, [metric]))
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "EUR, USD" in refused.value.details()
    response = path.ask(report_request(travel, ["purchaseRevenue", "transactions"], currency_code="USD"))
    assert (totals(response), response.metadata.currency_code) == ((15, 2), "USD")
    response = path.ask(report_request(travel, ["purchaseRevenue"], ["currencyCode"]))
    assert table(response) == [("USD", 15), ("EUR", 10), ("(not set)", 0)]
    assert response.metadata.currency_code == ""
    assert totals(path.ask(report_request(travel, ["eventCount", "transactions"]))) == (4, 2)
    only_eur = parse_filter("currencyCode = EUR")
    response = path.ask(report_request(travel, ["purchaseRevenue"], dimension_filter=only_eur))
    assert (totals(response), response.metadata.currency_code) == ((10,), "EUR")


def test_amounts_of_items_in_several_currencies_are_never_added_up(path: ReportPath, travel: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        path.ask(report_request(travel, ["itemRevenue"], ["itemName"]))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    # nothing was sold in JPY
    assert "(EUR, USD)" in refused.value.details()
    response = path.ask(report_request(travel, ["itemRevenue", "itemsPurchased"], ["itemName"], currency_code="USD"))
    # pieces are no money
    assert table(response) == [("Map", 20, 3)]
    response = path.ask(report_request(travel, ["itemRevenue"], ["currencyCode"]))
    assert table(response) == [("USD", 20), ("EUR", 10), ("JPY", 0)]


def test_metadata_are_served(path: ReportPath) -> None:
    metadata = path.stub.GetMetadata(query_pb2.GetMetadataRequest(property="properties/shop"), timeout=10)
    assert [one.api_name for one in metadata.dimensions] == list(DIMENSIONS)
    with pytest.raises(grpc.RpcError) as refused:
        path.stub.GetMetadata(query_pb2.GetMetadataRequest(property="shop"), timeout=10)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

"""Filters of every kind, against numbers counted by hand from the rows of `report_rows`."""

import grpc
import pytest

from footfall.v1 import query_pb2
from footfall_core.report.filter_language import parse_filter, parse_metric_filter
from tests.contract.report_paths import ReportPath
from tests.contract.report_rows import event, stored
from tests.contract.reports import report_request, table, totals


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("eventName = purchase", 3),
        ("eventName != purchase", 6),
        ('pagePath = "(not set)"', 1),
        ('pagePath != "(not set)"', 8),
        ("pagePath:*", 8),
        ("NOT pagePath:*", 1),
        ('source in ("google", "(not set)")', 8),
        ("source != google", 7),
        ("NOT source contains oog", 7),
        ("source contains not", 6),
        ("pagePath = /shop", 1),
        ("pagePath startsWith /shop", 2),
        ("pagePath endsWith hop", 2),
        ("pagePath contains 100%_", 1),
        ("pagePath contains 0%w", 0),
        ("pagePath = /shop*", 2),
        ("date = 2026-03-29", 2),
        ("date != 2026-03-29", 7),
        ("date startsWith 2026-03-3", 5),
        ("date = 2026-04-01", 0),
        ("eventName = page_view AND source = google OR pagePath startsWith /shop", 3),
        ("(eventName = page_view AND source = google) OR pagePath = /shop", 3),
        ("-(source = google) -(eventName = purchase)", 4),
        # regular expressions, matched by RE2
        ('pagePath matches "shop"', 2),
        ('pagePath fullyMatches "/[Ss]hop"', 2),
        ('pagePath fullyMatches "shop"', 0),
        ('ignoreCase(pagePath matches "SHOP$")', 2),
        ('pagePath matches "not set"', 1),
        ('NOT pagePath matches "^/"', 1),
        ('pagePath matches "^/shop" OR source matches "^goo"', 4),
        ('eventName matches "^p" AND pagePath matches "y$" AND event.price matches "[0-9]"', 3),
        ('event.plan fullyMatches "pro"', 1),
        ('date matches "-3[01]$"', 5),
        ('hour matches "^2"', 4),
        ('dateHour matches "T(09|23)$"', 3),
        # numbers
        ("event.price > 9", 3),
        ("event.price >= 9.5", 3),
        ("event.price == 9.5", 2),
        ("event.price = 9.5", 1),
        ("event.price < 0", 1),
        ("NOT event.price < 0", 8),
        ("event.price between (-3, 9.5)", 3),
        ("event.ratio < 0.001", 1),
        ("event.ratio == 1e-7", 1),
        ("event.plan == 9", 0),
        ("pagePath > 0", 0),
        ("hour between (9, 11)", 5),
        ("hour > 21", 3),
        ("NOT hour == 9", 7),
        # set or not
        ("isSet(event.plan)", 2),
        ("NOT isSet(event.plan)", 7),
        ("isSet(country)", 3),
        ("isSet(date)", 9),
        ("NOT isSet(hour)", 0),
        # the others on parameters and times
        ("event.member = true", 1),
        ("event.member in (true, false)", 2),
        ("event.plan contains ro", 2),
        ("ignoreCase(event.plan startsWith P)", 2),
        ("hour = 09", 2),
        ("hour = 9", 0),
        ("dateHour startsWith 2026-03-30T1", 3),
        ("dateHour = 2026-03-28T22", 1),
        ("countryId in (DE, IN)", 3),
        ("dateRange = date_range_0", 9),
        ("dateRange != date_range_0", 0),
        ("dateRange = date_range_0 AND eventName = scroll", 1),
    ],
)
def test_filters_find_what_they_say(path: ReportPath, shop: str, text: str, count: int) -> None:
    response = path.ask(report_request(shop, ["eventCount"], dimension_filter=parse_filter(text)))
    assert totals(response) == (count,)
    assert response.row_count == min(count, 1)


@pytest.mark.parametrize(
    ("match_type", "value", "count"),
    [
        (query_pb2.StringFilter.MATCH_TYPE_EXACT, "/SHOP", 2),
        (query_pb2.StringFilter.MATCH_TYPE_BEGINS_WITH, "/SHOP", 3),
        (query_pb2.StringFilter.MATCH_TYPE_ENDS_WITH, "Hop", 2),
        (query_pb2.StringFilter.MATCH_TYPE_CONTAINS, "0%_W", 1),
        (query_pb2.StringFilter.MATCH_TYPE_EXACT, "(NOT SET)", 1),
    ],
)
def test_case_does_not_count_unless_asked_for(
    path: ReportPath, shop: str, match_type: query_pb2.StringFilter.MatchType, value: str, count: int
) -> None:
    string = query_pb2.StringFilter(match_type=match_type, value=value)
    condition = query_pb2.Filter(field_name="pagePath", string_filter=string)
    request = report_request(shop, ["eventCount"], dimension_filter=query_pb2.FilterExpression(filter=condition))
    assert totals(path.ask(request)) == (count,)


@pytest.fixture(scope="module")
def letters(path: ReportPath) -> str:
    params = [{"p": page} for page in LETTERS]
    return stored(
        path,
        "letters",
        [
            event("2026-03-28T10:00:00", "x", page_path=page, params=one)
            for page, one in zip(LETTERS, params, strict=True)
        ],
    )


LETTERS = [
    "ΚΩΣ-ΡΟΔΟΣ",
    "κως-ροδος",
    "κωσ-ροδοσ",
    "ΟΔΟΣ",
    "Οδός",
    "İz",
    "i\u0307z",
    "ız",
    "straße",
    "STRASSE",
    "\u212aM",
]


@pytest.mark.parametrize("dimension", ["pagePath", "event.p"])
@pytest.mark.parametrize(
    ("match_type", "value", "found"),
    [
        (query_pb2.StringFilter.MATCH_TYPE_EXACT, "Κως-Ροδος", LETTERS[:3]),
        (query_pb2.StringFilter.MATCH_TYPE_EXACT, "ΚΩΣ-ΡΟΔΟΣ", LETTERS[:3]),
        (query_pb2.StringFilter.MATCH_TYPE_BEGINS_WITH, "ΚΩΣ", LETTERS[:3]),
        (query_pb2.StringFilter.MATCH_TYPE_CONTAINS, "κως", LETTERS[:3]),
        (query_pb2.StringFilter.MATCH_TYPE_CONTAINS, "ωΣ-", LETTERS[:3]),
        (query_pb2.StringFilter.MATCH_TYPE_ENDS_WITH, "οδοσ", LETTERS[:4]),
        (query_pb2.StringFilter.MATCH_TYPE_EXACT, "i\u0307Z", LETTERS[5:7]),
        (query_pb2.StringFilter.MATCH_TYPE_EXACT, "IZ", []),
        (query_pb2.StringFilter.MATCH_TYPE_BEGINS_WITH, "STRASS", LETTERS[9:10]),
        (query_pb2.StringFilter.MATCH_TYPE_ENDS_WITH, "SSE", LETTERS[9:10]),
        (query_pb2.StringFilter.MATCH_TYPE_EXACT, "km", LETTERS[10:]),
    ],
)
def test_case_is_ignored_alike_in_all_scripts(
    path: ReportPath,
    letters: str,
    dimension: str,
    match_type: query_pb2.StringFilter.MatchType,
    value: str,
    found: list[str],
) -> None:
    string = query_pb2.StringFilter(match_type=match_type, value=value)
    condition = query_pb2.FilterExpression(filter=query_pb2.Filter(field_name=dimension, string_filter=string))
    rows = table(path.ask(report_request(letters, ["eventCount"], [dimension], dimension_filter=condition)))
    assert {row[0] for row in rows} == set(found)
    opposite = query_pb2.FilterExpression(not_expression=condition)
    response = path.ask(report_request(letters, ["eventCount"], dimension_filter=opposite))
    assert totals(response) == (len(LETTERS) - len(found),)


def test_a_list_that_ignores_case_may_have_a_sigma_and_what_is_not_set(path: ReportPath, letters: str) -> None:
    names = query_pb2.InListFilter(values=["(NOT SET)", "οδος", "STRAßE"])
    for dimension, count in (("pagePath", 2), ("event.p", 2), ("source", len(LETTERS))):
        condition = query_pb2.FilterExpression(filter=query_pb2.Filter(field_name=dimension, in_list_filter=names))
        assert totals(path.ask(report_request(letters, ["eventCount"], dimension_filter=condition))) == (count,)


@pytest.mark.parametrize(
    ("match_type", "value", "case_sensitive", "count"),
    [
        (query_pb2.StringFilter.MATCH_TYPE_FULL_REGEXP, "/SHOP", False, 2),
        (query_pb2.StringFilter.MATCH_TYPE_FULL_REGEXP, "/SHOP", True, 0),
        (query_pb2.StringFilter.MATCH_TYPE_PARTIAL_REGEXP, "sho.", True, 2),
        (query_pb2.StringFilter.MATCH_TYPE_PARTIAL_REGEXP, "sho.", False, 3),
    ],
)
def test_case_counts_in_a_regular_expression_if_asked_for(
    path: ReportPath,
    shop: str,
    match_type: query_pb2.StringFilter.MatchType,
    value: str,
    case_sensitive: bool,
    count: int,
) -> None:
    string = query_pb2.StringFilter(match_type=match_type, value=value, case_sensitive=case_sensitive)
    condition = query_pb2.Filter(field_name="pagePath", string_filter=string)
    request = report_request(shop, ["eventCount"], dimension_filter=query_pb2.FilterExpression(filter=condition))
    assert totals(path.ask(request)) == (count,)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("itemName = Hat", 2),
        ('itemName matches "^[GS]"', 5),
        ("isSet(itemBrand)", 2),
        ("itemVariant != red", 5),
        ("countryId = DE", 0),
        ("date > 5 OR itemId startsWith s", 2),
    ][:-1],
)
def test_filters_on_items_find_what_they_say(path: ReportPath, shop: str, text: str, pieces: int) -> None:
    response = path.ask(report_request(shop, ["itemsPurchased"], dimension_filter=parse_filter(text)))
    assert totals(response) == (pieces,)


def test_a_filtered_report_is_grouped_and_counted_like_any_other(path: ReportPath, shop: str) -> None:
    condition = parse_filter('event.price >= 9 AND hour matches "." AND pagePath matches "."')
    for dimensions in (["event.price"], ["hour"], ["date"], ["date", "event.price"]):
        response = path.ask(
            report_request(shop, ["eventCount", "sessions", "purchaseRevenue"], dimensions, dimension_filter=condition)
        )
        assert sum(row[-3] for row in table(response)) == 3
        assert totals(response) == (3, 3, 100.1)


def test_more_values_than_a_regular_expression_may_be_matched_with_are_refused(path: ReportPath, shop: str) -> None:
    with path.allowing(max_matched_values=6) as narrow:
        many = parse_filter('pagePath matches "a"')
        with pytest.raises(grpc.RpcError) as refused:
            narrow.ask(report_request(shop, ["eventCount"], dimension_filter=many))
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "more than 6 different values" in refused.value.details()
        # another filter leaves fewer of them
        fewer = parse_filter('pagePath matches "a" AND eventName = purchase')
        assert totals(narrow.ask(report_request(shop, ["eventCount"], dimension_filter=fewer))) == (3,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eventCount > 1", ["page_view", "purchase"]),
        ("eventCount >= 1 AND NOT eventCount == 3", ["refund", "screen_view", "scroll"]),
        ("eventCount between (1, 2)", ["refund", "screen_view", "scroll"]),
        ("purchaseRevenue > 0", ["purchase"]),
        ("purchaseRevenue = 150.3", ["purchase"]),
        ("purchaseRevenue = -30.05 OR totalUsers = 0", ["refund", "scroll"]),
        ("NOT (purchaseRevenue = 0 OR totalUsers = 0)", ["purchase", "refund"]),
        ("totalUsers = 2", ["page_view"]),
        ("eventCount > 100", []),
    ],
)
def test_a_filter_on_metrics_keeps_rows_and_leaves_totals_alone(
    path: ReportPath, shop: str, text: str, expected: list[str]
) -> None:
    metrics = ["eventCount", "totalUsers", "purchaseRevenue"]
    by_name = [query_pb2.OrderBy(dimension="eventName")]
    condition = parse_metric_filter(text)
    response = path.ask(report_request(shop, metrics, ["eventName"], metric_filter=condition, order_bys=by_name))
    assert [row[0] for row in table(response)] == expected
    assert response.row_count == len(expected)
    assert totals(response) == (9, 3, 120.25)
    page = path.ask(
        report_request(shop, metrics, ["eventName"], metric_filter=condition, order_bys=by_name, offset=1, limit=1)
    )
    assert [row[0] for row in table(page)] == expected[1:2]
    assert page.row_count == len(expected)


def test_a_filter_on_metrics_works_without_dimensions_and_by_days(path: ReportPath, shop: str) -> None:
    def found(text: str, *dimensions: str) -> list[tuple[object, ...]]:
        condition = parse_metric_filter(text)
        return table(path.ask(report_request(shop, ["eventCount"], list(dimensions), metric_filter=condition)))

    assert found("eventCount > 8") == [(9,)]
    assert found("eventCount > 9") == []
    assert found("eventCount > 2", "date") == [("2026-03-30", 3)]

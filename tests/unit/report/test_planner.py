import itertools
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_core.clock import Micros, to_datetime
from footfall_core.problems import InvalidRequest
from footfall_core.report.plan import AllOf, AnyOf, Not, OneOf, OrderTerm, Plan, Text, plan_from_bytes, plan_to_bytes
from footfall_core.report.planner import plan_report

STRING = query_pb2.StringFilter


def request(**fields: Any) -> query_pb2.RunReportRequest:
    """Return a request that is valid but for `fields`."""
    dimensions = [query_pb2.Dimension(name=name) for name in fields.pop("dimensions", [])]
    metrics = [query_pb2.Metric(name=name) for name in fields.pop("metrics", ["eventCount"])]
    start, end = fields.pop("days", ("2026-03-01", "2026-03-31"))
    return query_pb2.RunReportRequest(
        **{
            "property": "properties/shop",
            "dimensions": dimensions,
            "metrics": metrics,
            "date_ranges": [query_pb2.DateRange(start_date=start, end_date=end)],
            **fields,
        }
    )


NOW = Micros(1_774_828_800_000_000)
"""2026-03-30T00:00:00Z."""


def planned(asked: query_pb2.RunReportRequest) -> Plan:
    return plan_report(asked, NOW)


def leaf(name: str, value: str, match_type: Any = STRING.MATCH_TYPE_EXACT, *, case: bool = True) -> Any:
    string = STRING(match_type=match_type, value=value, case_sensitive=case)
    return query_pb2.FilterExpression(filter=query_pb2.Filter(field_name=name, string_filter=string))


def leaf_of(name: str, **condition: Any) -> Any:
    return query_pb2.FilterExpression(filter=query_pb2.Filter(field_name=name, **condition))


def numeric(name: str, value: float, operation: Any = 1) -> Any:
    return leaf_of(name, numeric_filter={"operation": operation, "value": {"double_value": value}})


def between(name: str, low: float, high: float) -> Any:
    return leaf_of(name, between_filter={"from_value": {"double_value": low}, "to_value": {"double_value": high}})


def regexp(pattern: str) -> Any:
    return leaf("pagePath", pattern, STRING.MATCH_TYPE_PARTIAL_REGEXP)


PATTERN = "dimension_filter.filter.string_filter.value"
DAY = query_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-01")


def named(name: str) -> query_pb2.DateRange:
    return query_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-01", name=name)


def group(kind: str, *children: Any) -> Any:
    return query_pb2.FilterExpression(**{kind: query_pb2.FilterExpressionList(expressions=children)})


def negated(child: Any) -> Any:
    return query_pb2.FilterExpression(not_expression=child)


def nested(levels: int) -> Any:
    tree = leaf("source", "a")
    for _ in range(levels - 1):
        tree = negated(tree)
    return tree


def violations(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        planned(request(**fields))
    return {violation.field: violation.description for violation in refused.value.violations}


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"property": "shop"}, "property", ["properties/{id}"]),
        ({"metrics": ["eventCount", "totalUser"]}, "metrics[1].name", ["did you mean 'totalUsers'?", "transactions"]),
        ({"metrics": ["eventcount"]}, "metrics[0].name", ["did you mean 'eventCount'?"]),
        ({"metrics": [""]}, "metrics[0].name", ["is missing"]),
        ({"metrics": ["eventCount", "eventCount"]}, "metrics[1].name", ["twice"]),
        ({"metrics": []}, "metrics", ["0 were asked for", "1 to 10"]),
        ({"dimensions": ["city"]}, "dimensions[0].name", ["'city' is not a dimension", "pagePath"]),
        ({"dimensions": ["date"] * 10}, "dimensions", ["10 were asked for", "0 to 9"]),
        ({"days": ("2026-02-29", "2026-03-01")}, "date_ranges[0].start_date", ["does not exist"]),
        ({"days": ("2026-03-01", "tomorrow")}, "date_ranges[0].end_date", ["YYYY-MM-DD"]),
        ({"days": ("20260301", "2026-03-02")}, "date_ranges[0].start_date", ["YYYY-MM-DD"]),
        ({"days": ("٢٠٢٦-03-01", "2026-03-02")}, "date_ranges[0].start_date", ["YYYY-MM-DD"]),
        ({"days": ("1969-12-31", "2026-03-02")}, "date_ranges[0].start_date", ["1970"]),
        ({"days": ("2026-03-02", "2026-03-01")}, "date_ranges[0].end_date", ["before the start date"]),
        ({"days": ("2010-01-01", "2026-01-01")}, "date_ranges[0]", ["3660"]),
        ({"date_ranges": []}, "date_ranges", ["1 to 4"]),
        ({"time_zone": "Europe/Berlinn"}, "time_zone", ["did you mean 'Europe/Berlin'?"]),
        ({"time_zone": "../../etc/passwd"}, "time_zone", ["IANA"]),
        ({"time_zone": "localtime"}, "time_zone", ["IANA"]),
        ({"limit": -1}, "limit", ["1 to 250000"]),
        ({"limit": 250_001}, "limit", ["1 to 250000"]),
        ({"offset": -1}, "offset", ["0 to"]),
        ({"currency_code": "eur"}, "currency_code", ["three capital letters"]),
        ({"order_bys": [query_pb2.OrderBy(metric="totalUsers")]}, "order_bys[0].metric", ["of this report"]),
        ({"order_bys": [query_pb2.OrderBy(dimension="date")]}, "order_bys[0].dimension", ["of this report"]),
        ({"order_bys": [query_pb2.OrderBy(desc=True)]}, "order_bys[0]", ["nothing"]),
        ({"dimension_filter": leaf("cource", "a")}, "dimension_filter.filter.field_name", ["did you mean 'source'?"]),
        (
            {"dimension_filter": group("and_group", leaf("source", "a"), leaf("source", "b", 0))},
            "dimension_filter.and_group.expressions[1].filter.string_filter.match_type",
            ["MATCH_TYPE_EXACT"],
        ),
        ({"dimension_filter": group("or_group")}, "dimension_filter.or_group", ["at least one"]),
        ({"dimension_filter": negated(query_pb2.FilterExpression())}, "dimension_filter.not_expression", ["is empty"]),
        ({"dimension_filter": nested(11)}, "dimension_filter" + ".not_expression" * 10, ["10 levels"]),
        (
            {"dimension_filter": group("or_group", *(leaf("source", str(n)) for n in range(101)))},
            "dimension_filter.or_group.expressions[100].filter",
            ["at most 100"],
        ),
        ({"dimensions": ["event.9"]}, "dimensions[0].name", ["'9' is not the name of a parameter", "letter"]),
        ({"dimensions": ["event.client_id"]}, "dimensions[0].name", ["not the name of a parameter"]),
        ({"dimensions": ["event.<param>"]}, "dimensions[0].name", ["not the name of a parameter"]),
        ({"dimensions": ["event."]}, "dimensions[0].name", ["not the name of a parameter"]),
        ({"date_ranges": [DAY] * 5}, "date_ranges", ["5 were asked for", "1 to 4"]),
        ({"date_ranges": [DAY, named("a"), named("a")]}, "date_ranges[2].name", ["before it"]),
        ({"date_ranges": [named("date_range_7")]}, "date_ranges[0].name", ["date_range_, RESERVED_"]),
        ({"date_ranges": [named("RESERVED_x")]}, "date_ranges[0].name", ["date_range_, RESERVED_"]),
        ({"date_ranges": [named("x" * 101)]}, "date_ranges[0].name", ["at most 100"]),
        ({"days": ("99999daysAgo", "today")}, "date_ranges[0].start_date", ["yesterday or 7daysAgo"]),
        ({"days": ("-1daysAgo", "today")}, "date_ranges[0].start_date", ["yesterday or 7daysAgo"]),
        ({"days": ("today", "yesterday")}, "date_ranges[0].end_date", ["2026-03-29 is before the start"]),
        (
            {"metrics": ["itemRevenue"], "dimensions": ["date", "pagePath"]},
            "dimensions[1].name",
            ["pagePath is about events and itemRevenue about their items"],
        ),
        (
            {"dimensions": ["itemName"]},
            "metrics[0].name",
            ["eventCount is about events and itemName about their items"],
        ),
        (
            {"metrics": ["eventCount", "errorCount"]},
            "metrics[0].name",
            ["eventCount is about events that were stored and errorCount about errors"],
        ),
        (
            {"metrics": ["errorCount"], "dimensions": ["date", "country"]},
            "dimensions[1].name",
            ["country is about events that were stored and errorCount about errors", "two reports"],
        ),
        (
            {"metrics": ["itemRevenue"], "dimensions": ["errorCode"]},
            "dimensions[0].name",
            ["itemRevenue is about items of events that were stored and errorCode about errors"],
        ),
        (
            {"dimension_filter": leaf("errorStage", "DEDUPE")},
            "metrics[0].name",
            ["eventCount is about events that were stored and errorStage about errors"],
        ),
        (
            {"metrics": ["itemRevenue"], "dimension_filter": leaf("event.plan", "pro")},
            "dimension_filter",
            ["event.plan is about events"],
        ),
        ({"dimension_filter": regexp("a(")}, PATTERN, ["'a(' is no regular expression", "missing )", "RE2"]),
        ({"dimension_filter": regexp("(?<=a)b")}, PATTERN, ["RE2"]),
        ({"dimension_filter": regexp("a{1001}")}, PATTERN, ["repetition size"]),
        ({"dimension_filter": regexp("((a{99}){99}){99}")}, PATTERN, ["RE2"]),
        ({"dimension_filter": regexp("a" * 1025)}, PATTERN, ["at most 1024"]),
        ({"dimension_filter": numeric("date", 1)}, "dimension_filter.filter.numeric_filter", ["never are"]),
        ({"dimension_filter": numeric("hour", 1, 0)}, "dimension_filter.filter.numeric_filter.operation", ["EQUAL"]),
        (
            {"dimension_filter": numeric("hour", float("nan"))},
            "dimension_filter.filter.numeric_filter.value.double_value",
            ["finite"],
        ),
        (
            {"dimension_filter": leaf_of("hour", numeric_filter={"operation": 1})},
            "dimension_filter.filter.numeric_filter.value",
            ["is missing"],
        ),
        (
            {"dimension_filter": between("hour", 5, 4)},
            "dimension_filter.filter.between_filter",
            ["from 5 to 4"],
        ),
        ({"dimension_filter": leaf_of("hour")}, "dimension_filter.filter", ["empty_filter"]),
        ({"metric_filter": numeric("totalUsers", 1)}, "metric_filter.filter.field_name", ["of this report"]),
        ({"metric_filter": numeric("hour", 1)}, "metric_filter.filter.field_name", ["is not a metric"]),
        ({"metric_filter": leaf("eventCount", "1")}, "metric_filter.filter.string_filter", ["numeric_filter"]),
        ({"metric_filter": leaf_of("eventCount")}, "metric_filter.filter", ["between_filter"]),
        ({"dimension_filter": leaf("source", "x" * 8193)}, "dimension_filter.filter.string_filter.value", ["8192"]),
    ],
)
def test_a_mistake_is_named_by_its_path_with_what_is_allowed(
    fields: dict[str, Any], path: str, words: list[str]
) -> None:
    found = violations(**fields)
    assert path in found
    for word in words:
        assert word in found[path]


def test_all_mistakes_are_named_at_once() -> None:
    found = violations(property="x", metrics=["a"], days=("x", "2026-01-01"), time_zone="Mars", limit=-1, offset=-1)
    assert list(found) == [
        "property",
        "metrics[0].name",
        "time_zone",
        "date_ranges[0].start_date",
        "offset",
        "limit",
    ]


def test_a_list_of_a_filter_has_bounds() -> None:
    for values in ([], ["x"] * 1001):
        condition = query_pb2.Filter(field_name="source", in_list_filter=query_pb2.InListFilter(values=values))
        found = violations(dimension_filter=query_pb2.FilterExpression(filter=condition))
        assert "1 to 1000" in found["dimension_filter.filter.in_list_filter.values"]


def test_the_deepest_and_widest_filter_allowed_is_taken() -> None:
    assert planned(request(dimension_filter=nested(10)))
    assert planned(request(dimension_filter=group("or_group", *(leaf("source", str(n)) for n in range(100)))))


@pytest.mark.parametrize(
    ("zone", "days", "start", "end"),
    [
        ("UTC", ("2026-03-29", "2026-03-29"), "2026-03-29T00:00", "2026-03-30T00:00"),
        ("Europe/Berlin", ("2026-03-29", "2026-03-29"), "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("Europe/Berlin", ("2026-10-25", "2026-10-25"), "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        ("Asia/Kolkata", ("2026-03-29", "2026-03-30"), "2026-03-28T18:30", "2026-03-30T18:30"),
        ("Asia/Kathmandu", ("2026-03-29", "2026-03-29"), "2026-03-28T18:15", "2026-03-29T18:15"),
        ("Australia/Lord_Howe", ("2026-04-05", "2026-04-05"), "2026-04-04T13:00", "2026-04-05T13:30"),  # 24.5 hours
        ("Africa/Cairo", ("2026-04-24", "2026-04-24"), "2026-04-23T22:00", "2026-04-24T21:00"),  # midnight is skipped
        ("America/Havana", ("2026-11-01", "2026-11-01"), "2026-11-01T04:00", "2026-11-02T05:00"),  # midnight twice
        ("Pacific/Apia", ("2011-12-30", "2011-12-30"), "2011-12-30T10:00", "2011-12-30T10:00"),  # no such day
    ],
)
def test_days_are_the_zones_own_from_their_first_to_their_last_instant(
    zone: str, days: tuple[str, str], start: str, end: str
) -> None:
    plan = planned(request(time_zone=zone, days=days))
    assert to_datetime(plan.start).strftime("%Y-%m-%dT%H:%M") == start
    assert to_datetime(plan.end).strftime("%Y-%m-%dT%H:%M") == end


@pytest.mark.parametrize(
    ("dimensions", "metrics", "order_bys", "expected"),
    [
        (["source"], ["eventCount", "totalUsers"], [], [("eventCount", True), ("source", False)]),
        (["source", "date"], ["eventCount"], [], [("date", False), ("source", False)]),
        ([], ["eventCount"], [], [("eventCount", True)]),
        (
            ["source", "medium"],
            ["eventCount"],
            [query_pb2.OrderBy(dimension="medium", desc=True)],
            [("medium", True), ("source", False)],
        ),
        (
            ["source"],
            ["eventCount"],
            [query_pb2.OrderBy(metric="eventCount"), query_pb2.OrderBy(metric="eventCount", desc=True)],
            [("eventCount", False), ("source", False)],
        ),
    ],
)
def test_the_order_leaves_nothing_to_chance(
    dimensions: list[str], metrics: list[str], order_bys: list[Any], expected: list[tuple[str, bool]]
) -> None:
    plan = planned(request(dimensions=dimensions, metrics=metrics, order_bys=order_bys))
    assert plan.order == tuple(OrderTerm(field, descending) for field, descending in expected)


def test_what_is_not_set_has_its_default() -> None:
    plan = planned(request())
    assert (plan.limit, plan.offset, plan.time_zone, plan.currency_code) == (10_000, 0, "UTC", "")
    assert plan.condition is None
    assert not plan.include_bots


def test_conditions_that_mean_the_same_are_the_same() -> None:
    a, b, c = leaf("source", "a"), leaf("source", "b"), leaf("medium", "c")
    same = [
        group("and_group", a, group("or_group", b, c)),
        group("and_group", group("or_group", c, b, c), a),
        group("and_group", a, group("and_group", group("or_group", b, c), a)),
        group("and_group", negated(negated(a)), group("or_group", group("or_group", b), c)),
    ]
    forms = {plan_to_bytes(planned(request(dimension_filter=tree))) for tree in same}
    assert len(forms) == 1
    assert plan_to_bytes(planned(request(dimension_filter=group("and_group", b, group("or_group", a, c))))) not in forms


def test_an_ignored_case_is_folded_and_an_empty_value_is_one_that_is_not_set() -> None:
    tree = leaf("source", "GooGle", case=False)
    assert planned(request(dimension_filter=tree)).condition == OneOf("source", ("google",), ignore_case=True)
    tree = leaf("source", "")
    assert planned(request(dimension_filter=tree)).condition == OneOf("source", ("(not set)",), ignore_case=False)


def test_a_plan_survives_its_form_as_bytes() -> None:
    text = leaf("pagePath", "/x", STRING.MATCH_TYPE_BEGINS_WITH)
    tree = group("and_group", negated(text), group("or_group", leaf("source", "ä"), leaf("medium", '\\"')))
    plan = planned(request(dimension_filter=tree, dimensions=["date", "source"], include_bots=True))
    assert plan_from_bytes(plan_to_bytes(plan)) == plan
    assert isinstance(plan.condition, AllOf)
    assert {type(child) for child in plan.condition.children} == {Not, AnyOf}
    assert Text("pagePath", "begins_with", "/x", ignore_case=False) in {
        child.child for child in plan.condition.children if isinstance(child, Not)
    }


@pytest.mark.parametrize(
    ("zone", "days", "expected"),
    [
        ("UTC", ("yesterday", "today"), ("2026-03-29", "2026-03-30")),
        ("UTC", ("7daysAgo", "0daysAgo"), ("2026-03-23", "2026-03-30")),
        ("Pacific/Pago_Pago", ("today", "today"), ("2026-03-29", "2026-03-29")),
        ("Asia/Kolkata", ("2026-03-01", "1daysAgo"), ("2026-03-01", "2026-03-29")),
    ],
)
def test_days_are_resolved_by_the_clock_in_the_reports_zone(
    zone: str, days: tuple[str, str], expected: tuple[str, str]
) -> None:
    found = planned(request(time_zone=zone, days=days)).range
    assert (found.first_day, found.last_day) == expected


def test_a_plan_stays_the_same_all_day_and_is_that_of_the_days_it_means() -> None:
    asked = request(days=("yesterday", "today"))
    midnight, evening, tomorrow = (Micros(NOW + seconds * 1_000_000) for seconds in (0, 86_399, 86_400))
    at_midnight = plan_to_bytes(plan_report(asked, midnight))
    assert plan_to_bytes(plan_report(asked, evening)) == at_midnight
    assert plan_to_bytes(planned(request(days=("2026-03-29", "2026-03-30")))) == at_midnight
    assert plan_to_bytes(plan_report(asked, tomorrow)) != at_midnight


def test_several_ranges_bring_their_dimension_along() -> None:
    ranges = [DAY, named("b"), DAY]
    plan = planned(request(dimensions=["source"], date_ranges=ranges))
    assert plan.dimensions == ("source", "dateRange")
    assert [term.field for term in plan.order] == ["eventCount", "source", "dateRange"]
    assert [one.name for one in plan.ranges] == ["date_range_0", "b", "date_range_2"]
    assert planned(request(dimensions=["dateRange", "source"], date_ranges=ranges)).dimensions == (
        "dateRange",
        "source",
    )
    nine = ["date", "hour", "source", "medium", "browser", "country", "language", "eventName", "event.a"]
    assert len(planned(request(dimensions=nine, date_ranges=ranges)).dimensions) == 10
    assert [part.dimensions for part in plan.by_range()] == [("source",)] * 3
    assert [part.range.name for part in plan.by_range()] == ["date_range_0", "b", "date_range_2"]


@pytest.mark.parametrize(
    ("fields", "table"),
    [
        ({}, "events"),
        ({"dimensions": ["date", "country", "dateRange"]}, "events"),
        ({"metrics": ["itemRevenue"]}, "items"),
        ({"metrics": ["itemsViewed"], "dimensions": ["itemName", "hour", "country", "dateRange"]}, "items"),
        ({"metrics": ["itemsViewed"], "dimension_filter": leaf("source", "google")}, "items"),
    ],
)
def test_a_report_is_planned_for_the_table_that_has_its_fields(fields: dict[str, Any], table: str) -> None:
    assert planned(request(**fields)).table == table


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"nonsense", b'{"version": 1}'])
def test_bytes_that_are_no_plan_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own sentence
        plan_from_bytes(data)


def test_a_plan_of_another_version_is_not_run() -> None:
    data = plan_to_bytes(planned(request())).replace(b'"version":2', b'"version":1')
    with pytest.raises(ValueError, match="version 1"):
        plan_from_bytes(data)


def test_every_field_of_a_plan_makes_another_form() -> None:
    different = [
        {},
        {"property": "properties/other"},
        {"dimensions": ["source"]},
        {"metrics": ["totalUsers"]},
        {"days": ("2026-03-01", "2026-03-30")},
        {"time_zone": "Europe/Berlin"},
        {"dimension_filter": leaf("source", "a")},
        {"dimension_filter": leaf("source", "a", case=False)},
        {"order_bys": [query_pb2.OrderBy(metric="eventCount")]},
        {"offset": 1},
        {"limit": 1},
        {"include_bots": True},
        {"currency_code": "EUR"},
        {"dimension_filter": regexp("a")},
        {"dimension_filter": leaf("pagePath", "a", STRING.MATCH_TYPE_FULL_REGEXP)},
        {"dimension_filter": leaf("pagePath", "a", STRING.MATCH_TYPE_FULL_REGEXP, case=False)},
        {"dimension_filter": numeric("event.price", 1, 2)},
        {"dimension_filter": numeric("event.price", 1, 3)},
        {"dimension_filter": between("event.price", 1, 2)},
        {"metric_filter": numeric("eventCount", 1)},
        {"metric_filter": negated(numeric("eventCount", 1))},
        {"date_ranges": [named("a")]},
        {"date_ranges": [DAY, DAY]},
        {"metrics": ["itemRevenue"]},
    ]
    forms = [plan_to_bytes(planned(request(**fields))) for fields in different]
    assert not [pair for pair in itertools.combinations(forms, 2) if pair[0] == pair[1]]
    assert plan_to_bytes(planned(request(min_data_complete_until={"seconds": 1}))) == forms[0]

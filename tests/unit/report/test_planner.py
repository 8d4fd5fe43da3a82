import itertools
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_core.clock import to_datetime
from footfall_core.problems import InvalidRequest
from footfall_core.report.plan import AllOf, AnyOf, Not, OneOf, OrderTerm, Text, plan_from_bytes, plan_to_bytes
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


def leaf(name: str, value: str, match_type: Any = STRING.MATCH_TYPE_EXACT, *, case: bool = True) -> Any:
    string = STRING(match_type=match_type, value=value, case_sensitive=case)
    return query_pb2.FilterExpression(filter=query_pb2.Filter(field_name=name, string_filter=string))


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
        plan_report(request(**fields))
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
        ({"date_ranges": []}, "date_ranges", ["exactly one"]),
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
    assert plan_report(request(dimension_filter=nested(10)))
    assert plan_report(request(dimension_filter=group("or_group", *(leaf("source", str(n)) for n in range(100)))))


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
    plan = plan_report(request(time_zone=zone, days=days))
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
    plan = plan_report(request(dimensions=dimensions, metrics=metrics, order_bys=order_bys))
    assert plan.order == tuple(OrderTerm(field, descending) for field, descending in expected)


def test_what_is_not_set_has_its_default() -> None:
    plan = plan_report(request())
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
    forms = {plan_to_bytes(plan_report(request(dimension_filter=tree))) for tree in same}
    assert len(forms) == 1
    assert (
        plan_to_bytes(plan_report(request(dimension_filter=group("and_group", b, group("or_group", a, c)))))
        not in forms
    )


def test_an_ignored_case_is_folded_and_an_empty_value_is_one_that_is_not_set() -> None:
    tree = leaf("source", "GooGle", case=False)
    assert plan_report(request(dimension_filter=tree)).condition == OneOf("source", ("google",), ignore_case=True)
    tree = leaf("source", "")
    assert plan_report(request(dimension_filter=tree)).condition == OneOf("source", ("(not set)",), ignore_case=False)


def test_a_plan_survives_its_form_as_bytes() -> None:
    text = leaf("pagePath", "/x", STRING.MATCH_TYPE_BEGINS_WITH)
    tree = group("and_group", negated(text), group("or_group", leaf("source", "ä"), leaf("medium", '\\"')))
    plan = plan_report(request(dimension_filter=tree, dimensions=["date", "source"], include_bots=True))
    assert plan_from_bytes(plan_to_bytes(plan)) == plan
    assert isinstance(plan.condition, AllOf)
    assert {type(child) for child in plan.condition.children} == {Not, AnyOf}
    assert Text("pagePath", "begins_with", "/x", ignore_case=False) in {
        child.child for child in plan.condition.children if isinstance(child, Not)
    }


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"nonsense", b'{"version": 1}'])
def test_bytes_that_are_no_plan_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own sentence
        plan_from_bytes(data)


def test_a_plan_of_another_version_is_not_run() -> None:
    data = plan_to_bytes(plan_report(request())).replace(b'"version":1', b'"version":2')
    with pytest.raises(ValueError, match="version 2"):
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
    ]
    forms = [plan_to_bytes(plan_report(request(**fields))) for fields in different]
    assert not [pair for pair in itertools.combinations(forms, 2) if pair[0] == pair[1]]
    assert plan_to_bytes(plan_report(request(min_data_complete_until={"seconds": 1}))) == forms[0]

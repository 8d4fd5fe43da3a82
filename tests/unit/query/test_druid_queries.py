"""What Druid is asked, by a plan. That Druid takes it as it is meant is for the integration tests."""

from typing import Any

import orjson
import pytest
from pydruid.utils.filters import Filter

from footfall.v1 import query_pb2
from footfall_adapters.druid import queries
from footfall_adapters.druid.conditions import filter_of
from footfall_core.clock import Micros
from footfall_core.report.fields import METRICS
from footfall_core.report.filter_language import parse_filter, parse_metric_filter
from footfall_core.report.plan import Plan
from footfall_core.report.planner import plan_report


def plan(
    metrics: list[str],
    dimensions: list[str] | None = None,
    days: tuple[str, str] = ("2026-03-28", "2026-03-30"),
    **fields: Any,
) -> Plan:
    return plan_report(
        query_pb2.RunReportRequest(
            property="properties/shop",
            metrics=[query_pb2.Metric(name=name) for name in metrics],
            dimensions=[query_pb2.Dimension(name=name) for name in dimensions or []],
            date_ranges=[query_pb2.DateRange(start_date=days[0], end_date=days[1])],
            **fields,
        ),
        Micros(0),
    )


def condition(text: str, **fields: Any) -> Any:
    """Return the filter of a text, as Druid reads it."""
    a_plan = plan(["eventCount"], dimension_filter=parse_filter(text), **fields)
    assert a_plan.condition is not None
    return Filter.build_filter(filter_of(a_plan.condition, a_plan))


OF_PROPERTY = {"type": "selector", "dimension": "property", "value": "shop"}
NO_BOTS = {"type": "selector", "dimension": "is_bot", "value": "0"}


def test_rows_are_grouped_ordered_and_paged_by_druid() -> None:
    query = queries.rows_query(plan(["eventCount"], ["source"], offset=20, limit=10))
    assert orjson.loads(orjson.dumps(query)) == {
        "queryType": "groupBy",
        "dataSource": {"type": "union", "dataSources": ["events", "imported_events"]},
        "granularity": "all",
        "intervals": ["2026-03-28T00:00:00.000Z/2026-03-31T00:00:00.000Z"],
        "filter": {"type": "and", "fields": [OF_PROPERTY, NO_BOTS]},
        "dimensions": [{"type": "default", "dimension": "d:source", "outputName": "d:source", "outputType": "STRING"}],
        "virtualColumns": [
            {
                "type": "expression",
                "name": "d:source",
                "expression": "nvl(\"source\", '(not set)')",
                "outputType": "STRING",
            }
        ],
        "aggregations": [
            {"type": "count", "fieldName": "n:events", "name": "n:events"},
            {"type": "count", "fieldName": "eventCount", "name": "m:eventCount"},
        ],
        "postAggregations": [],
        "limitSpec": {
            "type": "default",
            "offset": 20,
            "limit": 10,
            "columns": [
                {"dimension": "m:eventCount", "direction": "descending", "dimensionOrder": "numeric"},
                {"dimension": "d:source", "direction": "ascending", "dimensionOrder": "lexicographic"},
            ],
        },
        "context": {"resultAsArray": True},
    }


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("totalUsers", {"type": "thetaSketch", "fieldName": "client_id", "isInputThetaSketch": False, "size": 16384}),
        (
            "screenPageViews",
            {
                "type": "filtered",
                "filter": {"type": "in", "dimension": "event_name", "values": ["page_view", "screen_view"]},
                "aggregator": {"type": "count", "fieldName": "screenPageViews", "name": "m:screenPageViews"},
            },
        ),
    ],
)
def test_a_metric_is_its_aggregation(metric: str, expected: dict[str, Any]) -> None:
    found = queries.totals_query(plan([metric]))["aggregations"][1]
    assert found == (expected if "aggregator" in expected else expected | {"name": f"m:{metric}"})


def test_amounts_are_added_up_in_integers_and_refunds_by_themselves() -> None:
    query = queries.totals_query(plan(["purchaseRevenue"], currency_code="EUR"))
    assert [(column["expression"], column["outputType"]) for column in query["virtualColumns"]] == [
        ("cast(max(min(floor(\"value\"), 1000000000000000.0), -1000000000000000.0), 'LONG')", "LONG"),
        ('cast(("value" - floor("value")) * 1000000.0 + 0.5, \'LONG\')', "LONG"),
    ]
    found = [(one["filter"]["fields"], one["aggregator"]) for one in query["aggregations"][1:]]
    assert found == [
        (
            [
                {"type": "in", "dimension": "event_name", "values": [event]},
                {"type": "selector", "dimension": "currency", "value": "EUR"},
            ],
            {"type": "longSum", "fieldName": f"v:value:{part}", "name": f"s:purchaseRevenue:{part}{minus}"},
        )
        for part in ("whole", "rest")
        for event, minus in (("purchase", ""), ("refund", "-"))
    ]
    assert [one["name"] for one in query["postAggregations"]] == ["m:purchaseRevenue"]


def test_metrics_of_the_same_amounts_share_their_columns() -> None:
    query = queries.rows_query(plan(["eventValue", "purchaseRevenue"], ["source"]))
    assert [column["name"] for column in query["virtualColumns"]] == ["d:source", "v:value:whole", "v:value:rest"]


def test_quantities_are_one_sum_of_the_column() -> None:
    query = queries.totals_query(plan(["itemsViewed"]))
    assert query["virtualColumns"] == []
    assert query["aggregations"][1]["aggregator"] == {
        "type": "longSum",
        "fieldName": "quantity",
        "name": "s:itemsViewed:",
    }
    assert query["postAggregations"] == [
        {"type": "expression", "expression": 'nvl("s:itemsViewed:", 0)', "name": "m:itemsViewed"}
    ]


def test_bots_are_asked_for_by_asking_for_nothing() -> None:
    query = queries.totals_query(plan(["eventCount"], include_bots=True))
    assert query["filter"] == {"type": "and", "fields": [OF_PROPERTY]}


def test_days_of_24_hours_are_asked_for_together_and_others_alone() -> None:
    asked = queries.days_queries(plan(["eventCount"], ["date"], time_zone="Europe/Berlin"))
    shown = [(day.isoformat(), query["intervals"], query["granularity"]) for day, query in asked]
    whole = {"type": "duration", "duration": 86_400_000}
    assert shown == [
        (
            "2026-03-28",
            ["2026-03-27T23:00:00.000Z/2026-03-28T23:00:00.000Z"],
            whole | {"origin": "2026-03-27T23:00:00.000Z"},
        ),
        ("2026-03-29", ["2026-03-28T23:00:00.000Z/2026-03-29T22:00:00.000Z"], "all"),
        (
            "2026-03-30",
            ["2026-03-29T22:00:00.000Z/2026-03-30T22:00:00.000Z"],
            whole | {"origin": "2026-03-29T22:00:00.000Z"},
        ),
    ]
    assert len(queries.days_queries(plan(["eventCount"], ["date"], days=("2026-01-01", "2026-12-31")))) == 1


@pytest.mark.parametrize(
    ("zone", "days", "expression"),
    [
        ("Asia/Kathmandu", ("2026-03-28", "2026-03-30"), "div((__time + 20700000), 86400000)"),
        ("America/New_York", ("2026-06-01", "2026-06-02"), "div((__time + -14400000), 86400000)"),
        (
            "Europe/Berlin",
            ("2026-03-28", "2026-03-30"),
            "div((__time + case_searched(__time < 1774746000000, 3600000, 7200000)), 86400000)",
        ),
    ],
)
def test_a_day_beside_other_dimensions_is_counted_by_the_zones_clocks(
    zone: str, days: tuple[str, str], expression: str
) -> None:
    query = queries.rows_query(plan(["eventCount"], ["date", "source"], days=days, time_zone=zone))
    assert query["virtualColumns"][0]["expression"] == expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("source = a", {"type": "in", "dimension": "source", "values": ["a"]}),
        (
            'pagePath startsWith "/50%_\\\\"',
            {"type": "like", "dimension": "page_path", "pattern": "/50\\%\\_\\\\%", "escape": "\\"},
        ),
        (
            "source contains not",
            {
                "type": "or",
                "fields": [
                    {"type": "like", "dimension": "source", "pattern": "%not%", "escape": "\\"},
                    {"type": "null", "column": "source"},
                ],
            },
        ),
        (
            "NOT source = a",
            {
                "type": "not",
                "field": {"type": "istrue", "field": {"type": "in", "dimension": "source", "values": ["a"]}},
            },
        ),
        ("date = 2027-01-01", {"type": "false"}),
        ("hour = 25", {"type": "false"}),
        ("hour between (22, 30)", {"type": "in", "dimension": "d:hour", "values": ["22", "23"]}),
        ('dateHour matches "28T0[01]"', {"type": "in", "dimension": "d:dateHour", "values": ["492960", "492961"]}),
        ("dateRange = date_range_0", {"type": "true"}),
        ("dateRange = other", {"type": "false"}),
        ("event.plan = a", {"type": "in", "dimension": "p:plan", "values": ["a"]}),
        (
            "isSet(source)",
            {
                "type": "not",
                "field": {
                    "type": "istrue",
                    "field": {
                        "type": "or",
                        "fields": [
                            {"type": "in", "dimension": "source", "values": ["(not set)"]},
                            {"type": "null", "column": "source"},
                        ],
                    },
                },
            },
        ),
        (
            "event.price > 5",
            {
                "type": "range",
                "column": "x:event.price",
                "matchValueType": "DOUBLE",
                "lower": 5.0,
                "lowerOpen": True,
            },
        ),
        (
            "event.price between (-1, 5)",
            {
                "type": "range",
                "column": "x:event.price",
                "matchValueType": "DOUBLE",
                "lower": -1.0,
                "lowerOpen": False,
                "upper": 5.0,
                "upperOpen": False,
            },
        ),
        (
            "date startsWith 2026-03-2",
            {
                "type": "interval",
                "dimension": "__time",
                "intervals": [
                    "2026-03-28T00:00:00.000Z/2026-03-29T00:00:00.000Z",
                    "2026-03-29T00:00:00.000Z/2026-03-30T00:00:00.000Z",
                ],
            },
        ),
    ],
)
def test_a_condition_says_what_it_makes_of_null(text: str, expected: dict[str, Any]) -> None:
    assert condition(text) == expected


def test_a_regular_expression_on_a_column_never_reaches_druid() -> None:
    with pytest.raises(TypeError, match="regular expression"):
        condition('pagePath matches "(a+)+$"')


def test_what_is_computed_for_a_query_is_computed_once() -> None:
    a_plan = plan(
        ["sessions"],
        ["hour"],
        dimension_filter=parse_filter("hour > 5 AND event.a > 5 AND event.a < 9 AND event.a = 7 AND pagePath > 0"),
    )
    columns = [column["name"] for column in queries.rows_query(a_plan)["virtualColumns"]]
    assert columns == ["d:hour", "p:a", "x:event.a", "x:pagePath", "v:sessions"]
    for query in (queries.totals_query(a_plan), queries.distinct_query(a_plan, METRICS["sessions"])["dataSource"]):
        names = {column["name"] for column in query.get("query", query)["virtualColumns"]}
        assert names >= {"d:hour", "x:event.a", "p:a", "x:pagePath", "v:sessions"}


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("totalUsers > 5", None),
        ("totalUsers > 5 OR eventCount > 5", None),
        ("totalUsers > 5 AND eventCount > 5", [("(", 5, None, None)]),
        ("eventCount between (2, 5)", [("[", 2, 5, "]")]),
        ("NOT eventCount between (2, 5)", [(None, None, 2, ")"), ("(", 5, None, None)]),
        ("NOT (totalUsers > 5 OR eventCount > 5)", [(None, None, 5, "]")]),
        ("NOT (totalUsers > 5 AND eventCount > 5)", None),
    ],
)
def test_druid_drops_no_row_that_a_filter_on_metrics_may_keep(text: str, dropped: list[tuple[Any, ...]] | None) -> None:
    a_plan = plan(["eventCount", "totalUsers"], ["source"], metric_filter=parse_metric_filter(text))
    found = queries.rows_query(a_plan).get("having")
    if dropped is None:
        assert found is None
        return
    assert found["type"] == "filter"

    def ranges(node: dict[str, Any]) -> list[tuple[Any, ...]]:
        if node["type"] == "range":
            assert node["column"] == "m:eventCount"
            low = ("(" if node["lowerOpen"] else "[", node["lower"]) if "lower" in node else (None, None)
            high = (node["upper"], ")" if node["upperOpen"] else "]") if "upper" in node else (None, None)
            return [(*low, *high)]
        return [one for child in node["fields"] for one in ranges(child)]

    assert ranges(found["filter"]) == dropped


def test_items_are_asked_for_in_their_own_table() -> None:
    a_plan = plan(["itemRevenue"], ["itemName"], currency_code="")
    asked = (
        queries.rows_query(a_plan),
        queries.totals_query(a_plan),
        queries.currencies_query(a_plan),
        queries.values_query(a_plan, 5),
    )
    items = {"type": "union", "dataSources": ["items", "imported_items"]}
    assert all(query["dataSource"] == items for query in asked)
    assert queries.groups_query(a_plan)["dataSource"]["query"]["dataSource"] == items


def test_ticks_are_asked_for_in_the_table_of_one_kind() -> None:
    # a union would show the newer of the two kinds' ticks
    assert queries.ticks_query("imported_items", Micros(0), Micros(1))["dataSource"] == "imported_items"


def test_a_case_that_does_not_count_is_folded_on_both_sides() -> None:
    string = query_pb2.StringFilter(match_type=query_pb2.StringFilter.MATCH_TYPE_EXACT, value="Google")
    tree = query_pb2.FilterExpression(filter=query_pb2.Filter(field_name="source", string_filter=string))
    a_plan = plan(["eventCount"], dimension_filter=tree)
    assert a_plan.condition is not None
    assert Filter.build_filter(filter_of(a_plan.condition, a_plan)) == {
        "type": "in",
        "dimension": "source",
        "values": ["google"],
        "extractionFn": {"type": "lower", "locale": "en"},
    }


def test_currencies_are_looked_for_among_the_amounts_of_the_metrics_alone() -> None:
    fields = queries.currencies_query(plan(["purchaseRevenue"]))["filter"]["fields"]
    assert {"type": "in", "dimension": "event_name", "values": ["purchase", "refund"]} in fields
    fields = queries.currencies_query(plan(["purchaseRevenue", "eventValue"]))["filter"]["fields"]
    assert not any(field["type"] == "in" for field in fields)

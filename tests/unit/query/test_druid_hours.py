"""Of each run Druid is asked for the hours that it serves, in one query."""

from dataclasses import replace
from typing import Any

import pytest

from footfall_adapters.druid import queries
from footfall_core.access.grant import EVERY_PROPERTY
from footfall_core.report.fields import METRICS
from footfall_core.report.plan import PlannedHours, PlannedServing, plan_from_bytes, plan_to_bytes
from footfall_core.runs.run import LIVE
from tests.unit.query.test_druid_queries import NO_BOTS, OF_PROPERTY, plan

R = "r202611270000aaaa"
S = "r202611270000bbbb"
LIVE_UP_TO_100 = PlannedHours(LIVE, "", 0, 100)
R_FROM_100 = PlannedHours(R, f"2-{R}", 100, None)


def served_by(*parts: PlannedHours, metrics: tuple[str, ...] = ("eventCount",)) -> Any:
    return replace(plan(list(metrics), ["source"]), serving=PlannedServing(1, parts))


def hours(lower: int, upper: int | None = None) -> dict[str, Any]:
    ends = {} if upper is None else {"upper": upper, "upperOpen": True}
    return {
        "type": "range",
        "column": "log_hour",
        "matchValueType": "LONG",
        "lower": lower,
        "lowerOpen": False,
        **ends,
    }


def of_run(run_id: str, version: str = "2") -> dict[str, Any]:
    return {"type": "selector", "dimension": "run", "value": f"{version}-{run_id}"}


def test_each_run_gives_the_rows_of_its_hours_and_no_others() -> None:
    query = queries.totals_query(served_by(LIVE_UP_TO_100, R_FROM_100))
    assert query["dataSource"] == {
        "type": "union",
        "dataSources": ["events", "imported_events", f"events-{R}", f"imported_events-{R}"],
    }
    not_of_r = {"type": "not", "field": {"type": "in", "dimension": "run", "values": [f"2-{R}"]}}
    assert query["filter"] == {
        "type": "and",
        "fields": [
            OF_PROPERTY,
            {
                "type": "or",
                "fields": [
                    {"type": "and", "fields": [not_of_r, hours(0, 100)]},
                    {"type": "and", "fields": [of_run(R), hours(100)]},
                ],
            },
            NO_BOTS,
        ],
    }


def test_live_rows_are_those_of_no_other_run_in_the_union() -> None:
    query = queries.totals_query(served_by(LIVE_UP_TO_100, R_FROM_100, PlannedHours(S, f"3-{S}", 90, 95)))
    live = query["filter"]["fields"][1]["fields"][0]["fields"][0]
    assert live == {"type": "not", "field": {"type": "in", "dimension": "run", "values": [f"2-{R}", f"3-{S}"]}}


def test_a_run_that_serves_twice_is_asked_once() -> None:
    parts = (LIVE_UP_TO_100, PlannedHours(R, f"2-{R}", 100, 110), PlannedHours(LIVE, "", 110, None))
    query = queries.totals_query(served_by(*parts))
    assert query["dataSource"]["dataSources"] == [
        "events",
        "imported_events",
        f"events-{R}",
        f"imported_events-{R}",
    ]
    assert len(query["filter"]["fields"][1]["fields"]) == 3


def test_a_run_that_serves_all_hours_is_asked_without_a_filter() -> None:
    query = queries.totals_query(served_by(PlannedHours(R, f"2-{R}", 0, None)))
    assert query["dataSource"]["dataSources"] == [f"events-{R}", f"imported_events-{R}"]
    assert query["filter"]["fields"] == [OF_PROPERTY, NO_BOTS]


def test_some_hours_of_one_run_alone_can_be_asked_for() -> None:
    query = queries.totals_query(served_by(PlannedHours(LIVE, "", 90, 95)))
    assert query["dataSource"]["dataSources"] == ["events", "imported_events"]
    assert query["filter"]["fields"][1] == {"type": "and", "fields": [hours(90, 95)]}


@pytest.mark.parametrize("serving", [None, PlannedServing(2, (PlannedHours(LIVE, "", 0, None),))])
def test_as_long_as_the_live_run_serves_alone_druid_is_asked_what_it_always_was(serving: PlannedServing | None) -> None:
    before = plan(["eventCount", "totalUsers"], ["source"])
    after = replace(before, serving=serving)
    assert queries.rows_query(after) == queries.rows_query(before)
    assert queries.totals_query(after) == queries.totals_query(before)


def test_every_query_of_a_report_has_the_filter() -> None:
    asked = served_by(LIVE_UP_TO_100, R_FROM_100, metrics=("totalUsers", "purchaseRevenue"))
    of_hours = queries.totals_query(asked)["filter"]["fields"][1]
    made = [
        queries.rows_query(asked),
        queries.groups_query(asked)["dataSource"]["query"],
        queries.values_query(asked, 10),
        queries.currencies_query(asked),
    ]
    made.append(queries.distinct_query(asked, METRICS["totalUsers"])["dataSource"]["query"])
    made += [query for _, query in queries.days_queries(replace(asked, dimensions=("date",)))]
    for query in made:
        assert of_hours in query["filter"]["fields"]
        assert len(query["dataSource"]["dataSources"]) == 4


def test_the_items_of_a_run_are_asked_likewise() -> None:
    query = queries.totals_query(replace(served_by(LIVE_UP_TO_100, R_FROM_100), table="items"))
    assert query["dataSource"]["dataSources"][2:] == [f"items-{R}", f"imported_items-{R}"]


def test_all_properties_together_are_all_rows_but_ticks() -> None:
    query = queries.totals_query(replace(plan(["eventCount"]), property_id=EVERY_PROPERTY))
    ticks = {"type": "in", "dimension": "property", "values": ["~tick", "~tick-purchases"]}
    assert query["filter"]["fields"] == [{"type": "not", "field": ticks}, NO_BOTS]


def test_a_plan_carries_its_serving() -> None:
    asked = served_by(LIVE_UP_TO_100, R_FROM_100)
    assert plan_from_bytes(plan_to_bytes(asked)) == asked


def test_a_plan_without_a_switch_says_nothing_of_servings() -> None:
    before = plan(["eventCount"])
    assert b"serving" not in plan_to_bytes(before)
    assert plan_from_bytes(plan_to_bytes(before)) == before

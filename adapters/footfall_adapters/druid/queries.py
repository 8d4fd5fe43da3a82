"""From a plan to native queries. Pure: what Druid is asked can be read, and tested, without Druid.

Days are never left to Druid: its zone data come with its release and are years behind at times (33.0.0 has the wrong
days for Almaty since 2024 and for Asunción since 2025). What days are is this process's own zone data's to say.
"""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydruid.query import QueryBuilder
from pydruid.utils.aggregators import count, longmax
from pydruid.utils.dimensions import DimensionSpec
from pydruid.utils.filters import Filter

from footfall_adapters.druid.conditions import Plain, filter_of
from footfall_adapters.druid.dimensions import (
    compared_columns,
    grouped_columns,
    is_number,
    once_each,
    output_name,
)
from footfall_adapters.druid.having import having
from footfall_adapters.druid.hours import of_its_hours
from footfall_adapters.druid.instants import instant, interval
from footfall_adapters.druid.measures import (
    aggregations,
    counted_events,
    identity_column,
    identity_columns,
    measured_columns,
    of_events,
    post_aggregations,
)
from footfall_core.access.grant import EVERY_PROPERTY
from footfall_core.clock import Micros
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.report.currencies import MAX_CURRENCIES, money_of
from footfall_core.report.days import Day, days_between
from footfall_core.report.fields import METRICS, Metric
from footfall_core.report.plan import Plan, leaves_bots_out
from footfall_core.runs.run import LIVE
from footfall_core.runs.tables import tables_of

Query = dict[str, Any]

DAY_MICROS = 24 * 3600 * 1_000_000

GROUPS = "n:groups"
"""The number of rows of a whole report."""


def rows_query(plan: Plan) -> Query:
    """Return the query for the rows of the page, in order, of a plan with dimensions."""
    columns = [
        {
            "dimension": output_name(term.field),
            "direction": "descending" if term.descending else "ascending",
            "dimensionOrder": "numeric" if term.field in METRICS or is_number(term.field) else "lexicographic",
        }
        for term in plan.order
    ]
    query = _group_by(
        plan,
        aggregations=aggregations(plan),
        post_aggregations=post_aggregations(plan),
        limit_spec={"type": "default", "offset": plan.offset, "limit": plan.limit, "columns": columns},
        virtualColumns=once_each([*grouped_columns(plan), *compared_columns(plan), *measured_columns(plan)]),
        context={"resultAsArray": True},
    )
    dropped = having(plan)
    return query if dropped is None else query | {"having": dropped}


def days_queries(plan: Plan) -> list[tuple[date, Query]]:
    """Return the queries for a plan whose one dimension is the date, each with its first day.

    A timeseries, much faster and lighter than a groupBy, knows buckets of 24 hours and the whole interval: so there is
    one for each stretch of days of 24 hours, and one for each day on which the clocks change.
    """
    asked = []
    for stretch in _stretches(plan):
        first, end = stretch[0], stretch[-1].end
        buckets = {"type": "duration", "duration": DAY_MICROS // 1000, "origin": instant(first.start)}
        granularity = buckets if _is_regular(first) else "all"
        asked.append((first.date, _timeseries(plan, first.start, end, granularity)))
    return asked


def _stretches(plan: Plan) -> list[list[Day]]:
    """Return the plan's days: those of 24 hours that follow each other together, each other one by itself."""
    stretches: list[list[Day]] = []
    for day in days_between(plan.start, plan.end, ZoneInfo(plan.time_zone)):
        if stretches and _is_regular(day) and _is_regular(stretches[-1][-1]):
            stretches[-1].append(day)
        elif day.end > day.start:
            stretches.append([day])
    return stretches


def _is_regular(day: Day) -> bool:
    return day.end - day.start == DAY_MICROS


def totals_query(plan: Plan) -> Query:
    """Return the query for the metrics over all rows."""
    return _timeseries(plan, plan.start, plan.end, "all")


def groups_query(plan: Plan) -> Query:
    """Return the query for the number of rows, whatever the page is."""
    groups = _group_by(plan, aggregations={})
    return _built(
        "groupby",
        datasource={"type": "query", "query": groups},
        granularity="all",
        intervals=[interval(plan.start, plan.end)],
        dimensions=[],
        aggregations={GROUPS: count(GROUPS)},
    )


def distinct_query(plan: Plan, metric: Metric) -> Query:
    """Return the query for a distinct count of all rows, exact and without sketches: groups of groups, counted.

    It takes time by the number of different values, but hardly any memory for each row of the report.
    """
    identity = identity_column(metric)
    is_set = Filter(type="not", field=Plain(type="null", column=identity))
    dimensions = _dimension_specs(plan)
    inner = _group_by(
        plan,
        filter=Filter(type="and", fields=[*_conditions(plan), is_set, *counted_events(metric)]),
        dimensions=[*dimensions, DimensionSpec(identity, "id")],
        aggregations={},
        virtualColumns=once_each([*grouped_columns(plan), *compared_columns(plan), *identity_columns(metric)]),
    )
    return _group_by(
        plan,
        datasource={"type": "query", "query": inner},
        filter=None,
        virtualColumns=None,
        dimensions=[spec | {"dimension": spec["outputName"]} for spec in dimensions],
        aggregations={output_name(metric.name): count(metric.name)},
        context={"resultAsArray": True},
    )


def values_query(plan: Plan, limit: int) -> Query:
    """Return the query for different values of the plan's one dimension, at most `limit` of them."""
    return _group_by(
        plan, aggregations={}, limit_spec={"type": "default", "limit": limit}, context={"resultAsArray": True}
    )


def currencies_query(plan: Plan) -> Query:
    """Return the query for the currencies of the amounts that the report's metrics of money would add up."""
    money = money_of(plan)
    columns = {column for metric in money for column in metric.columns}
    has_amount = [Filter(type="not", field=Plain(type="null", column=name)) for name in (*sorted(columns), "currency")]
    if all(metric.events for metric in money):
        has_amount.append(of_events(event for metric in money for event in metric.events + metric.minus_events))
    return _group_by(
        plan,
        filter=Filter(type="and", fields=[*_conditions(plan), *has_amount]),
        dimensions=[DimensionSpec("currency", "currency")],
        aggregations={},
        limit_spec={"type": "default", "limit": MAX_CURRENCIES, "columns": ["currency"]},
        virtualColumns=once_each(compared_columns(plan)),
        context={"resultAsArray": True},
    )


def ticks_query(datasource: str, since: Micros, until: Micros) -> Query:
    """Return the query for the newest tick of each reserved property and partition in one datasource."""
    return _built(
        "groupby",
        datasource=datasource,
        granularity="all",
        intervals=[interval(since, until)],
        filter=Filter(type="in", dimension="property", values=list(TICK_PROPERTIES)),
        dimensions=[
            DimensionSpec("property", "way"),
            {"type": "default", "dimension": "raw_partition", "outputName": "p", "outputType": "LONG"},
        ],
        aggregations={"tick": longmax("tick_time_micros")},
        context={"resultAsArray": True},
    )


def _timeseries(plan: Plan, start: Micros, end: Micros, granularity: str | dict[str, Any]) -> Query:
    return _built(
        "timeseries",
        datasource=_datasources(plan),
        granularity=granularity,
        intervals=[interval(start, end)],
        filter=Filter(type="and", fields=_conditions(plan)),
        aggregations=aggregations(plan),
        post_aggregations=post_aggregations(plan),
        virtualColumns=once_each([*compared_columns(plan), *measured_columns(plan)]),
        context={"skipEmptyBuckets": True},
    )


def _group_by(plan: Plan, **parts: Any) -> Query:
    """Return a groupBy of the plan's events by its dimensions; `parts` add to it or take the place of its own."""
    own = {
        "datasource": _datasources(plan),
        "granularity": "all",
        "intervals": [interval(plan.start, plan.end)],
        "filter": Filter(type="and", fields=_conditions(plan)),
        "dimensions": _dimension_specs(plan),
        "virtualColumns": once_each([*grouped_columns(plan), *compared_columns(plan)]),
    }
    return _built("groupby", **{name: part for name, part in (own | parts).items() if part is not None})


def _datasources(plan: Plan) -> list[str]:
    """Return what the plan's table is in Druid: the union of what came live and what was imported, of each run."""
    runs = (LIVE,) if plan.serving is None else plan.serving.run_ids
    return [table.name for run_id in runs for table in tables_of(run_id)[plan.table].values()]


def _dimension_specs(plan: Plan) -> list[dict[str, str]]:
    return [
        {
            "type": "default",
            "dimension": output_name(name),
            "outputName": output_name(name),
            "outputType": "LONG" if is_number(name) else "STRING",
        }
        for name in plan.dimensions
    ]


def _built(kind: str, **parts: Any) -> Query:
    query: Query = getattr(QueryBuilder(), kind)(parts).query_dict
    return query


def _conditions(plan: Plan) -> list[Filter]:
    conditions = [_of_the_property(plan), *of_its_hours(plan.serving)]
    if leaves_bots_out(plan):
        conditions.append(Filter(dimension="is_bot", value="0"))
    if plan.condition is not None:
        conditions.append(filter_of(plan.condition, plan))
    return conditions


def _of_the_property(plan: Plan) -> Filter:
    if plan.property_id != EVERY_PROPERTY:
        return Filter(dimension="property", value=plan.property_id)
    return Filter(type="not", field=Filter(type="in", dimension="property", values=list(TICK_PROPERTIES)))

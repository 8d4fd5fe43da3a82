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
from footfall_adapters.druid.instants import instant, interval
from footfall_adapters.druid.measures import aggregations, amount_columns, of_events, output_name, virtual_column
from footfall_core.clock import Micros
from footfall_core.columns import EVENTS_TABLE
from footfall_core.properties import TICK_PROPERTY
from footfall_core.report.days import Day, days_between, offsets_between
from footfall_core.report.fields import DATE, DIMENSIONS, METRICS, NOT_SET, Metric
from footfall_core.report.plan import Plan

Query = dict[str, Any]

DAY_MICROS = 24 * 3600 * 1_000_000
EPOCH = date(1970, 1, 1)

GROUPS = "n:groups"
"""The number of rows of a whole report."""

MAX_CURRENCIES = 20
"""How many currencies are looked for at most: two are too many already, and the others are named."""


def rows_query(plan: Plan) -> Query:
    """Return the query for the rows of the page, in order, of a plan with dimensions."""
    columns = [
        {
            "dimension": output_name(term.field),
            "direction": "descending" if term.descending else "ascending",
            "dimensionOrder": "numeric" if term.field == DATE or term.field in METRICS else "lexicographic",
        }
        for term in plan.order
    ]
    return _group_by(
        plan,
        aggregations=aggregations(plan),
        limit_spec={"type": "default", "offset": plan.offset, "limit": plan.limit, "columns": columns},
        virtualColumns=[*_dimension_columns(plan), *amount_columns(plan)],
        context={"resultAsArray": True},
    )


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
    groups = _group_by(plan, aggregations={}, virtualColumns=_dimension_columns(plan))
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
    conditions = [*_conditions(plan), Filter(type="not", field=Plain(type="null", column=metric.column))]
    if metric.events:
        conditions.append(of_events(metric.events))
    dimensions = _dimension_specs(plan)
    inner = _group_by(
        plan,
        filter=Filter(type="and", fields=conditions),
        dimensions=[*dimensions, DimensionSpec(metric.column, "id")],
        aggregations={},
        virtualColumns=_dimension_columns(plan),
    )
    return _group_by(
        plan,
        datasource={"type": "query", "query": inner},
        filter=None,
        dimensions=[spec | {"dimension": spec["outputName"]} for spec in dimensions],
        aggregations={output_name(metric.name): count(metric.name)},
        context={"resultAsArray": True},
    )


def currencies_query(plan: Plan) -> Query:
    """Return the query for the currencies of the amounts that the report's metrics of money would add up."""
    money = [METRICS[name] for name in plan.metrics if METRICS[name].is_money]
    has_amount = [Filter(type="not", field=Plain(type="null", column=column)) for column in ("value", "currency")]
    if all(metric.events for metric in money):
        has_amount.append(of_events(event for metric in money for event in metric.events + metric.minus_events))
    return _built(
        "groupby",
        datasource=EVENTS_TABLE,
        granularity="all",
        intervals=[interval(plan.start, plan.end)],
        filter=Filter(type="and", fields=[*_conditions(plan), *has_amount]),
        dimensions=[DimensionSpec("currency", "currency")],
        aggregations={},
        limit_spec={"type": "default", "limit": MAX_CURRENCIES, "columns": ["currency"]},
        context={"resultAsArray": True},
    )


def ticks_query(since: Micros, until: Micros) -> Query:
    """Return the query for the newest tick of each raw partition."""
    return _built(
        "groupby",
        datasource=EVENTS_TABLE,
        granularity="all",
        intervals=[interval(since, until)],
        filter=Filter(dimension="property", value=TICK_PROPERTY),
        dimensions=[{"type": "default", "dimension": "raw_partition", "outputName": "p", "outputType": "LONG"}],
        aggregations={"tick": longmax("tick_time_micros")},
        context={"resultAsArray": True},
    )


def day_of_number(number: int) -> date:
    """Return the day of a number that a query of groups answers for the date."""
    return date.fromordinal(EPOCH.toordinal() + number)


def _timeseries(plan: Plan, start: Micros, end: Micros, granularity: str | dict[str, Any]) -> Query:
    return _built(
        "timeseries",
        datasource=EVENTS_TABLE,
        granularity=granularity,
        intervals=[interval(start, end)],
        filter=Filter(type="and", fields=_conditions(plan)),
        aggregations=aggregations(plan),
        virtualColumns=amount_columns(plan),
        context={"skipEmptyBuckets": True},
    )


def _group_by(plan: Plan, **parts: Any) -> Query:
    """Return a groupBy of the plan's events by its dimensions; `parts` add to it or take the place of its own."""
    own = {
        "datasource": EVENTS_TABLE,
        "granularity": "all",
        "intervals": [interval(plan.start, plan.end)],
        "filter": Filter(type="and", fields=_conditions(plan)),
        "dimensions": _dimension_specs(plan),
    }
    return _built("groupby", **{name: part for name, part in (own | parts).items() if part is not None})


def _dimension_specs(plan: Plan) -> list[dict[str, str]]:
    return [
        {
            "type": "default",
            "dimension": output_name(name),
            "outputName": output_name(name),
            "outputType": "LONG" if name == DATE else "STRING",
        }
        for name in plan.dimensions
    ]


def _built(kind: str, **parts: Any) -> Query:
    query: Query = getattr(QueryBuilder(), kind)(parts).query_dict
    return query


def _conditions(plan: Plan) -> list[Filter]:
    conditions = [Filter(dimension="property", value=plan.property_id)]
    if not plan.include_bots:
        conditions.append(Filter(dimension="is_bot", value="0"))
    if plan.condition is not None:
        conditions.append(filter_of(plan.condition, plan))
    return conditions


def _dimension_columns(plan: Plan) -> list[Query]:
    """Return the virtual columns of the dimensions: days by number, and `(not set)` for what is not set."""
    return [
        virtual_column(output_name(name), _day_expression(plan), "LONG")
        if name == DATE
        else virtual_column(output_name(name), f"nvl(\"{DIMENSIONS[name].column}\", '{NOT_SET}')", "STRING")
        for name in plan.dimensions
    ]


def _day_expression(plan: Plan) -> str:
    """Return the number of an event's day since 1970-01-01, by the clocks of the plan's zone."""
    *changes, last = offsets_between(plan.start, plan.end, ZoneInfo(plan.time_zone))
    ahead = str(last.ahead_ms)
    if changes:
        cases = ", ".join(f"__time < {change.until // 1000}, {change.ahead_ms}" for change in changes)
        ahead = f"case_searched({cases}, {ahead})"
    return f"div(__time + {ahead}, {DAY_MICROS // 1000})"

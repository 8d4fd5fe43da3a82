"""From a plan to native queries. Pure: what Druid is asked can be read, and tested, without Druid."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydruid.query import QueryBuilder
from pydruid.utils.aggregators import count, doublesum, filtered, longmax, thetasketch
from pydruid.utils.dimensions import DimensionSpec
from pydruid.utils.filters import Filter

from footfall_adapters.druid.conditions import Plain, filter_of
from footfall_adapters.druid.instants import interval
from footfall_core.clock import Micros
from footfall_core.columns import EVENTS_TABLE
from footfall_core.properties import TICK_PROPERTY
from footfall_core.report.fields import DATE, DIMENSIONS, METRICS, NOT_SET, Aggregate, Metric
from footfall_core.report.plan import Plan

Query = dict[str, Any]

SKETCH_SIZE = 16_384
"""Entries of a theta sketch: up to so many different values are counted exactly."""

EVENTS = "n:events"
"""The number of events, asked for besides the metrics: it tells no events from metrics that are zero."""

GROUPS = "n:groups"
"""The number of rows of a whole report."""

MAX_CURRENCIES = 20
"""How many currencies are looked for at most: two are too many already, and the others are named."""


def rows_query(plan: Plan) -> Query:
    """Return the query for the rows of the page, in order; for days alone or no dimension, for all rows."""
    if not plan.dimensions:
        return totals_query(plan)
    if plan.dimensions == (DATE,):
        # much faster than a groupBy; it knows no order but that of time
        return _timeseries(plan, {"type": "period", "period": "P1D", "timeZone": plan.time_zone})
    columns = [
        {
            "dimension": _output(term.field),
            "direction": "descending" if term.descending else "ascending",
            "dimensionOrder": "numeric" if term.field == DATE or term.field in METRICS else "lexicographic",
        }
        for term in plan.order
    ]
    return _group_by(
        plan,
        aggregations=_aggregations(plan),
        limit_spec={"type": "default", "offset": plan.offset, "limit": plan.limit, "columns": columns},
        virtual_columns=[*_dimension_columns(plan.dimensions, plan), *_metric_columns(plan)],
    )


def totals_query(plan: Plan) -> Query:
    """Return the query for the metrics over all rows."""
    return _timeseries(plan, "all")


def groups_query(plan: Plan) -> Query:
    """Return the query for the number of rows, whatever the page is."""
    groups = _group_by(plan, aggregations={}, virtual_columns=_dimension_columns(plan.dimensions, plan))
    return _built(
        "groupby",
        datasource={"type": "query", "query": groups},
        granularity="all",
        intervals=[interval(plan.start, plan.end)],
        dimensions=[],
        aggregations={GROUPS: count(GROUPS)},
    )


def currencies_query(plan: Plan) -> Query:
    """Return the query for the currencies of the amounts that the report's metrics of money would add up."""
    money = [METRICS[name] for name in plan.metrics if METRICS[name].is_money]
    has_amount = [Filter(type="not", field=Plain(type="null", column=column)) for column in ("value", "currency")]
    if all(metric.events for metric in money):
        has_amount.append(_of_events(event for metric in money for event in metric.events + metric.minus_events))
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


def metrics_of(plan: Plan, result: Query) -> list[Any]:
    """Return the values of the plan's metrics from one result of a timeseries."""
    return [result[_output(name)] for name in plan.metrics]


def _output(field: str) -> str:
    """Return the name of a dimension or metric in Druid's answer; columns have names of their own."""
    return f"{'m' if field in METRICS else 'd'}:{field}"


def _timeseries(plan: Plan, granularity: str | dict[str, str]) -> Query:
    return _built(
        "timeseries",
        datasource=EVENTS_TABLE,
        granularity=granularity,
        intervals=[interval(plan.start, plan.end)],
        filter=Filter(type="and", fields=_conditions(plan)),
        aggregations=_aggregations(plan),
        virtualColumns=_metric_columns(plan),
        context={"skipEmptyBuckets": True},
    )


def _group_by(plan: Plan, *, virtual_columns: Sequence[Query], **parts: Any) -> Query:
    return _built(
        "groupby",
        datasource=EVENTS_TABLE,
        granularity="all",
        intervals=[interval(plan.start, plan.end)],
        filter=Filter(type="and", fields=_conditions(plan)),
        dimensions=[
            {
                "type": "default",
                "dimension": _output(name),
                "outputName": _output(name),
                "outputType": "LONG" if name == DATE else "STRING",
            }
            for name in plan.dimensions
        ],
        virtualColumns=list(virtual_columns),
        context={"resultAsArray": True},
        **parts,
    )


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


def _dimension_columns(names: Iterable[str], plan: Plan) -> list[Query]:
    """Return the virtual columns that dimensions are grouped by: a value that is not set becomes `(not set)`."""
    return [
        _virtual(_output(name), f"timestamp_floor(__time, 'P1D', null, '{plan.time_zone}')", "LONG")
        if name == DATE
        else _virtual(_output(name), f"nvl(\"{DIMENSIONS[name].column}\", '{NOT_SET}')", "STRING")
        for name in names
    ]


def _metric_columns(plan: Plan) -> list[Query]:
    sums = [METRICS[name] for name in plan.metrics if METRICS[name].aggregate is Aggregate.SUM]
    return [_virtual(_amount(metric), _amount_expression(metric, plan.currency_code), "DOUBLE") for metric in sums]


def _virtual(name: str, expression: str, output_type: str) -> Query:
    return {"type": "expression", "name": name, "expression": expression, "outputType": output_type}


def _amount(metric: Metric) -> str:
    return f"v:{metric.name}"


def _amount_expression(metric: Metric, currency_code: str) -> str:
    """Return what one event adds to a sum: a number in any case, so that no sum is null."""
    amount = f'nvl("{metric.column}", 0.0)'
    if metric.events:
        signed = [(event, amount) for event in metric.events]
        signed += [(event, f"0.0 - {amount}") for event in metric.minus_events]
        cases = ", ".join(f"\"event_name\" == '{event}', {value}" for event, value in signed)
        amount = f"case_searched({cases}, 0.0)"
    if currency_code:
        amount = f"if(\"currency\" == '{currency_code}', {amount}, 0.0)"
    return amount


def _aggregations(plan: Plan) -> dict[str, Query]:
    return {EVENTS: count(EVENTS), **{_output(name): _aggregation(METRICS[name]) for name in plan.metrics}}


def _aggregation(metric: Metric) -> Query:
    match metric.aggregate:
        case Aggregate.COUNT:
            aggregation = count(metric.name)
        case Aggregate.DISTINCT:
            aggregation = thetasketch(metric.column, size=SKETCH_SIZE)
        case Aggregate.SUM:
            # which events count is in its virtual column already
            return dict(doublesum(_amount(metric)))
    return dict(filtered(_of_events(metric.events), aggregation) if metric.events else aggregation)


def _of_events(names: Iterable[str]) -> Filter:
    return Filter(type="in", dimension="event_name", values=sorted(set(names)))

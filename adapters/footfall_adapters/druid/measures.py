"""How metrics are computed: Druid's aggregations, and the virtual columns that they read."""

from collections.abc import Iterable
from typing import Any

from pydruid.utils.aggregators import count, doublesum, filtered, thetasketch
from pydruid.utils.filters import Filter

from footfall_adapters.druid.dimensions import Column, output_name, virtual_column
from footfall_core.report.fields import METRICS, Aggregate, Metric
from footfall_core.report.plan import Plan

SKETCH_SIZE = 16_384
"""Entries of a theta sketch: up to so many different values are counted exactly."""

_BETWEEN = "\x1f"
"""Stands between values that are told apart together; the C0 controls are refused at the door, so it is in none."""

EVENTS = "n:events"
"""The number of events, or items, asked for besides the metrics: it tells none of them from metrics that are zero."""


def metrics_of(plan: Plan, result: dict[str, Any]) -> list[Any]:
    """Return the values of the plan's metrics from one result of a timeseries."""
    return [result[output_name(name)] for name in plan.metrics]


def measured_columns(plan: Plan) -> list[Column]:
    """Return the virtual columns that the plan's metrics read."""
    metrics = [METRICS[name] for name in plan.metrics]
    columns = [
        virtual_column(_own_column(metric), _amount_expression(metric, plan.currency_code), "DOUBLE")
        for metric in metrics
        if metric.aggregate is Aggregate.SUM
    ]
    return columns + [column for metric in metrics for column in identity_columns(metric)]


def identity_columns(metric: Metric) -> list[Column]:
    """Return the virtual column that a distinct count needs, if it tells several columns together apart."""
    if metric.aggregate is not Aggregate.DISTINCT or len(metric.columns) == 1:
        return []
    *others, last = metric.columns
    together = ", ".join([*(f"nvl(\"{column}\", ''), '{_BETWEEN}'" for column in others), f'"{last}"'])
    # null if the last one is null, and such events are none of the count
    return [virtual_column(_own_column(metric), f"concat({together})", "STRING")]


def identity_column(metric: Metric) -> str:
    """Return the column whose different values a distinct count counts."""
    return metric.columns[0] if len(metric.columns) == 1 else _own_column(metric)


def _own_column(metric: Metric) -> str:
    return f"v:{metric.name}"


def _amount_expression(metric: Metric, currency_code: str) -> str:
    """Return what one event adds to a sum: a number in any case, so that no sum is null."""
    amount = f'nvl("{metric.columns[0]}", 0.0)'
    if metric.events:
        signed = [(event, amount) for event in metric.events]
        signed += [(event, f"0.0 - {amount}") for event in metric.minus_events]
        cases = ", ".join(f"\"event_name\" == '{event}', {value}" for event, value in signed)
        amount = f"case_searched({cases}, 0.0)"
    if currency_code and metric.is_money:
        amount = f"if(\"currency\" == '{currency_code}', {amount}, 0.0)"
    return amount


def aggregations(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the aggregations of the plan's metrics, the number of events before them."""
    return {EVENTS: count(EVENTS), **{output_name(name): _aggregation(METRICS[name]) for name in plan.metrics}}


def _aggregation(metric: Metric) -> dict[str, Any]:
    match metric.aggregate:
        case Aggregate.COUNT:
            aggregation = count(metric.name)
        case Aggregate.DISTINCT:
            aggregation = thetasketch(identity_column(metric), size=SKETCH_SIZE)
        case Aggregate.SUM:
            # which events count is in its virtual column already
            return dict(doublesum(_own_column(metric)))
    conditions = counted_events(metric)
    if not conditions:
        return dict(aggregation)
    only = conditions[0] if len(conditions) == 1 else Filter(type="and", fields=conditions)
    return dict(filtered(only, aggregation))


def counted_events(metric: Metric) -> list[Filter]:
    """Return the filters of the events that a count is of; none means all events."""
    conditions = [of_events(metric.events)] if metric.events else []
    if metric.flag:
        conditions.append(Filter(dimension=metric.flag, value="1"))
    return conditions


def of_events(names: Iterable[str]) -> Filter:
    """Return the filter of the events of these names."""
    return Filter(type="in", dimension="event_name", values=sorted(set(names)))

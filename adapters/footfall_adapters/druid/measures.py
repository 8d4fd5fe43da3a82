"""How metrics are computed: Druid's aggregations, and the virtual columns that they read."""

from collections.abc import Iterable
from typing import Any

from pydruid.utils.aggregators import count, doublesum, filtered, thetasketch
from pydruid.utils.filters import Filter

from footfall_core.report.fields import METRICS, Aggregate, Metric
from footfall_core.report.plan import Plan

SKETCH_SIZE = 16_384
"""Entries of a theta sketch: up to so many different values are counted exactly."""

EVENTS = "n:events"
"""The number of events, asked for besides the metrics: it tells no events from metrics that are zero."""


def output_name(field: str) -> str:
    """Return the name of a dimension or metric in Druid's answer; columns have names of their own."""
    return f"{'m' if field in METRICS else 'd'}:{field}"


def metrics_of(plan: Plan, result: dict[str, Any]) -> list[Any]:
    """Return the values of the plan's metrics from one result of a timeseries."""
    return [result[output_name(name)] for name in plan.metrics]


def virtual_column(name: str, expression: str, output_type: str) -> dict[str, str]:
    """Return a column that is computed from others."""
    return {"type": "expression", "name": name, "expression": expression, "outputType": output_type}


def amount_columns(plan: Plan) -> list[dict[str, str]]:
    """Return the virtual columns that are summed."""
    sums = [METRICS[name] for name in plan.metrics if METRICS[name].aggregate is Aggregate.SUM]
    return [
        virtual_column(_amount(metric), _amount_expression(metric, plan.currency_code), "DOUBLE") for metric in sums
    ]


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


def aggregations(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the aggregations of the plan's metrics, the number of events before them."""
    return {EVENTS: count(EVENTS), **{output_name(name): _aggregation(METRICS[name]) for name in plan.metrics}}


def _aggregation(metric: Metric) -> dict[str, Any]:
    match metric.aggregate:
        case Aggregate.COUNT:
            aggregation = count(metric.name)
        case Aggregate.DISTINCT:
            aggregation = thetasketch(metric.column, size=SKETCH_SIZE)
        case Aggregate.SUM:
            # which events count is in its virtual column already
            return dict(doublesum(_amount(metric)))
    return dict(filtered(of_events(metric.events), aggregation) if metric.events else aggregation)


def of_events(names: Iterable[str]) -> Filter:
    """Return the filter of the events of these names."""
    return Filter(type="in", dimension="event_name", values=sorted(set(names)))

"""How metrics are computed: Druid's aggregations, and the virtual columns that they read."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydruid.utils.aggregators import count, filtered, longsum, thetasketch
from pydruid.utils.filters import Filter
from pydruid.utils.postaggregator import Postaggregator

from footfall_adapters.druid.dimensions import Column, output_name, virtual_column
from footfall_core.limits import MAX_AMOUNT
from footfall_core.report.amounts import DIVIDED_AS_ONE, MILLIONTHS
from footfall_core.report.fields import METRICS, Aggregate, Metric, MetricType
from footfall_core.report.plan import Plan

SKETCH_SIZE = 16_384
"""Entries of a theta sketch: up to so many different values are counted exactly."""

_BETWEEN = "\x1f"
"""Stands between values that are told apart together; the C0 controls are refused at the door, so it is in none."""

EVENTS = "n:events"
"""The number of events, or items, asked for besides the metrics: it tells none of them from metrics that are zero."""


class Computed(Postaggregator):  # type: ignore[misc]  # pydruid has no types
    """A number that is computed from aggregations."""

    def __init__(self, expression: str) -> None:
        self.post_aggregator = {"type": "expression", "expression": expression}


def metrics_of(plan: Plan, result: dict[str, Any]) -> list[Any]:
    """Return the values of the plan's metrics from one result of a timeseries."""
    return [result[output_name(name)] for name in plan.metrics]


def places_of_metrics(plan: Plan) -> list[int]:
    """Return where the plan's metrics stand behind the dimensions in a row of a groupBy that comes as an array."""
    names = [*aggregations(plan), *post_aggregations(plan)]
    return [names.index(output_name(name)) for name in plan.metrics]


def measured_columns(plan: Plan) -> list[Column]:
    """Return the virtual columns that the plan's metrics read."""
    return [column for name in plan.metrics for column in _measured(METRICS[name])]


def _measured(metric: Metric) -> list[Column]:
    if not _is_of_amounts(metric):
        return identity_columns(metric)
    (column,) = metric.columns
    whole = f'floor("{column}")'
    # as `amounts.added` has it; what is behind the point is never negative, so a cast rounds it down
    rest = f"cast((\"{column}\" - {whole}) * {MILLIONTHS}.0 + 0.5, 'LONG')"
    bounded = f"cast(max(min({whole}, {MAX_AMOUNT}), -{MAX_AMOUNT}), 'LONG')"
    return [
        virtual_column(_part_column(column, "whole"), bounded, "LONG"),
        virtual_column(_part_column(column, "rest"), rest, "LONG"),
    ]


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


def aggregations(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the aggregations of the plan's metrics, the number of events before them."""
    found = {EVENTS: dict(count(EVENTS))}
    for name in plan.metrics:
        metric = METRICS[name]
        if metric.aggregate is Aggregate.SUM:
            found |= _sums(metric, plan.currency_code)
        else:
            found[output_name(name)] = _counted(metric)
    return found


def post_aggregations(plan: Plan) -> dict[str, Computed]:
    """Return what makes the plan's metrics of their sums: never null, and as they are answered."""
    sums = [METRICS[name] for name in plan.metrics if METRICS[name].aggregate is Aggregate.SUM]
    return {output_name(metric.name): Computed(_shown(metric)) for metric in sums}


def _counted(metric: Metric) -> dict[str, Any]:
    if metric.aggregate is Aggregate.COUNT:
        return _of(counted_events(metric), count(metric.name))
    return _of(counted_events(metric), thetasketch(identity_column(metric), size=SKETCH_SIZE))


def _sums(metric: Metric, currency_code: str) -> dict[str, dict[str, Any]]:
    """Return the sums of a metric: of each part of the amounts, those that are taken off by themselves.

    Which events count is a filter: expressions on texts take several times as long.
    """
    in_currency = [Filter(dimension="currency", value=currency_code)] if currency_code and metric.is_money else []
    return {
        _sum_name(metric, part, minus=minus): _of(
            ([of_events(events)] if events else []) + in_currency,
            longsum(_part_column(metric.columns[0], part) if part else metric.columns[0]),
        )
        for part in _parts(metric)
        for events, minus in ((metric.events, False), (metric.minus_events, True))
        if events or not minus
    }


def _of(conditions: Sequence[Filter], aggregation: dict[str, Any]) -> dict[str, Any]:
    """Return the aggregation of the rows that fulfil all conditions."""
    if not conditions:
        return dict(aggregation)
    only = conditions[0] if len(conditions) == 1 else Filter(type="and", fields=list(conditions))
    return dict(filtered(only, aggregation))


def _is_of_amounts(metric: Metric) -> bool:
    """Return whether a metric adds up doubles; quantities are whole."""
    return metric.aggregate is Aggregate.SUM and metric.type is not MetricType.INTEGER


def _parts(metric: Metric) -> tuple[str, ...]:
    """Return the parts of a value that are added up by themselves: millionths alone could be beyond a long."""
    return ("whole", "rest") if _is_of_amounts(metric) else ("",)


def _part_column(column: str, part: str) -> str:
    return f"v:{column}:{part}"


def _sum_name(metric: Metric, part: str, *, minus: bool) -> str:
    return f"s:{metric.name}:{part}{'-' if minus else ''}"


def _total(metric: Metric, part: str = "") -> str:
    """Return the expression of a sum, which is null where nothing was added up."""
    total = f'nvl("{_sum_name(metric, part, minus=False)}", 0)'
    return f'({total} - nvl("{_sum_name(metric, part, minus=True)}", 0))' if metric.minus_events else total


def _shown(metric: Metric) -> str:
    """Return the expression of a sum as it is answered: of amounts, that of `amounts.shown`."""
    if not _is_of_amounts(metric):
        return _total(metric)
    rests = _total(metric, "rest")
    rest = f"(({rests} % {MILLIONTHS} + {MILLIONTHS}) % {MILLIONTHS})"
    whole = f"({_total(metric, 'whole')} + div({rests} - {rest}, {MILLIONTHS}))"
    return (
        f"if(abs({whole}) < {DIVIDED_AS_ONE}, ({whole} * {MILLIONTHS} + {rest}) / {MILLIONTHS}.0, "
        f"{whole} + {rest} / {MILLIONTHS}.0)"
    )


def counted_events(metric: Metric) -> list[Filter]:
    """Return the filters of the events that a count is of; none means all events."""
    conditions = [of_events(metric.events)] if metric.events else []
    if metric.flag:
        conditions.append(Filter(dimension=metric.flag, value="1"))
    return conditions


def of_events(names: Iterable[str]) -> Filter:
    """Return the filter of the events of these names."""
    return Filter(type="in", dimension="event_name", values=sorted(set(names)))

"""How metrics are computed: DuckDB's aggregates. Distinct counts are exact."""

from footfall_adapters.duckdb.statement import Values
from footfall_core.limits import MAX_AMOUNT
from footfall_core.report.amounts import DIVIDED_AS_ONE, MILLIONTHS
from footfall_core.report.fields import METRICS, Aggregate, Metric, MetricType
from footfall_core.report.plan import Plan

_BETWEEN = "chr(31)"
"""Stands between values that are told apart together; the C0 controls are refused at the door, so it is in none."""


def measure(name: str, plan: Plan, values: Values) -> str:
    """Return the aggregate of a metric, never null, and as it is answered: rows are ordered and filtered by that."""
    metric = METRICS[name]
    match metric.aggregate:
        case Aggregate.COUNT:
            return f"count(*){_of_events(metric, values)}"
        case Aggregate.DISTINCT:
            return f"count(DISTINCT {_identity(metric)}){_of_events(metric, values)}"
        case Aggregate.SUM:
            return _sum(metric, plan.currency_code, values)


def of_events_with_amounts(metrics: list[Metric], values: Values) -> str:
    """Return the condition of the events whose amounts some metrics of money add up."""
    columns = sorted({column for metric in metrics for column in metric.columns})
    conditions = [f"{column} IS NOT NULL" for column in (*columns, "currency")]
    if all(metric.events for metric in metrics):
        names = {event for metric in metrics for event in metric.events + metric.minus_events}
        conditions.append(values.one_of("event_name", sorted(names)))
    return " AND ".join(conditions)


def _of_events(metric: Metric, values: Values) -> str:
    conditions = [values.one_of("event_name", metric.events)] if metric.events else []
    if metric.flag:
        conditions.append(f"{metric.flag} = 1")
    return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""


def _identity(metric: Metric) -> str:
    *others, last = metric.columns
    # null if the last one is null, and such events are none of the count
    return " || ".join([*(f"coalesce({column}, '') || {_BETWEEN}" for column in others), last])


def _sum(metric: Metric, currency_code: str, values: Values) -> str:
    (column,) = metric.columns
    sign = _sign(metric, currency_code, values)
    if metric.type is MetricType.INTEGER:
        return f"coalesce(sum({sign} * {column}), 0)"
    # as `amounts.added` has it, in two sums: integers beyond 64 bits are slow until they are added up
    whole = f"floor({column})"
    bounded = f"greatest(least({whole}, {MAX_AMOUNT}), -{MAX_AMOUNT})"
    rest = f"floor(({column} - {whole}) * {MILLIONTHS} + 0.5)"
    # for `least` nothing is more than something
    wholes, rests = (
        f"coalesce(sum({sign} * {part}::BIGINT) FILTER (WHERE {column} IS NOT NULL), 0)" for part in (bounded, rest)
    )
    return shown(f"({wholes} * {MILLIONTHS} + {rests})")


def shown(millionths: str) -> str:
    """Return the expression of `amounts.shown` of a sum."""
    rest = f"(({millionths} % {MILLIONTHS} + {MILLIONTHS}) % {MILLIONTHS})"
    whole = f"(({millionths} - {rest}) // {MILLIONTHS})"
    return (
        f"CASE WHEN abs({whole}) < {DIVIDED_AS_ONE} THEN {millionths}::DOUBLE / {MILLIONTHS} "
        f"ELSE {whole}::DOUBLE + {rest}::DOUBLE / {MILLIONTHS} END"
    )


def _sign(metric: Metric, currency_code: str, values: Values) -> str:
    """Return what an event's amount is multiplied with, null if the event does not count."""
    sign = "1"
    if metric.events:
        signed = [(event, "1") for event in metric.events] + [(event, "-1") for event in metric.minus_events]
        cases = " ".join(f"WHEN event_name = {values.bound(event)} THEN {value}" for event, value in signed)
        sign = f"CASE {cases} END"
    if currency_code and metric.is_money:
        sign = f"CASE WHEN currency = {values.bound(currency_code)} THEN {sign} END"
    return sign

"""How metrics are computed: DuckDB's aggregates. Distinct counts are exact."""

from footfall_adapters.duckdb.statement import Values
from footfall_core.report.fields import METRICS, Aggregate, Metric, MetricType
from footfall_core.report.plan import Plan
from footfall_core.report.row_values import AMOUNT_DIGITS

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
            return _rounded(metric, f"coalesce(fsum({_amount(metric, plan.currency_code, values)}), 0)")


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


def _amount(metric: Metric, currency_code: str, values: Values) -> str:
    """Return what one event adds to a sum, null if nothing."""
    amount = f"{metric.columns[0]}::DOUBLE"
    if metric.events:
        signed = [(event, amount) for event in metric.events] + [(event, f"-{amount}") for event in metric.minus_events]
        cases = " ".join(f"WHEN event_name = {values.bound(event)} THEN {value}" for event, value in signed)
        amount = f"CASE {cases} END"
    if currency_code and metric.is_money:
        amount = f"CASE WHEN currency = {values.bound(currency_code)} THEN {amount} END"
    return amount


def _rounded(metric: Metric, total: str) -> str:
    """Return a sum as `row_values.numbers` rounds it: Python's way, which is that of writing a number out."""
    if metric.type is MetricType.INTEGER:
        return f"round({total})::BIGINT"
    return f"format('{{:.{AMOUNT_DIGITS}f}}', {total})::DOUBLE"

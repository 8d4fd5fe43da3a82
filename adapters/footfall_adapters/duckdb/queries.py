"""From a plan to statements. Pure: what DuckDB is asked can be read, and tested, without DuckDB."""

from collections.abc import Sequence

from footfall_adapters.duckdb.conditions import beyond_ascii, of_events, of_rows
from footfall_adapters.duckdb.dimensions import grouped, ordered, text
from footfall_adapters.duckdb.measures import measure, of_events_with_amounts
from footfall_adapters.duckdb.statement import Statement, Values
from footfall_core.report.currencies import MAX_CURRENCIES, money_of
from footfall_core.report.fields import DATE_RANGE
from footfall_core.report.plan import Plan

WIDTH_OF_COUNT = 1
"""Columns before those of a row, or of the totals: the number of all rows, or of the events."""


def rows_statement(plan: Plan, parts: Sequence[Plan]) -> Statement:
    """Return the statement for the rows of the page, in order, of a plan with dimensions besides `dateRange`.

    Each row begins with the number of all rows.

    Args:
        plan: the whole plan.
        parts: a plan for each of its date ranges.
    """
    values = Values()
    found = _found(plan, parts, values)
    columns = _columns(plan)
    order = ", ".join(
        f"{ordered(term.field, columns[term.field])} {'DESC' if term.descending else 'ASC'}" for term in plan.order
    )
    page = f"LIMIT {values.bound(plan.limit)} OFFSET {values.bound(plan.offset)}"
    count = "(SELECT count(*) FROM found)"
    shown = ", ".join([count, *(columns[name] for name in (*plan.dimensions, *plan.metrics))])
    return values.statement(f"WITH found AS MATERIALIZED ({found}) SELECT {shown} FROM found ORDER BY {order} {page}")


def count_statement(plan: Plan, parts: Sequence[Plan]) -> Statement:
    """Return the statement for the number of all rows, whatever the page is; arguments as for `rows_statement`."""
    values = Values()
    return values.statement(f"SELECT count(*) FROM ({_found(plan, parts, values)})")


def totals_statement(plan: Plan) -> Statement:
    """Return the statement for the number of events and the metrics over all of them; the plan has one date range."""
    values = Values()
    measures = [measure(name, plan, values) for name in plan.metrics]
    return values.statement(
        f"SELECT {', '.join(['count(*)', *measures])} FROM {plan.table} WHERE {of_events(plan, values)}"
    )


def values_statement(plan: Plan, limit: int, *, beyond_ascii_only: bool) -> Statement:
    """Return the statement for different values of the plan's one dimension, at most `limit` of them.

    Args:
        plan: of one date range.
        limit: a number of values.
        beyond_ascii_only: whether those of ASCII alone are left out; `(not set)` is one of these.
    """
    values = Values()
    (name,) = plan.dimensions
    only = f" AND {beyond_ascii(text(name, values))}" if beyond_ascii_only else ""
    return values.statement(
        f"SELECT DISTINCT {grouped(name, plan, values)} FROM {plan.table} WHERE {of_events(plan, values)}{only} "
        f"LIMIT {values.bound(limit)}"
    )


def currencies_statement(plan: Plan) -> Statement:
    """Return the statement for the currencies of the amounts that the report's metrics of money would add up."""
    values = Values()
    conditions = f"{of_events(plan, values)} AND {of_events_with_amounts(money_of(plan), values)}"
    return values.statement(
        f"SELECT DISTINCT currency FROM {plan.table} WHERE {conditions} ORDER BY currency LIMIT {MAX_CURRENCIES}"
    )


def _found(plan: Plan, parts: Sequence[Plan], values: Values) -> str:
    """Return the query for all rows that pass the plan's filter on metrics, in no order."""
    return " UNION ALL ".join(_of_range(plan, part, values) for part in parts)


def _of_range(plan: Plan, part: Plan, values: Values) -> str:
    columns = _columns(plan)
    groups = [f"{grouped(name, part, values)} AS {columns[name]}" for name in part.dimensions]
    measures = [f"{measure(name, part, values)} AS {columns[name]}" for name in part.metrics]
    by = ", ".join(columns[name] for name in part.dimensions)
    rows = f"SELECT {', '.join(groups + measures)} FROM {part.table} WHERE {of_events(part, values)} GROUP BY {by}"
    # the same columns in the same order from each range
    shown = ", ".join(
        f"{values.bound(part.range.name)}::VARCHAR AS {columns[name]}" if name == DATE_RANGE else columns[name]
        for name in (*plan.dimensions, *plan.metrics)
    )
    passing = "" if plan.metric_condition is None else f" WHERE {of_rows(plan.metric_condition, columns, values)}"
    return f"SELECT {shown} FROM ({rows}){passing}"


def _columns(plan: Plan) -> dict[str, str]:
    """Return the name of the column of each dimension and metric; columns of tables have names of their own."""
    return {name: f"d{index}" for index, name in enumerate(plan.dimensions)} | {
        name: f"m{index}" for index, name in enumerate(plan.metrics)
    }

"""A plan's conditions in SQL.

SQL's logic has three values: a comparison with null is neither true nor false, and so is its negation. Reports have
two: a value that is not set is the text `(not set)`. So each comparison here says what it makes of null, and a
negation is one of what is known to be true.
"""

from collections.abc import Sequence

from footfall_adapters.duckdb.dimensions import number, shown_time, text
from footfall_adapters.duckdb.statement import Values
from footfall_core.report.fields import NOT_SET, Source, dimension_of
from footfall_core.report.hours import matching_numbers
from footfall_core.report.plan import (
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Not,
    OneOf,
    Pattern,
    Plan,
    Text,
    Within,
    leaves_bots_out,
)


def of_events(plan: Plan, values: Values) -> str:
    """Return the condition of the events that count in a plan of one date range."""
    conditions = [
        f"property = {values.bound(plan.property_id)}",
        f"time_ms >= {values.bound(plan.start // 1000)}",
        f"time_ms < {values.bound(plan.end // 1000)}",
    ]
    if leaves_bots_out(plan):
        conditions.append("is_bot = 0")
    if plan.condition is not None:
        conditions.append(_on_event(plan.condition, plan, values))
    return " AND ".join(conditions)


def of_rows(condition: Condition, columns: dict[str, str], values: Values) -> str:
    """Return the condition of a filter on metrics.

    Args:
        condition: the filter.
        columns: the columns in which rows have the metrics as they are answered, by metric.
        values: takes its values.
    """
    match condition:
        case AllOf(children):
            return _joined(" AND ", [of_rows(child, columns, values) for child in children])
        case AnyOf(children):
            return _joined(" OR ", [of_rows(child, columns, values) for child in children])
        case Not(child):
            return f"NOT ({of_rows(child, columns, values)})"
        case Within():
            return _within(columns[condition.field], condition, values)
        case _:
            raise TypeError("metrics are compared with numbers alone")


def beyond_ascii(expression: str) -> str:
    """Return the condition that a text has a character beyond ASCII."""
    return f"length({expression}) <> strlen({expression})"


def is_compared_there(leaf: Leaf) -> bool:
    """Return whether a condition ignores case: DuckDB's lower case of texts in ASCII is `folded`."""
    return isinstance(leaf, OneOf | Text) and leaf.ignore_case


def _on_event(condition: Condition, plan: Plan, values: Values) -> str:
    match condition:
        case AllOf(children):
            return _joined(" AND ", [_on_event(child, plan, values) for child in children])
        case AnyOf(children):
            return _joined(" OR ", [_on_event(child, plan, values) for child in children])
        case Not(child):
            return f"(({_on_event(child, plan, values)}) IS NOT TRUE)"
        case _:
            return f"({_leaf(condition, plan, values)})"


def _leaf(condition: Leaf, plan: Plan, values: Values) -> str:
    name = condition.dimension
    match dimension_of(name).source:
        case Source.RANGE:
            return "true" if condition.matches(plan.range.name) else "false"
        case Source.TIME:
            numbers = matching_numbers(condition, plan.start, plan.end, plan.time_zone)
            return values.one_of(shown_time(name, plan), numbers)
    match condition:
        case Within():
            return _within(number(name, values), condition, values)
        case OneOf(values=()):
            return "false"
        case OneOf() | Text():
            expression = text(name, values)
            comparison = _compared(condition, expression, values)
            return f"{comparison} OR {expression} IS NULL" if condition.matches(NOT_SET) else comparison
        case Pattern():
            raise TypeError("a regular expression on a column would reach DuckDB")


def _compared(condition: OneOf | Text, expression: str, values: Values) -> str:
    if condition.ignore_case:
        # values beyond ASCII are matched here, and stand in a list beside this condition: see `matched_here`
        return f"NOT ({beyond_ascii(expression)}) AND {_same_case(condition, f'lower({expression})', values)}"
    return _same_case(condition, expression, values)


def _same_case(condition: OneOf | Text, expression: str, values: Values) -> str:
    match condition:
        case OneOf():
            return values.one_of(expression, condition.values)
        case Text(how="begins_with"):
            return f"starts_with({expression}, {values.bound(condition.text)})"
        case Text(how="ends_with"):
            return f"ends_with({expression}, {values.bound(condition.text)})"
        case _:
            return f"contains({expression}, {values.bound(condition.text)})"


def _within(expression: str, condition: Within, values: Values) -> str:
    ends = []
    if condition.low is not None:
        ends.append(f"{expression} {'>=' if condition.low_counts else '>'} {values.bound(condition.low)}::DOUBLE")
    if condition.high is not None:
        ends.append(f"{expression} {'<=' if condition.high_counts else '<'} {values.bound(condition.high)}::DOUBLE")
    return " AND ".join(ends) or f"{expression} IS NOT NULL"


def _joined(word: str, conditions: Sequence[str]) -> str:
    return f"({word.join(conditions)})"

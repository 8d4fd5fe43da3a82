"""Rows of a report, made from a store's answers: their values, their order, and which of them pass."""

from collections.abc import Callable, Sequence
from typing import Any

from footfall_core.report.answer import ReportRow
from footfall_core.report.fields import DATE_RANGE, METRICS, MetricType
from footfall_core.report.hours import label
from footfall_core.report.plan import AllOf, AnyOf, Condition, Leaf, OneOf, Plan, Within, holds

Counts = dict[tuple[str, ...], dict[str, int | float]]
"""Values of metrics by name, of rows by their dimensions."""


def numbers(plan: Plan, values: Sequence[Any]) -> tuple[int | float, ...]:
    """Return a store's numbers as the contract has them: counts whole, amounts as `amounts.shown` makes them."""
    return tuple(
        round(value or 0) if METRICS[name].type is MetricType.INTEGER else float(value or 0)
        for name, value in zip(plan.metrics, values, strict=True)
    )


def labels(plan: Plan, values: Sequence[Any]) -> tuple[str, ...]:
    """Return a store's values of the plan's dimensions as reports have them."""
    return tuple(label(name, value) for name, value in zip(plan.dimensions, values, strict=True))


def in_order(rows: Sequence[ReportRow], plan: Plan) -> list[ReportRow]:
    """Return the rows in the plan's order: texts by their UTF-16 code units, as Java compares them.

    So a character beyond U+FFFF, two units from U+D800 on, comes before those from U+E000 to U+FFFF.
    """

    def by(field: str) -> Callable[[ReportRow], Any]:
        if field in METRICS:
            index = plan.metrics.index(field)
            return lambda row: row.metrics[index]
        index = plan.dimensions.index(field)
        return lambda row: row.dimensions[index].encode("utf-16-be")

    ordered = list(rows)
    # sorting is stable, so the last term comes first
    for term in reversed(plan.order):
        ordered.sort(key=by(term.field), reverse=term.descending)
    return ordered


def passes(plan: Plan, row: ReportRow) -> bool:
    """Return whether a row passes the plan's filter on metrics."""
    if plan.metric_condition is None:
        return True
    values = dict(zip(plan.metrics, row.metrics, strict=True))

    def within(leaf: Leaf) -> bool:
        return isinstance(leaf, Within) and leaf.holds(values[leaf.field])

    return holds(plan.metric_condition, within)


def joined(plan: Plan, rows: Sequence[ReportRow], of_rows: Plan, counts: Sequence[Counts]) -> list[ReportRow]:
    """Return rows with all metrics of the plan: those that the rows have, and counts; what was not counted is 0."""

    def complete(row: ReportRow) -> ReportRow:
        known: dict[str, int | float] = dict(zip(of_rows.metrics, row.metrics, strict=True))
        for count in counts:
            known |= count.get(row.dimensions, {})
        return ReportRow(row.dimensions, tuple(known.get(name, 0) for name in plan.metrics))

    return [complete(row) for row in rows]


def with_range(plan: Plan, part: Plan, rows: Sequence[ReportRow]) -> list[ReportRow]:
    """Return the rows of a part of the plan with the name of its range where the plan has that dimension."""
    if DATE_RANGE not in plan.dimensions:
        return list(rows)
    at = plan.dimensions.index(DATE_RANGE)
    name = (part.range.name,)
    return [ReportRow(row.dimensions[:at] + name + row.dimensions[at:], row.metrics) for row in rows]


def any_of(plan: Plan, rows: Sequence[ReportRow]) -> Condition:
    """Return the condition that an event belongs to one of the rows."""
    if len(plan.dimensions) == 1:
        return OneOf(plan.dimensions[0], tuple(row.dimensions[0] for row in rows), ignore_case=False)
    return AnyOf(
        tuple(
            AllOf(
                tuple(
                    OneOf(name, (value,), ignore_case=False)
                    for name, value in zip(plan.dimensions, row.dimensions, strict=True)
                )
            )
            for row in rows
        )
    )


def both(first: Condition | None, second: Condition) -> Condition:
    """Return the condition that both hold."""
    return second if first is None else AllOf((first, second))

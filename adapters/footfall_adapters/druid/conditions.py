"""A plan's condition as Druid's filters.

Druid's logic has three values: a comparison with null is neither true nor false, and so is its negation. Reports have
two: a value that is not set is the text `(not set)`. So each comparison here says what it makes of null, and a
negation is one of what is known to be true.
"""

from typing import Any
from zoneinfo import ZoneInfo

from pydruid.utils.dimensions import ExtractionFunction
from pydruid.utils.filters import Filter, Interval

from footfall_adapters.druid.instants import interval
from footfall_core.report.days import days_between
from footfall_core.report.fields import DATE, DIMENSIONS, NOT_SET
from footfall_core.report.plan import AllOf, AnyOf, Condition, Not, OneOf, Plan, Text


def filter_of(condition: Condition, plan: Plan) -> Filter:
    """Return the filter that is true where a condition of the plan holds, and not true elsewhere."""
    match condition:
        case AllOf(children):
            return Filter(type="and", fields=[filter_of(child, plan) for child in children])
        case AnyOf(children):
            return Filter(type="or", fields=[filter_of(child, plan) for child in children])
        case Not(child):
            return Filter(type="not", field=Plain(type="istrue", field=Filter.build_filter(filter_of(child, plan))))
        case OneOf() | Text() if condition.dimension == DATE:
            return _days(condition, plan)
        case OneOf() | Text():
            comparison = _one_of(condition) if isinstance(condition, OneOf) else _text(condition)
            if not condition.matches(NOT_SET):
                return comparison
            return Filter(type="or", fields=[comparison, Plain(type="null", column=_column(condition))])


class Plain(Filter):  # type: ignore[misc]  # pydruid has no types
    """A filter that pydruid has no builder for, or none for all of its fields."""

    def __init__(self, extraction: ExtractionFunction | None = None, **fields: Any) -> None:
        self.filter = {"filter": fields}
        self.extraction_function = extraction


class _Lower(ExtractionFunction):  # type: ignore[misc]
    """Compares values in lower case. The locale is stated: in a Turkish one, `I` is not the capital of `i`."""

    def build(self) -> dict[str, str]:
        return {"type": "lower", "locale": "en"}


def _column(condition: OneOf | Text) -> str:
    return DIMENSIONS[condition.dimension].column


def _one_of(condition: OneOf) -> Filter:
    extraction = _Lower() if condition.ignore_case else None
    return Filter(
        type="in", dimension=_column(condition), values=list(condition.values), extraction_function=extraction
    )


_ESCAPES = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def _text(condition: Text) -> Filter:
    escaped = condition.text.translate(_ESCAPES)
    match condition.how:
        case "begins_with":
            pattern = f"{escaped}%"
        case "ends_with":
            pattern = f"%{escaped}"
        case "contains":
            pattern = f"%{escaped}%"
    extraction = _Lower() if condition.ignore_case else None
    return Plain(extraction, type="like", dimension=_column(condition), pattern=pattern, escape="\\")


def _days(condition: OneOf | Text, plan: Plan) -> Filter:
    """Return the filter of the days that match: the days of a report are few, so each of them is tried here."""
    days = days_between(plan.start, plan.end, ZoneInfo(plan.time_zone))
    spans = [interval(day.start, day.end) for day in days if condition.matches(day.date.isoformat())]
    return Interval("__time", spans) if spans else Plain(type="false")

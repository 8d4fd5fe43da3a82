"""A plan's condition as Druid's filters.

Druid's logic has three values: a comparison with null is neither true nor false, and so is its negation. Reports have
two: a value that is not set is the text `(not set)`. So each comparison here says what it makes of null, and a
negation is one of what is known to be true.
"""

from typing import Any
from zoneinfo import ZoneInfo

from pydruid.utils.dimensions import ExtractionFunction
from pydruid.utils.filters import Filter, Interval

from footfall_adapters.druid.dimensions import folded_column, is_of_sigma, number_column, output_name, text_column
from footfall_adapters.druid.instants import interval
from footfall_core.report.days import days_between
from footfall_core.report.fields import DATE, NOT_SET, Source, dimension_of
from footfall_core.report.hours import matching_numbers
from footfall_core.report.plan import AllOf, AnyOf, Condition, Leaf, Not, OneOf, Pattern, Plan, Text, Within


def filter_of(condition: Condition, plan: Plan) -> Filter:
    """Return the filter that is true where a condition of the plan holds, and not true elsewhere.

    Regular expressions on columns are not Druid's to match: `matched_here` has put lists in their place before.
    """
    match condition:
        case AllOf(children):
            return Filter(type="and", fields=[filter_of(child, plan) for child in children])
        case AnyOf(children):
            return Filter(type="or", fields=[filter_of(child, plan) for child in children])
        case Not(child):
            return Filter(type="not", field=Plain(type="istrue", field=Filter.build_filter(filter_of(child, plan))))
        case _:
            return _leaf(condition, plan)


def _leaf(condition: Leaf, plan: Plan) -> Filter:
    match dimension_of(condition.dimension).source:
        case Source.RANGE:
            return Plain(type="true" if condition.matches(plan.range.name) else "false")
        case Source.TIME if condition.dimension == DATE:
            return _days(condition, plan)
        case Source.TIME:
            return _hours(condition, plan)
    match condition:
        case Within():
            return within(number_column(condition.field), condition)
        case OneOf() | Text():
            comparison = _one_of(condition) if isinstance(condition, OneOf) else _text(condition)
            if not condition.matches(NOT_SET):
                return comparison
            return Filter(type="or", fields=[comparison, Plain(type="null", column=text_column(condition.dimension))])
        case Pattern():
            raise TypeError("a regular expression on a column would reach Druid")


class Plain(Filter):  # type: ignore[misc]  # pydruid has no types
    """A filter that pydruid has no builder for, or none for all of its fields."""

    def __init__(self, extraction: ExtractionFunction | None = None, **fields: Any) -> None:
        self.filter = {"filter": fields}
        self.extraction_function = extraction


class _Lower(ExtractionFunction):  # type: ignore[misc]
    """Compares values in lower case. The locale is stated: in a Turkish one, `I` is not the capital of `i`.

    That is what `folded` compares, but for sigmas, which are not in the texts that this is used for.
    """

    def build(self) -> dict[str, str]:
        return {"type": "lower", "locale": "en"}


def _one_of(condition: OneOf) -> Filter:
    column, extraction = _compared(condition)
    return Filter(type="in", dimension=column, values=list(condition.values), extraction_function=extraction)


def _compared(condition: OneOf | Text) -> tuple[str, ExtractionFunction | None]:
    """Return the column that is compared, and what is made of its values before."""
    if is_of_sigma(condition):
        return folded_column(condition.dimension), None
    return text_column(condition.dimension), _Lower() if condition.ignore_case else None


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
    column, extraction = _compared(condition)
    return Plain(extraction, type="like", dimension=column, pattern=pattern, escape="\\")


def within(column: str, condition: Within) -> Filter:
    """Return the filter of the numbers of a column in a range."""
    ends: dict[str, Any] = {}
    if condition.low is not None:
        ends |= {"lower": condition.low, "lowerOpen": not condition.low_counts}
    if condition.high is not None:
        ends |= {"upper": condition.high, "upperOpen": not condition.high_counts}
    return Plain(type="range", column=column, matchValueType="DOUBLE", **ends)


def _days(condition: Leaf, plan: Plan) -> Filter:
    """Return the filter of the days that match: the days of a report are few, so each of them is tried here."""
    days = days_between(plan.start, plan.end, ZoneInfo(plan.time_zone))
    spans = [interval(day.start, day.end) for day in days if condition.matches(day.date.isoformat())]
    return Interval("__time", spans) if spans else Plain(type="false")


def _hours(condition: Leaf, plan: Plan) -> Filter:
    """Return the filter of the hours that match: likewise."""
    numbers = matching_numbers(condition, plan.start, plan.end, plan.time_zone)
    if not numbers:
        return Plain(type="false")
    return Filter(type="in", dimension=output_name(condition.dimension), values=[str(number) for number in numbers])

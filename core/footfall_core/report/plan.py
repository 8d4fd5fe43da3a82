"""The plan of a report: what to compute, checked and resolved, for any store.

A plan has one form as bytes. It travels to the query consumer in this form, and its hash is the key of the cache, so
requests that mean the same should give the same plan: `filters` brings conditions into a normal form.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Literal, Union

from pydantic import ConfigDict, Field, TypeAdapter, with_config

from footfall_core.clock import Micros
from footfall_core.columns import ERRORS
from footfall_core.report import patterns
from footfall_core.report.case import folded
from footfall_core.report.fields import DATE_RANGE
from footfall_core.report.numbers import number_of

PLAN_VERSION = 2
"""Raised when plans of the same bytes come to mean something else, so that no old answer serves them."""

_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class OneOf:
    """The dimension's value is one of these; a value that is not set counts as `(not set)`."""

    dimension: str
    values: tuple[str, ...]
    ignore_case: bool
    """Whether case is ignored; the values are `folded` then."""
    type: Literal["one_of"] = "one_of"

    def matches(self, value: str) -> bool:
        """Return whether a value, or `(not set)`, fulfils the condition."""
        return (folded(value) if self.ignore_case else value) in self.values


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Text:
    """The dimension's value begins with, ends with or contains this; one that is not set counts as `(not set)`."""

    dimension: str
    how: Literal["begins_with", "ends_with", "contains"]
    text: str
    ignore_case: bool
    """Whether case is ignored; the text is `folded` then."""
    type: Literal["text"] = "text"

    def matches(self, value: str) -> bool:
        """Return whether a value, or `(not set)`, fulfils the condition."""
        value = folded(value) if self.ignore_case else value
        match self.how:
            case "begins_with":
                return value.startswith(self.text)
            case "ends_with":
                return value.endswith(self.text)
            case "contains":
                return self.text in value


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Pattern:
    """The dimension's value matches a regular expression of RE2; one that is not set counts as `(not set)`."""

    dimension: str
    pattern: str
    whole: bool
    """Whether the whole value must match, or a part of it."""
    ignore_case: bool
    type: Literal["pattern"] = "pattern"

    def matches(self, value: str) -> bool:
        """Return whether a value, or `(not set)`, fulfils the condition."""
        return patterns.matches(self.pattern, value, whole=self.whole, ignore_case=self.ignore_case)


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Within:
    """The dimension's or metric's value is a number of this range; a dimension's text may be none."""

    field: str
    low: float | None
    """The lower end; None: there is none."""
    high: float | None
    """The upper end; None: there is none."""
    low_counts: bool = True
    """Whether the lower end itself is in the range."""
    high_counts: bool = True
    """Whether the upper end itself is in the range."""
    type: Literal["within"] = "within"

    @property
    def dimension(self) -> str:
        """The dimension, where the condition is on one."""
        return self.field

    def matches(self, value: str) -> bool:
        """Return whether a dimension's value, or `(not set)`, fulfils the condition."""
        number = number_of(value)
        return number is not None and self.holds(number)

    def holds(self, number: float) -> bool:
        """Return whether a number is in the range."""
        return (self.low is None or self.low < number or (self.low_counts and self.low == number)) and (
            self.high is None or number < self.high or (self.high_counts and self.high == number)
        )


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    child: "Condition"
    type: Literal["not"] = "not"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class AllOf:
    """All of the conditions hold."""

    children: tuple["Condition", ...]
    type: Literal["all_of"] = "all_of"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions holds."""

    children: tuple["Condition", ...]
    type: Literal["any_of"] = "any_of"


Leaf = OneOf | Text | Pattern | Within
"""A condition on one dimension or metric."""

Condition = Annotated[Union[OneOf, Text, Pattern, Within, Not, AllOf, AnyOf], Field(discriminator="type")]  # noqa: UP007 - see Not
"""A condition on the dimensions of an event, or on the metrics of a row."""


def holds(condition: Condition, leaf_holds: Callable[[Leaf], bool]) -> bool:
    """Return whether a condition holds, by whether its leaves do."""
    match condition:
        case Not(child):
            return not holds(child, leaf_holds)
        case AllOf(children):
            return all(holds(child, leaf_holds) for child in children)
        case AnyOf(children):
            return any(holds(child, leaf_holds) for child in children)
        case _:
            return leaf_holds(condition)


def mapped(condition: Condition, change: Callable[[Leaf], Condition]) -> Condition:
    """Return the condition with each leaf changed."""
    match condition:
        case Not(child):
            return Not(mapped(child, change))
        case AllOf(children):
            return AllOf(tuple(mapped(child, change) for child in children))
        case AnyOf(children):
            return AnyOf(tuple(mapped(child, change) for child in children))
        case _:
            return change(condition)


def leaves(condition: Condition | None) -> Iterator[Leaf]:
    """Yield the conditions on single fields."""
    match condition:
        case None:
            return
        case Not(child):
            yield from leaves(child)
        case AllOf(children) | AnyOf(children):
            for child in children:
                yield from leaves(child)
        case _:
            yield condition


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of the order: a dimension or a metric of the report."""

    field: str
    descending: bool


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class PlannedRange:
    """A date range, resolved."""

    name: str
    first_day: str
    """`YYYY-MM-DD`."""
    last_day: str
    """`YYYY-MM-DD`; it counts too."""
    start: Micros
    """The first instant, Unix microseconds."""
    end: Micros
    """The instant after the last, Unix microseconds."""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class PlannedHours:
    """Hours of the log whose events a run's rows give."""

    run_id: str
    mark: str
    """What the run's rows are known by: `Run.mark`."""
    start_hour: int
    """The first of them, hours since the Unix epoch."""
    end_hour: int | None
    """The one after the last; None: all that are still to come are among them."""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class PlannedServing:
    """Which runs' rows an answer is made of: decided once a request, so that no answer is made of two servings."""

    epoch: int
    parts: tuple[PlannedHours, ...]
    """In the order of their hours, none twice."""

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The runs, each once."""
        return tuple(dict.fromkeys(part.run_id for part in self.parts))


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Plan:
    """A report to be computed."""

    property_id: str
    """Of one property; `footfall_core.access.grant.EVERY_PROPERTY` in what operators compare alone."""
    table: str
    """Name of the one table that has all of the report's fields: `footfall_core.columns.TABLES`."""
    ranges: tuple[PlannedRange, ...]
    """At least one; several make `dateRange` one of the dimensions."""
    time_zone: str
    """Zone in which days begin, a name of the IANA data base."""
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    condition: Condition | None
    """What events must fulfil to count."""
    metric_condition: Condition | None
    """What rows must fulfil to be answered; totals are those of all rows."""
    order: tuple[OrderTerm, ...]
    """Leaves nothing to chance: every dimension is among its terms. Texts are in the order of `row_values.in_order`."""
    offset: int
    limit: int
    include_bots: bool
    currency_code: str
    """Amounts of money are of this currency alone; empty: of the one currency that there is."""
    version: int = PLAN_VERSION
    serving: PlannedServing | None = None
    """None: nothing was ever switched, so all of it is the live run's."""

    @property
    def range(self) -> PlannedRange:
        """The date range of a plan that has one only.

        Raises:
            ValueError: it has several.
        """
        (only,) = self.ranges
        return only

    @property
    def start(self) -> Micros:
        """The first instant of a plan of one range."""
        return self.range.start

    @property
    def end(self) -> Micros:
        """The instant after the last of a plan of one range."""
        return self.range.end

    def by_range(self) -> "list[Plan]":
        """Return a plan for each date range, without the dimension `dateRange`, which is the same in all its rows."""
        return [
            replace(
                self,
                ranges=(date_range,),
                dimensions=tuple(name for name in self.dimensions if name != DATE_RANGE),
                order=tuple(term for term in self.order if term.field != DATE_RANGE),
            )
            for date_range in self.ranges
        ]


def leaves_bots_out(plan: Plan) -> bool:
    """Return whether rows of crawlers don't count; of errors nobody knows whose they are."""
    return not plan.include_bots and plan.table != ERRORS.name


@cache
def _form() -> TypeAdapter[Plan]:
    # built at the first use: importing does nothing
    return TypeAdapter(Plan)


def plan_to_bytes(plan: Plan) -> bytes:
    """Return the plan's one form as bytes.

    As long as nothing was ever switched, it is what it was before there were runs, for consumers that know of none.
    """
    return _form().dump_json(plan, exclude={"serving"} if plan.serving is None else None)


def plan_from_bytes(data: bytes) -> Plan:
    """Return the plan that `plan_to_bytes` wrote.

    Raises:
        ValueError: the bytes are not a plan that this version knows.
    """
    plan = _form().validate_json(data)
    if plan.version != PLAN_VERSION:
        raise ValueError(f"a plan of version {plan.version}; this version runs {PLAN_VERSION}")
    return plan


def plan_key(plan: bytes) -> str:
    """Return the key of a plan's answer, the same in every process."""
    return hashlib.sha256(plan).hexdigest()

"""The plan of a report: what to compute, checked and resolved, for any store.

A plan has one form as bytes. It travels to the query consumer in this form, and its hash is the key of the cache, so
requests that mean the same should give the same plan: `filters` brings conditions into a normal form.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal, Union

from pydantic import ConfigDict, Field, TypeAdapter, with_config

from footfall_core.clock import Micros

PLAN_VERSION = 1
"""Raised when plans of the same bytes come to mean something else, so that no old answer serves them."""

_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class OneOf:
    """The dimension's value is one of these; a value that is not set counts as `(not set)`."""

    dimension: str
    values: tuple[str, ...]
    ignore_case: bool
    """Whether case is ignored; the values are in lower case then."""
    type: Literal["one_of"] = "one_of"

    def matches(self, value: str) -> bool:
        """Return whether a value, or `(not set)`, fulfils the condition."""
        return (value.lower() if self.ignore_case else value) in self.values


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Text:
    """The dimension's value begins with, ends with or contains this; one that is not set counts as `(not set)`."""

    dimension: str
    how: Literal["begins_with", "ends_with", "contains"]
    text: str
    ignore_case: bool
    """Whether case is ignored; the text is in lower case then."""
    type: Literal["text"] = "text"

    def matches(self, value: str) -> bool:
        """Return whether a value, or `(not set)`, fulfils the condition."""
        value = value.lower() if self.ignore_case else value
        match self.how:
            case "begins_with":
                return value.startswith(self.text)
            case "ends_with":
                return value.endswith(self.text)
            case "contains":
                return self.text in value


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


Condition = Annotated[Union[OneOf, Text, Not, AllOf, AnyOf], Field(discriminator="type")]  # noqa: UP007 - see Not
"""A condition on the dimensions of an event."""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of the order: a dimension or a metric of the report."""

    field: str
    descending: bool


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Plan:
    """A report to be computed."""

    property_id: str
    start: Micros
    """The first instant, Unix microseconds."""
    end: Micros
    """The instant after the last, Unix microseconds."""
    time_zone: str
    """Zone in which days begin, a name of the IANA data base."""
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    condition: Condition | None
    order: tuple[OrderTerm, ...]
    """Leaves nothing to chance: every dimension is among its terms."""
    offset: int
    limit: int
    include_bots: bool
    currency_code: str
    """Amounts of money are of this currency alone; empty: of the one currency that there is."""
    version: int = PLAN_VERSION


@cache
def _form() -> TypeAdapter[Plan]:
    # built at the first use: importing does nothing
    return TypeAdapter(Plan)


def plan_to_bytes(plan: Plan) -> bytes:
    """Return the plan's one form as bytes."""
    return _form().dump_json(plan)


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

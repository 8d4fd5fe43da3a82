"""Filters of reports, written in Python.

    from footfall.filters import field

    shop = field("pagePath").begins_with("/shop") & ~field("source").one_of("google", "bing")
    large = field("eventCount") >= 100
    client.report(["pagePath"], ["eventCount"], first, last, dimension_filter=shop, metric_filter=large)

`&` is and, `|` is or, `~` is not. Filters on dimensions take all conditions, filters on metrics the numeric ones only.
What the filters mean is said in `protos/footfall/v1/query.proto`; whether a name exists is the server's to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from footfall.v1 import query_pb2
from footfall.v1.query_pb2 import BetweenFilter, FilterExpression, FilterExpressionList, NumericValue, StringFilter

Number: TypeAlias = int | float
_Op = query_pb2.NumericFilter
_Group: TypeAlias = Literal["and_group", "or_group"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition, or several joined by `&`, `|` and `~`."""

    expression: FilterExpression
    """As the contract has it."""

    def __and__(self, other: "Filter") -> "Filter":
        return Filter(FilterExpression(and_group=_joined("and_group", self, other)))

    def __or__(self, other: "Filter") -> "Filter":
        return Filter(FilterExpression(or_group=_joined("or_group", self, other)))

    def __invert__(self) -> "Filter":
        if self.expression.WhichOneof("expr") == "not_expression":
            return Filter(self.expression.not_expression)
        return Filter(FilterExpression(not_expression=self.expression))

    def __bool__(self) -> bool:
        # `a and b` would silently be b alone, and so would `a < b < c`
        raise TypeError("a filter is neither true nor false; join filters by & | ~ instead of and, or, not")


@dataclass(frozen=True, slots=True)
class Field:
    """A dimension or metric, to be compared with something."""

    name: str

    def equals(self, value: str | Number, *, case_sensitive: bool = True) -> Filter:
        """Match if it is this text, or this number."""
        if isinstance(value, str):
            return self._text(StringFilter.MATCH_TYPE_EXACT, value, case_sensitive)
        return self._number(_Op.OPERATION_EQUAL, value)

    def begins_with(self, text: str, *, case_sensitive: bool = True) -> Filter:
        """Match if it begins with a text."""
        return self._text(StringFilter.MATCH_TYPE_BEGINS_WITH, text, case_sensitive)

    def ends_with(self, text: str, *, case_sensitive: bool = True) -> Filter:
        """Match if it ends with a text."""
        return self._text(StringFilter.MATCH_TYPE_ENDS_WITH, text, case_sensitive)

    def contains(self, text: str, *, case_sensitive: bool = True) -> Filter:
        """Match if it contains a text."""
        return self._text(StringFilter.MATCH_TYPE_CONTAINS, text, case_sensitive)

    def matches(self, regex: str, *, case_sensitive: bool = True) -> Filter:
        """Match if a part of it matches a regular expression, in RE2's syntax."""
        return self._text(StringFilter.MATCH_TYPE_PARTIAL_REGEXP, regex, case_sensitive)

    def fully_matches(self, regex: str, *, case_sensitive: bool = True) -> Filter:
        """Match if the whole of it matches a regular expression, in RE2's syntax."""
        return self._text(StringFilter.MATCH_TYPE_FULL_REGEXP, regex, case_sensitive)

    def one_of(self, *values: str, case_sensitive: bool = True) -> Filter:
        """Match if it is one of these texts."""
        for value in values:
            _check_text(self.name, value)
        return self._filter(in_list_filter=query_pb2.InListFilter(values=values, case_sensitive=case_sensitive))

    def is_set(self) -> Filter:
        """Match if there is a value."""
        return ~self.is_not_set()

    def is_not_set(self) -> Filter:
        """Match if there is no value."""
        return self._filter(empty_filter=query_pb2.EmptyFilter())

    def between(self, smallest: Number, largest: Number) -> Filter:
        """Match if it is a number from the one to the other; both count."""
        bounds = BetweenFilter(from_value=_number(self.name, smallest), to_value=_number(self.name, largest))
        return self._filter(between_filter=bounds)

    def __lt__(self, value: Number) -> Filter:
        return self._number(_Op.OPERATION_LESS_THAN, value)

    def __le__(self, value: Number) -> Filter:
        return self._number(_Op.OPERATION_LESS_THAN_OR_EQUAL, value)

    def __gt__(self, value: Number) -> Filter:
        return self._number(_Op.OPERATION_GREATER_THAN, value)

    def __ge__(self, value: Number) -> Filter:
        return self._number(_Op.OPERATION_GREATER_THAN_OR_EQUAL, value)

    def _text(self, match_type: StringFilter.MatchType, value: str, case_sensitive: bool) -> Filter:
        _check_text(self.name, value)
        return self._filter(
            string_filter=StringFilter(match_type=match_type, value=value, case_sensitive=case_sensitive)
        )

    def _number(self, operation: query_pb2.NumericFilter.Operation, value: Number) -> Filter:
        number = _number(self.name, value)
        return self._filter(numeric_filter=query_pb2.NumericFilter(operation=operation, value=number))

    def _filter(self, **condition: Any) -> Filter:
        return Filter(FilterExpression(filter=query_pb2.Filter(field_name=self.name, **condition)))


def field(name: str) -> Field:
    """Return a dimension or metric by its name, for example `pagePath`."""
    return Field(name)


def _joined(group: _Group, *filters: Filter) -> FilterExpressionList:
    """Return a group without groups of the same kind in it: the tree may be ten levels deep only."""
    return FilterExpressionList(expressions=[part for one in filters for part in _parts(group, one.expression)])


def _parts(group: _Group, expression: FilterExpression) -> Iterator[FilterExpression]:
    if expression.WhichOneof("expr") == group:
        yield from getattr(expression, group).expressions
    else:
        yield expression


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} is compared with {value!r}; allowed is a string")


def _number(name: str, value: object) -> NumericValue:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is compared with {value!r}; allowed is a number")
    return NumericValue(int64_value=value) if isinstance(value, int) else NumericValue(double_value=value)

"""Filters: from the request's tree to a condition in its normal form, with every mistake named."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from footfall.v1 import query_pb2
from footfall_core.report import patterns
from footfall_core.report.case import folded
from footfall_core.report.fields import DATE, METRICS, NOT_SET, dimension_named
from footfall_core.report.limits import (
    MAX_FILTER_DEPTH,
    MAX_FILTER_VALUE_LENGTH,
    MAX_FILTER_VALUES,
    MAX_FILTERS,
    MAX_PATTERN_LENGTH,
)
from footfall_core.report.plan import AllOf, AnyOf, Condition, Not, OneOf, Pattern, Text, Within
from footfall_core.report.suggestions import unknown, unknown_dimension

Complain = Callable[[str, str], None]
"""Takes the path of a field and one sentence on it."""

_Match = query_pb2.StringFilter.MatchType
_Operation = query_pb2.NumericFilter.Operation

_KINDS = ("string_filter", "in_list_filter", "numeric_filter", "between_filter", "empty_filter")
_NUMERIC_KINDS = ("numeric_filter", "between_filter")
_NEVER_NUMBERS = frozenset({DATE, "dateHour"})


def read_filter(root: query_pb2.FilterExpression, path: str, complain: Complain) -> Condition | None:
    """Return the condition of a filter on dimensions, or None if there is none or (after `complain`) it is wrong."""
    return _read(_DimensionReader(complain), root, path)


def read_metric_filter(
    root: query_pb2.FilterExpression, path: str, metrics: Sequence[str], complain: Complain
) -> Condition | None:
    """Return the condition of a filter on the metrics of a report; else as `read_filter`."""
    return _read(_MetricReader(complain, metrics), root, path)


def _read(reader: "_Reader", root: query_pb2.FilterExpression, path: str) -> Condition | None:
    if root.WhichOneof("expr") is None:
        return None
    return reader.expression(root, path, 1)


class _Reader:
    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._filters = 0

    def expression(self, node: query_pb2.FilterExpression, path: str, depth: int) -> Condition | None:
        if depth > MAX_FILTER_DEPTH:
            self._complain(path, f"is deeper than {MAX_FILTER_DEPTH} levels, the most allowed.")
            return None
        match node.WhichOneof("expr"):
            case "and_group":
                return _all(self._children(node.and_group, f"{path}.and_group", depth))
            case "or_group":
                return _any(self._children(node.or_group, f"{path}.or_group", depth))
            case "not_expression":
                child = self.expression(node.not_expression, f"{path}.not_expression", depth + 1)
                return child and _not(child)
            case "filter":
                return self._filter(node.filter, f"{path}.filter")
            case _:
                self._complain(path, "is empty; set and_group, or_group, not_expression or filter.")
                return None

    def _children(self, group: query_pb2.FilterExpressionList, path: str, depth: int) -> list[Condition]:
        if not group.expressions:
            self._complain(path, "has no expressions; at least one is needed.")
        children = [
            self.expression(child, f"{path}.expressions[{index}]", depth + 1)
            for index, child in enumerate(group.expressions)
        ]
        return [child for child in children if child is not None]

    def _filter(self, node: query_pb2.Filter, path: str) -> Condition | None:
        self._filters += 1
        if self._filters > MAX_FILTERS:
            if self._filters == MAX_FILTERS + 1:
                self._complain(path, f"is one filter too many; at most {MAX_FILTERS} are allowed.")
            return None
        return self._leaf(node, node.WhichOneof("one_filter"), path)

    def _leaf(self, node: query_pb2.Filter, kind: str | None, path: str) -> Condition | None:
        """Return the condition of a filter; its field and kind are the subclass's to check."""
        raise NotImplementedError

    def _compares_with_nothing(self, path: str, kinds: Sequence[str]) -> None:
        self._complain(path, f"compares with nothing; set one of {', '.join(kinds)}.")

    def _number(self, name: str, node: query_pb2.NumericFilter, path: str) -> Condition | None:
        value = self._value(node.value, f"{path}.value")
        match node.operation:
            case _Operation.OPERATION_EQUAL:
                return Within(name, value, value)
            case _Operation.OPERATION_LESS_THAN:
                return Within(name, None, value, high_counts=False)
            case _Operation.OPERATION_LESS_THAN_OR_EQUAL:
                return Within(name, None, value)
            case _Operation.OPERATION_GREATER_THAN:
                return Within(name, value, None, low_counts=False)
            case _Operation.OPERATION_GREATER_THAN_OR_EQUAL:
                return Within(name, value, None)
            case _:
                self._complain(f"{path}.operation", f"is not set or not known. Allowed: {_allowed(_Operation)}.")
                return None

    def _between(self, name: str, node: query_pb2.BetweenFilter, path: str) -> Condition | None:
        low = self._value(node.from_value, f"{path}.from_value")
        high = self._value(node.to_value, f"{path}.to_value")
        if low > high:
            self._complain(path, f"goes from {low:g} to {high:g}; the smaller number comes first.")
        return Within(name, low, high)

    def _value(self, node: query_pb2.NumericValue, path: str) -> float:
        kind = node.WhichOneof("one_value")
        if kind is None:
            self._complain(path, "is missing; set int64_value or double_value.")
            return 0.0
        value = float(node.int64_value if kind == "int64_value" else node.double_value)
        if not math.isfinite(value):
            self._complain(f"{path}.double_value", f"is {value}; allowed are finite numbers.")
        return value + 0.0  # there is one zero


class _MetricReader(_Reader):
    def __init__(self, complain: Complain, metrics: Sequence[str]) -> None:
        super().__init__(complain)
        self._metrics = metrics

    def _leaf(self, node: query_pb2.Filter, kind: str | None, path: str) -> Condition | None:
        name = node.field_name
        if name not in self._metrics:
            what = "metric of this report" if name in METRICS else "metric"
            self._complain(f"{path}.field_name", unknown(what, name, self._metrics))
        match kind:
            case "numeric_filter":
                return self._number(name, node.numeric_filter, f"{path}.numeric_filter")
            case "between_filter":
                return self._between(name, node.between_filter, f"{path}.between_filter")
            case None:
                self._compares_with_nothing(path, _NUMERIC_KINDS)
            case _:
                self._complain(f"{path}.{kind}", f"is for dimensions; on a metric set {' or '.join(_NUMERIC_KINDS)}.")
        return None


class _DimensionReader(_Reader):
    def _leaf(self, node: query_pb2.Filter, kind: str | None, path: str) -> Condition | None:
        name = node.field_name
        if dimension_named(name) is None:
            self._complain(f"{path}.field_name", unknown_dimension(name))
        if kind in _NUMERIC_KINDS and name in _NEVER_NUMBERS:
            self._complain(f"{path}.{kind}", f"compares numbers, which the values of {name} never are.")
        match kind:
            case "string_filter":
                return self._string(name, node.string_filter, f"{path}.string_filter")
            case "in_list_filter":
                return self._list(name, node.in_list_filter, f"{path}.in_list_filter")
            case "numeric_filter":
                return self._number(name, node.numeric_filter, f"{path}.numeric_filter")
            case "between_filter":
                return self._between(name, node.between_filter, f"{path}.between_filter")
            case "empty_filter":
                return _one_of(name, [NOT_SET], case_sensitive=True)
            case _:
                self._compares_with_nothing(path, _KINDS)
                return None

    def _string(self, name: str, node: query_pb2.StringFilter, path: str) -> Condition | None:
        self._check_length(node.value, f"{path}.value")
        value, ignore_case = _folded(node.value, node.case_sensitive), not node.case_sensitive
        match node.match_type:
            case _Match.MATCH_TYPE_EXACT:
                return _one_of(name, [node.value], node.case_sensitive)
            case _Match.MATCH_TYPE_BEGINS_WITH:
                return Text(name, "begins_with", value, ignore_case)
            case _Match.MATCH_TYPE_ENDS_WITH:
                return Text(name, "ends_with", value, ignore_case)
            case _Match.MATCH_TYPE_CONTAINS:
                return Text(name, "contains", value, ignore_case)
            case _Match.MATCH_TYPE_FULL_REGEXP | _Match.MATCH_TYPE_PARTIAL_REGEXP:
                self._check_pattern(node.value, ignore_case, f"{path}.value")
                whole = node.match_type == _Match.MATCH_TYPE_FULL_REGEXP
                return Pattern(name, node.value, whole, ignore_case)
            case _:
                self._complain(f"{path}.match_type", f"is not set or not known. Allowed: {_allowed(_Match)}.")
                return None

    def _check_pattern(self, pattern: str, ignore_case: bool, path: str) -> None:
        if len(pattern) > MAX_PATTERN_LENGTH:
            self._complain(
                path, f"has {len(pattern)} characters; a regular expression has at most {MAX_PATTERN_LENGTH}."
            )
            return
        try:
            patterns.compiled(pattern, ignore_case=ignore_case)
        except ValueError as error:
            self._complain(path, f"{pattern[:80]!r} is no regular expression: {error}.")

    def _list(self, name: str, node: query_pb2.InListFilter, path: str) -> Condition | None:
        if not 1 <= len(node.values) <= MAX_FILTER_VALUES:
            self._complain(f"{path}.values", f"has {len(node.values)} values; 1 to {MAX_FILTER_VALUES} are allowed.")
        for index, value in enumerate(node.values):
            self._check_length(value, f"{path}.values[{index}]")
        return _one_of(name, node.values, node.case_sensitive)

    def _check_length(self, value: str, path: str) -> None:
        if len(value) > MAX_FILTER_VALUE_LENGTH:
            self._complain(path, f"has {len(value)} characters; at most {MAX_FILTER_VALUE_LENGTH} are allowed.")


def _allowed(enumeration: Any) -> str:
    return ", ".join(name for name in enumeration.keys() if not name.endswith("UNSPECIFIED"))  # noqa: SIM118 - no dict


def _one_of(name: str, values: Iterable[str], case_sensitive: bool) -> OneOf:
    # an event has no empty values: who asks for them means those that are not set
    folded = {_folded(value or NOT_SET, case_sensitive) for value in values}
    return OneOf(name, tuple(sorted(folded)), ignore_case=not case_sensitive)


def _folded(value: str, case_sensitive: bool) -> str:
    return value if case_sensitive else folded(value)


def _not(child: Condition) -> Condition:
    return child.child if isinstance(child, Not) else Not(child)


def _all(children: Sequence[Condition]) -> Condition | None:
    flat = _distinct(
        [part for child in children for part in (child.children if isinstance(child, AllOf) else (child,))]
    )
    return AllOf(flat) if len(flat) > 1 else next(iter(flat), None)


def _any(children: Sequence[Condition]) -> Condition | None:
    flat = _distinct(
        [part for child in children for part in (child.children if isinstance(child, AnyOf) else (child,))]
    )
    return AnyOf(flat) if len(flat) > 1 else next(iter(flat), None)


def _distinct(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions once each, in an order that depends on nothing but themselves."""
    return tuple(sorted(set(conditions), key=repr))

"""Filters: from the request's tree to a condition in its normal form, with every mistake named."""

from collections.abc import Callable, Iterable, Sequence

from footfall.v1 import query_pb2
from footfall_core.report.fields import DIMENSIONS, NOT_SET
from footfall_core.report.limits import (
    MAX_FILTER_DEPTH,
    MAX_FILTER_VALUE_LENGTH,
    MAX_FILTER_VALUES,
    MAX_FILTERS,
)
from footfall_core.report.plan import AllOf, AnyOf, Condition, Not, OneOf, Text
from footfall_core.report.suggestions import unknown

Complain = Callable[[str, str], None]
"""Takes the path of a field and one sentence on it."""

_Match = query_pb2.StringFilter.MatchType


def read_filter(root: query_pb2.FilterExpression, path: str, complain: Complain) -> Condition | None:
    """Return the condition of a filter, or None if there is none or (after `complain`) it is wrong."""
    if root.WhichOneof("expr") is None:
        return None
    return _Reader(complain).expression(root, path, 1)


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
        if node.field_name not in DIMENSIONS:
            self._complain(f"{path}.field_name", unknown("dimension", node.field_name, DIMENSIONS))
        match node.WhichOneof("one_filter"):
            case "string_filter":
                return self._string(node.field_name, node.string_filter, f"{path}.string_filter")
            case "in_list_filter":
                return self._list(node.field_name, node.in_list_filter, f"{path}.in_list_filter")
            case _:
                self._complain(path, "compares with nothing; set string_filter or in_list_filter.")
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
            case _:
                allowed = ", ".join(kind for kind in _Match.keys() if not kind.endswith("UNSPECIFIED"))  # noqa: SIM118 - no dict
                self._complain(f"{path}.match_type", f"is not set or not known. Allowed: {allowed}.")
                return None

    def _list(self, name: str, node: query_pb2.InListFilter, path: str) -> Condition | None:
        if not 1 <= len(node.values) <= MAX_FILTER_VALUES:
            self._complain(f"{path}.values", f"has {len(node.values)} values; 1 to {MAX_FILTER_VALUES} are allowed.")
        for index, value in enumerate(node.values):
            self._check_length(value, f"{path}.values[{index}]")
        return _one_of(name, node.values, node.case_sensitive)

    def _check_length(self, value: str, path: str) -> None:
        if len(value) > MAX_FILTER_VALUE_LENGTH:
            self._complain(path, f"has {len(value)} characters; at most {MAX_FILTER_VALUE_LENGTH} are allowed.")


def _one_of(name: str, values: Iterable[str], case_sensitive: bool) -> OneOf:
    # an event has no empty values: who asks for them means those that are not set
    folded = {_folded(value or NOT_SET, case_sensitive) for value in values}
    return OneOf(name, tuple(sorted(folded)), ignore_case=not case_sensitive)


def _folded(value: str, case_sensitive: bool) -> str:
    return value if case_sensitive else value.lower()


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

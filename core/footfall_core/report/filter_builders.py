"""Filters made from what the parser of the filter language reads, piece by piece.

The tree is made while the text is read, so that no depth of parentheses can exhaust the stack.
"""

import re
from dataclasses import dataclass

from lark import Token, Transformer

from footfall.v1 import query_pb2
from footfall_core.report.fields import METRICS, dimension_named
from footfall_core.report.limits import MAX_FILTER_DEPTH
from footfall_core.report.numbers import number_of
from footfall_core.report.patterns import compiled
from footfall_core.report.suggestions import unknown, unknown_dimension

_Match = query_pb2.StringFilter
_FUNCTIONS = {
    "startsWith": _Match.MATCH_TYPE_BEGINS_WITH,
    "endsWith": _Match.MATCH_TYPE_ENDS_WITH,
    "contains": _Match.MATCH_TYPE_CONTAINS,
    "matches": _Match.MATCH_TYPE_PARTIAL_REGEXP,
    "fullyMatches": _Match.MATCH_TYPE_FULL_REGEXP,
}

_Numeric = query_pb2.NumericFilter
_OPERATIONS = {
    "==": _Numeric.OPERATION_EQUAL,
    "<": _Numeric.OPERATION_LESS_THAN,
    "<=": _Numeric.OPERATION_LESS_THAN_OR_EQUAL,
    ">": _Numeric.OPERATION_GREATER_THAN,
    ">=": _Numeric.OPERATION_GREATER_THAN_OR_EQUAL,
}
_MAX_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the filter, and how many levels it has."""

    expression: query_pb2.FilterExpression
    depth: int = 1


@dataclass(slots=True)
class WrongTextError(Exception):
    """A text that the grammar takes and the language does not."""

    position: int
    sentence: str


class _Builder(Transformer[Token, Part]):
    """Makes what filters on dimensions and on metrics have in common."""

    def all_of(self, parts: list[Part]) -> Part:
        return _group("and_group", parts)

    def any_of(self, parts: list[Part]) -> Part:
        return _group("or_group", parts)

    def none_of(self, parts: list[Part]) -> Part:
        return _negated(parts[0])

    def ignoring(self, parts: list[Part]) -> Part:
        return Part(_ignoring_case(parts[0].expression), parts[0].depth)

    def ranged(self, tokens: list[Token]) -> Part:
        between = query_pb2.BetweenFilter(from_value=_number(tokens[1]), to_value=_number(tokens[2]))
        return _filter(query_pb2.Filter(field_name=self.name(tokens[0]), between_filter=between))

    def number(self, tokens: list[Token]) -> Part:
        """Return a comparison of numbers."""
        numeric = _Numeric(operation=_OPERATIONS[str(tokens[1])], value=_number(tokens[2]))
        return _filter(query_pb2.Filter(field_name=self.name(tokens[0]), numeric_filter=numeric))

    def name(self, token: Token) -> str:
        """Return the name of a field, having checked it."""
        raise NotImplementedError


class MetricBuilder(_Builder):
    """Of filters on metrics, which are numbers."""

    def name(self, token: Token) -> str:
        """Return the name of a field, having checked it."""
        if token not in METRICS:
            raise WrongTextError(token.start_pos or 0, unknown("metric", str(token), METRICS).removesuffix("."))
        return str(token)

    def compared(self, tokens: list[Token]) -> Part:
        """Return a comparison by an operator."""
        name, operator, value = tokens
        match str(operator):
            case "=":
                return self.number([name, operator.update(value="=="), value])
            case "!=":
                return _negated(self.number([name, operator.update(value="=="), value]))
            case ":":
                raise self._wrong(operator)
            case _:
                return self.number(tokens)

    def matched(self, tokens: list[Token]) -> Part:
        """Refuse what compares text."""
        raise self._wrong(next(token for token in tokens if token.type == "FUNCTION"))

    def listed(self, tokens: list[Token]) -> Part:
        """Refuse what compares text."""
        raise self._wrong(tokens[0])

    def is_set(self, tokens: list[Token]) -> Part:
        """Refuse what compares text."""
        raise self._wrong(tokens[0])

    def _wrong(self, token: Token) -> WrongTextError:
        return WrongTextError(token.start_pos or 0, "a metric is a number; compare it by = != < <= > >= or between")


class DimensionBuilder(_Builder):
    """Of filters on dimensions, which are text."""

    def name(self, token: Token) -> str:
        """Return the name of a field, having checked it."""
        if dimension_named(token) is None:
            raise WrongTextError(token.start_pos or 0, unknown_dimension(str(token)).removesuffix("."))
        return str(token)

    def compared(self, tokens: list[Token]) -> Part:
        """Return a comparison by an operator."""
        operator = str(tokens[1])
        if operator in _OPERATIONS:
            return self.number(tokens)
        dimension, value = self.name(tokens[0]), _Value.of(tokens[2])
        match operator:
            case "=":
                return value.equal(dimension)
            case "!=":
                return _negated(value.equal(dimension))
            case _ if value.is_anything:
                return _negated(_empty(dimension))
            case _:
                return _string(dimension, _Match.MATCH_TYPE_CONTAINS, value.text)

    def matched(self, tokens: list[Token]) -> Part:
        """Return a comparison by a function."""
        first, second, value = tokens
        function, dimension = (first, second) if first.type == "FUNCTION" else (second, first)
        match_type, text = _FUNCTIONS[str(function)], _literal(value)
        if match_type in {_Match.MATCH_TYPE_FULL_REGEXP, _Match.MATCH_TYPE_PARTIAL_REGEXP}:
            try:
                compiled(text, ignore_case=False)
            except ValueError as error:
                raise WrongTextError(value.start_pos or 0, f"no regular expression: {error}") from None
        return _string(self.name(dimension), match_type, text)

    def listed(self, tokens: list[Token]) -> Part:
        """Return a comparison with a list."""
        values = query_pb2.InListFilter(values=[_literal(token) for token in tokens[1:]], case_sensitive=True)
        return _filter(query_pb2.Filter(field_name=self.name(tokens[0]), in_list_filter=values))

    def is_set(self, tokens: list[Token]) -> Part:
        """Return the condition that there is a value."""
        return _negated(_empty(self.name(tokens[0])))


@dataclass(frozen=True, slots=True)
class _Value:
    """The value of a comparison: a text, and whether anything may stand before or behind it."""

    text: str
    open_start: bool
    open_end: bool

    @classmethod
    def of(cls, token: Token) -> "_Value":
        """Return the value of a token, in which an unescaped `*` at the begin or end stands for anything."""
        # each piece is a character, with its backslash if it has one
        pieces = re.findall(r"\\.|.", token[1:-1], re.DOTALL) if token.type == "QUOTED" else list(_literal(token))
        open_start, open_end = pieces[:1] == ["*"], pieces[-1:] == ["*"]
        inner = pieces[open_start : len(pieces) - open_end]
        if "*" in inner:
            raise WrongTextError(
                token.start_pos or 0, r'a * stands for anything only at the begin or end; "\*" in quotes is a star'
            )
        return cls("".join(piece[-1] for piece in inner), open_start, open_end)

    @property
    def is_anything(self) -> bool:
        """Whether it is a `*` alone."""
        return self.text == "" and (self.open_start or self.open_end)

    def equal(self, dimension: str) -> Part:
        """Return the condition that a dimension has this value."""
        if self.is_anything:
            return _negated(_empty(dimension))
        match self.open_start, self.open_end:
            case True, True:
                return _string(dimension, _Match.MATCH_TYPE_CONTAINS, self.text)
            case True, False:
                return _string(dimension, _Match.MATCH_TYPE_ENDS_WITH, self.text)
            case False, True:
                return _string(dimension, _Match.MATCH_TYPE_BEGINS_WITH, self.text)
            case _:
                return _exact(dimension, self.text)


def _literal(token: Token) -> str:
    """Return the text of a value in which a `*` is nothing but a star."""
    if token.type == "QUOTED":
        return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
    return str(token)


def _number(token: Token) -> query_pb2.NumericValue:
    text = _literal(token)
    number = number_of(text)
    if number is None:
        raise WrongTextError(token.start_pos or 0, f"{text[:40]!r} is no number; write for example 10 or -0.5")
    if text.lstrip("-").isdecimal() and abs(int(text)) <= _MAX_INT64:
        return query_pb2.NumericValue(int64_value=int(text))
    return query_pb2.NumericValue(double_value=number)


def _ignoring_case(expression: query_pb2.FilterExpression) -> query_pb2.FilterExpression:
    """Make case not count in an expression and all below it, which are at most as deep as filters may be."""
    match expression.WhichOneof("expr"):
        case "and_group" | "or_group" as group:
            for child in getattr(expression, group).expressions:
                _ignoring_case(child)
        case "not_expression":
            _ignoring_case(expression.not_expression)
        case _:
            for kind in ("string_filter", "in_list_filter"):
                if expression.filter.HasField(kind):
                    getattr(expression.filter, kind).case_sensitive = False
    return expression


def _empty(dimension: str) -> Part:
    return _filter(query_pb2.Filter(field_name=dimension, empty_filter=query_pb2.EmptyFilter()))


def _exact(dimension: str, value: str) -> Part:
    return _string(dimension, _Match.MATCH_TYPE_EXACT, value)


def _string(dimension: str, match_type: _Match.MatchType, value: str) -> Part:
    string = _Match(match_type=match_type, value=value, case_sensitive=True)
    return _filter(query_pb2.Filter(field_name=dimension, string_filter=string))


def _filter(condition: query_pb2.Filter) -> Part:
    return Part(query_pb2.FilterExpression(filter=condition))


def _negated(part: Part) -> Part:
    if part.expression.WhichOneof("expr") == "not_expression":
        return Part(part.expression.not_expression, part.depth - 1)
    return _deeper(query_pb2.FilterExpression(not_expression=part.expression), part.depth)


def _group(kind: str, parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    group = query_pb2.FilterExpressionList(expressions=[part.expression for part in parts])
    depth = max(part.depth for part in parts)
    if kind == "and_group":
        return _deeper(query_pb2.FilterExpression(and_group=group), depth)
    return _deeper(query_pb2.FilterExpression(or_group=group), depth)


def _deeper(expression: query_pb2.FilterExpression, depth: int) -> Part:
    if depth >= MAX_FILTER_DEPTH:
        raise WrongTextError(0, f"the filter is deeper than {MAX_FILTER_DEPTH} levels, the most allowed")
    return Part(expression, depth + 1)

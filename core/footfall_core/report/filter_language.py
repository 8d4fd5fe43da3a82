r"""Filters as people write them, after AIP-160, which Google's own APIs follow.

    eventName = purchase AND source = google OR source = bing

`OR` binds tighter than `AND`, as AIP-160 has it; conditions side by side are joined by `AND`. Case counts.

    =  !=                        equal or not; an unescaped `*` at the begin or end stands for anything
    :                            contains; `source:*` says that there is a value
    NOT x    -x    (x)
    pagePath startsWith "/shop"  or startsWith(pagePath, "/shop"); likewise endsWith and contains
    source in ("google", "bing") or in(source, "google", "bing")

A value is a bare word, or stands in double or single quotes; a backslash in quotes takes the next character as it
is, so `"\*"` is a star. A bare word holds no blank and none of `( ) , = ! : < > " '`, and begins with no hyphen.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from footfall.v1 import query_pb2
from footfall_core.problems import InvalidRequest
from footfall_core.report.fields import DIMENSIONS, NOT_SET
from footfall_core.report.limits import MAX_FILTER_DEPTH, MAX_FILTER_TEXT_LENGTH
from footfall_core.report.suggestions import unknown

_GRAMMAR = r"""
    ?start: all_of

    all_of: _sequence (_AND _sequence)*
    _sequence: any_of+
    any_of: _term (_OR _term)*
    _term: _simple | none_of
    none_of: (_NOT | _MINUS) _term
    _simple: "(" all_of ")" | _restriction

    _restriction: compared | matched | listed
    compared: WORD COMPARATOR _value
    matched: WORD FUNCTION _value | FUNCTION "(" WORD _COMMA _value ")"
    listed: WORD _IN "(" _value (_COMMA _value)* ")" | _IN "(" WORD (_COMMA _value)+ ")"
    _value: WORD | QUOTED

    _AND: "AND"
    _OR: "OR"
    _NOT: "NOT"
    _IN: "in"
    _MINUS: "-"
    _COMMA: ","
    COMPARATOR: "=" | "!=" | ":" | "<=" | "<" | ">=" | ">"
    FUNCTION.2: /(startsWith|endsWith|contains)(?![^\s()",=!:<>'])/
    WORD: /(?!(AND|OR|NOT)(?![^\s()",=!:<>']))[^\s()",=!:<>'\-][^\s()",=!:<>']*/
    QUOTED: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s

    %import common.WS
    %ignore WS
"""

_EXPECTED = (
    ("QUOTED", "a value"),
    ("COMPARATOR", "an operator: = != : startsWith endsWith contains in"),
    ("_AND", "AND, OR or another condition"),
    ("_MINUS", "a condition, for example source = google"),
    ("_COMMA", "a comma"),
    ("RPAR", "a closing parenthesis"),
    ("LPAR", "an opening parenthesis"),
    ("WORD", "the name of a dimension"),
)
"""What to call the tokens that could have come; those of a condition's begin are only named once."""

_Match = query_pb2.StringFilter
_FUNCTIONS = {
    "startsWith": _Match.MATCH_TYPE_BEGINS_WITH,
    "endsWith": _Match.MATCH_TYPE_ENDS_WITH,
    "contains": _Match.MATCH_TYPE_CONTAINS,
}


def parse_filter(text: str, field: str = "filter") -> query_pb2.FilterExpression:
    """Return the filter that a text in the filter language states; a blank text gives one that matches everything.

    Raises:
        InvalidRequest: names `field`, the place in the text, and what was expected there.
    """
    if not text.strip():
        return query_pb2.FilterExpression()
    if len(text) > MAX_FILTER_TEXT_LENGTH:
        raise InvalidRequest.of(field, f"has {len(text)} characters; at most {MAX_FILTER_TEXT_LENGTH} are allowed.")
    try:
        # the transformer makes it while the parser reads, which lark's types do not know
        return cast("_Part", _parser().parse(text)).expression
    except UnexpectedInput as error:
        raise InvalidRequest.of(field, _sentence(text, error)) from None
    except _WrongError as error:
        raise InvalidRequest.of(field, _at(text, error.position, error.sentence)) from None


@cache
def _parser() -> Lark:
    # built at the first use: importing does nothing
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder())


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the filter, and how many levels it has."""

    expression: query_pb2.FilterExpression
    depth: int = 1


@dataclass(slots=True)
class _WrongError(Exception):
    """A text that the grammar takes and the language does not."""

    position: int
    sentence: str


class _Builder(Transformer[Token, _Part]):
    """Makes the filter while the parser reads, so that no depth of parentheses can exhaust the stack."""

    def all_of(self, parts: list[_Part]) -> _Part:
        return _group("and_group", parts)

    def any_of(self, parts: list[_Part]) -> _Part:
        return _group("or_group", parts)

    def none_of(self, parts: list[_Part]) -> _Part:
        return _negated(parts[0])

    def compared(self, tokens: list[Token]) -> _Part:
        dimension, operator, value = _dimension(tokens[0]), str(tokens[1]), _Value.of(tokens[2])
        match operator:
            case "=":
                return value.equal(dimension)
            case "!=":
                return _negated(value.equal(dimension))
            case ":" if value.is_anything:
                return _negated(_exact(dimension, NOT_SET))
            case ":":
                return _string(dimension, _Match.MATCH_TYPE_CONTAINS, value.text)
            case _:
                raise _WrongError(tokens[1].start_pos or 0, f"{operator} compares numbers, and dimensions are text")

    def matched(self, tokens: list[Token]) -> _Part:
        first, second, value = tokens
        function, dimension = (first, second) if first.type == "FUNCTION" else (second, first)
        return _string(_dimension(dimension), _FUNCTIONS[str(function)], _literal(value))

    def listed(self, tokens: list[Token]) -> _Part:
        values = query_pb2.InListFilter(values=[_literal(token) for token in tokens[1:]], case_sensitive=True)
        return _filter(query_pb2.Filter(field_name=_dimension(tokens[0]), in_list_filter=values))


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
            raise _WrongError(
                token.start_pos or 0, r'a * stands for anything only at the begin or end; "\*" in quotes is a star'
            )
        return cls("".join(piece[-1] for piece in inner), open_start, open_end)

    @property
    def is_anything(self) -> bool:
        """Whether it is a `*` alone."""
        return self.text == "" and (self.open_start or self.open_end)

    def equal(self, dimension: str) -> _Part:
        """Return the condition that a dimension has this value."""
        if self.is_anything:
            return _negated(_exact(dimension, NOT_SET))
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


def _dimension(token: Token) -> str:
    if token not in DIMENSIONS:
        raise _WrongError(token.start_pos or 0, unknown("dimension", str(token), DIMENSIONS).removesuffix("."))
    return str(token)


def _exact(dimension: str, value: str) -> _Part:
    return _string(dimension, _Match.MATCH_TYPE_EXACT, value)


def _string(dimension: str, match_type: _Match.MatchType, value: str) -> _Part:
    string = _Match(match_type=match_type, value=value, case_sensitive=True)
    return _filter(query_pb2.Filter(field_name=dimension, string_filter=string))


def _filter(condition: query_pb2.Filter) -> _Part:
    return _Part(query_pb2.FilterExpression(filter=condition))


def _negated(part: _Part) -> _Part:
    if part.expression.WhichOneof("expr") == "not_expression":
        return _Part(part.expression.not_expression, part.depth - 1)
    return _deeper(query_pb2.FilterExpression(not_expression=part.expression), part.depth)


def _group(kind: str, parts: list[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    group = query_pb2.FilterExpressionList(expressions=[part.expression for part in parts])
    depth = max(part.depth for part in parts)
    if kind == "and_group":
        return _deeper(query_pb2.FilterExpression(and_group=group), depth)
    return _deeper(query_pb2.FilterExpression(or_group=group), depth)


def _deeper(expression: query_pb2.FilterExpression, depth: int) -> _Part:
    if depth >= MAX_FILTER_DEPTH:
        raise _WrongError(0, f"the filter is deeper than {MAX_FILTER_DEPTH} levels, the most allowed")
    return _Part(expression, depth + 1)


def _sentence(text: str, error: UnexpectedInput) -> str:
    """Return what the parser says, in words: where, what was expected, what was found."""
    position, found, expected = len(text.rstrip()), "the end", set[str]()
    if isinstance(error, UnexpectedToken):
        expected = set(error.accepts or error.expected)
        if error.token.type != "$END":
            position, found = error.token.start_pos or 0, repr(str(error.token))
    elif isinstance(error, UnexpectedCharacters):
        position, expected, found = error.pos_in_stream or 0, set(error.allowed or ()), repr(error.char)
    if found[1:-1] in {'"', "'"}:
        return _at(text, position, "this quote is never closed")
    wanted = next((words for token, words in _EXPECTED if token in expected), "the end")
    return _at(text, position, f"expected {wanted}, found {found}{_hint(text[:position], found, expected)}")


def _hint(before: str, found: str, expected: set[str]) -> str:
    """Return what was probably meant, for the commonest mistakes."""
    word = before.split()[-1:]
    if word and word[0] in {"and", "or", "not"}:
        return f"; {word[0].upper()} is written in capitals"
    if "QUOTED" in expected and found != "the end":
        return f'; write "{found[1:-1]}" if that is the value'
    if "_AND" in expected and found[1:2] in set(":=!<>,'"):
        return "; a value that holds this stands in quotes"
    return ""


def _at(text: str, position: int, sentence: str) -> str:
    """Return the sentence with its place, and the place shown below."""
    start = max(0, position - 50)
    shown = re.sub(r"\s", " ", text[start : position + 30])
    return f"character {position + 1}: {sentence}.\n    {shown}\n    {' ' * (position - start)}^"

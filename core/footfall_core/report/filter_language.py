r"""Filters as people write them, after AIP-160, which Google's own APIs follow.

    eventName = purchase AND source = google OR source = bing

`OR` binds tighter than `AND`, as AIP-160 has it; conditions side by side are joined by `AND`. Case counts, except
within `ignoreCase(...)`.

    =  !=                        equal or not, as text; an unescaped `*` at the begin or end stands for anything
    :                            contains; `source:*` says that there is a value, as `isSet(source)` does
    ==  <  <=  >  >=             compares numbers: `event.price >= 10.5`
    hour between (8, 17)         a number from 8 to 17
    NOT x    -x    (x)
    pagePath startsWith "/shop"  likewise endsWith and contains
    pagePath matches "^/(a|b)/"  a part of it matches the regular expression of RE2; fullyMatches: all of it
    source in ("google", "bing")
    ignoreCase(source = google OR pagePath contains "/shop")

Each word between name and value may be written as a function too: `startsWith(pagePath, "/shop")`,
`between(hour, 8, 17)`, `in(source, "google", "bing")`.

A value is a bare word, or stands in double or single quotes; a backslash in quotes takes the next character as it
is, so `"\*"` is a star, and `"\\d"` the `\d` of a regular expression. A bare word holds no blank and none of
`( ) , = ! : < > " '`, and begins with a hyphen only if it is a number.

Filters on metrics compare numbers: `eventCount > 100 AND NOT totalUsers between (1, 10)`. There `=` is `==`.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import cast

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from footfall.v1 import query_pb2
from footfall_core.problems import InvalidRequest
from footfall_core.report.filter_builders import DimensionBuilder, MetricBuilder, Part, WrongTextError
from footfall_core.report.limits import MAX_FILTER_TEXT_LENGTH

_GRAMMAR = r"""
    ?start: all_of

    all_of: _sequence (_AND _sequence)*
    _sequence: any_of+
    any_of: _term (_OR _term)*
    _term: _simple | none_of
    none_of: (_NOT | _MINUS) _term
    _simple: "(" all_of ")" | _restriction

    _restriction: compared | matched | listed | ranged | is_set | ignoring
    compared: WORD COMPARATOR _value
    matched: WORD FUNCTION _value | FUNCTION "(" WORD _COMMA _value ")"
    listed: WORD _IN "(" _value (_COMMA _value)* ")" | _IN "(" WORD (_COMMA _value)+ ")"
    ranged: WORD _BETWEEN "(" _value _COMMA _value ")" | _BETWEEN "(" WORD _COMMA _value _COMMA _value ")"
    is_set: _IS_SET "(" WORD ")"
    ignoring: _IGNORE_CASE "(" all_of ")"
    _value: WORD | QUOTED | NEGATIVE

    _AND: "AND"
    _OR: "OR"
    _NOT: "NOT"
    _IN: "in"
    _MINUS: "-"
    _COMMA: ","
    COMPARATOR: "==" | "=" | "!=" | ":" | "<=" | "<" | ">=" | ">"
    FUNCTION.2: /(startsWith|endsWith|contains|matches|fullyMatches)(?![^\s()",=!:<>'])/
    _BETWEEN.2: /between(?![^\s()",=!:<>'])/
    _IS_SET.2: /isSet(?=\s*\()/
    _IGNORE_CASE.2: /ignoreCase(?=\s*\()/
    WORD: /(?!(AND|OR|NOT)(?![^\s()",=!:<>']))[^\s()",=!:<>'\-][^\s()",=!:<>']*/
    NEGATIVE: /-[0-9][^\s()",=!:<>']*/
    QUOTED: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s

    %import common.WS
    %ignore WS
"""

_EXPECTED = (
    ("QUOTED", "a value"),
    ("COMPARATOR", "an operator: = != : == < <= > >= between in startsWith endsWith contains matches fullyMatches"),
    ("_AND", "AND, OR or another condition"),
    ("_MINUS", "a condition, for example source = google"),
    ("_COMMA", "a comma"),
    ("RPAR", "a closing parenthesis"),
    ("LPAR", "an opening parenthesis"),
    ("WORD", "a name"),
)
"""What to call the tokens that could have come; those of a condition's begin are only named once."""


def parse_filter(text: str, field: str = "filter") -> query_pb2.FilterExpression:
    """Return the filter on dimensions that a text states; a blank text gives one that matches everything.

    Raises:
        InvalidRequest: names `field`, the place in the text, and what was expected there.
    """
    return _parsed(text, field, _dimension_parser)


def parse_metric_filter(text: str, field: str = "metric filter") -> query_pb2.FilterExpression:
    """Return the filter on metrics that a text states; else as `parse_filter`."""
    return _parsed(text, field, _metric_parser)


def _parsed(text: str, field: str, parser: Callable[[], Lark]) -> query_pb2.FilterExpression:
    if not text.strip():
        return query_pb2.FilterExpression()
    if len(text) > MAX_FILTER_TEXT_LENGTH:
        raise InvalidRequest.of(field, f"has {len(text)} characters; at most {MAX_FILTER_TEXT_LENGTH} are allowed.")
    try:
        # the transformer makes it while the parser reads, which lark's types do not know
        return cast("Part", parser().parse(text)).expression
    except UnexpectedInput as error:
        raise InvalidRequest.of(field, _sentence(text, error)) from None
    except WrongTextError as error:
        raise InvalidRequest.of(field, _at(text, error.position, error.sentence)) from None


# built at the first use: importing does nothing
@cache
def _dimension_parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=DimensionBuilder())


@cache
def _metric_parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=MetricBuilder())


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

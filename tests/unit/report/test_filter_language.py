import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.v1 import query_pb2
from footfall_core.problems import InvalidRequest
from footfall_core.report.fields import ANY_PARAM, DIMENSIONS
from footfall_core.report.filter_language import parse_filter, parse_metric_filter

STRING = query_pb2.StringFilter
EXACT, BEGINS, ENDS, CONTAINS = (
    STRING.MATCH_TYPE_EXACT,
    STRING.MATCH_TYPE_BEGINS_WITH,
    STRING.MATCH_TYPE_ENDS_WITH,
    STRING.MATCH_TYPE_CONTAINS,
)
SIGNS = {
    EXACT: "=",
    BEGINS: "startsWith",
    ENDS: "endsWith",
    CONTAINS: "contains",
    STRING.MATCH_TYPE_PARTIAL_REGEXP: "matches",
    STRING.MATCH_TYPE_FULL_REGEXP: "fullyMatches",
}
OPERATIONS = {1: "==", 2: "<", 3: "<=", 4: ">", 5: ">="}


def shown(tree: query_pb2.FilterExpression) -> Any:
    """Return a tree as plain tuples."""
    match tree.WhichOneof("expr"):
        case "and_group":
            return ("and", *map(shown, tree.and_group.expressions))
        case "or_group":
            return ("or", *map(shown, tree.or_group.expressions))
        case "not_expression":
            return ("not", shown(tree.not_expression))
        case "filter":
            return leaf(tree.filter)
        case _:
            return None


def leaf(condition: query_pb2.Filter) -> Any:
    name, kind = condition.field_name, condition.WhichOneof("one_filter")
    match kind:
        case "empty_filter":
            return (name, "is empty")
        case "numeric_filter":
            numeric = condition.numeric_filter
            return (name, OPERATIONS[numeric.operation], number(numeric.value))
        case "between_filter":
            between = condition.between_filter
            return (name, "between", number(between.from_value), number(between.to_value))
        case "in_list_filter":
            listed = condition.in_list_filter
            return (name, "in" if listed.case_sensitive else "in, ignoring case", *listed.values)
    string = condition.string_filter
    sign = SIGNS[string.match_type]
    return (name, sign if string.case_sensitive else f"{sign}, ignoring case", string.value)


def number(value: query_pb2.NumericValue) -> int | float:
    return value.int64_value if value.WhichOneof("one_value") == "int64_value" else value.double_value


A, B, C, D = (("source", "=", value) for value in "abcd")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (" \n ", None),
        ("source = a", A),
        ("source=a", A),
        ("source = a AND source = b OR source = c", ("and", A, ("or", B, C))),
        ("source = a OR source = b AND source = c", ("and", ("or", A, B), C)),
        ("source = a source = b", ("and", A, B)),
        ("source = a source = b OR source = c", ("and", A, ("or", B, C))),
        ("source = a source = b AND source = c", ("and", A, B, C)),
        ("(source = a source = b) OR source = c", ("or", ("and", A, B), C)),
        ("((source = a))", A),
        ("NOT source = a", ("not", A)),
        ("-source = a", ("not", A)),
        ("- source = a", ("not", A)),
        ("NOT NOT source = a", A),
        ("NOT (source = a OR source = b)", ("not", ("or", A, B))),
        ("source = a OR -source = b", ("or", A, ("not", B))),
        ("source != a", ("not", A)),
        ("NOT source != a", A),
        ("source:a", ("source", "contains", "a")),
        ("source:*", ("not", ("source", "is empty"))),
        ("source = *", ("not", ("source", "is empty"))),
        ("source = *a", ("source", "endsWith", "a")),
        ("source = a*", ("source", "startsWith", "a")),
        ('source = "*a*"', ("source", "contains", "a")),
        (r'source = "\*"', ("source", "=", "*")),
        (r'source = "a\*b*"', ("source", "startsWith", "a*b")),
        ("pagePath startsWith /x", ("pagePath", "startsWith", "/x")),
        ('startsWith(pagePath, "/x")', ("pagePath", "startsWith", "/x")),
        ("endsWith ( pagePath , '/x' )", ("pagePath", "endsWith", "/x")),
        ("pagePath contains *", ("pagePath", "contains", "*")),
        ('source in ("a", b)', ("source", "in", "a", "b")),
        ("in(source, a, b)", ("source", "in", "a", "b")),
        ('source = "a \\"b\\" \\\\ \'"', ("source", "=", 'a "b" \\ \'')),
        ("source = 'a\nb'", ("source", "=", "a\nb")),
        ('source = ""', ("source", "=", "")),
        ("date = 2026-03-01", ("date", "=", "2026-03-01")),
        ("source = ANDROID", ("source", "=", "ANDROID")),
        ("source = in", ("source", "=", "in")),
        ("source = contains", ("source", "=", "contains")),
        ('source = "AND"', ("source", "=", "AND")),
        ("eventName = a.b-c/d%20é", ("eventName", "=", "a.b-c/d%20é")),
        (r'pagePath matches "^/(a|b)/\\d"', ("pagePath", "matches", r"^/(a|b)/\d")),
        ("fullyMatches(pagePath, '/a.*')", ("pagePath", "fullyMatches", "/a.*")),
        ("event.price >= 10.5", ("event.price", ">=", 10.5)),
        ("event.price<5", ("event.price", "<", 5)),
        ("event.price > -5", ("event.price", ">", -5)),
        ("event.price <= 9223372036854775808", ("event.price", "<=", 9223372036854775808.0)),
        ('event.price == "7"', ("event.price", "==", 7)),
        ("NOT event.price == 07", ("not", ("event.price", "==", 7))),
        ("event.price = 7", ("event.price", "=", "7")),
        ("source = -7", ("source", "=", "-7")),
        ("hour between (8, 17)", ("hour", "between", 8, 17)),
        ("between(event.price, -1.5, 1e3)", ("event.price", "between", -1.5, 1000.0)),
        ("isSet(source)", ("not", ("source", "is empty"))),
        ("NOT isSet ( source )", ("source", "is empty")),
        ("source = isSet", ("source", "=", "isSet")),
        ("source = between", ("source", "=", "between")),
        (
            "ignoreCase(source = A OR -pagePath matches b) source in (C)",
            (
                "and",
                ("or", ("source", "=, ignoring case", "A"), ("not", ("pagePath", "matches, ignoring case", "b"))),
                ("source", "in", "C"),
            ),
        ),
        ("ignoreCase(in(source, A, b))", ("source", "in, ignoring case", "A", "b")),
        ("ignoreCase(event.price > 5)", ("event.price", ">", 5)),
    ],
)
def test_a_text_means_this_tree(text: str, expected: Any) -> None:
    assert shown(parse_filter(text)) == expected


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("source", 7, "expected an operator"),
        ("source =", 9, "expected a value, found the end"),
        ("source = = a", 10, "expected a value, found '='"),
        ("source = AND", 10, 'write "AND"'),
        ("source = -x", 10, "expected a value"),
        ('source = "a', 10, "never closed"),
        ("pagePath = /a:b", 14, "stands in quotes"),
        ("source = a and medium = b", 16, "AND is written in capitals"),
        ("OR source = a", 1, "expected a condition"),
        ("source = a OR", 14, "expected a condition"),
        ("(source = a", 12, "expected a closing parenthesis"),
        ("source = a)", 11, "found ')'"),
        ("source in ()", 12, "expected a value"),
        ("source in (a b)", 14, "found 'b'"),
        ("source > a", 10, "'a' is no number"),
        ("hour between (8 17)", 17, "expected a comma"),
        ("hour between (8, x)", 18, "'x' is no number"),
        ('source matches "a("', 16, "missing ): a("),
        ("source matches (?<=a)b", 16, "expected a value"),
        ("isSet(city)", 7, "'city' is not a dimension"),
        ("event.9 = a", 1, "not the name of a parameter"),
        ("event.<param> = a", 13, "expected AND, OR or another condition"),
        ("event.client_id = a", 1, "not the name of a parameter"),
        ("source = a*b", 10, "only at the begin or end"),
        ("sorce = a", 1, "did you mean 'source'?"),
        ("source = a AND city = b", 16, "'city' is not a dimension"),
        ("startsWith(city, b)", 12, "'city' is not a dimension"),
        ('"source" = a', 1, "expected a condition"),
    ],
)
def test_a_mistake_is_shown_in_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_filter(text)
    sentence, shown_text, caret = refused.value.violations[0].description.split("\n")
    assert sentence.startswith(f"character {position}: ")
    assert words in sentence
    assert shown_text.strip() == text.strip()
    assert caret.index("^") - shown_text.index(text[0]) == position - 1


def test_a_mistake_far_into_a_long_text_is_shown_with_what_is_around_it() -> None:
    text = "source = a AND " * 100 + "source = \n= b"
    with pytest.raises(InvalidRequest) as refused:
        parse_filter(text)
    _, around, caret = refused.value.violations[0].description.split("\n")
    assert len(around) < 100
    assert around[caret.index("^")] == "="


@pytest.mark.parametrize(
    "text", ["(" * 20_000 + "source = a" + ")" * 20_000, "NOT " * 10_000 + "source = a", "-" * 30_000 + "source=a"]
)
def test_a_text_that_only_looks_deep_is_no_danger(text: str) -> None:
    assert shown(parse_filter(text)) == A


def test_a_text_that_is_too_deep_or_too_long_is_refused() -> None:
    text = "source = a"
    for level in range(10):
        text = f"({text}) {'OR' if level % 2 else 'AND'} source = b"
    with pytest.raises(InvalidRequest, match="10 levels"):
        parse_filter(text)
    with pytest.raises(InvalidRequest, match="65536"):
        parse_filter("source = " + "a" * 70_000)


values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.sampled_from([*(name for name in DIMENSIONS if name != ANY_PARAM), "event.plan"])
strings = st.tuples(names, st.sampled_from(["=", "startsWith", "endsWith", "contains"]), values)
numbers = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(-1e90, 1e90).map(lambda number: round(number, 6)))
numeric = st.tuples(names, st.sampled_from(list(OPERATIONS.values())), numbers)
ranged = st.tuples(names, st.just("between"), numbers, numbers)
empty = st.tuples(names, st.just("is empty"))
lists = st.lists(values, min_size=1, max_size=3).flatmap(lambda v: names.map(lambda name: (name, "in", *v)))


def _grouped(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def flat(kind: str) -> st.SearchStrategy[Any]:
        return st.lists(children.filter(lambda tree: tree[0] != kind), min_size=2, max_size=3).map(
            lambda parts: (kind, *parts)
        )

    return st.one_of(flat("and"), flat("or"), children.filter(lambda tree: tree[0] != "not").map(lambda t: ("not", t)))


trees = st.recursive(st.one_of(strings, lists, numeric, ranged, empty), _grouped, max_leaves=6)


def written(tree: Any) -> str:
    """Return a text for a tree, with every parenthesis and quote."""
    match tree:
        case ("and" | "or" as kind, *children):
            return f" {kind.upper()} ".join(f"({written(child)})" for child in children)
        case ("not", child):
            return f"NOT ({written(child)})"
        case (name, "in", *listed):
            return f"{name} in ({', '.join(map(quoted, listed))})"
        case (name, "is empty"):
            return f"NOT isSet({name})"
        case (name, "between", low, high):
            return f"{name} between ({low!r}, {high!r})"
        case (name, sign, int() | float() as value):
            return f"{name} {sign} {value!r}"
        case (name, sign, value):
            # in a comparison a star is escaped, or it would stand for anything
            return f"{name} {sign} {quoted(value)}"
    raise AssertionError(tree)


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
    return f'"{escaped}"'


@given(trees)
def test_any_tree_comes_back_from_its_text(tree: Any) -> None:
    assert shown(parse_filter(written(tree))) == tree


pieces = st.sampled_from(
    [
        "source",
        "pagePath",
        "a",
        "=",
        "!=",
        ":",
        "(",
        ")",
        ",",
        "AND",
        "OR",
        "NOT",
        "-",
        "in",
        "contains",
        '"',
        "'",
        "*",
        ">",
        "between",
        "isSet",
        "5",
    ]
)


@given(st.one_of(st.text(max_size=30), st.lists(pieces, max_size=12).map(" ".join), st.lists(pieces).map("".join)))
def test_any_text_is_a_filter_or_an_invalid_request(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("eventCount > 100", ("eventCount", ">", 100)),
        ("eventCount = 5 OR eventCount == 6", ("or", ("eventCount", "==", 5), ("eventCount", "==", 6))),
        ("eventCount != 5", ("not", ("eventCount", "==", 5))),
        ("purchaseRevenue between (-1.5, 2)", ("purchaseRevenue", "between", -1.5, 2)),
        ("NOT between(sessions, 1, 2)", ("not", ("sessions", "between", 1, 2))),
    ],
)
def test_a_text_on_metrics_means_this_tree(text: str, expected: Any) -> None:
    assert shown(parse_metric_filter(text)) == expected


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("source > 5", 1, "'source' is not a metric"),
        ("eventcount > 5", 1, "did you mean 'eventCount'?"),
        ("eventCount contains 5", 12, "a metric is a number"),
        ("eventCount in (5, 6)", 1, "a metric is a number"),
        ("isSet(eventCount)", 7, "a metric is a number"),
        ("eventCount:5", 11, "a metric is a number"),
        ("eventCount = many", 14, "'many' is no number"),
    ],
)
def test_a_mistake_on_metrics_is_shown_in_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_metric_filter(text)
    sentence = refused.value.violations[0].description.split("\n")[0]
    assert sentence.startswith(f"character {position}: ")
    assert words in sentence

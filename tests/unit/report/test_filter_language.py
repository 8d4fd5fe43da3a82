import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.v1 import query_pb2
from footfall_core.problems import InvalidRequest
from footfall_core.report.fields import DIMENSIONS
from footfall_core.report.filter_language import parse_filter

STRING = query_pb2.StringFilter
EXACT, BEGINS, ENDS, CONTAINS = (
    STRING.MATCH_TYPE_EXACT,
    STRING.MATCH_TYPE_BEGINS_WITH,
    STRING.MATCH_TYPE_ENDS_WITH,
    STRING.MATCH_TYPE_CONTAINS,
)
SIGNS = {EXACT: "=", BEGINS: "startsWith", ENDS: "endsWith", CONTAINS: "contains"}


def shown(tree: query_pb2.FilterExpression) -> Any:
    """Return a tree as plain tuples."""
    match tree.WhichOneof("expr"):
        case "and_group":
            return ("and", *map(shown, tree.and_group.expressions))
        case "or_group":
            return ("or", *map(shown, tree.or_group.expressions))
        case "not_expression":
            return ("not", shown(tree.not_expression))
        case "filter" if tree.filter.HasField("in_list_filter"):
            assert tree.filter.in_list_filter.case_sensitive
            return (tree.filter.field_name, "in", *tree.filter.in_list_filter.values)
        case "filter":
            string = tree.filter.string_filter
            assert string.case_sensitive
            return (tree.filter.field_name, SIGNS[string.match_type], string.value)
        case _:
            return None


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
        ("source:*", ("not", ("source", "=", "(not set)"))),
        ("source = *", ("not", ("source", "=", "(not set)"))),
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
        ("source > a", 8, "compares numbers"),
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
names = st.sampled_from(sorted(DIMENSIONS))
strings = st.tuples(names, st.sampled_from(list(SIGNS.values())), values)
lists = st.lists(values, min_size=1, max_size=3).flatmap(lambda v: names.map(lambda name: (name, "in", *v)))


def _grouped(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def flat(kind: str) -> st.SearchStrategy[Any]:
        return st.lists(children.filter(lambda tree: tree[0] != kind), min_size=2, max_size=3).map(
            lambda parts: (kind, *parts)
        )

    return st.one_of(flat("and"), flat("or"), children.filter(lambda tree: tree[0] != "not").map(lambda t: ("not", t)))


trees = st.recursive(st.one_of(strings, lists), _grouped, max_leaves=6)


def written(tree: Any) -> str:
    """Return a text for a tree, with every parenthesis and quote."""
    match tree:
        case ("and" | "or" as kind, *children):
            return f" {kind.upper()} ".join(f"({written(child)})" for child in children)
        case ("not", child):
            return f"NOT ({written(child)})"
        case (name, "in", *listed):
            return f"{name} in ({', '.join(map(quoted, listed))})"
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
    ["source", "pagePath", "a", "=", "!=", ":", "(", ")", ",", "AND", "OR", "NOT", "-", "in", "contains", '"', "'", "*"]
)


@given(st.one_of(st.text(max_size=30), st.lists(pieces, max_size=12).map(" ".join), st.lists(pieces).map("".join)))
def test_any_text_is_a_filter_or_an_invalid_request(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        parse_filter(text)

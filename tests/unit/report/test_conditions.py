"""A filter in its normal form means what the request's tree says, evaluated plainly."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.v1 import query_pb2
from footfall_core.report.filters import read_filter
from footfall_core.report.numbers import number_of
from footfall_core.report.plan import AllOf, AnyOf, Condition, Not, holds, leaves, mapped

STRING, NUMERIC = query_pb2.StringFilter, query_pb2.NumericFilter


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("07", 7), ("-0.5", -0.5), ("1e-7", 1e-7), ("1E5", 1e5), ("-0", 0), ("9" * 100, float("9" * 100))],
)
def test_a_plain_decimal_number_is_one(text: str, number: float) -> None:
    assert number_of(text) == number
    assert str(number_of(text)) != "-0.0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(not set)",
        " 7",
        "7 ",
        "7\n",
        "+7",
        ".5",
        "5.",
        "1,000",
        "0x7",
        "1e",
        "1e100",
        "nan",
        "inf",
        "\N{ARABIC-INDIC DIGIT SEVEN}",
        "9" * 101,
    ],
)
def test_other_text_is_no_number(text: str) -> None:
    assert number_of(text) is None


values = st.one_of(
    st.sampled_from(["(not set)", "a", "A", "ab", "AB", "aab", "7", "07", "7.0", "-3", "1e1", "x7"]),
    st.text("aAbB7.-", max_size=4).filter(bool),
)
names = st.sampled_from(["source", "event.plan"])
numbers = st.sampled_from([-3.0, 0.0, 7.0, 7.5, 10.0])


def _leaf(**kind: Any) -> st.SearchStrategy[query_pb2.FilterExpression]:
    return names.map(lambda name: query_pb2.FilterExpression(filter=query_pb2.Filter(field_name=name, **kind)))


strings = st.tuples(st.sampled_from([1, 2, 3, 4]), values, st.booleans()).flatmap(
    lambda drawn: _leaf(string_filter=STRING(match_type=drawn[0], value=drawn[1], case_sensitive=drawn[2]))
)
patterns = st.tuples(st.sampled_from([5, 6]), st.sampled_from(["a+", "^a", "[A7]", "b$", "."]), st.booleans()).flatmap(
    lambda drawn: _leaf(string_filter=STRING(match_type=drawn[0], value=drawn[1], case_sensitive=drawn[2]))
)
lists = st.tuples(st.lists(values, min_size=1, max_size=3), st.booleans()).flatmap(
    lambda drawn: _leaf(in_list_filter={"values": drawn[0], "case_sensitive": drawn[1]})
)
numeric = st.tuples(st.sampled_from([1, 2, 3, 4, 5]), numbers).flatmap(
    lambda drawn: _leaf(numeric_filter=NUMERIC(operation=drawn[0], value={"double_value": drawn[1]}))
)
ranged = st.tuples(numbers, numbers).flatmap(
    lambda drawn: _leaf(
        between_filter={"from_value": {"double_value": min(drawn)}, "to_value": {"double_value": max(drawn)}}
    )
)
empty = _leaf(empty_filter={})


def _grouped(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def group(kind: str) -> st.SearchStrategy[Any]:
        return st.lists(children, min_size=1, max_size=3).map(
            lambda parts: query_pb2.FilterExpression(**{kind: query_pb2.FilterExpressionList(expressions=parts)})
        )

    negated = children.map(lambda child: query_pb2.FilterExpression(not_expression=child))
    return st.one_of(group("and_group"), group("or_group"), negated)


trees = st.recursive(st.one_of(strings, patterns, lists, numeric, ranged, empty), _grouped, max_leaves=6)


def plainly(tree: query_pb2.FilterExpression, event: dict[str, str]) -> bool:
    """Return whether an event fulfils a tree, as the contract's comments have it."""
    match tree.WhichOneof("expr"):
        case "and_group":
            return all(plainly(child, event) for child in tree.and_group.expressions)
        case "or_group":
            return any(plainly(child, event) for child in tree.or_group.expressions)
        case "not_expression":
            return not plainly(tree.not_expression, event)
    asked, value = tree.filter, event[tree.filter.field_name]
    match asked.WhichOneof("one_filter"):
        case "empty_filter":
            return value == "(not set)"
        case "in_list_filter":
            listed = asked.in_list_filter
            return any(_same(one, value, listed.case_sensitive) for one in listed.values)
        case "numeric_filter":
            number, other = _number(value), asked.numeric_filter.value.double_value
            if number is None:
                return False
            compared = (number == other, number < other, number <= other, number > other, number >= other)
            return compared[asked.numeric_filter.operation - 1]
        case "between_filter":
            number, ends = _number(value), asked.between_filter
            return number is not None and ends.from_value.double_value <= number <= ends.to_value.double_value
    string = asked.string_filter
    text, flags = string.value, 0 if string.case_sensitive else re.IGNORECASE
    forms = {
        STRING.MATCH_TYPE_EXACT: rf"\A{re.escape(text)}\Z",
        STRING.MATCH_TYPE_BEGINS_WITH: rf"\A{re.escape(text)}",
        STRING.MATCH_TYPE_ENDS_WITH: rf"{re.escape(text)}\Z",
        STRING.MATCH_TYPE_CONTAINS: re.escape(text),
        STRING.MATCH_TYPE_FULL_REGEXP: rf"\A(?:{text})\Z",
        STRING.MATCH_TYPE_PARTIAL_REGEXP: text,
    }
    return re.search(forms[string.match_type], value, flags) is not None


def _same(one: str, other: str, case_sensitive: bool) -> bool:
    return one == other if case_sensitive else one.lower() == other.lower()


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d{1,2})?", text) else None


def read(tree: query_pb2.FilterExpression) -> Condition:
    complaints: list[tuple[str, str]] = []
    condition = read_filter(tree, "filter", lambda path, sentence: complaints.append((path, sentence)))
    assert not complaints
    assert condition is not None
    return condition


@given(trees, values, values)
def test_the_normal_form_of_a_filter_matches_what_the_filter_says(
    tree: query_pb2.FilterExpression, source: str, plan: str
) -> None:
    event = {"source": source, "event.plan": plan}
    condition = read(tree)
    assert holds(condition, lambda leaf: leaf.matches(event[leaf.dimension])) is plainly(tree, event)
    assert mapped(condition, lambda leaf: leaf) == condition


@given(trees)
def test_the_normal_form_says_nothing_twice(tree: query_pb2.FilterExpression) -> None:
    def check(condition: Condition) -> None:
        match condition:
            case Not(child):
                assert not isinstance(child, Not)
                check(child)
            case AllOf(children) | AnyOf(children):
                assert len(set(children)) == len(children) > 1
                assert not any(isinstance(child, type(condition)) for child in children)
                for child in children:
                    check(child)

    condition = read(tree)
    check(condition)
    assert list(leaves(condition))


@pytest.mark.parametrize(
    ("operation", "matching"),
    [
        (NUMERIC.OPERATION_EQUAL, {"7", "07", "7.0"}),
        (NUMERIC.OPERATION_LESS_THAN, {"6.9", "-3"}),
        (NUMERIC.OPERATION_LESS_THAN_OR_EQUAL, {"6.9", "-3", "7", "07", "7.0"}),
        (NUMERIC.OPERATION_GREATER_THAN, {"7.1", "1e1"}),
        (NUMERIC.OPERATION_GREATER_THAN_OR_EQUAL, {"7.1", "1e1", "7", "07", "7.0"}),
    ],
)
def test_a_comparison_counts_its_own_end_as_it_says(operation: NUMERIC.Operation, matching: set[str]) -> None:
    asked = {"field_name": "source", "numeric_filter": {"operation": operation, "value": {"int64_value": 7}}}
    condition = read(query_pb2.FilterExpression(filter=asked))
    texts = ["7", "07", "7.0", "6.9", "-3", "7.1", "1e1", "x7", "(not set)"]
    assert {text for text in texts if holds(condition, lambda leaf: leaf.matches(text))} == matching  # noqa: B023


@pytest.mark.parametrize(
    ("match_type", "case_sensitive", "matching"),
    [
        (STRING.MATCH_TYPE_FULL_REGEXP, True, {"ab"}),
        (STRING.MATCH_TYPE_FULL_REGEXP, False, {"ab", "AB"}),
        (STRING.MATCH_TYPE_PARTIAL_REGEXP, True, {"ab", "xab"}),
        (STRING.MATCH_TYPE_PARTIAL_REGEXP, False, {"ab", "AB", "xab", "ABx"}),
    ],
)
def test_a_regular_expression_minds_case_and_ends_as_it_says(
    match_type: STRING.MatchType, case_sensitive: bool, matching: set[str]
) -> None:
    string = STRING(match_type=match_type, value="a[b]", case_sensitive=case_sensitive)
    condition = read(query_pb2.FilterExpression(filter={"field_name": "source", "string_filter": string}))
    texts = ["ab", "AB", "xab", "ABx", "a", "(not set)"]
    assert {text for text in texts if holds(condition, lambda leaf: leaf.matches(text))} == matching  # noqa: B023

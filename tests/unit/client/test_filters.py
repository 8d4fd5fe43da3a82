"""Filters written in Python become the contract's."""

import pytest

from footfall.filters import field
from footfall.v1.query_pb2 import FilterExpression, StringFilter
from footfall.v1.query_pb2 import NumericFilter as N

S = StringFilter


@pytest.mark.parametrize(
    ("made", "match_type", "value"),
    [
        (field("f").equals("x"), S.MATCH_TYPE_EXACT, "x"),
        (field("f").begins_with("x"), S.MATCH_TYPE_BEGINS_WITH, "x"),
        (field("f").ends_with("x"), S.MATCH_TYPE_ENDS_WITH, "x"),
        (field("f").contains("x"), S.MATCH_TYPE_CONTAINS, "x"),
        (field("f").fully_matches("x+"), S.MATCH_TYPE_FULL_REGEXP, "x+"),
        (field("f").matches("x+"), S.MATCH_TYPE_PARTIAL_REGEXP, "x+"),
    ],
)
def test_a_condition_on_text(made, match_type, value):
    one = made.expression.filter

    assert one.field_name == "f"
    assert (one.string_filter.match_type, one.string_filter.value) == (match_type, value)
    assert one.string_filter.case_sensitive


def test_case_may_be_ignored():
    assert not field("f").contains("x", case_sensitive=False).expression.filter.string_filter.case_sensitive
    assert not field("f").one_of("x", case_sensitive=False).expression.filter.in_list_filter.case_sensitive


@pytest.mark.parametrize(
    ("made", "operation"),
    [
        (field("f").equals(5), N.OPERATION_EQUAL),
        (field("f") < 5, N.OPERATION_LESS_THAN),
        (field("f") <= 5, N.OPERATION_LESS_THAN_OR_EQUAL),
        (field("f") > 5, N.OPERATION_GREATER_THAN),
        (5 < field("f"), N.OPERATION_GREATER_THAN),  # noqa: SIM300 - as people write it, too
        (field("f") >= 5, N.OPERATION_GREATER_THAN_OR_EQUAL),
    ],
)
def test_a_condition_on_a_number(made, operation):
    one = made.expression.filter.numeric_filter

    assert (one.operation, one.value.WhichOneof("one_value"), one.value.int64_value) == (operation, "int64_value", 5)


def test_lists_ranges_and_what_is_set():
    assert list(field("f").one_of("a", "b").expression.filter.in_list_filter.values) == ["a", "b"]
    between = field("f").between(1, 2.5).expression.filter.between_filter
    assert (between.from_value.int64_value, between.to_value.double_value) == (1, 2.5)
    assert field("f").is_not_set().expression.filter.WhichOneof("one_filter") == "empty_filter"
    assert field("f").is_set().expression.not_expression.filter.WhichOneof("one_filter") == "empty_filter"


def test_groups_of_one_kind_are_one_group_and_two_nots_are_none():
    a, b, c = (field(name).equals("x") for name in "abc")

    def names(group):
        return [e.filter.field_name for e in group.expressions]

    assert names((a & b & c).expression.and_group) == ["a", "b", "c"]
    assert names((a & (b & c)).expression.and_group) == ["a", "b", "c"]
    assert names((a | b | c).expression.or_group) == ["a", "b", "c"]
    mixed = (a | b) & ~c
    assert names(mixed.expression.and_group.expressions[0].or_group) == ["a", "b"]
    assert mixed.expression.and_group.expressions[1].not_expression.filter.field_name == "c"
    assert ~~a == a
    assert isinstance(mixed.expression, FilterExpression)


def test_what_python_would_silently_misread_raises():
    with pytest.raises(TypeError, match="join filters by"):
        bool(field("a").equals("x") and field("b").equals("x"))
    with pytest.raises(TypeError, match="join filters by"):
        1 < field("a") < 5  # noqa: B015
    with pytest.raises(TypeError, match="allowed is a number"):
        field("a") > "5"  # noqa: B015
    with pytest.raises(TypeError, match="allowed is a number"):
        field("a").between(True, 2)
    with pytest.raises(TypeError, match="allowed is a string"):
        field("a").one_of("x", 5)

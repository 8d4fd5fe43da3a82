"""Sums of amounts, made of integers."""

import math
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_adapters.duckdb import measures
from footfall_core.limits import MAX_AMOUNT
from footfall_core.report import amounts

LARGEST = 2**53 * amounts.MILLIONTHS
"""Up to here the double nearest to a sum is shown."""

totals = st.integers(-LARGEST, LARGEST) | st.integers(-(10**12), 10**12) | st.integers(-(2**95), 2**95)


@pytest.mark.parametrize(
    ("amount", "millionths"),
    [
        (0.0, 0),
        (-0.0, 0),
        (0.1 + 0.2, 300_000),
        (12345678.9, 12_345_678_900_000),
        (-0.7, -700_000),
        (1e-9, 0),
        (-1e-300, 0),
        (5e-7, 1),
        (-5e-7, 0),
        (0.9999999, 1_000_000),
        (-1e15, -(10**21)),
        (2.5e24, 10**21),
        (-2.5e24, -(10**21)),
    ],
)
def test_an_amount_counts_to_six_digits(amount: float, millionths: int) -> None:
    assert amounts.added(amount) == millionths


@given(st.decimals(-MAX_AMOUNT, MAX_AMOUNT, places=4))
def test_amounts_as_people_write_them_count_as_they_are_written(written: Decimal) -> None:
    millionths = Fraction(float(written)) * amounts.MILLIONTHS
    assert amounts.added(float(written)) == math.floor(millionths + Fraction(1, 2))
    if abs(written) < 10**9:
        assert amounts.added(float(written)) == written * amounts.MILLIONTHS


@given(st.lists(st.integers(-(10**9), 10**9), max_size=50))
def test_cents_add_up_to_the_number_that_one_writes_for_them(cents: list[int]) -> None:
    total = sum(amounts.added(one / 100) for one in cents)
    assert amounts.shown(total) == sum(cents) / 100


@given(totals)
def test_the_nearest_double_is_shown(millionths: int) -> None:
    if abs(millionths) <= LARGEST:
        assert amounts.shown(millionths) == millionths / amounts.MILLIONTHS
    assert amounts.shown(millionths) <= amounts.shown(millionths + 1)


@given(st.lists(totals, min_size=1))
def test_duckdb_shows_the_same(sums: list[int]) -> None:
    asked = f"SELECT {measures.shown('total')} FROM (SELECT unnest($1::VARCHAR[])::HUGEINT AS total)"
    with duckdb.connect() as connection:
        found = connection.execute(asked, [[str(one) for one in sums]]).fetchall()
    assert [value for (value,) in found] == [amounts.shown(one) for one in sums]

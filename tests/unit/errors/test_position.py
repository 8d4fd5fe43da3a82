from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.errors.feed import OutOfHistoryError, Position
from footfall_core.errors.position import Bookmark, go_on_from

OFFSETS = st.integers(min_value=0, max_value=30)


def test_a_bookmark_is_behind_what_was_passed() -> None:
    bookmark = Bookmark({1: 10, 0: 5})
    assert bookmark.position == (5, 10)
    bookmark.passed(0, 5)
    bookmark.passed(1, 30)
    assert bookmark.position == (6, 31)


def test_a_bookmark_never_moves_back() -> None:
    bookmark = Bookmark({0: 5, 1: 10})
    bookmark.reached({0: 3, 1: 12})
    bookmark.passed(1, 7)
    assert bookmark.position == (5, 12)


@pytest.mark.parametrize(
    ("position", "lows", "ends", "begins"),
    [
        ((5, 6), (0, 0), (9, 9), (5, 6)),
        ((5, 6), (5, 6), (9, 9), (5, 6)),  # the first record that is kept is the next one
        ((9, 9), (9, 9), (9, 9), (9, 9)),  # nothing is kept, and nothing was missed
        ((5,), (0, 0), (9, 9), (5, 0)),  # a partition was added
        ((), (0,), (4,), (0,)),
    ],
)
def test_a_stream_goes_on_where_it_was(position: Position, lows: Position, ends: Position, begins: Position) -> None:
    assert go_on_from(position, lows, ends) == begins


@pytest.mark.parametrize(
    ("position", "lows", "ends", "earliest"),
    [
        ((4, 6), (5, 0), (9, 9), (5, 6)),  # what is not gone is not read again
        ((4, 6), (5, 8), (9, 9), (5, 8)),
        ((5,), (0, 2), (9, 9), (5, 2)),  # records of the added partition are gone already
        ((10, 6), (0, 3), (9, 9), (0, 3)),  # the log was made anew: what the position says of it means nothing
        ((5, 6, 0), (0, 0), (9, 9), (0, 0)),
    ],
)
def test_a_position_that_the_log_does_not_have_is_out_of_its_history(
    position: Position, lows: Position, ends: Position, earliest: Position
) -> None:
    with pytest.raises(OutOfHistoryError) as gone:
        go_on_from(position, lows, ends)
    assert gone.value.earliest == earliest


@given(st.lists(OFFSETS, max_size=4), st.lists(st.tuples(OFFSETS, OFFSETS).map(sorted), min_size=1, max_size=4))
def test_the_earliest_position_can_always_be_gone_on_from(position: list[int], marks: list[list[int]]) -> None:
    lows, ends = tuple(low for low, _ in marks), tuple(end for _, end in marks)
    with suppress(OutOfHistoryError):
        go_on_from(tuple(position), lows, ends)
        return
    with pytest.raises(OutOfHistoryError) as gone:
        go_on_from(tuple(position), lows, ends)
    assert go_on_from(gone.value.earliest, lows, ends) == gone.value.earliest

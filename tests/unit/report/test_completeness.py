import pytest

from footfall_core.clock import Micros
from footfall_core.completeness import Completeness, data_complete_until
from footfall_core.properties import PURCHASES_TICK_PROPERTY, TICK_PROPERTIES, TICK_PROPERTY


@pytest.mark.parametrize(
    ("newest", "partitions", "expected"),
    [
        ({0: 5, 1: 3, 2: 9}, 3, 3),
        ({0: 5, 2: 9}, 3, None),
        ({}, 1, None),
        ({0: 5, 1: 3, 7: 1}, 2, 3),  # a partition that the topic does not have says nothing
    ],
)
def test_numbers_are_complete_until_the_oldest_of_the_newest_ticks(
    newest: dict[int, int], partitions: int, expected: int | None
) -> None:
    ticks = {(way, p): Micros(tick) for p, tick in newest.items() for way in TICK_PROPERTIES}
    assert data_complete_until(ticks, partitions) == expected


def test_purchases_may_be_behind_all_else() -> None:
    direct = {(TICK_PROPERTY, p): Micros(9) for p in range(2)}
    assert data_complete_until(direct, 2) is None
    one = direct | {(PURCHASES_TICK_PROPERTY, 0): Micros(8)}
    assert data_complete_until(one, 2) is None
    assert data_complete_until(one | {(PURCHASES_TICK_PROPERTY, 1): Micros(5)}, 2) == 5


@pytest.mark.parametrize(
    ("known", "least", "reaches"),
    [
        ((None, None), (None, None), True),
        ((5, None), (5, None), True),
        ((5, None), (6, None), False),
        ((None, 5), (5, None), False),
        ((None, 5), (None, 5), True),
        ((9, 5), (None, 6), False),
        ((5, 9), (6, 9), False),
    ],
)
def test_what_is_asked_for_must_be_reached_for_each_kind_of_events(
    known: tuple[Micros | None, Micros | None], least: tuple[Micros | None, Micros | None], *, reaches: bool
) -> None:
    assert Completeness(*known).reaches(Completeness(*least)) is reaches

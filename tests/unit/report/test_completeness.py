import pytest

from footfall_core.clock import Micros
from footfall_core.completeness import data_complete_until


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
    assert data_complete_until({p: Micros(tick) for p, tick in newest.items()}, partitions) == expected

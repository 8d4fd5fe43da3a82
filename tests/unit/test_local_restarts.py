import pytest

from footfall_local.restarts import Restart, RestartPolicy, after_death

POLICY = RestartPolicy()


def delays(policy: RestartPolicy, deaths: int) -> list[float]:
    found, before = [], 0
    for _ in range(deaths):
        restart = after_death(policy, before, healthy_for_s=0)
        found.append(restart.delay_s)
        before = restart.deaths
    return found


def test_the_delay_doubles_up_to_its_longest_and_stays_there() -> None:
    assert delays(POLICY, 8) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_part_that_dies_all_night_still_has_a_delay() -> None:
    assert delays(POLICY, 5_000)[-1] == 30


@pytest.mark.parametrize(("healthy_for_s", "expected"), [(0, 6), (59.9, 6), (60, 1), (3_600, 1)])
def test_a_part_that_was_healthy_for_a_minute_starts_anew(healthy_for_s: float, expected: int) -> None:
    assert after_death(POLICY, 5, healthy_for_s).deaths == expected


def test_the_first_death_is_followed_by_the_first_delay() -> None:
    assert after_death(RestartPolicy(first_delay_s=0.25), 0, 0) == Restart(deaths=1, delay_s=0.25)

"""The token bucket, against numbers that were worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.clock import Micros
from footfall_core.quota.bucket import Grant, Level, Order, settle
from footfall_core.quota.quota import Limit, Quota

LIMIT = Limit("events", per_second=100, burst=1_000)
T = Micros(1_790_000_000_000_000)


def after(seconds: float) -> Micros:
    return Micros(T + int(seconds * 1e6))


def order(spent: float = 0, wanted: float = 0, limit: Limit = LIMIT) -> Order:
    return Order(limit, spent, wanted)


@pytest.mark.parametrize(
    ("was", "at", "asked", "tokens", "granted"),
    [
        # a new one is full
        (None, 0, order(wanted=200), 800, 200),
        (None, 0, order(wanted=5_000), 0, 1_000),
        # it fills by 100 a second, and never beyond 1,000
        (300, 2, order(wanted=200), 300, 200),
        (300, 60, order(wanted=200), 800, 200),
        # what is not there is not handed out
        (0, 0.5, order(wanted=200), 0, 50),
        # and crumbs, less than 50 ms bring, are not either
        (0, 0.05, order(wanted=200), 0, 5),
        (0, 0.04, order(wanted=200), 4, 0),
        (-495, 4, order(wanted=200), -95, 0),
        # what was spent comes first, into debt
        (300, 0, order(spent=200, wanted=200), 0, 100),
        (300, 0, order(spent=795, wanted=200), -495, 0),
        # a clock that steps back fills nothing, and takes nothing
        (300, -5, order(wanted=200), 100, 200),
    ],
)
def test_what_is_in_a_bucket_and_what_it_hands_out(
    was: float | None, at: float, asked: Order, tokens: float, granted: float
) -> None:
    level = None if was is None else Level(was, T)
    now, grant = settle(level, asked, after(at))
    assert (now.tokens, grant.left, grant.granted) == (pytest.approx(tokens), now.tokens, pytest.approx(granted))
    assert now.at == after(at)


def test_the_wait_is_until_the_least_that_is_handed_out_is_there() -> None:
    assert Grant(0, -495).wait_seconds(LIMIT) == pytest.approx(5)
    assert Grant(0, 0).wait_seconds(LIMIT) == pytest.approx(0.05)
    assert Grant(0, 5).wait_seconds(LIMIT) == 0
    assert Grant(0, 900).wait_seconds(LIMIT) == 0


def test_whoever_comes_after_the_wait_gets_something() -> None:
    slow = Limit("reports", per_second=0.3, burst=3)
    level, grant = settle(None, order(spent=40, wanted=1, limit=slow), T)
    assert grant.wait_seconds(slow) == pytest.approx(38 / 0.3)
    _, too_early = settle(level, order(wanted=1, limit=slow), after(126.6))
    _, in_time = settle(level, order(wanted=1, limit=slow), after(126.67))
    assert (too_early.granted, in_time.granted) == (0, pytest.approx(1))


def test_a_quota_has_a_bucket_for_each_limit_that_it_sets() -> None:
    quota = Quota(events_per_second=50, reports_per_second=0.01, burst_seconds=10)
    assert quota.writes == (Limit("events", 50, 500),)
    # a burst below one would let nothing in, ever
    assert quota.reads == (Limit("reports", 0.01, 1),)
    assert Quota().writes == Quota().reads == ()


@given(
    st.lists(st.tuples(st.integers(0, 3_000_000), st.floats(0, 2_000), st.floats(0, 2_000)), min_size=1, max_size=60),
    st.floats(0.1, 500),
    st.floats(1, 1_000),
)
def test_no_span_of_time_hands_out_more_than_it_brings_and_one_burst(
    steps: list[tuple[int, float, float]], per_second: float, burst: float
) -> None:
    limit, level, now = Limit("events", per_second, burst), None, T
    handed_out: list[tuple[Micros, float]] = []
    for pause, spent, wanted in steps:
        now = Micros(now + pause)
        level, grant = settle(level, Order(limit, spent, wanted), now)
        assert 0 <= grant.granted <= wanted
        handed_out.append((now, grant.granted))
    for first, (begin, _) in enumerate(handed_out):
        total = 0.0
        for end, granted in handed_out[first:]:
            total += granted
            assert total <= per_second * (end - begin) / 1e6 + burst + 1e-3

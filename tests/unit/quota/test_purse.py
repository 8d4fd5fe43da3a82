"""What one server may spend without asking, and what all of them spend together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.clock import Micros
from footfall_core.quota.bucket import Grant, Level, settle
from footfall_core.quota.purse import LEASE_SECONDS, Purse
from footfall_core.quota.quota import Limit

EVENTS, BYTES = Limit("events", per_second=100, burst=1_000), Limit("bytes", per_second=10_000, burst=50_000)


def settled(purse: Purse, *grants: Grant, now: float = 0) -> None:
    purse.settled(purse.orders(), grants, now)


def test_an_empty_purse_asks_for_a_fifth_of_a_second() -> None:
    purse = Purse((EVENTS, BYTES))
    assert not purse.may_spend()
    assert purse.runs_low()
    assert purse.closed(0) is None
    assert [(order.spent, order.wanted) for order in purse.orders()] == [(0, 20), (0, 2_000)]


def test_it_is_spent_into_debt_and_the_debt_is_settled_first() -> None:
    purse = Purse((EVENTS,))
    settled(purse, Grant(20, 980))
    assert purse.may_spend()
    assert not purse.runs_low()
    purse.spend({"events": 11, "bytes": 99})
    assert purse.may_spend()
    assert purse.runs_low()
    assert [(order.spent, order.wanted) for order in purse.orders()] == [(0, 11)]
    purse.spend({"events": 500})
    assert not purse.may_spend()
    assert [(order.spent, order.wanted) for order in purse.orders()] == [(491, 20)]


def test_what_is_spent_while_a_settlement_is_under_way_stays_spent() -> None:
    purse = Purse((EVENTS,))
    settled(purse, Grant(20, 980))
    purse.spend({"events": 15})
    orders = purse.orders()
    purse.spend({"events": 30})
    purse.settled(orders, [Grant(15, 965)], 0)
    assert [(order.spent, order.wanted) for order in purse.orders()] == [(10, 20)]


def test_while_nothing_is_to_be_had_it_says_of_what_and_for_how_long() -> None:
    purse = Purse((EVENTS, BYTES))
    settled(purse, Grant(0, -99), Grant(2_000, 1), now=50)
    closed = purse.closed(50.25)
    assert closed is not None
    assert (closed[0], closed[1]) == (EVENTS, pytest.approx(0.79))
    assert purse.closed(51.05) is None
    # of two limits it is the one that takes longest
    settled(purse, Grant(0, -99), Grant(0, 0), now=50)
    purse.spend({"events": 1, "bytes": 2_001})
    assert purse.closed(50.25) == (EVENTS, pytest.approx(0.79))


def test_what_is_left_is_what_the_server_holds_and_what_it_last_saw_in_the_bucket() -> None:
    purse = Purse((EVENTS,))
    assert purse.left(0) is None
    settled(purse, Grant(20, 500), now=10)
    assert purse.left(10) == [520]
    purse.spend({"events": 120})
    assert purse.left(10) == [400]
    assert purse.left(12) == [pytest.approx(600)]
    assert purse.left(100) == [1_000]
    settled(purse, Grant(0, -300), now=100)
    assert purse.left(100) == [0]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40), st.integers(0, 400_000)), min_size=1, max_size=80),
    st.floats(1, 200),
    st.floats(1, 300),
)
def test_servers_together_let_in_no_more_than_the_quota_and_what_each_holds(
    batches: list[tuple[int, int, int]], per_second: float, burst: float
) -> None:
    """Each lets batches in by its own purse, and only settles when that is empty: the worst there is."""
    limit, level, now = Limit("events", per_second, burst), None, Micros(1_790_000_000_000_000)
    purses = [Purse((limit,)) for _ in range(3)]
    began, let_in = now, 0
    for server, events, pause in batches:
        now = Micros(now + pause)
        purse, seconds = purses[server], now / 1e6
        if not purse.may_spend() and purse.closed(seconds) is None:
            orders = purse.orders()
            level, grant = settle(level, orders[0], now)
            purse.settled(orders, [grant], seconds)
        if purse.may_spend():
            purse.spend({"events": events})
            let_in += events
        # a batch that overdraws a purse is still owed, at most one a server
        assert let_in <= per_second * (now - began) / 1e6 + burst + 3 * 40 + 1e-3
    assert isinstance(level, Level)


def test_a_lease_is_never_more_than_a_burst_nor_less_than_one() -> None:
    slow, short = Limit("reports", 0.1, 1), Limit("events", 1_000, 50)
    assert [order.wanted for order in Purse((slow, short)).orders()] == [1, 50]
    assert LEASE_SECONDS * short.per_second > 50

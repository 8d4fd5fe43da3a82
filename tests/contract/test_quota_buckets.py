"""What the port `Buckets` promises, in memory and in Redis; where there are several servers, to two of them."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from footfall_core.quota.bucket import Grant, Order
from footfall_core.quota.ports import Buckets
from footfall_core.quota.quota import Limit
from tests.contract.quota_buckets import memory_buckets, redis_buckets

Two = tuple[Buckets, Buckets]

SLOW = Limit("events", per_second=0.001, burst=1_000)
"""Nothing comes back while a test runs."""
SLOW_BYTES = Limit("bytes", per_second=0.001, burst=50_000)


@pytest_asyncio.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
async def two(request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    opened = (
        memory_buckets()
        if request.param == "embedded"
        else redis_buckets(request.getfixturevalue("stack").addresses["redis"])
    )
    async with opened as two:
        yield two


async def settled(buckets: Buckets, spent: float, wanted: float, limit: Limit = SLOW, name: str = "shop") -> Grant:
    (grant,) = await buckets.settle(name, [Order(limit, spent, wanted)])
    return grant


def near(granted: float, left: float) -> object:
    return pytest.approx((granted, left), abs=0.2)


async def test_a_bucket_is_full_at_first_and_hands_out_what_is_in_it(two: Two) -> None:
    found = [await settled(two[turn % 2], 0, 300) for turn in range(5)]
    assert [grant.granted for grant in found] == [300, 300, 300, pytest.approx(100, abs=0.2), 0]
    assert found[3].left == pytest.approx(0, abs=0.2)


async def test_what_was_spent_unasked_is_made_good_before_anything_is_handed_out(two: Two) -> None:
    grant = await settled(two[0], 999.5, 300)
    assert (grant.granted, grant.left) == near(0, 0.5)
    grant = await settled(two[1], 500, 300)
    assert (grant.granted, grant.left) == near(0, -499.5)
    assert grant.wait_seconds(SLOW) == pytest.approx(500_500, rel=1e-3)


async def test_several_limits_are_settled_at_once_and_each_by_itself(two: Two) -> None:
    orders = [Order(SLOW, 1_000, 10), Order(SLOW_BYTES, 0, 10_000)]
    grants = await two[0].settle("shop", orders)
    assert [grant.granted for grant in grants] == [0, 10_000]
    grants = await two[1].settle("shop", [Order(SLOW_BYTES, 0, 10_000)])
    assert (grants[0].granted, grants[0].left) == near(10_000, 30_000)


async def test_properties_are_apart(two: Two) -> None:
    await settled(two[0], 0, 1_000)
    assert (await settled(two[1], 0, 1_000, name="other")).granted == 1_000
    assert (await settled(two[1], 0, 1_000, name="sho")).granted == 1_000


async def test_a_bucket_fills_again_at_its_rate_and_not_beyond_its_burst(two: Two) -> None:
    quick = Limit("events", per_second=2_000, burst=200)
    began = time.monotonic()
    await settled(two[0], 0, 200, quick)
    granted, give_up = 200.0, began + 20
    while granted < 1_000:
        assert time.monotonic() < give_up, "it does not fill"
        granted += (await settled(two[1], 0, 200, quick)).granted
        # the clocks of test and bucket are two
        assert granted <= 2_000 * (time.monotonic() - began) + 200 + 20
        await asyncio.sleep(0.005)


async def test_many_at_a_time_get_no_more_than_there_is(two: Two) -> None:
    found = await asyncio.gather(*(settled(two[turn % 2], 0, 30) for turn in range(100)))
    assert sum(grant.granted for grant in found) == pytest.approx(1_000, abs=0.5)


async def test_a_quota_that_shrinks_holds_at_once(two: Two) -> None:
    await settled(two[0], 0, 100)
    smaller = Limit("events", per_second=0.001, burst=50)
    assert (await settled(two[1], 0, 100, smaller)).granted == 50


async def test_callers_that_leave_do_the_others_no_harm(two: Two) -> None:
    leaving = [asyncio.create_task(settled(two[turn % 2], 0, 1)) for turn in range(10)]
    await asyncio.sleep(0)
    for task in leaving:
        task.cancel()
    await asyncio.wait(leaving)
    found = [await settled(two[turn % 2], 0, 10) for turn in range(5)]
    assert [grant.granted for grant in found] == [10] * 5

"""How a server spends quotas; the buckets are the test's to settle."""

import asyncio
from collections.abc import Sequence

import pytest

from footfall_core.problems import OverQuota
from footfall_core.quota.bucket import Grant, Order
from footfall_core.quota.quota import Limit
from footfall_server.quotas.spending import Spending

LIMIT = Limit("events", per_second=100, burst=1_000)


class Time:
    now = 50.0

    def __call__(self) -> float:
        return self.now


class ByHand:
    """Buckets that answer when they are told to, or at once with what `grants` has."""

    def __init__(self, *grants: Grant) -> None:
        self.grants = list(grants)
        self.asked: list[tuple[str, float, float]] = []
        self.answer: asyncio.Future[Grant] | None = None

    async def settle(self, property_id: str, orders: Sequence[Order]) -> list[Grant]:
        (order,) = orders
        self.asked.append((property_id, order.spent, order.wanted))
        if self.grants:
            return [self.grants.pop(0)]
        self.answer = asyncio.get_running_loop().create_future()
        return [await self.answer]


def spending(buckets: ByHand, time: Time | None = None, *limits: Limit) -> Spending:
    return Spending(buckets, lambda _: limits or (LIMIT,), time or Time())


async def test_it_asks_once_and_then_spends_without_asking() -> None:
    buckets = ByHand(Grant(20, 980))
    quotas = spending(buckets)
    for _ in range(5):
        await quotas.spend("shop", {"events": 2}, "it")
    assert buckets.asked == [("shop", 0, 20)]


async def test_it_asks_for_more_before_there_is_nothing_and_nobody_waits_for_it() -> None:
    buckets = ByHand(Grant(20, 980))
    quotas = spending(buckets)
    await quotas.spend("shop", {"events": 11}, "it")
    await asyncio.sleep(0)
    assert buckets.asked == [("shop", 0, 20), ("shop", 0, 11)]
    await quotas.spend("shop", {"events": 5}, "it")
    assert buckets.answer is not None
    buckets.answer.set_result(Grant(11, 969))


@pytest.mark.timeout(20)
async def test_whoever_comes_as_a_settlement_ends_that_was_overtaken_waits_for_the_next_one() -> None:
    buckets = ByHand(Grant(20, 980))
    quotas = spending(buckets)
    await quotas.spend("shop", {"events": 11}, "it")
    await asyncio.sleep(0)
    assert buckets.answer is not None
    await quotas.spend("shop", {"events": 500}, "it")  # more than is on its way
    buckets.answer.set_result(Grant(11, 969))
    late = asyncio.create_task(quotas.spend("shop", {"events": 5}, "it"))  # runs when that has been taken in
    buckets.grants = [Grant(20, 469), Grant(5, 464)]
    await late
    assert buckets.asked[2] == ("shop", 480, 20)


async def test_while_nothing_is_there_it_refuses_without_asking_and_says_until_when() -> None:
    buckets, time = ByHand(Grant(0, -49)), Time()
    quotas = spending(buckets, time)
    for _ in range(50):
        with pytest.raises(OverQuota) as refused:
            await quotas.spend("shop", {"events": 500}, "the batch of 500 events")
    assert len(buckets.asked) == 1
    assert refused.value.message == (
        "The property has used up its quota of 100 events a second (1,000 at once); try the batch of 500 events "
        "again in 0.54 s."
    )
    assert refused.value.retry_after_seconds == pytest.approx(0.54)
    # afterwards it asks again, and a batch of any size is let in
    time.now += 0.55
    buckets.grants = [Grant(2, 0), Grant(0, -498)]
    await quotas.spend("shop", {"events": 500}, "it")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert buckets.asked[1:] == [("shop", 0, 20), ("shop", 498, 20)]
    with pytest.raises(OverQuota):
        await quotas.spend("shop", {"events": 1}, "it")


async def test_those_who_wait_share_a_settlement_and_one_that_leaves_takes_nothing_along() -> None:
    buckets = ByHand()
    quotas = spending(buckets)
    callers = [asyncio.create_task(quotas.spend("shop", {"events": 1}, "it")) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    callers[0].cancel()
    await asyncio.wait({callers[0]})
    assert callers[0].cancelled()
    assert len(buckets.asked) == 1
    assert buckets.answer is not None
    buckets.answer.set_result(Grant(20, 980))
    await asyncio.gather(*callers[1:])


async def test_properties_are_apart() -> None:
    buckets = ByHand(Grant(0, -49), Grant(20, 980))
    quotas = spending(buckets)
    with pytest.raises(OverQuota):
        await quotas.spend("flood", {"events": 1}, "it")
    await quotas.spend("shop", {"events": 1}, "it")
    assert quotas.fields("flood")["ratelimit"].startswith('"events";r=0;')
    assert quotas.fields("shop")["ratelimit"] == '"events";r=999;t=1'


async def test_without_a_limit_nothing_is_asked_and_nothing_is_said() -> None:
    buckets = ByHand()
    quotas = Spending(buckets, lambda _: (), Time())
    await quotas.spend("shop", {"events": 10**9}, "it")
    assert (buckets.asked, quotas.fields("shop")) == ([], {})


async def test_a_quota_that_changes_holds_from_the_next_batch_on() -> None:
    limits = [LIMIT]
    buckets = ByHand(Grant(20, 980), Grant(4, 16))
    quotas = Spending(buckets, lambda _: tuple(limits), Time())
    await quotas.spend("shop", {"events": 1}, "it")
    limits[0] = Limit("events", 20, 20)
    await quotas.spend("shop", {"events": 1}, "it")
    assert buckets.asked == [("shop", 0, 20), ("shop", 0, 4)]
    assert quotas.fields("shop")["ratelimit-policy"] == '"events";q=20;w=1;qu="events"'

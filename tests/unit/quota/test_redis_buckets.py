"""What becomes of quotas while Redis is away or frozen: each server counts alone, and nobody waits."""

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.exceptions import ConnectionError as RedisAwayError

from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.redis.buckets import RedisBuckets
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.clock import Micros
from footfall_core.quota.bucket import Grant, Order
from footfall_core.quota.quota import Limit

LIMIT = Limit("events", per_second=1, burst=100)


class StoppedClock:
    def now(self) -> Micros:
        return Micros(1_790_000_000_000_000)


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Client:
    """A Redis that is there, away, or hangs; there, it hands out all that is wanted."""

    def __init__(self) -> None:
        self.state = "there"
        self.asked: list[list[Any]] = []
        self.cancelled = 0

    def register_script(self, _: str) -> Any:
        return self._run

    async def _run(self, keys: list[str], args: list[Any]) -> list[bytes]:
        self.asked.append([*keys, *args])
        if self.state == "away":
            raise RedisAwayError("refused")
        if self.state == "hangs":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        return [b"%f" % args[5], b"7.000000"]


def buckets_on(client: Any, time: Time) -> RedisBuckets:
    settings = RedisSettings("redis://x", quota_wait_ms=20)
    return RedisBuckets(client, settings, MemoryBuckets(StoppedClock()), time)


async def settled(buckets: RedisBuckets, spent: float, wanted: float) -> Grant:
    (grant,) = await buckets.settle("shop", [Order(LIMIT, spent, wanted)])
    return grant


async def test_all_servers_share_one_key_a_property() -> None:
    client = Client()
    assert await settled(buckets_on(client, Time()), 3, 20) == Grant(20, 7)
    assert client.asked == [["footfall:shop:quota", "events", 1, 100, 1, 3, 20]]


@pytest.mark.parametrize("state", ["away", "hangs"])
async def test_while_redis_is_away_a_server_goes_on_alone_and_leaves_it_alone_for_a_while(state: str) -> None:
    client, time = Client(), Time()
    buckets = buckets_on(client, time)
    client.state = state
    assert (await settled(buckets, 0, 20)) == Grant(20, 80)
    assert REGISTRY.get_sample_value("footfall_quota_shared") == 0
    # whole seconds pass without a question to it, and without a wait
    async with asyncio.timeout(1):
        for _ in range(100):
            await settled(buckets, 0, 0)
    assert len(client.asked) == 1
    assert client.cancelled == 0, "cut off half-way, it would hand its reply to the next on its connection"
    client.state = "there"
    time.now += 1.01
    assert await settled(buckets, 0, 20) == Grant(20, 7)
    assert REGISTRY.get_sample_value("footfall_quota_shared") == 1


async def test_an_outage_begins_without_a_second_burst() -> None:
    client = Client()
    buckets = buckets_on(client, Time())
    await settled(buckets, 40, 50)
    client.state = "away"
    assert await settled(buckets, 0, 50) == Grant(10, 0)

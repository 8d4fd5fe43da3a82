import asyncio
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisAwayError
from structlog.testing import capture_logs

from footfall_adapters.redis.answer_cache import RedisAnswerCache
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.clock import Micros
from footfall_core.completeness import Completeness
from footfall_core.report.answer import Answer

ANSWER = Answer(b"response", Completeness(Micros(5)))


class Client:
    """A Redis that is there, away, or hangs."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.life: dict[str, int] = {}
        self.state = "there"
        self.asked = 0
        self.cancelled = 0
        self.release = asyncio.Event()

    async def get(self, name: str) -> bytes | None:
        await self._reached()
        return self.kept.get(name)

    async def set(self, name: str, value: bytes, *, px: int) -> None:
        await self._reached()
        self.kept[name], self.life[name] = value, px

    async def _reached(self) -> None:
        self.asked += 1
        if self.state == "away":
            raise RedisAwayError("refused")
        if self.state == "hangs":
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def cache_on(client: Any, monotonic: Time, **settings: int) -> RedisAnswerCache:
    return RedisAnswerCache(client, RedisSettings("redis://x", **{"wait_ms": 20, **settings}), monotonic)  # type: ignore[arg-type]


async def test_an_answer_is_kept_by_property_for_its_life() -> None:
    client = Client()
    cache = cache_on(client, Time())
    await cache.put("shop", "key", ANSWER)
    assert await cache.get("shop", "key") == ANSWER
    assert await cache.get("other", "key") is None
    assert client.life == {"footfall:shop:answer:key": 1_000}


async def test_an_answer_that_is_too_large_is_not_kept() -> None:
    client = Client()
    await cache_on(client, Time(), max_answer_bytes=4).put("shop", "key", ANSWER)
    assert not client.kept


async def test_what_is_no_answer_is_a_miss() -> None:
    client = Client()
    client.kept["footfall:shop:answer:key"] = b"\xff\xff"
    assert await cache_on(client, Time()).get("shop", "key") is None


@pytest.mark.parametrize("state", ["away", "hangs"])
async def test_a_redis_that_does_not_answer_is_a_miss_and_left_alone_for_a_second(state: str) -> None:
    client, monotonic = Client(), Time()
    cache = cache_on(client, monotonic)
    client.state = state
    with capture_logs() as lines:
        for _ in range(3):
            assert await cache.get("shop", "key") is None
            await cache.put("shop", "key", ANSWER)
        assert client.asked == 1
        monotonic.now += 1.1
        await cache.get("shop", "key")
        assert client.asked == 2
        client.state = "there"
        monotonic.now += 1.1
        await cache.put("shop", "key", ANSWER)
        assert await cache.get("shop", "key") == ANSWER
    assert [line["event"] for line in lines] == ["redis away, answers are not cached", "redis back"]
    client.release.set()
    await cache.settle()


async def test_neither_a_caller_that_leaves_nor_the_time_out_cuts_a_command_off() -> None:
    client = Client()
    client.state = "hangs"
    cache = cache_on(client, Time())
    asking = asyncio.create_task(cache.get("shop", "key"))
    while not client.asked:
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    assert asking.cancelled()
    assert client.cancelled == 0
    client.release.set()
    await cache.settle()

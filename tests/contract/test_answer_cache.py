"""What the port `AnswerCache` promises, in memory and in Redis."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from footfall_core.clock import Micros
from footfall_core.completeness import Completeness
from footfall_core.report.answer import Answer
from footfall_core.report.ports import AnswerCache
from tests.contract.caches import memory_cache, redis_cache

OpenCache = Callable[..., AbstractAsyncContextManager[AnswerCache]]

ANSWER = Answer(b"response", Completeness(Micros(5)))


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def open_cache(request: pytest.FixtureRequest) -> OpenCache:
    if request.param == "embedded":
        return memory_cache
    return partial(redis_cache, request.getfixturevalue("stack").addresses["redis"])


async def test_an_answer_is_under_its_property_and_its_key_and_nowhere_else(open_cache: OpenCache) -> None:
    async with open_cache() as cache:
        await cache.put("shop", "key", ANSWER)
        assert await cache.get("shop", "key") == ANSWER
        assert await cache.get("shop", "other") is None
        assert await cache.get("other", "key") is None
        # property and key are two things, not one text
        assert await cache.get("sho", "pkey") is None
        assert await cache.get("shopkey", "") is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b""),
        Answer(b"", Completeness(Micros(0))),
        Answer(b"", Completeness(imported=Micros(0))),
        Answer(b"", Completeness(Micros(2), Micros(1))),
        Answer(b"\x00\xff\n:", Completeness(Micros(1_700_000_000_000_000))),
        Answer(bytes(600_000)),
    ],
)
async def test_an_answer_comes_back_as_it_was(open_cache: OpenCache, answer: Answer) -> None:
    async with open_cache() as cache:
        await cache.put("shop", "key", answer)
        assert await cache.get("shop", "key") == answer


async def test_the_last_answer_is_the_one_that_is_kept(open_cache: OpenCache) -> None:
    async with open_cache() as cache:
        await cache.put("shop", "key", ANSWER)
        await cache.put("shop", "key", Answer(b"newer"))
        assert await cache.get("shop", "key") == Answer(b"newer")


async def test_an_answer_is_gone_after_its_life_however_often_it_is_asked_for(open_cache: OpenCache) -> None:
    async with open_cache(life_ms=300) as cache:
        await cache.put("shop", "key", ANSWER)
        give_up = time.monotonic() + 20
        while await cache.get("shop", "key") is not None:
            assert time.monotonic() < give_up, "it stays"
            await asyncio.sleep(0.01)
        await cache.put("shop", "key", Answer(b"newer"))
        assert await cache.get("shop", "key") in (Answer(b"newer"), None)


async def test_an_answer_that_is_too_large_is_not_kept_and_does_no_harm(open_cache: OpenCache) -> None:
    async with open_cache(max_answer_bytes=1_000) as cache:
        await cache.put("shop", "small", ANSWER)
        await cache.put("shop", "large", Answer(bytes(2_000)))
        assert await cache.get("shop", "large") is None
        assert await cache.get("shop", "small") == ANSWER


async def test_many_may_use_it_at_a_time(open_cache: OpenCache) -> None:
    async with open_cache() as cache:
        answers = {f"key{number}": Answer(b"%d" % number, Completeness(Micros(number))) for number in range(50)}
        await asyncio.gather(*(cache.put("shop", key, answer) for key, answer in answers.items()))
        found = await asyncio.gather(*(cache.get("shop", key) for key in answers))
    assert found == list(answers.values())


async def test_callers_that_leave_do_the_others_no_harm(open_cache: OpenCache) -> None:
    async with open_cache() as cache:
        await cache.put("shop", "key", ANSWER)
        leaving = [
            asyncio.create_task(coroutine)
            for number in range(10)
            for coroutine in (cache.get("shop", "key"), cache.put("shop", f"left{number}", Answer(b"left")))
        ]
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        await asyncio.wait(leaving)
        assert [await cache.get("shop", "key") for _ in range(5)] == [ANSWER] * 5

"""What is special to the cache in memory: its bounds, and what it does with the time that it is told."""

import sys

from footfall_adapters.memory.answer_cache import ENTRY_BYTES, MemoryAnswerCache, MemoryCacheSettings
from footfall_core.report.answer import Answer

ANSWER = Answer(bytes(1_000))


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_an_answer_lives_for_a_second_unless_a_setting_says_otherwise() -> None:
    monotonic = Time()
    cache = MemoryAnswerCache(MemoryCacheSettings(), monotonic)
    await cache.put("shop", "key", ANSWER)
    monotonic.now += 0.999
    assert await cache.get("shop", "key") == ANSWER
    monotonic.now += 0.002
    assert await cache.get("shop", "key") is None


async def test_asking_for_an_answer_does_not_lengthen_its_life_and_a_newer_one_begins_its_own() -> None:
    monotonic = Time()
    cache = MemoryAnswerCache(MemoryCacheSettings(life_ms=100), monotonic)
    await cache.put("shop", "asked", ANSWER)
    await cache.put("shop", "renewed", ANSWER)
    monotonic.now += 0.06
    assert await cache.get("shop", "asked") == ANSWER
    await cache.put("shop", "renewed", ANSWER)
    monotonic.now += 0.06
    assert await cache.get("shop", "asked") is None
    assert await cache.get("shop", "renewed") == ANSWER


async def test_all_answers_together_have_a_bound_and_those_unasked_for_longest_go() -> None:
    cache = MemoryAnswerCache(MemoryCacheSettings(max_bytes=3 * (1_000 + ENTRY_BYTES)), Time())
    for key in ("a", "b", "c"):
        await cache.put("shop", key, ANSWER)
    assert await cache.get("shop", "a") == ANSWER
    await cache.put("shop", "d", ANSWER)
    assert [key for key in "abcd" if await cache.get("shop", key)] == ["a", "c", "d"]


async def test_many_empty_answers_are_bounded_too() -> None:
    cache = MemoryAnswerCache(MemoryCacheSettings(max_bytes=10 * ENTRY_BYTES), Time())
    for number in range(100):
        await cache.put("shop", str(number), Answer(b""))
    assert [number for number in range(100) if await cache.get("shop", str(number))] == list(range(90, 100))


async def test_an_answer_beyond_the_bound_of_all_is_not_kept_and_drives_nothing_out() -> None:
    cache = MemoryAnswerCache(MemoryCacheSettings(max_bytes=2_500), Time())
    await cache.put("shop", "small", ANSWER)
    await cache.put("shop", "large", Answer(bytes(1_500)))
    assert await cache.get("shop", "large") is None
    assert await cache.get("shop", "small") == ANSWER


async def test_an_answer_that_grew_makes_room_for_itself() -> None:
    cache = MemoryAnswerCache(MemoryCacheSettings(max_bytes=3 * ENTRY_BYTES), Time())
    await cache.put("shop", "other", Answer(b""))
    await cache.put("shop", "grows", Answer(b""))
    await cache.put("shop", "grows", Answer(bytes(2 * ENTRY_BYTES)))
    assert await cache.get("shop", "other") is None
    assert await cache.get("shop", "grows") == Answer(bytes(2 * ENTRY_BYTES))


async def test_what_has_outlived_its_time_is_let_go_once_anything_is_asked_for() -> None:
    monotonic = Time()
    cache = MemoryAnswerCache(MemoryCacheSettings(), monotonic)
    before = sys.getrefcount(ANSWER)
    for number in range(10):
        await cache.put("shop", str(number), ANSWER)
    assert sys.getrefcount(ANSWER) > before
    monotonic.now += 2
    await cache.get("shop", "another")
    assert sys.getrefcount(ANSWER) == before

"""Caches of answers that keep the port `AnswerCache`: in memory, and in the stack's Redis."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from footfall_adapters.memory.answer_cache import MemoryAnswerCache, MemoryCacheSettings
from footfall_adapters.redis.answer_cache import open_answer_cache
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.report.ports import AnswerCache

MINUTE = 60_000


@asynccontextmanager
async def memory_cache(*, life_ms: int = MINUTE, max_answer_bytes: int = 1024 * 1024) -> AsyncIterator[AnswerCache]:
    yield MemoryAnswerCache(MemoryCacheSettings(life_ms=life_ms, max_answer_bytes=max_answer_bytes))


@asynccontextmanager
async def redis_cache(
    address: str, *, life_ms: int = MINUTE, max_answer_bytes: int = 1024 * 1024
) -> AsyncIterator[AnswerCache]:
    """Yield a cache with keys of its own; it waits for a Redis that is slow because the machine is."""
    settings = RedisSettings(
        f"redis://{address}/0",
        key_prefix=f"test-{uuid.uuid4().hex[:8]}:",
        wait_ms=10_000,
        life_ms=life_ms,
        max_answer_bytes=max_answer_bytes,
    )
    async with open_answer_cache(settings) as cache:
        yield cache

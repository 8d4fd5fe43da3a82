"""Buckets that keep the port `Buckets`: in memory, and in the stack's Redis."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.redis.buckets import open_buckets
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.clock import SystemClock
from footfall_core.quota.ports import Buckets


@asynccontextmanager
async def memory_buckets() -> AsyncIterator[tuple[Buckets, Buckets]]:
    buckets = MemoryBuckets(SystemClock())
    yield buckets, buckets


@asynccontextmanager
async def redis_buckets(address: str) -> AsyncIterator[tuple[Buckets, Buckets]]:
    """Yield the buckets as two servers have them; they wait for a Redis that is slow because the machine is."""
    prefix = f"test-{uuid.uuid4().hex[:8]}:"
    settings = RedisSettings(f"redis://{address}/0", key_prefix=prefix, quota_wait_ms=10_000)
    async with (
        open_buckets(settings, MemoryBuckets(SystemClock())) as one,
        open_buckets(settings, MemoryBuckets(SystemClock())) as other,
    ):
        yield one, other

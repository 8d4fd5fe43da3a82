"""The cache of answers in Redis: when it is away, reports go on without it, as fast as with it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from google.protobuf.message import DecodeError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from footfall_adapters.redis.settings import RedisSettings
from footfall_core import telemetry
from footfall_core.report.answer import Answer, answer_from_bytes, answer_to_bytes

log = structlog.get_logger()

T = TypeVar("T")


class RedisAnswerCache:
    """The port `AnswerCache`."""

    def __init__(self, client: Redis, settings: RedisSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._settings = settings
        self._monotonic = monotonic
        self._under_way: set[asyncio.Future[Any]] = set()
        self._away_until = 0.0
        self._away = False

    async def get(self, property_id: str, key: str) -> Answer | None:
        """Return the answer under a property's key: see the port."""
        found = await self._bounded(lambda: self._client.get(self._name(property_id, key)))
        if not isinstance(found, bytes):
            return None
        try:
            return answer_from_bytes(found)
        except DecodeError:
            return None

    async def put(self, property_id: str, key: str, answer: Answer) -> None:
        """Keep an answer: see the port."""
        data = answer_to_bytes(answer)
        if len(data) <= self._settings.max_answer_bytes:
            await self._bounded(lambda: self._client.set(self._name(property_id, key), data, px=self._settings.life_ms))

    def _name(self, property_id: str, key: str) -> str:
        # the property stands before all that a tenant can decide, so that no tenant's key can be another's
        return f"{self._settings.key_prefix}{property_id}:answer:{key}"

    async def _bounded(self, command: Callable[[], Awaitable[T]]) -> T | None:
        """Return what a command returns, or None if Redis is away or slow.

        Neither the caller's cancellation nor the time-out cancels the command: one that is cut off half-way could hand
        its reply to the next on its connection (CVE-2023-28858). It ends by itself within the socket's time-out.
        """
        if self._monotonic() < self._away_until:
            return None
        task = asyncio.ensure_future(command())
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=self._settings.wait_ms / 1000)
        if done and not task.exception():
            self._is_back()
            return task.result()
        self._is_away(repr(task.exception()) if done else "no answer in time")
        return None

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen, so that asyncio does not complain of it

    def _is_away(self, reason: str) -> None:
        telemetry.CACHE_FAILURES.inc()
        self._away_until = self._monotonic() + self._settings.pause_ms / 1000
        if not self._away:
            self._away = True
            log.warning("redis away, answers are not cached", reason=reason)

    def _is_back(self) -> None:
        if self._away:
            self._away = False
            log.info("redis back")

    async def settle(self) -> None:
        """Wait for the commands under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)


@asynccontextmanager
async def open_answer_cache(settings: RedisSettings) -> AsyncIterator[RedisAnswerCache]:
    """Yield the cache, whose connections are closed at the end; Redis need not be there."""
    socket_seconds = settings.wait_ms / 1000
    client = Redis.from_url(
        settings.url,
        socket_timeout=socket_seconds,
        socket_connect_timeout=socket_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    cache = RedisAnswerCache(client, settings)
    try:
        yield cache
    finally:
        await cache.settle()
        await client.aclose()

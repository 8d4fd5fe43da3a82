"""The cache of answers in Redis: when it is away, reports go on without it, as fast as with it."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from google.protobuf.message import DecodeError
from redis.asyncio import Redis

from footfall_adapters.redis.bounded import BoundedCommands, connected
from footfall_adapters.redis.settings import RedisSettings
from footfall_core import telemetry
from footfall_core.report.answer import Answer, answer_from_bytes, answer_to_bytes

log = structlog.get_logger()


class RedisAnswerCache:
    """The port `AnswerCache`."""

    def __init__(self, client: Redis, settings: RedisSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._settings = settings
        self._commands = BoundedCommands(settings.wait_ms, settings.pause_ms, _went_away, _came_back, monotonic)

    async def get(self, property_id: str, key: str) -> Answer | None:
        """Return the answer under a property's key: see the port."""
        found = await self._commands.send(lambda: self._client.get(self._name(property_id, key)))
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
            name = self._name(property_id, key)
            await self._commands.send(lambda: self._client.set(name, data, px=self._settings.life_ms))

    def _name(self, property_id: str, key: str) -> str:
        # the property stands before all that a tenant can decide, so that no tenant's key can be another's
        return f"{self._settings.key_prefix}{property_id}:answer:{key}"

    async def settle(self) -> None:
        """Wait for the commands under way."""
        await self._commands.settle()


def _went_away(reason: str, is_first: bool) -> None:
    telemetry.CACHE_FAILURES.inc()
    if is_first:
        log.warning("redis away, answers are not cached", reason=reason)


def _came_back() -> None:
    log.info("redis back")


@asynccontextmanager
async def open_answer_cache(settings: RedisSettings) -> AsyncIterator[RedisAnswerCache]:
    """Yield the cache, whose connections are closed at the end; Redis need not be there."""
    async with connected(settings, settings.wait_ms) as client:
        cache = RedisAnswerCache(client, settings)
        try:
            yield cache
        finally:
            await cache.settle()

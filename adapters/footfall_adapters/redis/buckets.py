"""The buckets of quotas in Redis, shared by all servers: when it is away, each server goes on with its own."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import structlog
from redis.asyncio import Redis

from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.redis.bounded import BoundedCommands, connected
from footfall_adapters.redis.settings import RedisSettings
from footfall_core import telemetry
from footfall_core.quota.bucket import Grant, Order

log = structlog.get_logger()

SCRIPT = files("footfall_adapters.redis").joinpath("settle.lua").read_text()

_SHARED = telemetry.QUOTA_SETTLEMENTS.labels("shared")


class RedisBuckets:
    """The port `Buckets`."""

    def __init__(
        self,
        client: Redis,
        settings: RedisSettings,
        own: MemoryBuckets,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Share the buckets in a Redis, which need not be there.

        Args:
            client: calls it.
            settings: where the keys are, and how long a settlement may wait.
            own: what this server goes on with while Redis is away.
            monotonic: a clock that never steps back, in seconds.
        """
        self._script = client.register_script(SCRIPT)
        self._key_prefix = settings.key_prefix
        self._own = own
        self._commands = BoundedCommands(settings.quota_wait_ms, settings.pause_ms, _went_away, _came_back, monotonic)
        telemetry.QUOTA_SHARED.set(1)

    async def settle(self, property_id: str, orders: Sequence[Order]) -> list[Grant]:
        """Settle with a property's buckets: see the port."""
        key = f"{self._key_prefix}{property_id}:quota"
        arguments = [part for order in orders for part in _arguments(order)]
        found: Any = await self._commands.send(lambda: self._script(keys=[key], args=arguments))
        if found is None:
            return await self._own.settle(property_id, orders)
        _SHARED.inc()
        numbers = iter([float(text) for text in found])
        grants = [Grant(granted, next(numbers)) for granted in numbers]
        # what is used is taken from the own buckets too, so that an outage does not begin with a second burst
        self._own.settle_at_once(
            property_id,
            [Order(o.limit, o.spent + g.granted, 0) for o, g in zip(orders, grants, strict=True)],
        )
        return grants

    async def close(self) -> None:
        """Wait for the commands under way."""
        await self._commands.settle()


def _arguments(order: Order) -> tuple[str | float, ...]:
    limit = order.limit
    return limit.name, limit.per_second, limit.burst, limit.least, order.spent, order.wanted


def _went_away(reason: str, is_first: bool) -> None:
    telemetry.QUOTA_SHARED.set(0)
    if is_first:
        log.warning("redis away, each server counts quotas alone", reason=reason)


def _came_back() -> None:
    telemetry.QUOTA_SHARED.set(1)
    log.info("redis back, quotas are counted over all servers")


@asynccontextmanager
async def open_buckets(settings: RedisSettings, own: MemoryBuckets) -> AsyncIterator[RedisBuckets]:
    """Yield the buckets, whose connections are closed at the end; Redis need not be there."""
    async with connected(settings, settings.quota_wait_ms) as client:
        buckets = RedisBuckets(client, settings, own)
        try:
            yield buckets
        finally:
            await buckets.close()

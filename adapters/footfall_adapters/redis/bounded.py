"""Commands to a Redis that may be away or frozen: each takes a bounded time, and none is sent while it is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from footfall_adapters.redis.settings import RedisSettings

T = TypeVar("T")


class BoundedCommands:
    """Sends commands as long as Redis answers them in time."""

    def __init__(
        self,
        wait_ms: int,
        pause_ms: int,
        went_away: Callable[[str, bool], None],
        came_back: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Expect it to be there.

        Args:
            wait_ms: how long a caller waits for its answer. Milliseconds.
            pause_ms: how long no command is sent after one that had no answer. Milliseconds.
            went_away: told at each command without an answer why, and whether it is the first one.
            came_back: told at the first answer after that.
            monotonic: a clock that never steps back, in seconds.
        """
        self._wait_seconds = wait_ms / 1000
        self._pause_seconds = pause_ms / 1000
        self._went_away = went_away
        self._came_back = came_back
        self._monotonic = monotonic
        self._under_way: set[asyncio.Future[Any]] = set()
        self._away_until = 0.0
        self._away = False

    async def send(self, command: Callable[[], Awaitable[T]]) -> T | None:
        """Return what a command returns, or None if Redis is away or slow.

        Neither the caller's cancellation nor the time-out cancels the command: one that is cut off half-way could hand
        its reply to the next on its connection (CVE-2023-28858). It ends by itself within the socket's time-out.
        """
        if self._monotonic() < self._away_until:
            return None
        task = asyncio.ensure_future(command())
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=self._wait_seconds)
        if done and not task.exception():
            if self._away:
                self._away = False
                self._came_back()
            return task.result()
        self._away_until = self._monotonic() + self._pause_seconds
        is_first, self._away = not self._away, True
        self._went_away(repr(task.exception()) if done else "no answer in time", is_first)
        return None

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen, so that asyncio does not complain of it

    async def settle(self) -> None:
        """Wait for the commands under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)


@asynccontextmanager
async def connected(settings: RedisSettings, wait_ms: int) -> AsyncIterator[Redis]:
    """Yield a client whose sockets wait so long; its connections are closed at the end. Redis need not be there."""
    client = Redis.from_url(
        settings.url,
        socket_timeout=wait_ms / 1000,
        socket_connect_timeout=wait_ms / 1000,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        yield client
    finally:
        await client.aclose()

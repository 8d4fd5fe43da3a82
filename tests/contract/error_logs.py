"""Logs of errors with feeds that keep the port `ErrorFeed`, in SQLite and in the stack's Kafka."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.sqlite.error_feed import SqliteErrorFeed
from footfall_adapters.sqlite.reading import SqliteReader
from footfall_adapters.sqlite.state import SqliteState
from footfall_core.clock import Micros, SystemClock
from footfall_core.errors.feed import ErrorFeed, ErrorStream, Position
from footfall_core.errors.listing import KEPT
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.storms import StormRule
from tests.integration.error_log import Writer, cut_history, delete_topic, feed_of, make_topic
from tests.integration.markers import ends_of

MINUTE = 60_000_000


class ErrorLog(Protocol):
    """A log of errors, which a test may write to and cut short."""

    async def write(
        self, *ids: str, property_id: str = "shop", time_ms: int = 0, wait: bool = True, **fields: Any
    ) -> None:
        """Record errors together, at a time (Unix milliseconds) or now.

        Return when every reader finds them, or without `wait` when they are durable: Kafka confirms a transaction a
        moment before it can be read.
        """
        ...

    async def forget(self) -> None:
        """Forget all errors that are there, as retention would."""
        ...

    async def end(self) -> Position:
        """Return the position behind all that was written."""
        ...

    def feed(self) -> AbstractAsyncContextManager[ErrorFeed]:
        """Yield a feed, as one server has it."""
        ...


class SteppedClock:
    """The machine's clock, unless a test says otherwise."""

    def __init__(self) -> None:
        self.set_to: int | None = None

    def now(self) -> Micros:
        return SystemClock().now() if self.set_to is None else Micros(self.set_to)


class SqliteErrorLog:
    def __init__(self, file: Path, rule: StormRule) -> None:
        self._file = file
        self._rule = rule
        self._clock = SteppedClock()
        self._state = SqliteState(file, self._clock)
        self._feeds: list[SqliteErrorFeed] = []
        self._state.on_errors = self._wake

    def close(self) -> None:
        self._state.close()

    def _wake(self) -> None:
        for feed in self._feeds:
            feed.wake()

    async def write(
        self, *ids: str, property_id: str = "shop", time_ms: int = 0, wait: bool = True, **fields: Any
    ) -> None:
        errors = [EventError(error_id=each, property=f"properties/{property_id}", **fields) for each in ids]
        self._clock.set_to = time_ms * 1_000 or None
        try:
            await asyncio.to_thread(self._state.put_errors, errors)
        finally:
            self._clock.set_to = None

    async def forget(self) -> None:
        self._clock.set_to = SystemClock().now() + KEPT + MINUTE
        try:
            await asyncio.to_thread(self._state.forget_old_errors)
        finally:
            self._clock.set_to = None

    async def end(self) -> Position:
        async with self.feed() as feed:
            with closing(await feed.open(ErrorSelection("shop"), None)) as stream:
                return stream.position

    @asynccontextmanager
    async def feed(self) -> AsyncIterator[ErrorFeed]:
        with (
            closing(SqliteReader(self._file, "error-feed")) as reader,
            closing(SqliteErrorFeed(reader, self._rule)) as feed,
        ):
            self._feeds.append(feed)
            yield feed


class KafkaErrorLog:
    """A topic of errors, which is there."""

    def __init__(self, kafka: KafkaSettings, rule: StormRule, *, recent_seconds: float) -> None:
        self._kafka = kafka
        self._rule = rule
        self._recent_seconds = recent_seconds
        self._writer: Writer | None = None

    async def write(
        self, *ids: str, property_id: str = "shop", time_ms: int = 0, wait: bool = True, **fields: Any
    ) -> None:
        if self._writer is None:
            self._writer = await asyncio.to_thread(Writer, self._kafka)
        await asyncio.to_thread(self._writer.write, *ids, property_id=property_id, time_ms=time_ms, **fields)
        if wait:
            await self.end()

    async def forget(self) -> None:
        await asyncio.to_thread(cut_history, self._kafka)

    async def end(self) -> Position:
        return await asyncio.to_thread(ends_of, self._kafka)

    def feed(self) -> AbstractAsyncContextManager[ErrorFeed]:
        return feed_of(self._kafka, queue=5_000, rule=self._rule, recent_seconds=self._recent_seconds)


LOGS = ("embedded", *(pytest.param(each, marks=pytest.mark.stack) for each in ("real", "real-older")))
"""What a fixture has as its parameters. A server of the real stack has some minutes of errors in memory, and reads what
is older from Kafka."""


@contextmanager
def error_log(request: pytest.FixtureRequest, folder: Path, rule: StormRule) -> Iterator[ErrorLog]:
    """Yield the log that a fixture's parameter names, new and empty."""
    if request.param == "embedded":
        with closing(SqliteErrorLog(folder / "state.sqlite", rule)) as log:
            yield log
        return
    stack = request.getfixturevalue("stack")
    kafka = make_topic(KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-"))
    yield KafkaErrorLog(kafka, rule, recent_seconds=120 if request.param == "real" else 0)
    delete_topic(kafka)


async def next_ids(stream: ErrorStream, count: int) -> list[str]:
    """Return the ids of the next errors; that the stream has caught up, `live`, counts too."""
    async with asyncio.timeout(30):
        found = [await stream.next() for _ in range(count)]
    return [each.error.error_id if each else "live" for each in found]


async def past_ids(stream: ErrorStream) -> list[str]:
    """Return the ids of the errors that come before the stream has caught up."""
    found = []
    async with asyncio.timeout(30):
        while (error := await stream.next()) is not None:
            found.append(error.error.error_id)
    return found

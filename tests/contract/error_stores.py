"""Stores of errors that keep the port `ErrorStore`, in SQLite and in the stack's Druid, and how errors come there."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Protocol

from confluent_kafka import Producer

from footfall.v1.errors_pb2 import EventError, ListErrorsResponse
from footfall_adapters.druid.broker import open_broker
from footfall_adapters.druid.error_store import DruidErrorStore
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.sqlite.error_store import SqliteErrorStore
from footfall_adapters.sqlite.reading import SqliteReader
from footfall_adapters.sqlite.state import SqliteState
from footfall_core.clock import Micros, SystemClock
from footfall_core.columns import ERRORS
from footfall_core.errors.ports import ErrorStore
from footfall_core.errors.rows import error_row
from footfall_core.problems import TryAgain
from footfall_core.wire.query_pb2 import ErrorsQuestion

CLOCK = SystemClock()
EVER = Micros(4_000_000_000_000_000)


class StoredErrors(Protocol):
    """A store, and a way to put errors there."""

    store: ErrorStore

    async def put(self, errors: Sequence[EventError]) -> None:
        """Record errors of one property, in order; return when the store shows all of them."""
        ...


class SqliteStoredErrors:
    def __init__(self, state: SqliteState, reader: SqliteReader) -> None:
        self._state = state
        self.store = SqliteErrorStore(reader, CLOCK)

    async def put(self, errors: Sequence[EventError]) -> None:
        await asyncio.to_thread(self._state.put_errors, errors)


class DruidStoredErrors:
    """The stack's table of errors, where tests keep apart by property."""

    def __init__(self, kafka: str, store: DruidErrorStore) -> None:
        self._producer = Producer({"bootstrap.servers": kafka})
        self.store = store

    async def put(self, errors: Sequence[EventError]) -> None:
        rows = [error_row(each) for each in errors]
        for start in range(0, len(rows), 500):
            self._producer.produce(ERRORS.topic, "\n".join(rows[start : start + 500]).encode(), partition=0)
        # the last one that can be told from all others says that those before it are there, as in one partition
        property_id = errors[0].property.removeprefix("properties/")
        marker = EventError(error_id=uuid.uuid4().hex[:16], property=errors[0].property + "-marker")
        marker.time.CopyFrom(errors[0].time)
        self._producer.produce(ERRORS.topic, error_row(marker).encode(), partition=0)
        assert await asyncio.to_thread(self._producer.flush, 20) == 0
        question = ErrorsQuestion(property_id=f"{property_id}-marker", error_id=marker.error_id, limit=1)
        question.end_micros = EVER
        async with asyncio.timeout(90):
            while not await self._shows(question):
                await asyncio.sleep(0.05)

    async def _shows(self, question: ErrorsQuestion) -> bool:
        with suppress(TryAgain):
            return bool((await found(self.store, question)).errors)
        return False


@asynccontextmanager
async def sqlite_errors(file: Path) -> AsyncIterator[StoredErrors]:
    with closing(SqliteState(file, CLOCK)) as state, closing(SqliteReader(file, "errors")) as reader:
        yield SqliteStoredErrors(state, reader)


@asynccontextmanager
async def druid_errors(addresses: Mapping[str, str]) -> AsyncIterator[StoredErrors]:
    settings = DruidSettings(f"http://{addresses['druid_broker']}", connect_seconds=10.0)
    async with open_broker(settings, CLOCK, lambda: uuid.uuid4().hex) as broker:
        yield DruidStoredErrors(addresses["kafka"], DruidErrorStore(broker))


async def found(store: ErrorStore, question: ErrorsQuestion) -> ListErrorsResponse:
    """Ask with a minute's time."""
    return await store.find(question, Micros(CLOCK.now() + 60_000_000))

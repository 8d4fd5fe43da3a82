"""The embedded event stream on files of a test's own, with a clock that stands still."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.duckdb.row_store import DuckDBRowStore
from footfall_adapters.sqlite.event_log import SqliteEventLog, SqliteLogSettings
from footfall_adapters.sqlite.event_stream import SqliteEventStream, SqliteStreamSettings
from footfall_adapters.sqlite.raw_records import SqliteRawRecords
from footfall_adapters.sqlite.state import SqliteState
from footfall_core.clock import Micros
from footfall_core.intake import Arrival, Taken, take
from footfall_core.processing.purchases import count_once
from footfall_core.processing.record import Outcome, Place, process_record
from footfall_core.processing.versions import Version

START = Micros(1_790_000_000_000_000)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.micros = START

    def now(self) -> Micros:
        return self.micros


class Files:
    """A data folder, and its parts as they are opened at a start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()

    def append(self, *batches: WriteEventsRequest) -> None:
        """Have batches in the log, each in a record of its own."""

        async def run() -> None:
            log = SqliteEventLog(self.folder / "log", SqliteLogSettings(), self.clock, lambda _: None)
            async with log:
                for batch in batches:
                    taken = take(batch.SerializeToString(), Arrival(self.clock.now(), "192.0.2.1", "", ""))
                    assert isinstance(taken, Taken)
                    await log.append(taken.raw_batch, None)

        asyncio.run(run())

    def process(self, piece_bytes: int = 1) -> None:
        """Process what is in the log, as a process does from its start to its end."""
        with self.stream(piece_bytes=piece_bytes) as stream:
            stream.start()

    @contextmanager
    def stream(
        self, change: Callable[[DuckDBRowStore, SqliteState], None] = lambda _rows, _state: None, piece_bytes: int = 1
    ) -> Iterator[SqliteEventStream]:
        rows, state = DuckDBRowStore(self.folder / "rows"), SqliteState(self.folder / "state", self.clock)
        records = SqliteRawRecords(self.folder / "log")
        change(rows, state)
        settings = SqliteStreamSettings(piece_bytes=piece_bytes, pause_seconds=0.01)
        count = partial(count_once, "1")
        stream = SqliteEventStream(
            records, state, rows, process=process, count=count, settings=settings, clock=self.clock
        )
        try:
            yield stream
        finally:
            stream.stop(30)
            records.close()
            state.close()
            rows.close()

    @property
    def events(self) -> list[str]:
        """Ids of the events in the store, in order."""
        rows = DuckDBRowStore(self.folder / "rows")
        try:
            found = rows.tables().cursor().execute("SELECT event_id FROM events ORDER BY event_id").fetchall()
        finally:
            rows.close()
        return [event_id for (event_id,) in found]

    @property
    def writers(self) -> set[str]:
        """Writers whose windows are in the state."""
        state = SqliteState(self.folder / "state", self.clock)
        try:
            found = state._connection.execute("SELECT key FROM windows").fetchall()
        finally:
            state.close()
        return {key.removeprefix("shop/") for (key,) in found}

    @property
    def errors(self) -> int:
        state = SqliteState(self.folder / "state", self.clock)
        try:
            (count,) = state._connection.execute("SELECT COUNT(*) FROM errors").fetchone()
        finally:
            state.close()
        return int(count)


def process(record: bytes, place: Place, load: Callable[[str], bytes | None]) -> Outcome:
    return process_record(Version("1"), record, place, load)

"""What the event consumer of each set of adapters promises of redriven events: each counts once, for ever."""

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.duckdb.row_store import DuckDBRowStore
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.sqlite.database import open_database
from footfall_adapters.sqlite.event_stream import SqliteEventStream, SqliteStreamSettings
from footfall_adapters.sqlite.raw_records import TABLE, SqliteRawRecords
from footfall_adapters.sqlite.state import SqliteState
from footfall_core.clock import SystemClock
from footfall_core.columns import EVENTS
from footfall_core.processing.purchases import count_once
from footfall_core.processing.record import process_record
from footfall_core.processing.versions import Version
from tests.integration.event_consumer import columns, consumer, own_topics, put, read
from tests.redrives import batch, default, record_of, redriven, rename

RECEIVED = int(time.time() * 1e6) - 20 * 86_400_000_000
RENAMED = (rename("name", "params.sent_name"), default("name", "page_view"))


class Consumers(Protocol):
    """A log of one partition, and a consumer that is started, and ended, again and again."""

    def process(self, *records: bytes, lose_state: bool = False) -> None:
        """Put records into the log, and have a consumer process all that is in it, from start to end.

        Args:
            records: of which the last gives a row.
            lose_state: whether it begins without what is on its disk, if it can get that back.
        """
        ...

    def rows(self) -> list[tuple[str, int]]:
        """Return id and time, Unix milliseconds, of each event that counts, by id."""
        ...

    def errors(self) -> list[EventError]:
        """Return all errors that were recorded."""
        ...


class Embedded:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offset = 0

    def process(self, *records: bytes, lose_state: bool = False) -> None:
        with closing(open_database(self._folder / "log", "FULL")) as log:
            log.execute(TABLE)
            for record in records:
                log.execute("INSERT INTO raw VALUES (?, ?, ?)", [self._offset, SystemClock().now(), record])
                self._offset += 1
        if lose_state:
            # all of the log is processed again then
            for name in ("rows", "state"):
                for file in self._folder.glob(f"{name}*"):
                    file.unlink()
        with (
            closing(DuckDBRowStore(self._folder / "rows")) as rows,
            closing(SqliteState(self._folder / "state", SystemClock())) as state,
            closing(SqliteRawRecords(self._folder / "log")) as raw,
        ):
            stream = SqliteEventStream(
                raw,
                state,
                rows,
                process=partial(process_record, Version("1")),
                count=partial(count_once, "1"),
                settings=SqliteStreamSettings(piece_bytes=1),
                clock=SystemClock(),
            )
            stream.start()
            stream.stop(60)

    def rows(self) -> list[tuple[str, int]]:
        with closing(DuckDBRowStore(self._folder / "rows")) as rows:
            query = "SELECT event_id, time_ms FROM events ORDER BY 1"
            return list(rows.tables().cursor().execute(query).fetchall())

    def errors(self) -> list[EventError]:
        with closing(SqliteState(self._folder / "state", SystemClock())) as state:
            found = state._connection.execute("SELECT error FROM errors ORDER BY offset").fetchall()
        return [EventError.FromString(error) for (error,) in found]


class Real:
    def __init__(self, kafka: KafkaSettings, folder: Path) -> None:
        self._kafka = kafka
        self._folder = folder
        self._states = 0

    def process(self, *records: bytes, lose_state: bool = False) -> None:
        self._states += lose_state
        before = len(self.rows())
        put(self._kafka, 0, *records)
        with consumer(self._kafka, self._folder / f"state-{self._states}") as running:
            running.until(lambda: len(self.rows()) > before, "the last record's row", 120)
            running.stop()

    def rows(self) -> list[tuple[str, int]]:
        rows = [columns(EVENTS, line) for line in read(self._kafka, "events.rows").lines()]
        return sorted((row["event_id"], int(row["time_ms"])) for row in rows)

    def errors(self) -> list[EventError]:
        found = read(self._kafka, "errors").values.values()
        return [EventError.FromString(value) for values in found for value in values]


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def consumers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Consumers]:
    if request.param == "embedded":
        yield Embedded(tmp_path)
    else:
        yield Real(own_topics(request.getfixturevalue("stack")), tmp_path)


def last(number: int) -> bytes:
    """Return a record of one event whose row says that all before it were processed."""
    request = batch("page_view", writer="last", sequence=number)
    request.events[0].event_id = f"last-{number}"
    return record_of(request, received_micros=RECEIVED)


@pytest.mark.timeout(400)
def test_an_event_that_is_redriven_again_and_again_counts_once_with_the_time_of_its_receipt(
    consumers: Consumers,
) -> None:
    request = batch("page_view", "not a name", "nor this", sent_time_micros=RECEIVED)
    request.events[2].timestamp_micros = RECEIVED - 3_600_000_000
    record = record_of(request, received_micros=RECEIVED)
    consumers.process(record)
    errors = consumers.errors()
    assert [error.event_index for error in errors] == [1, 2]
    again = redriven(record, errors, *RENAMED)
    consumers.process(redriven(record, errors[:1], *RENAMED), again, again, last(1))
    consumers.process(again, last(2))
    consumers.process(again, last(3), lose_state=True)
    received = RECEIVED // 1000
    events = {"e0": received, "e1": received, "e2": received - 3_600_000}
    assert consumers.rows() == sorted((events | {f"last-{n}": received for n in (1, 2, 3)}).items())
    assert consumers.errors()[:2] == errors
    assert len({error.error_id for error in consumers.errors()}) == 2

"""The raw records in SQLite: the table, and how it is read while it grows."""

import asyncio
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from footfall_adapters.sqlite.database import open_database, reason
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.problems import TryAgain

log = structlog.get_logger()

PARTITIONS = 1
"""The log of one process needs no second one: one thread reads it."""

TABLE = """
CREATE TABLE IF NOT EXISTS raw (
    offset INTEGER PRIMARY KEY,
    log_time_micros INTEGER NOT NULL,
    record BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A raw record and its place."""

    offset: int
    log_time_micros: Micros
    """When its commit was begun; never before that of an earlier record."""
    record: bytes


class SqliteRawRecords:
    """Reads the log's file, beside the one thread that writes it; from any thread. Also the port `RawRecords`."""

    def __init__(self, file: Path) -> None:
        self._connection = open_database(file, "FULL")
        self._connection.execute(TABLE)
        self._lock = threading.Lock()

    def end(self) -> int:
        """Return the offset that the next record will have."""
        with self._lock:
            (last,) = self._connection.execute("SELECT MAX(offset) FROM raw").fetchone()
        return 0 if last is None else last + 1

    def after(self, offset: int, max_bytes: int) -> list[StoredRecord]:
        """Return the records from an offset on, in order: of so many bytes at most, but one if there is one."""
        found: list[StoredRecord] = []
        size = 0
        with self._lock:
            rows = self._connection.execute(
                "SELECT offset, log_time_micros, record FROM raw WHERE offset >= ? ORDER BY offset", [offset]
            )
            try:
                for row in rows:
                    size += len(row[2])
                    if found and size > max_bytes:
                        break
                    found.append(StoredRecord(*row))
            finally:
                rows.close()  # a statement that is left half-way keeps the write-ahead log from being emptied
        return found

    def log_time(self, offset: int) -> Micros | None:
        """Return when a record came into the log, or None if there is none."""
        with self._lock:
            row = self._connection.execute("SELECT log_time_micros FROM raw WHERE offset = ?", [offset]).fetchone()
        return None if row is None else Micros(row[0])

    async def read(self, kind: EventKind, partition: int, offset: int) -> bytes | None:  # noqa: ARG002 - the port's
        """Return the record at a place: see the port. There is one log, for both kinds."""
        if partition not in range(PARTITIONS):
            return None
        try:
            return await asyncio.to_thread(self._record, offset)
        except sqlite3.Error as error:
            log.warning("raw record not read", reason=str(error))
            raise TryAgain(f"The event log cannot be read: {reason(error)}.") from None

    def _record(self, offset: int) -> bytes | None:
        with self._lock:
            row = self._connection.execute("SELECT record FROM raw WHERE offset = ?", [offset]).fetchone()
        return None if row is None else bytes(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

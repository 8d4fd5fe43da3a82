"""Reads a SQLite file from an event loop: on a thread of its own, in time, and never longer than somebody waits."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from footfall_adapters.sqlite.database import open_database

_STEPS_BETWEEN_LOOKS = 10_000
"""Steps of SQLite's machine, some tenths of a millisecond, between two looks at whether anybody still waits."""

Row = tuple[Any, ...]


class SqliteReader:
    """One connection and one thread; queries wait for each other. The file is there already."""

    def __init__(self, file: Path, name: str) -> None:
        self._connection = open_database(file, "NORMAL")
        self._connection.execute("PRAGMA query_only = ON")
        self._closing = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def rows(self, *queries: tuple[str, Sequence[object]]) -> list[list[Row]]:
        """Return the rows of some queries, all of them of the same moment.

        When the caller is cancelled the query under way ends.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        gave_up = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._rows, queries, gave_up)
        finally:
            gave_up.set()

    def _rows(self, queries: Sequence[tuple[str, Sequence[object]]], gave_up: threading.Event) -> list[list[Row]]:
        if gave_up.is_set():
            return []
        if self._closing.is_set():
            raise sqlite3.OperationalError("the file is closed")
        self._connection.set_progress_handler(gave_up.is_set, _STEPS_BETWEEN_LOOKS)
        self._connection.execute("BEGIN")
        try:
            return [self._connection.execute(sql, values).fetchall() for sql, values in queries]
        finally:
            self._connection.set_progress_handler(None, 0)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """End the thread and close the file; queries that wait fail."""
        # a future that is cancelled would look like a caller that is
        self._closing.set()
        self._thread.shutdown()
        self._connection.close()

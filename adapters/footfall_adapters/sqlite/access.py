"""Properties and keys in SQLite, in a file of their own: nothing else could make them again."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from footfall_adapters.sqlite.database import open_database, reason
from footfall_core.access.register import Register
from footfall_core.problems import TryAgain

_TABLE = "CREATE TABLE IF NOT EXISTS records (name TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID"


class SqliteRegistry:
    """A `Registry`; to be closed. Opening it reads all of it, and may raise `sqlite3.Error`."""

    def __init__(self, file: Path) -> None:
        self._connection = open_database(file, "FULL")
        self._lock = threading.Lock()
        self._register = Register(keeps_keys=True)
        self._listeners: list[Callable[[], None]] = []
        self._connection.execute(_TABLE)
        for name, record in self._connection.execute("SELECT name, record FROM records"):
            self._register.apply(name, record)

    @property
    def register(self) -> Register:
        """See `Access`."""
        return self._register

    def on_change(self, act: Callable[[], None]) -> None:
        """See `Access`."""
        self._listeners.append(act)

    async def put(self, name: str, record: bytes) -> None:
        """See `Registry`."""
        try:
            await asyncio.to_thread(self._store, name, record)
        except sqlite3.Error as error:
            raise TryAgain(f"It is not stored: {reason(error)}.") from error
        self._register.apply(name, record)
        for act in self._listeners:
            act()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _store(self, name: str, record: bytes) -> None:
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", [name, record])

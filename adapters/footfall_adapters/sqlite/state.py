"""What the embedded event consumer keeps in SQLite, and up to where in the log all of it is true.

Which is the writers' windows, the transactions and the origins of redriven events that were counted (both in the table
`transactions`, under keys that differ), and the errors.

All of it that one piece of the log gives is one transaction, after that piece's rows are in the store. So the state is
never ahead of the store, and when the process dies between the two, processing that piece again from the state of
before gives the same windows and the same errors, and its rows are known to be there.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.sqlite.database import open_database
from footfall_core.clock import Clock
from footfall_core.errors.listing import KEPT
from footfall_core.processing.window import WINDOW_KEPT
from footfall_core.properties import property_id_of

WINDOW_KEPT_MS = WINDOW_KEPT // timedelta(milliseconds=1)

_TABLES = """
CREATE TABLE IF NOT EXISTS windows (
    key TEXT PRIMARY KEY,
    log_time_ms INTEGER NOT NULL,
    window BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS transactions (key TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS windows_by_time ON windows (log_time_ms);
CREATE TABLE IF NOT EXISTS errors (
    offset INTEGER PRIMARY KEY AUTOINCREMENT,
    recorded_ms INTEGER NOT NULL,
    property TEXT NOT NULL,
    error_id TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    code INTEGER NOT NULL,
    writer_id TEXT NOT NULL,
    error BLOB NOT NULL,
    UNIQUE (property, error_id, time_ms)
);
CREATE INDEX IF NOT EXISTS errors_by_offset ON errors (property, offset);
CREATE INDEX IF NOT EXISTS errors_by_time ON errors (property, time_ms);
CREATE INDEX IF NOT EXISTS errors_by_recording ON errors (recorded_ms);
CREATE TABLE IF NOT EXISTS places (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO places VALUES ('position', 0);
"""

_ERROR_COLUMNS = "recorded_ms, property, error_id, time_ms, stage, code, writer_id, error"


class SqliteState:
    """The state's file. Written from several threads, one transaction at a time; every verb may raise `sqlite3.Error`.

    An error of the same id and time is the error that is there: a piece of the log that is processed again adds none.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self._clock = clock
        # a power failure may take the last transactions, which are worked out again from the log
        self._connection = open_database(file, "NORMAL")
        self._connection.executescript(_TABLES)
        self._number_errors()
        self._lock = threading.Lock()
        self.on_errors: Callable[[], None] = lambda: None
        """Is called when errors were stored, on the thread that stored them."""

    @property
    def position(self) -> int:
        """The offset of the first raw record that the state knows nothing of."""
        with self._lock:
            return self._place("position")

    def window(self, key: str) -> bytes | None:
        """Return a writer's window, or None if there is none."""
        with self._lock:
            row = self._connection.execute("SELECT window FROM windows WHERE key = ?", [key]).fetchone()
        return None if row is None else row[0]

    def kept(self, key: str) -> bytes | None:
        """Return what is kept for ever of a transaction or an origin that was counted, or None if it was not."""
        with self._lock:
            row = self._connection.execute("SELECT content FROM transactions WHERE key = ?", [key]).fetchone()
        return None if row is None else row[0]

    def put(
        self,
        windows: Mapping[str, tuple[int, bytes]],
        for_ever: Mapping[str, bytes],
        errors: Sequence[EventError],
        position: int,
        log_time_ms: int,
    ) -> None:
        """Store what a piece of the log gave; all of it, or nothing.

        Args:
            windows: new windows by key, each with the time of its record.
            for_ever: transactions and origins that were counted, by key.
            errors: in the order of the log.
            position: of the first record behind the piece.
            log_time_ms: of its last record; windows that need not be kept any more by then go.
        """
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO windows VALUES (?, ?, ?)",
                [(key, time_ms, window) for key, (time_ms, window) in windows.items()],
            )
            self._connection.executemany("INSERT OR REPLACE INTO transactions VALUES (?, ?)", for_ever.items())
            self._put_errors(errors)
            self._connection.execute("DELETE FROM windows WHERE log_time_ms < ?", [log_time_ms - WINDOW_KEPT_MS])
            self._connection.execute("UPDATE places SET value = ? WHERE name = 'position'", [position])
        if errors:
            self.on_errors()

    def put_errors(self, errors: Sequence[EventError]) -> None:
        """Store errors of requests that never reached the log."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._put_errors(errors)
        self.on_errors()

    def forget_old_errors(self) -> None:
        """Remove the errors that nobody can ask for any more."""
        oldest_ms = (self._clock.now() - KEPT) // 1000
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            # none is skipped over: an older one that was recorded later stays until its neighbours go
            (last,) = self._connection.execute(
                "SELECT MAX(offset) FROM errors WHERE recorded_ms < ?", [oldest_ms]
            ).fetchone()
            if last is not None:
                self._connection.execute("DELETE FROM errors WHERE offset <= ?", [last])
                self._connection.execute("UPDATE places SET value = ? WHERE name = 'first_error'", [last + 1])

    def reset(self) -> None:
        """Begin anew at the log's first record; errors stay, since they would get the same ids again."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM windows")
            self._connection.execute("DELETE FROM transactions")
            self._connection.execute("UPDATE places SET value = 0 WHERE name = 'position'")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _number_errors(self) -> None:
        """Have the errors of a new file numbered from the microsecond on.

        So none has a number that one of a file before had, and a stream that is resumed from that one is told that
        errors are gone, where it would skip over as many.
        """
        begin = self._clock.now()
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            if self._connection.execute("INSERT OR IGNORE INTO places VALUES ('first_error', ?)", [begin]).rowcount:
                self._connection.execute("INSERT INTO sqlite_sequence VALUES ('errors', ?)", [begin - 1])
                self._connection.execute("INSERT INTO places VALUES ('beginning', ?)", [begin])

    def _place(self, name: str) -> int:
        (value,) = self._connection.execute("SELECT value FROM places WHERE name = ?", [name]).fetchone()
        return int(value)

    def _put_errors(self, errors: Iterable[EventError]) -> None:
        now_ms = self._clock.now() // 1000
        self._connection.executemany(
            f"INSERT OR IGNORE INTO errors ({_ERROR_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    now_ms,
                    property_id_of(error.property),
                    error.error_id,
                    error.time.ToMilliseconds(),
                    int(error.stage),
                    int(error.code),
                    error.writer_id,
                    error.SerializeToString(),
                )
                for error in errors
            ],
        )

"""Opens SQLite files, and says in a sentence why one cannot be written."""

import sqlite3
from pathlib import Path
from typing import Literal

PAGE_BYTES = 8_192
"""Larger than SQLite's default: most of what is kept are blobs of some kB."""

BUSY_SECONDS = 30.0
"""How long one thread of ours waits for another one's transaction."""

CHECKPOINT_PAGES = 2_000
"""Pages that wait in the write-ahead log before they are moved into the file: 16 MiB."""

_SENTENCES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the data folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is damaged",
}


def open_database(file: Path, synchronous: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
    """Open a file, or make it, for one thread at a time; transactions are begun and ended by statements.

    Args:
        file: the data base.
        synchronous: FULL: a transaction is on the disk when it has committed. NORMAL: the last ones may be gone after
            a power failure, never one before another.

    Raises:
        sqlite3.Error: it cannot be opened; `reason` says why.
    """
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        # macOS keeps what was synchronized in the drive's memory unless it is told this way; elsewhere it says nothing
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def reason(error: sqlite3.Error) -> str:
    """Return why a file could not be read or written, as the middle of a sentence."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # what stands above is SQLite's extension of the code
    return _SENTENCES.get(code, str(error) or type(error).__name__)

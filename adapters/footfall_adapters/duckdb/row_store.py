"""Where the embedded process puts rows: opens the tables, and opens them anew after they could not be written."""

import threading
from collections.abc import Sequence
from pathlib import Path

import duckdb
import structlog

from footfall_adapters.duckdb.tables import Tables
from footfall_core.problems import TryAgain

log = structlog.get_logger()


class DuckDBRowStore:
    """The tables for the one thread that puts rows in, and for whoever reads them.

    After a write that failed DuckDB wants its file closed and opened again, whatever the reason was.
    """

    def __init__(self, file: Path) -> None:
        """Open the file, or make it.

        Raises:
            duckdb.Error: it cannot be opened; `reason` says why.
        """
        self._file = file
        self._lock = threading.Lock()
        self._tables: Tables | None = Tables(file)

    def tables(self) -> Tables:
        """Return the tables as they are open now; called from any thread.

        Raises:
            TryAgain: they are not.
        """
        tables = self._tables
        if tables is None:
            raise TryAgain("The store cannot be read at the moment; please try again.")
        return tables

    def position(self) -> int:
        """Return the offset of the first raw record whose rows are not there; opens the tables anew if need be.

        Raises:
            TryAgain: they cannot be opened.
        """
        with self._lock:
            try:
                tables = self._tables = self._tables or Tables(self._file)
                return tables.position  # noqa: TRY300 - it may raise as well
            except duckdb.Error as error:
                self._close()
                raise TryAgain(f"The store cannot be read: {reason(error)}.") from error

    def put(self, lines: Sequence[str], item_lines: Sequence[str], position: int) -> None:
        """Store rows: see `footfall_adapters.sqlite.event_stream.RowStore`.

        Raises:
            TryAgain: they are not stored.
        """
        with self._lock:
            try:
                self.tables().put(lines, item_lines, position)
            except duckdb.Error as error:
                self._close()
                raise TryAgain(f"The store cannot be written: {reason(error)}.") from error

    def close(self) -> None:
        """Move everything into the file and close it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        tables, self._tables = self._tables, None
        if tables is not None:
            try:
                tables.close()
            except duckdb.Error as error:
                log.warning("the store was not closed well; its log ahead has everything", reason=reason(error))


def reason(error: duckdb.Error) -> str:
    """Return why the file could not be read or written, as the middle of a sentence."""
    text = str(error)
    if "No space left" in text or "disk space" in text:
        return "the disk is full"
    if "Read-only file system" in text or "Permission denied" in text:
        return "the data folder is read-only"
    if "replaying WAL" in text and "does not match" in text:
        return "its log ahead (.wal) is another copy's; with both removed, they are made again from the log"
    if "newer version" in text or "storage version" in text:
        return "its file was written by a newer DuckDB"
    if "not a valid DuckDB database file" in text or "checksum" in text or "read enough bytes" in text:
        return "its file is damaged; removed, it is made again from the log"
    first_line = text.splitlines()[0] if text else type(error).__name__
    return first_line.removesuffix(".")

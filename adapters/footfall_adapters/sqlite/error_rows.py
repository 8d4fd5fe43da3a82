"""Rows of errors for reports, from the table that lists and streams them too."""

import sqlite3
from contextlib import closing
from pathlib import Path

import structlog

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.sqlite.database import open_database, reason
from footfall_core.clock import Micros
from footfall_core.errors.rows import error_row
from footfall_core.problems import TryAgain

log = structlog.get_logger()

_OF_A_RANGE = "SELECT error FROM errors WHERE property = ? AND time_ms >= ? AND time_ms < ?"


class SqliteErrorRows:
    """Reads the file anew for each report, from whichever thread computes it. The file is there already."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, property_id: str, start: Micros, end: Micros) -> list[str]:
        """Return the rows of a property's errors of a time, in the columns of `ERROR_COLUMNS`.

        Args:
            property_id: whose.
            start: the first instant.
            end: the instant after the last.

        Raises:
            TryAgain: they cannot be read.
        """
        try:
            with closing(open_database(self._file, "NORMAL")) as connection:
                found = connection.execute(_OF_A_RANGE, [property_id, start // 1000, end // 1000])
                return [error_row(EventError.FromString(record)) for (record,) in found]
        except sqlite3.Error as error:
            log.warning("errors not read", reason=str(error))
            raise TryAgain(f"The errors cannot be read: {reason(error)}.") from None

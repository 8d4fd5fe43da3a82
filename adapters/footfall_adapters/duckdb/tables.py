"""The tables of events and items in DuckDB, and how rows come in.

Rows and the place in the log up to which they are there are one transaction, so each row is there exactly once.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import csv

from footfall_core.columns import EVENTS, ITEMS, Column, ColumnType, Table

MEMORY = ":memory:"
"""In place of a file: everything is gone when the process ends."""

_SQL_TYPES = {ColumnType.STRING: "VARCHAR", ColumnType.LONG: "BIGINT", ColumnType.DOUBLE: "DOUBLE"}
_ARROW_TYPES = {ColumnType.STRING: pa.string(), ColumnType.LONG: pa.int64(), ColumnType.DOUBLE: pa.float64()}

_SETTINGS = (
    # rows come from one thread, and reports leave the other cores to it
    "SET preserve_insertion_order = false",
    # what is cheap is to write the log ahead; to move it into the file takes a tenth of a second for 16 MiB
    "SET checkpoint_threshold = '256MB'",
    # neither is needed, and both would ask the network
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
)


class Tables:
    """The store's tables. One thread puts rows in; any number of cursors read, each what was committed before it asks.

    Every verb may raise `duckdb.Error`: the disk is full, the file is damaged, or it was closed.
    """

    def __init__(self, file: Path | None) -> None:
        """Open the file, or make it; None: in memory."""
        self._connection = duckdb.connect(MEMORY if file is None else str(file))
        for setting in _SETTINGS:
            self._connection.execute(setting)
        for table in (EVENTS, ITEMS):
            columns = ", ".join(_definition(column) for column in table.columns)
            self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})")
            # a file of an older version has fewer columns; its rows have no such value
            for column in table.columns:
                self._connection.execute(f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {_definition(column)}")
        self._connection.execute("CREATE TABLE IF NOT EXISTS position (next BIGINT)")
        if not self._connection.execute("SELECT next FROM position").fetchall():
            self._connection.execute("INSERT INTO position VALUES (0)")

    @property
    def position(self) -> int:
        """The offset of the first raw record whose rows are not here."""
        row = self._connection.execute("SELECT next FROM position").fetchone()
        assert row is not None
        return int(row[0])

    def put(self, lines: Sequence[str], item_lines: Sequence[str], position: int) -> None:
        """Store rows of events and items, and that all of them before `position` are here; all of it, or nothing.

        Durable when it returns. After an error the tables are to be closed and opened anew.
        """
        self._connection.execute("BEGIN")
        try:
            for table, rows in ((EVENTS, lines), (ITEMS, item_lines)):
                if rows:
                    self._insert(table, rows)
            self._connection.execute("UPDATE position SET next = ?", [position])
            self._connection.execute("COMMIT")
        except duckdb.Error:
            self._connection.execute("ROLLBACK")
            raise

    def _insert(self, table: Table, rows: Sequence[str]) -> None:
        arrow = arrow_of(table, rows)
        # the columns in their order in the file, which may have come to them one by one
        names = ", ".join(column.name for column in table.columns)
        self._connection.register("arriving", arrow)
        self._connection.execute(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM arriving")
        self._connection.unregister("arriving")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the same tables, for one thread at a time; the caller closes it."""
        return self._connection.cursor()

    def close(self) -> None:
        """Move everything into the file and close it; cursors that are still open fail from now on."""
        self._connection.close()


def arrow_of(table: Table, rows: Sequence[str]) -> pa.Table:
    """Return rows, tab-separated lines as the event consumer writes them, as an Arrow table; empty fields are null."""
    found = csv.read_csv(
        pa.py_buffer(("\n".join(rows) + "\n").encode()),
        csv.ReadOptions(column_names=[column.name for column in table.columns], use_threads=False),
        csv.ParseOptions(delimiter="\t", quote_char=False, double_quote=False, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types={column.name: _ARROW_TYPES[column.type] for column in table.columns},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    assert found.num_rows == len(rows), "a row has a line break"
    return found


def _definition(column: Column) -> str:
    return f"{column.name} {_SQL_TYPES[column.type]}"

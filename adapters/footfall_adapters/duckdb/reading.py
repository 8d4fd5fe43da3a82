"""Reads the tables in threads: within a deadline, and interrupted in DuckDB when nobody waits any more."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from contextlib import closing, suppress
from typing import Any, TypeVar

import duckdb
import structlog

from footfall_adapters.duckdb.statement import Statement
from footfall_adapters.duckdb.tables import Tables, arrow_of
from footfall_core.clock import Clock, Micros
from footfall_core.columns import Table
from footfall_core.problems import DeadlinePassed, NotComputable, TryAgain

log = structlog.get_logger()

T = TypeVar("T")

INTERRUPT_SECONDS = 0.02
"""How long an interrupted thread is given before it is interrupted again: between two statements it does not notice."""

_AWAY = "The report store cannot be read at the moment; please try again."
_LATE = "The report was not computed within its deadline; ask for fewer days or dimensions, or allow more time."
_TOO_BIG = "The report is beyond the report store's memory; ask for fewer days, dimensions or distinct counts."


class Reader:
    """Reads what was committed when it began, from one thread."""

    def __init__(self) -> None:
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._unwanted = threading.Event()

    def rows(self, statement: Statement) -> list[tuple[Any, ...]]:
        """Return the rows of a statement.

        Raises:
            duckdb.Error: as DuckDB raises it; `InterruptException` if nobody waits any more.
        """
        assert self._cursor is not None
        if self._unwanted.is_set():
            raise duckdb.InterruptException("nobody waits any more")
        return self._cursor.execute(statement.text, statement.values).fetchall()

    def lend(self, table: Table, rows: Sequence[str]) -> None:
        """Have statements find rows, tab-separated lines, under the name of a table that is not among the others."""
        assert self._cursor is not None
        self._cursor.register(table.name, arrow_of(table, rows))

    def read(self, tables: Callable[[], Tables], work: Callable[["Reader"], T]) -> T:
        """Do some work with a cursor of its own, all of it on the same rows; called in the thread.

        Raises:
            TryAgain: the tables cannot be read now.
            NotComputable: there is not enough memory for it.
        """
        try:
            with closing(tables().cursor()) as self._cursor:
                self._cursor.execute("BEGIN TRANSACTION READ ONLY")
                return work(self)
        except duckdb.OutOfMemoryException as error:
            log.warning("duckdb out of memory", error=str(error))
            raise NotComputable(_TOO_BIG) from None
        except (duckdb.ProgrammingError, duckdb.DataError):
            raise  # ours: it would be the same again
        except duckdb.Error as error:
            if not self._unwanted.is_set():
                log.warning("duckdb cannot be read", error=repr(error))
            raise TryAgain(_AWAY) from None

    def interrupt(self) -> None:
        """End the work soon, with an error that nobody waits for; called from any thread, any number of times."""
        self._unwanted.set()
        cursor = self._cursor
        if cursor is not None:
            with suppress(duckdb.Error):  # it is closed: the work has ended
                cursor.interrupt()


class Reading:
    """A pool of threads that read, used on one event loop."""

    def __init__(self, tables: Callable[[], Tables], clock: Clock, readers: int) -> None:
        self._tables = tables
        self._clock = clock
        self._threads = futures.ThreadPoolExecutor(readers, thread_name_prefix="duckdb-reader")
        self._under_way: dict[futures.Future[Any], Reader] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self, work: Callable[[Reader], T], deadline: Micros) -> T:
        """Return what some work returns, done in a thread; cancelled, it is interrupted.

        Raises:
            TryAgain: the tables cannot be read now.
            NotComputable: there is not enough memory for it.
            DeadlinePassed: it was not done by `deadline`.
        """
        remaining = (deadline - self._clock.now()) / 1e6
        if remaining <= 0:
            raise DeadlinePassed(_LATE)
        reader = Reader()
        future = self._threads.submit(reader.read, self._tables, work)
        self._under_way[future] = reader
        done = asyncio.wrap_future(future)
        done.add_done_callback(lambda _: self._under_way.pop(future))
        try:
            async with asyncio.timeout(remaining):
                return await asyncio.shield(done)
        except TimeoutError:
            raise DeadlinePassed(_LATE) from None
        finally:
            if not done.done():
                self._end_soon(reader, done)

    def close(self) -> None:
        """Interrupt what is read, which ends with `TryAgain`, and wait until no thread reads; none does afterwards."""
        under_way = dict(self._under_way)
        for reader in under_way.values():
            reader.interrupt()
        while futures.wait(under_way, timeout=INTERRUPT_SECONDS).not_done:
            for reader in under_way.values():
                reader.interrupt()
        self._threads.shutdown()

    def _end_soon(self, reader: Reader, done: "asyncio.Future[Any]") -> None:
        reader.interrupt()
        task = asyncio.create_task(_interrupted(reader, done))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _interrupted(reader: Reader, done: "asyncio.Future[Any]") -> None:
    """Interrupt a reader until it has noticed."""
    while not (await asyncio.wait([done], timeout=INTERRUPT_SECONDS))[0]:
        reader.interrupt()
    if not done.cancelled():
        done.exception()  # seen; nobody waits for it

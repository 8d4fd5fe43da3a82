"""The event log in SQLite: batches that arrive together share a commit, which is on the disk before anyone hears OK.

One thread writes.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.group_commit import PendingBatch, WaitingBatches, count_commit
from footfall_adapters.sqlite.database import open_database, reason
from footfall_adapters.sqlite.raw_records import TABLE
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records
from footfall_core.problems import TryAgain

log = structlog.get_logger()


@dataclass(frozen=True)
class SqliteLogSettings:
    """How the embedded process commits batches."""

    max_pending_bytes: int = 64 * 1024 * 1024
    """Bytes of batches that may wait for a commit; beyond it, callers are told to try again."""
    max_commit_bytes: int = 8 * 1024 * 1024
    """Bytes of batches in one commit, or one larger batch."""


class SqliteEventLog:
    """`footfall_core.ports.EventLog` in SQLite. Enter it to start, leave it to commit what waits and stop.

    Args:
        file: of the log; made if it is not there.
        settings: how batches are committed.
        clock: stamps records.
        put_errors: stores errors of requests that never reach the log.
        committed: is told the offset that the next record will have after each commit; on the log's own thread.
    """

    def __init__(
        self,
        file: Path,
        settings: SqliteLogSettings,
        clock: Clock,
        put_errors: Callable[[Sequence[EventError]], None],
        committed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._put_errors = put_errors
        self._committed = committed
        self._connection = open_database(file, "FULL")
        self._connection.execute(TABLE)
        self._end, self._newest = self._last()
        self._in_doubt = False
        self._waiting = WaitingBatches(settings.max_pending_bytes, settings.max_commit_bytes)
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    async def __aenter__(self) -> Self:
        self._thread.start()
        telemetry.EVENT_LOG_CONNECTED.set(1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.stop()
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    @property
    def end(self) -> int:
        """The offset that the next record will have: every acknowledged batch stands before it. From any thread."""
        return self._end

    async def append(self, raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE) -> Micros:
        """Store a batch; see the port. There is one partition, for batches of both kinds."""
        return await self._waiting.append(raw_batch, partition, kind)

    def report(self, error: EventError) -> bool:
        """Store an error with the next commit; see the port."""
        return self._waiting.report(error)

    # ---- from here on: the log's own thread ----

    def _run(self) -> None:
        while (gathered := self._waiting.take()) is not None:
            began = time.perf_counter()
            result: Micros | TryAgain
            try:
                self._commit(gathered.batches)
            except sqlite3.Error as error:
                result = TryAgain(f"The event log cannot be written: {reason(error)}.")
                log.warning("commit failed", reason=reason(error), batches=len(gathered.batches))
            except Exception:
                result = TryAgain("The event log did not confirm the batch; it may or may not be stored.")
                log.exception("commit failed", batches=len(gathered.batches))
            else:
                # never before the record's own time, whatever was done to the clock meanwhile
                result = max(self._newest, self._clock.now())
            count_commit(gathered, "failed" if isinstance(result, TryAgain) else "committed", began)
            self._waiting.settle(gathered, result)
            self._store_reports(gathered.reports)

    def _commit(self, batches: Sequence[PendingBatch]) -> None:
        if not batches:
            return
        if self._in_doubt:
            self._end, self._newest = self._last()
        # stamped before the commit: whatever was acknowledged before now stands before these records
        now = max(self._newest, self._clock.now())
        records = [
            (offset, now, record)
            for offset, record in enumerate(raw_records(pending.raw_batch for pending in batches), self._end)
        ]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany("INSERT INTO raw VALUES (?, ?, ?)", records)
            self._connection.execute("COMMIT")
        except BaseException:
            self._in_doubt = True  # a commit that failed may have come to the disk all the same
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._in_doubt = False
        self._newest = now
        self._end += len(records)
        self._committed(self._end)

    def _last(self) -> tuple[int, Micros]:
        """Return the next record's offset, and the newest one's time."""
        offset, time_micros = self._connection.execute("SELECT MAX(offset), MAX(log_time_micros) FROM raw").fetchone()
        return (0, Micros(0)) if offset is None else (offset + 1, Micros(time_micros))

    def _store_reports(self, reports: Sequence[EventError]) -> None:
        if not reports:
            return
        try:
            self._put_errors(reports)
        except Exception as error:  # noqa: BLE001 - the callers were told; the log must go on
            log.warning("errors given up: their callers were told", errors=len(reports), reason=str(error))

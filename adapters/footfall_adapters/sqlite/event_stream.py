"""Drives the processing of raw records in the embedded process: exactly once, with the windows in SQLite.

    processing     reads a piece of the log and works out its rows, errors, windows, transactions and origins
    storing        puts the rows and their place into the store, then all else and the place into the state

Both are threads, so that the next piece is worked out while one is stored. Whatever fails, the piece and all behind it
are forgotten and begun anew from the state; the store says by its own place which rows it has.
"""

import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.sqlite.database import reason
from footfall_adapters.sqlite.raw_records import SqliteRawRecords, StoredRecord
from footfall_adapters.sqlite.state import SqliteState
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.kinds import EventKind
from footfall_core.problems import Problem
from footfall_core.processing.figures import count_record
from footfall_core.processing.origins import ORIGIN_PREFIX
from footfall_core.processing.purchases import CountOnce
from footfall_core.processing.record import Outcome, Place, Process

log = structlog.get_logger()

PARTITION = 0

_LABELS = (EventKind.LIVE.value, str(PARTITION))
"""Of the figures of lag."""

_KEPT_WINDOWS = 50_000
"""Windows that are kept in memory, so that a writer's next batch need not look them up."""

_KEPT_FOR_EVER = 50_000
"""Transactions and origins that are kept in memory; those of a piece that is not stored yet stand nowhere else."""


@dataclass(frozen=True)
class SqliteStreamSettings:
    """How the embedded process works through its log."""

    piece_bytes: int = 2 * 1024 * 1024
    """Bytes of raw records that are processed and stored at a time: what a piece costs besides its rows is some
    milliseconds, and what it holds is seen when all of it is stored."""
    pause_seconds: float = 1.0
    """How long to wait before a piece that could not be stored is begun anew."""


class LogBehindError(Exception):
    """The log is an older copy, or another one, than the store's rows were made from. Nothing was changed.

    Args:
        log_end: the offset that the log's next record will have.
        rows_from: the offset of the first record whose rows are not in the store.
    """

    def __init__(self, log_end: int, rows_from: int) -> None:
        super().__init__(f"the log ends at {log_end}, and the store has rows up to {rows_from}")
        self.log_end = log_end
        self.rows_from = rows_from


class RowStore(Protocol):
    """Where the rows go. What it raises is `TryAgain`; it is asked for its position then before it gets more rows."""

    def position(self) -> int:
        """Return the offset of the first raw record whose rows are not there."""
        ...

    def put(self, lines: Sequence[str], item_lines: Sequence[str], position: int) -> None:
        """Store rows of events and items durably, and that all of them before `position` are there; or nothing."""
        ...


@dataclass(slots=True)
class _Piece:
    """What a piece of the log gives."""

    position: int = 0
    """Of the first record behind it."""
    log_time_ms: int = 0
    """Of its last record."""
    lines: list[str] = field(default_factory=list)
    item_lines: list[str] = field(default_factory=list)
    errors: list[EventError] = field(default_factory=list)
    windows: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    for_ever: dict[str, bytes] = field(default_factory=dict)
    """Transactions and origins that were counted."""


class SqliteEventStream:
    """Reads the log from where the state is, for ever."""

    def __init__(
        self,
        records: SqliteRawRecords,
        state: SqliteState,
        rows: RowStore,
        *,
        process: Process,
        count: CountOnce,
        settings: SqliteStreamSettings,
        clock: Clock,
    ) -> None:
        self._records = records
        self._state = state
        self._rows = rows
        self._process = process
        self._count = count
        self._settings = settings
        self._clock = clock
        self._wake = threading.Condition()
        self._end = records.end()
        self._stop_by: float | None = None
        """When to end at the latest, by `time.monotonic`."""
        self._failing = False
        self._stored = 0
        """The offset of the first record that is not in the store and the state."""
        self._windows: dict[str, tuple[int, bytes]] = {}
        self._for_ever: dict[str, bytes] = {}
        self._storing = ThreadPoolExecutor(1, thread_name_prefix="storing")
        self._thread = threading.Thread(target=self._run, name="processing", daemon=True)

    def start(self) -> None:
        """Begin where the last process ended.

        Raises:
            LogBehindError: rows of records are in the store that the log does not have.
            TryAgain: the store cannot be read.
        """
        # only now: once the log has grown to that place, nothing would tell that its records are others
        if (rows_from := self._rows.position()) > self._end:
            raise LogBehindError(self._end, rows_from)
        self._thread.start()

    def committed(self, end: int) -> None:
        """Be told that the log goes up to an offset now; called from any thread."""
        with self._wake:
            self._end = end
            self._wake.notify()

    def stop(self, seconds: float) -> None:
        """End when all that is in the log is processed, or with the piece that is under way then.

        What is left is processed at the next start. Called when nothing comes into the log any more.
        """
        with self._wake:
            self._stop_by = time.monotonic() + seconds
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._storing.shutdown()
        for figure in (telemetry.PROCESSING_LAG_SECONDS, telemetry.PROCESSING_LAG_OFFSETS):
            with suppress(KeyError):  # nothing was processed
                figure.remove(*_LABELS)

    def complete_until(self) -> Micros | None:
        """Return the instant before which all that was acknowledged is in the store; None if that is not known."""
        now = self._clock.now()
        # in this order: what is acknowledged before now is in the log by now
        if self._stored >= self._end:
            return now
        try:
            return self._records.log_time(self._stored)
        except sqlite3.Error:
            return None

    def is_ready(self) -> bool:
        """Return whether pieces can be stored; called from any thread."""
        return self._thread.is_alive() and not self._failing

    # ---- from here on: the processing thread ----

    def _run(self) -> None:
        while not self._is_done():
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - whatever it was, what is acknowledged must come to the store
                self._failing = True
                _log_failure(error)
                with self._wake:
                    if self._stop_by is not None:
                        return
                    self._wake.wait_for(lambda: self._stop_by is not None, self._settings.pause_seconds)

    def _is_done(self) -> bool:
        return self._stop_by is not None and (self._stored >= self._end or time.monotonic() > self._stop_by)

    def _work(self) -> None:
        """Process piece after piece until it is to end, or something fails."""
        self._windows.clear()
        self._for_ever.clear()
        rows_from = self._rows.position()
        position = self._state.position
        if rows_from < position:
            # the store's file is gone or older: the windows of then are not known, so everything is begun anew
            log.warning("the store is behind the state; all of the log is processed again", rows_from=rows_from)
            self._state.reset()
            position = 0
        self._stored = position
        self._failing = False
        try:
            self._work_from(position, rows_from)
        finally:
            # what is begun anew begins behind what is being stored
            self._storing.submit(lambda: None).result()

    def _work_from(self, position: int, rows_from: int) -> None:
        storing: Future[None] | None = None
        while True:
            piece = self._next_piece(position, rows_from)
            if storing is not None:
                storing.result()
                storing = None
                # those of the piece at hand are not in the state yet
                if len(self._windows) > _KEPT_WINDOWS:
                    self._windows = {} if piece is None else dict(piece.windows)
                if len(self._for_ever) > _KEPT_FOR_EVER:
                    self._for_ever = {} if piece is None else dict(piece.for_ever)
            if piece is not None:
                position = piece.position
                storing = self._storing.submit(self._store, piece, rows_from)
            elif self._is_done():
                return
            else:
                self._wait_for_more(position)

    def _wait_for_more(self, position: int) -> None:
        with self._wake:
            self._wake.wait_for(lambda: position < self._end or self._stop_by is not None)

    def _next_piece(self, position: int, rows_from: int) -> _Piece | None:
        """Return what the next piece of the log gives, or None if there is none, or it is time to end."""
        if self._stop_by is not None and time.monotonic() > self._stop_by:
            return None
        records = self._records.after(position, self._settings.piece_bytes) if position < self._end else []
        if not records:
            return None
        piece = _Piece()
        for record in records:
            self._take(piece, record, has_rows=record.offset < rows_from)
        return piece

    def _take(self, piece: _Piece, record: StoredRecord, *, has_rows: bool) -> None:
        began = time.perf_counter()
        place = Place(PARTITION, record.offset, record.log_time_micros // 1000)
        outcome = self._process(record.record, place, self._known)
        self._take_purchases(piece, outcome)
        self._for_ever |= outcome.origins
        piece.for_ever |= outcome.origins
        piece.position, piece.log_time_ms = record.offset + 1, place.log_time_ms
        for key, window in outcome.windows.items():
            self._windows[key] = piece.windows[key] = (place.log_time_ms, window)
        if not has_rows:
            piece.lines += outcome.lines
            piece.item_lines += outcome.item_lines
        piece.errors += outcome.errors
        for failure in outcome.failures:
            log.error("batch not processed", offset=record.offset, exc_info=failure)
        count_record(outcome, time.perf_counter() - began)

    def _take_purchases(self, piece: _Piece, outcome: Outcome) -> None:
        """Put a record's purchases among its rows and errors; one log in order needs no stage of its own for that."""
        if not outcome.purchases:
            return
        counted = self._count(outcome.purchases, self._kept)
        self._for_ever |= counted.state
        piece.for_ever |= counted.state
        outcome.lines += counted.lines
        outcome.item_lines += counted.item_lines
        outcome.errors += counted.errors

    def _kept(self, key: str) -> bytes | None:
        known = self._for_ever.get(key)
        return self._state.kept(key) if known is None else known

    def _known(self, key: str) -> bytes | None:
        """Return what is known under the key of a window or an origin."""
        if key.startswith(ORIGIN_PREFIX):
            return self._kept(key)
        known = self._windows.get(key)
        return self._state.window(key) if known is None else known[1]

    # ---- from here on: the storing thread ----

    def _store(self, piece: _Piece, rows_from: int) -> None:
        began = time.perf_counter()
        if piece.position > rows_from:
            self._rows.put(piece.lines, piece.item_lines, piece.position)
        self._state.put(piece.windows, piece.for_ever, piece.errors, piece.position, piece.log_time_ms)
        self._stored = piece.position
        telemetry.PROCESSING_LAG_SECONDS.labels(*_LABELS).set(
            max(0.0, self._clock.now() / 1e6 - piece.log_time_ms / 1e3)
        )
        telemetry.PROCESSING_LAG_OFFSETS.labels(*_LABELS).set(max(0, self._end - piece.position))
        log.info(
            "piece",
            position=piece.position,
            rows=len(piece.lines),
            item_rows=len(piece.item_lines),
            errors=len(piece.errors),
            ms=round((time.perf_counter() - began) * 1e3, 1),
        )


def _log_failure(error: Exception) -> None:
    match error:
        case Problem():
            log.error("events are not processed at the moment", reason=error.message)
        case sqlite3.Error():
            log.error("events are not processed at the moment", reason=reason(error))
        case _:
            log.error("events are not processed at the moment", exc_info=error)

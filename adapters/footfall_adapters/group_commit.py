"""Batches that arrive together share a commit: what waits, how much may, and how its callers are told.

The event loop puts batches in; one thread of an event log takes them out, commits them, and settles them. What arrives
while a commit is under way goes into the next one.
"""

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import structlog

from footfall.v1.errors_pb2 import EventError
from footfall_core import telemetry
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.packing import MAX_RAW_BATCH_BYTES
from footfall_core.problems import TooLarge, TryAgain

log = structlog.get_logger()

MAX_REPORTS = 10_000
"""Errors that may wait for a commit."""

MAX_REPORT_BYTES = 4 * 1024 * 1024
"""Bytes that they may have together."""


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """A batch whose caller waits."""

    raw_batch: bytes
    partition: int | None
    """None: any."""
    kind: EventKind
    done: "asyncio.Future[Micros]"


@dataclass(slots=True)
class Gathered:
    """What goes into one commit."""

    batches: list[PendingBatch] = field(default_factory=list)
    reports: list[EventError] = field(default_factory=list)
    tick: bool = False


class WaitingBatches:
    """What waits for its commit.

    Args:
        max_pending_bytes: bytes of batches that may wait; beyond it, callers are told to try again.
        max_commit_bytes: bytes of batches in one commit, or one larger batch.
        away: why nothing can be committed yet, as the end of a sentence; None if it can.
    """

    def __init__(self, max_pending_bytes: int, max_commit_bytes: int, away: str | None = None) -> None:
        self._max_pending_bytes = max_pending_bytes
        self._max_commit_bytes = max_commit_bytes
        self._wake = threading.Condition()
        self._waiting = Gathered()
        self._pending_bytes = dict.fromkeys(EventKind, 0)
        self._report_bytes = 0
        self._away = away
        self._tick_failed = False
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def append(self, raw_batch: bytes, partition: int | None, kind: EventKind) -> Micros:
        """Wait for a batch's commit: see `footfall_core.ports.EventLog.append`."""
        if len(raw_batch) > MAX_RAW_BATCH_BYTES:
            # it would fail the whole commit, its neighbours with it
            raise TooLarge(f"With its verdicts the batch takes {len(raw_batch):,} bytes; send fewer events at once.")
        self._loop = asyncio.get_running_loop()
        pending = PendingBatch(raw_batch, partition, kind, self._loop.create_future())
        with self._wake:
            if self._away is not None:
                raise TryAgain(f"The event log cannot be written: {self._away}")
            if self._stopping:
                raise TryAgain("The server is stopping.")
            if not self._has_room(len(raw_batch), kind):
                raise TryAgain("Too much is in flight.")
            self._pending_bytes[kind] += len(raw_batch)
            self._waiting.batches.append(pending)
            self._wake.notify()
        telemetry.COMMIT_WAITING_BATCHES.inc()
        telemetry.COMMIT_WAITING_BYTES.inc(len(raw_batch))
        try:
            return await pending.done
        finally:
            # a failure holds this frame, which would hold the failure: the batch would wait for the garbage collector
            del pending

    def _has_room(self, size: int, kind: EventKind) -> bool:
        """Return whether a batch may wait too; imports leave half of the room to live batches."""
        if sum(self._pending_bytes.values()) + size > self._max_pending_bytes:
            return False
        return kind is EventKind.LIVE or self._pending_bytes[kind] + size <= self._max_pending_bytes // 2

    def report(self, error: EventError) -> bool:
        """Have an error stored with the next commit: see `footfall_core.ports.EventLog.report`."""
        with self._wake:
            takes = self._away is None and not self._stopping and self._has_room_for(error)
            if takes:
                self._keep(error)
                self._wake.notify()
            else:
                log.warning("error not taken: the caller is told, the error stream will not show it")
            return takes

    def tick(self) -> bool:
        """Have a tick committed soon, and return whether the one before was. Called from any thread.

        That one can be asked for is not enough: a server may reach the log's coordinator, and not what it writes to.
        """
        with self._wake:
            are_committed = self._away is None and not self._waiting.tick and not self._tick_failed
            self._waiting.tick = self._away is None
            self._wake.notify()
            return are_committed

    @property
    def is_away(self) -> bool:
        """Whether nothing can be committed at the moment. Called from any thread."""
        return self._away is not None

    def stop(self) -> None:
        """Take nothing in any more; `take` returns what is left, and then None."""
        with self._wake:
            self._stopping = True
            self._wake.notify()

    # ---- from here on: called by the thread that commits ----

    @property
    def stopping(self) -> bool:
        """Whether it is to end."""
        return self._stopping

    def take(self) -> Gathered | None:
        """Wait for something to commit and return it; None when it is to end and nothing is left."""
        with self._wake:
            while not (self._waiting.batches or self._waiting.reports or self._waiting.tick):
                if self._stopping:
                    return None
                self._wake.wait()
            gathered, self._waiting = self._waiting, Gathered()
            self._report_bytes = 0
            # live ones first, each kind in its order: what is left is what a backfill brought
            size, batches = 0, sorted(gathered.batches, key=_is_import)
            for index, pending in enumerate(batches):
                size += len(pending.raw_batch)
                if index and size > self._max_commit_bytes:
                    gathered.batches, self._waiting.batches = batches[:index], batches[index:]
                    break
            return gathered

    def came_back(self) -> None:
        """Take batches in again."""
        with self._wake:
            self._away = None

    def went_away(self, why: str) -> None:
        """Tell everyone who waits, and everyone who comes: nobody waits for a log that is away."""
        with self._wake:
            self._away = why
            gathered, self._waiting = self._waiting, Gathered()
            self._report_bytes = 0
        self.settle(gathered, TryAgain(f"The event log cannot be written: {why}"))

    def report_again(self, gathered: Gathered) -> None:
        """Keep errors for the next commit: their ids are stable, so that one may come twice."""
        with self._wake:
            for error in gathered.reports:
                if not self._has_room_for(error):
                    log.warning("errors given up: their callers were told, the error stream will not show them")
                    break
                self._keep(error)

    def _has_room_for(self, error: EventError) -> bool:
        return len(self._waiting.reports) < MAX_REPORTS and self._report_bytes + error.ByteSize() <= MAX_REPORT_BYTES

    def _keep(self, error: EventError) -> None:
        self._waiting.reports.append(error)
        self._report_bytes += error.ByteSize()

    def settle(self, gathered: Gathered, result: Micros | TryAgain) -> None:
        """Tell the callers of what was gathered when it was durable, or why it is not known to be."""
        if gathered.tick:
            self._tick_failed = isinstance(result, TryAgain)
        if not gathered.batches:
            return
        sizes = Counter[EventKind]()
        for pending in gathered.batches:
            sizes[pending.kind] += len(pending.raw_batch)
        with self._wake:
            for kind, size in sizes.items():
                self._pending_bytes[kind] -= size
        telemetry.COMMIT_WAITING_BATCHES.dec(len(gathered.batches))
        telemetry.COMMIT_WAITING_BYTES.dec(sizes.total())
        assert self._loop is not None, "a batch waits for a loop"
        self._loop.call_soon_threadsafe(_resolve, gathered.batches, result)


def _is_import(pending: PendingBatch) -> bool:
    return pending.kind is EventKind.IMPORT


def count_commit(gathered: Gathered, outcome: str, began: float) -> None:
    """Count a commit.

    Args:
        gathered: what it was of.
        outcome: `committed` or `failed`.
        began: when it began, by `time.perf_counter`.
    """
    telemetry.COMMIT_TRANSACTIONS.labels(outcome).inc()
    telemetry.COMMIT_SECONDS.observe(time.perf_counter() - began)
    telemetry.COMMIT_BATCHES.observe(len(gathered.batches))
    if gathered.tick and outcome == "committed":
        telemetry.TICKS.inc()


def _resolve(batches: list[PendingBatch], result: Micros | TryAgain) -> None:
    for pending in batches:
        if pending.done.done():
            continue  # the caller's deadline passed meanwhile
        if isinstance(result, TryAgain):
            pending.done.set_exception(TryAgain(result.message, retry_after_seconds=result.retry_after_seconds))
        else:
            pending.done.set_result(result)

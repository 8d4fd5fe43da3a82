"""Sends batches in the background, and says of every event that is not stored."""

import logging
import threading
from concurrent.futures import Future
from functools import partial

from footfall.batches import Batches
from footfall.failures import FootfallError, GivenUpError, RefusedError, SpoolError
from footfall.gathering import Batch
from footfall.losses import EXPIRED, NEVER_SENT
from footfall.results import Outcome
from footfall.settlement import Settlement
from footfall.spooled_batches import SpooledBatches
from footfall.stream_writer import StreamWriter, WriterClosedError
from footfall.v1.event_pb2 import Event

log = logging.getLogger("footfall")

GOODBYE_SECONDS = 1.0
"""How long a server may take to end a stream on which everything is answered."""
LAST_CHANCE_SECONDS = 5.0
"""How long the end of a program, or a SIGTERM, waits for its last events."""


class Delivery:
    """A thread that takes batches and hands them to a writer. It starts with the first event, or with leftovers."""

    def __init__(
        self,
        writer: StreamWriter,
        batches: Batches | SpooledBatches,
        settlement: Settlement,
        patience_seconds: float,
    ):
        """Start only if earlier runs left something to send.

        Args:
            writer: sends the batches, and is closed with this.
            batches: gathers them, and is closed with this.
            settlement: is told of every event, on the writer's thread, on this one's, or on that of `add`.
            patience_seconds: how long after it was tracked an event is given up.
        """
        self._batches = batches
        self._stop = threading.Event()
        self._writer = writer
        self._settlement = settlement
        self._patience_seconds = patience_seconds
        self._program_ends = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        if batches.starts_with_work:
            self._start()

    @property
    def held_bytes(self) -> int:
        """Bytes that wait or are under way."""
        return self._batches.held_bytes

    def add(self, event: Event) -> None:
        """Take an event; blocks, or tells `on_error`, when too much is held.

        Raises:
            RuntimeError: closed.
            SpoolError: the spool's disk did not take it.
        """
        if self._thread is None:
            self._start()
        try:
            taken = self._batches.put(event)
        except SpoolError:
            self._settlement.spool_failed()
            raise
        if taken:
            self._settlement.took()
        else:
            self._settlement.found_no_room(event)
        if self._program_ends:
            self.flush_at_exit()  # nobody comes after this who would

    def flush(self, timeout: float | None) -> bool:
        """Send what is held, and return whether all of it was stored or told to `on_error` in time."""
        return self._batches.flush(timeout)

    def close(self, timeout: float | None) -> None:
        """Take no more, give what is held its time, then stop.

        What is left by then goes to `on_error`, or stays in the spool if there is one. See `release`.
        """
        self._batches.close()
        if self._thread is not None:
            all_sent = self._batches.flush(timeout)
            self._stop.set()
            # a stream on which nothing is owed ends by itself
            self._writer.close(GOODBYE_SECONDS if all_sent else 0)
            if self._thread is not threading.current_thread():
                self._thread.join()

    def release(self) -> None:
        """Let the next one have the spool, if there is one; when nothing uses it any more."""
        self._batches.release()

    def flush_at_exit(self) -> None:
        """Give events a last chance when the program ends without closing its client.

        What is tracked afterwards, by what the program itself registered with `atexit`, has one of its own.
        """
        self._program_ends = True
        if self.flush(LAST_CHANCE_SECONDS):
            return
        if self._batches.is_kept:
            log.info("the program ended before all events were sent; they are in the spool")
        else:
            log.error("the program ended before all events were sent; close the client to wait for them")

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                # not a daemon would keep a program alive that forgot to close its client
                self._thread = threading.Thread(target=self._run, name="footfall", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        # what a spool keeps need not be read to be left there
        while not (self._stop.is_set() and self._batches.is_kept) and (batch := self._batches.take()) is not None:
            taken_over = batch.sequence is not None and batch.sequence < self._batches.first_own
            if taken_over:
                self._settlement.took_over(batch)
            if batch.damaged:
                self._settlement.found_damage(batch, taken_over=taken_over)
            if not batch.events:
                self._batches.settle(batch)
            elif self._stop.is_set():
                self._end(batch, NEVER_SENT)
            elif batch.age_seconds >= self._patience_seconds:
                self._end(batch, EXPIRED)
            else:
                self._send(batch)

    def _send(self, batch: Batch) -> None:
        patience = self._patience_seconds - batch.age_seconds
        try:
            outcome = self._writer.send(batch.events, sequence=batch.sequence, patience=patience)
        except WriterClosedError:
            self._end(batch, NEVER_SENT)
        except Exception as error:  # the thread must outlive whatever protobuf raises, and the events must be told of
            log.exception("a batch could not be sent")
            self._end(batch, RefusedError("INTERNAL", str(error), attempts=0))
        else:
            outcome.add_done_callback(partial(self._settle, batch))

    def _settle(self, batch: Batch, outcome: Future[Outcome]) -> None:
        failure = outcome.exception()
        self._end(batch, failure if isinstance(failure, FootfallError) else outcome.result())

    def _end(self, batch: Batch, end: Outcome | FootfallError) -> None:
        if self._batches.is_kept and self._stop.is_set() and isinstance(end, GivenUpError):
            return  # it was not given up: the next run sends it, under the same number
        try:
            self._settlement.ended(batch, end)
        finally:
            self._batches.settle(batch)

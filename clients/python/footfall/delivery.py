"""Sends batches in the background, and says of every event that is not stored."""

import atexit
import logging
import threading
from concurrent.futures import Future
from functools import partial

from footfall.batches import Batches
from footfall.failures import FootfallError, RefusedError
from footfall.gathering import Batch, BatchPolicy
from footfall.losses import NEVER_SENT, OnError, losses_of, tell
from footfall.results import Loss, Outcome
from footfall.stream_writer import StreamWriter, WriterClosedError
from footfall.v1.event_pb2 import Event

log = logging.getLogger("footfall")

GOODBYE_SECONDS = 1.0
"""How long a server may take to end a stream on which everything is answered."""


class Delivery:
    """A thread that gathers events into batches and hands them to a writer. It starts with the first event."""

    def __init__(self, writer: StreamWriter, policy: BatchPolicy, on_error: OnError):
        """Start nothing yet.

        Args:
            writer: sends the batches, and is closed with this.
            policy: when a batch is complete.
            on_error: gets every event that is not stored; called on the writer's thread, on this one's, or on that of
                `add`.
        """
        self._batches = Batches(policy)
        self._stop = threading.Event()
        self._writer = writer
        self._on_error = on_error
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, event: Event) -> None:
        """Take an event; blocks, or tells `on_error`, when too much is held."""
        if self._thread is None:
            self._start()
        if not self._batches.put(event):
            tell(self._on_error, Loss((event,), "QUEUE_FULL", "Too many events wait to be sent."))

    def flush(self, timeout: float | None) -> bool:
        """Send what is held, and return whether all of it was stored or told to `on_error` in time."""
        return self._batches.flush(timeout)

    def close(self, timeout: float | None) -> None:
        """Take no more, give what is held its time, then stop; what is left by then goes to `on_error`."""
        atexit.unregister(self.flush_at_exit)
        self._batches.close()
        if self._thread is None:
            return
        all_sent = self._batches.flush(timeout)
        self._stop.set()
        # a stream on which nothing is owed ends by itself
        self._writer.close(GOODBYE_SECONDS if all_sent else 0)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def flush_at_exit(self) -> None:
        """Give events a last chance when the program ends without closing its client."""
        if not self.flush(5.0):
            log.error("the program ended before all events were sent; close the client to wait for them")

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                # not a daemon would keep a program alive that forgot to close its client
                self._thread = threading.Thread(target=self._run, name="footfall", daemon=True)
                self._thread.start()
                atexit.register(self.flush_at_exit)

    def _run(self) -> None:
        while (batch := self._batches.take()) is not None:
            if self._stop.is_set():
                self._tell_end(batch, NEVER_SENT)
            else:
                self._send(batch)

    def _send(self, batch: Batch) -> None:
        try:
            outcome = self._writer.send(batch.events)
        except WriterClosedError:
            self._tell_end(batch, NEVER_SENT)
        except Exception as error:  # the thread must outlive whatever protobuf raises, and the events must be told of
            log.exception("a batch could not be sent")
            self._tell_end(batch, RefusedError("INTERNAL", str(error)))
        else:
            outcome.add_done_callback(partial(self._settle, batch))

    def _settle(self, batch: Batch, outcome: Future[Outcome]) -> None:
        failure = outcome.exception()
        self._tell_end(batch, failure if isinstance(failure, FootfallError) else outcome.result())

    def _tell_end(self, batch: Batch, end: Outcome | FootfallError) -> None:
        try:
            for loss in losses_of(batch.events, end):
                tell(self._on_error, loss)
        finally:
            self._batches.settle(batch)

"""Sends batches in the background, and says of every event that is not stored."""

import atexit
import logging
import threading
from collections.abc import Callable

from footfall.batches import Batches, BatchPolicy
from footfall.failures import FootfallError, GivenUpError
from footfall.results import Loss
from footfall.v1.event_pb2 import Event
from footfall.writer import Writer

log = logging.getLogger("footfall")

OnError = Callable[[Loss], None]


def log_loss(loss: Loss) -> None:
    """Log what was lost: what happens unless the client is given an `on_error`."""
    log.error("%d event(s) not stored: %s %s %s", len(loss.events), loss.code, loss.field, loss.message)


class Delivery:
    """A thread that sends one batch after the other. It starts with the first event."""

    def __init__(
        self, make_writer: Callable[[Callable[[float], bool]], Writer], policy: BatchPolicy, on_error: OnError
    ):
        """Start nothing yet.

        Args:
            make_writer: makes the writer; is given how to wait between attempts, which ends when sending is to stop.
            policy: when a batch is complete.
            on_error: gets every event that is not stored; called on the sending thread, or on that of `add`.
        """
        self._batches = Batches(policy)
        self._stop = threading.Event()
        self._writer = make_writer(self._stop.wait)
        self._on_error = on_error
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, event: Event) -> None:
        """Take an event; blocks, or tells `on_error`, when too much is held."""
        if self._thread is None:
            self._start()
        if not self._batches.put(event):
            self._lose(Loss((event,), "QUEUE_FULL", "Too many events wait to be sent."))

    def flush(self, timeout: float | None) -> bool:
        """Send what is held, and return whether all of it was stored or told to `on_error` in time."""
        return self._batches.flush(timeout)

    def close(self, timeout: float | None) -> None:
        """Take no more, give what is held its time, then stop; what is left by then goes to `on_error`."""
        atexit.unregister(self.flush_at_exit)
        self._batches.close()
        if self._thread is not None:
            self._batches.flush(timeout)
            self._stop.set()

    def join(self) -> None:
        """Wait until the thread has told `on_error` of what is left. Calls under way must have been cancelled."""
        if self._thread is not None and self._thread is not threading.current_thread():
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
            try:
                self._send(batch)
            finally:
                self._batches.settle()

    def _send(self, batch: list[Event]) -> None:
        if self._stop.is_set():
            self._lose(Loss(tuple(batch), "CLOSED", "The client was closed before they could be sent."))
            return
        try:
            outcome = self._writer.write(batch)
        except FootfallError as error:
            # INTERNAL may come from anywhere on the way, also after the batch was stored
            known = not isinstance(error, GivenUpError) and error.code != "INTERNAL"
            self._lose(Loss(tuple(batch), error.code, error.message, outcome_known=known))
        except Exception as error:  # the thread must outlive whatever gRPC raises, and the events must be told of
            log.exception("a batch could not be sent")
            self._lose(Loss(tuple(batch), "INTERNAL", str(error), outcome_known=False))
        else:
            for r in outcome.rejected:
                self._lose(Loss((batch[r.index],), r.code, r.message, field=r.field))

    def _lose(self, loss: Loss) -> None:
        try:
            self._on_error(loss)
        except BaseException:  # the thread must outlive whatever the program's own code raises, SystemExit included
            log.exception("on_error failed")
            log_loss(loss)

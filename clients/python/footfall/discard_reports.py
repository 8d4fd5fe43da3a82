"""Tells the server what the client dropped itself, in the background."""

import logging
import threading
from contextlib import suppress

import grpc

from footfall.discards import ATTEMPT_SECONDS, LAST_REPORTS, LAST_SECONDS, Discards, Schedule
from footfall.retry import RetryPolicy, Setback
from footfall.v1.ingest_pb2_grpc import IngestServiceStub

log = logging.getLogger("footfall")


class DiscardReports:
    """A thread that starts with the first event that is dropped. Whatever fails here is nobody's loss but its own."""

    def __init__(self, channel: grpc.Channel, discards: Discards, retries: RetryPolicy) -> None:
        """Tell nothing yet.

        Args:
            channel: the caller closes it, after this.
            discards: what to tell; this is told of whatever is added from now on.
            retries: the pauses after failures.
        """
        # the generated stubs carry no types
        self._report = IngestServiceStub(channel).ReportDiscardedEvents  # type: ignore[no-untyped-call]
        self._discards = discards
        self._schedule = Schedule(discards, retries)
        self._due = threading.Event()
        """Set when there is something to tell, and when the client is closed."""
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        discards.on_discard = self.wake

    def wake(self) -> None:
        """Tell what was added, soon."""
        self._due.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._closing.is_set():
                    # not a daemon would keep a program alive that forgot to close its client
                    thread = threading.Thread(target=self._run, name="footfall-discards", daemon=True)
                    with suppress(RuntimeError):  # a program that ends starts no more threads
                        thread.start()
                        self._thread = thread

    def close(self) -> None:
        """Tell what is left, once and for at most a second; then stop."""
        with self._starting:
            self._closing.set()
        self._due.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(LAST_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._due.wait()
            if not self._closing.wait(self._schedule.pause):
                self._due.clear()  # before the counts are read: what is added from now on is for the next time
                self._tell(ATTEMPT_SECONDS)
                if not self._discards.is_empty:
                    self._due.set()
        for _ in range(LAST_REPORTS):
            if not self._tell(LAST_SECONDS):
                return

    def _tell(self, seconds: float) -> bool:
        """Make one attempt; return whether the server took a report."""
        report = self._discards.report()
        if report is None:
            return False
        try:
            self._report(report, timeout=seconds)
        except grpc.RpcError as error:
            setback = Setback.of(error)
        except Exception as error:  # noqa: BLE001 - what gRPC raises for a channel that was closed
            setback = Setback(grpc.StatusCode.INTERNAL, str(error))
        else:
            self._schedule.taken()
            return True
        log.debug("what was dropped could not be reported: %s %s", setback.code.name, setback.message)
        self._schedule.failed(setback)
        return False

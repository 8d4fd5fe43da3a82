"""Keeps a stream going: when one breaks, another one takes its place in the same process.

A process that ends instead is started again by whoever watches it, later each time, and counts as one that crashes: for
something that is nobody's mistake.
"""

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from footfall_core import telemetry
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.streams import Stream, StreamBroken, StreamFenced, StreamUnmendableError

log = structlog.get_logger()

LOOK_SECONDS = 0.1
"""How soon a pause ends when the process is told to."""


@dataclass(frozen=True)
class Pauses:
    """How long to wait before the next start. Times are in seconds."""

    first: float = 0.5
    longest: float = 15.0
    """The pause doubles from failure to failure up to this, and stays there for ever."""
    forgiven_after: float = 60.0
    """A stream that went on for this long is followed by the first pause again."""

    def after(self, failures: int) -> float:
        """Return the pause after so many failures in a row."""
        # the exponent is bounded because a float overflows after a thousand failures, which is one night
        return min(self.first * 2.0 ** min(failures - 1, 32), self.longest)


class StayingStream:
    """Streams, one after another, that look like one from outside.

    Args:
        opened: makes the next stream; raises what `Stream.run` raises.
        kind: which events.
        stop: set when the process is told to end, by any thread or a signal's handler.
        pauses: between two streams.
    """

    def __init__(
        self, opened: Callable[[], Stream], kind: EventKind, stop: threading.Event, pauses: Pauses | None = None
    ) -> None:
        self._opened = opened
        self._stop = stop
        self._pauses = pauses or Pauses()
        self._starts = telemetry.PROCESSING_RESTARTS
        self._log = kind.value
        self._stream: Stream | None = None

    def run(self) -> None:
        """Process until the process is told to end; call it in the main thread.

        Whatever another start does not mend ends it, and so does one of the same name that fences it again and again:
        each would take the other's place for ever.
        """
        failures = fences = 0
        while True:
            began = time.monotonic()
            try:
                self._stream = self._opened()
                self._stream.run()
            except StreamBroken as broken:
                self._stream = None
                if time.monotonic() - began >= self._pauses.forgiven_after:
                    failures = fences = 0
                failures += 1
                fences += isinstance(broken, StreamFenced)
                if fences > 1:
                    raise StreamUnmendableError(str(broken)) from broken
                pause = self._pauses.after(failures)
                self._starts.labels(self._log, broken.reason).inc()
                log.warning(
                    "stream broken; what was not committed is undone, and another one takes its place",
                    reason=broken.reason,
                    error=str(broken),
                    failures=failures,
                    pause_seconds=pause,
                )
            else:
                return
            # its Kafka clients and its state stand in rings of references: threads, sockets and memory
            gc.collect()
            self._wait(pause)
            if self._stop.is_set():
                log.warning("told to end; what was not committed is for the next start")
                return

    def is_ready(self) -> bool:
        """Return whether there is a stream that does its part; called from any thread."""
        stream = self._stream
        return stream is not None and stream.is_ready()

    def measure_lag(self, now: Micros) -> None:
        """Set the figures of lag; called from any thread."""
        if (stream := self._stream) is not None:
            stream.measure_lag(now)

    def _wait(self, seconds: float) -> None:
        # not the event's own wait: a signal's handler sets it, in the thread that would hold its lock
        end = time.monotonic() + seconds
        while not self._stop.is_set() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))

"""When a stream of errors says something though there is no error, and when it ends because its server stops.

A stream that is quiet has one timer and nothing else: no task, and nobody who waits for the server's end.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from footfall_core.errors.feed import ErrorStream, PushedError
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.draining import Draining


class Pulse:
    """The timer of one stream. Instants are the event loop's."""

    def __init__(self, settings: ErrorServerSettings, first_beat_seconds: float, now: float) -> None:
        self._settings = settings
        self._timeout: asyncio.Timeout | None = None
        self._beat = now + first_beat_seconds
        self._look: float | None = now + settings.count_seconds
        """When to look whether errors were left out; None: none were that are not told."""
        self._ends_at: float | None = None

    @property
    def ends(self) -> bool:
        """Whether it is the stream's turn to end, because its server stops."""
        return self._ends_at is not None and self._ends_at <= _now()

    def end_at(self, when: float) -> None:
        """End the stream at an instant, whatever it waits for."""
        self._ends_at = when
        self._wake_by(when)

    def _wake_by(self, when: float) -> None:
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(min(when, self._timeout.when() or when))

    def is_due(self) -> bool:
        """Return whether it is time for a heartbeat."""
        return self._beat <= _now()

    def told(self) -> None:
        """Say that a message is sent."""
        self._beat = _now() + self._settings.heartbeat_seconds

    def look_soon(self) -> None:
        """Say that errors were left out, which are told together with those that follow."""
        if self._look is None:
            self._look = _now() + self._settings.count_seconds
            self._wake_by(self._look)

    async def next_before_a_beat(self, stream: ErrorStream) -> tuple[PushedError | None] | None:
        """Return what the stream's `next` returns; None if it is time to look for something else to tell.

        Whoever calls it looks whether errors were left out as soon as it returns.
        """
        try:
            async with asyncio.timeout_at(self._wakes_at()) as self._timeout:
                return (await stream.next(),)
        except TimeoutError:
            if self._timeout is None or not self._timeout.expired():
                raise
            return None
        finally:
            self._timeout = self._look = None

    def _wakes_at(self) -> float:
        return min(each for each in (self._beat, self._look, self._ends_at) if each is not None)


class Pulses:
    """Those of all streams of a server."""

    def __init__(self, settings: ErrorServerSettings, draw: Callable[[float, float], float]) -> None:
        self._settings = settings
        self._draw = draw
        self._open: set[Pulse] = set()

    @contextmanager
    def of(self, draining: Draining) -> Iterator[Pulse]:
        """Yield the pulse of a stream that is open within the block."""
        draining.on_set(self._end)
        interval = self._settings.heartbeat_seconds
        # streams that were opened together shall not beat together
        pulse = Pulse(self._settings, self._draw(interval / 2, interval), _now())
        self._open.add(pulse)
        if draining.is_set():
            pulse.end_at(_now())
        try:
            yield pulse
        finally:
            self._open.discard(pulse)

    def _end(self) -> None:
        """End all streams, one after the other, so that their clients do not all come to another server at once."""
        spread = min(self._settings.drain_seconds, len(self._open) / self._settings.drain_streams_a_second)
        now = _now()
        for pulse in self._open:
            pulse.end_at(now + self._draw(0.0, spread))


def _now() -> float:
    return asyncio.get_running_loop().time()

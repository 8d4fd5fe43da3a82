"""What the client drops itself, counted by reason until the server was told. No clock, waiting or I/O of its own.

A report that was not acknowledged is sent again as it is, under its number, so that it counts once; what is dropped
meanwhile goes into the next one. Counts are in memory alone, and what nobody acknowledged is lost with the process.
"""

import random
import threading
import time
from collections.abc import Callable

import grpc

from footfall.failures import FootfallError, GivenUpError, RefusedError
from footfall.results import Outcome
from footfall.retry import RetryPolicy, Setback
from footfall.v1.ingest_pb2 import DiscardReason, ReportDiscardedEventsRequest

GATHER_SECONDS = 5.0
"""How long counts are gathered before they are reported, and the least time between two reports."""
REFUSED_SECONDS = 600.0
"""When a server that refuses reports is asked again: a newer one may take its place, or a key get the right."""
ATTEMPT_SECONDS = 5.0
"""How long an attempt may take."""
LAST_SECONDS = 1.0
"""How long closing the client may take for its last report."""
LAST_REPORTS = 2
"""Of what closing sends: the report that was under way, and one of all the rest."""

MOST = 1_000_000_000
"""The server's limit of a count."""

_REASONS = {
    "CLOSED": DiscardReason.DISCARD_REASON_CLOSED,
    "EXPIRED": DiscardReason.DISCARD_REASON_EXPIRED,
}


def reason_of(end: Outcome | FootfallError) -> DiscardReason | None:
    """Return why a batch was dropped as a whole; None if it was not: of single events the server tells."""
    if isinstance(end, GivenUpError):
        return _REASONS.get(end.code, DiscardReason.DISCARD_REASON_GIVEN_UP)
    if isinstance(end, RefusedError):
        # what was never sent was not refused by anyone else
        return DiscardReason.DISCARD_REASON_REFUSED if end.attempts else DiscardReason.DISCARD_REASON_INVALID
    return None


class Discards:
    """Counts by reason. Safe to use from several threads."""

    def __init__(
        self, property_id: str, writer_id: str, wall_micros: Callable[[], int] = lambda: time.time_ns() // 1000
    ) -> None:
        """Count nothing yet.

        Args:
            property_id: whose events.
            writer_id: whose report numbers; with a spool it has had other runs.
            wall_micros: Unix time in microseconds.
        """
        self.on_discard: Callable[[], None] = lambda: None
        """Is told whenever something was counted, by the thread that counted it; it must not block."""
        self._property = f"properties/{property_id}"
        self._writer_id = writer_id
        self._wall_micros = wall_micros
        self._lock = threading.Lock()
        self._counts: dict[DiscardReason, int] = {}
        self._span = (0, 0)
        """When the first and the last of them were dropped."""
        self._under_way: ReportDiscardedEventsRequest | None = None
        self._newest = 0

    def add(self, reason: DiscardReason, events: int = 1) -> None:
        """Count events that were dropped."""
        with self._lock:
            now = self._wall_micros()
            # a clock that was set back must not make a span that the server refuses
            self._span = (min(self._span[0], now), max(self._span[1], now)) if self._counts else (now, now)
            self._counts[reason] = self._counts.get(reason, 0) + events
        self.on_discard()

    @property
    def is_empty(self) -> bool:
        """Whether the server was told of everything."""
        with self._lock:
            return not self._counts and self._under_way is None

    def report(self) -> ReportDiscardedEventsRequest | None:
        """Return what to tell the server, the same until it is acknowledged; None if there is nothing."""
        with self._lock:
            if self._under_way is None and self._counts:
                self._under_way = self._frozen()
            return self._under_way

    def acknowledge(self) -> None:
        """Say that the server took the report, or never will."""
        with self._lock:
            self._under_way = None

    def _frozen(self) -> ReportDiscardedEventsRequest:
        # the instant is a number that no earlier run with the same spool has used
        self._newest = max(self._newest + 1, self._wall_micros())
        report = ReportDiscardedEventsRequest(
            property=self._property, writer_id=self._writer_id, report_number=self._newest
        )
        report.start_time.FromMicroseconds(self._span[0])
        report.end_time.FromMicroseconds(self._span[1])
        for reason, count in self._counts.items():
            report.discarded.add(reason=reason, count=min(count, MOST))
        self._counts = {reason: count - MOST for reason, count in self._counts.items() if count > MOST}
        return report


class Schedule:
    """When the next report is due. What a server refuses is kept, except for a report that is wrong in itself."""

    def __init__(
        self,
        discards: Discards,
        retries: RetryPolicy,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Begin."""
        self._discards = discards
        self._retries = retries
        self._draw = draw
        self._failures = 0
        self.pause = GATHER_SECONDS
        """Seconds from something to tell, or from the last report, to the next."""

    def taken(self) -> None:
        """Say that the server took the report."""
        self._discards.acknowledge()
        self._failures = 0
        self.pause = GATHER_SECONDS

    def failed(self, setback: Setback) -> None:
        """Say that it did not."""
        self._failures += 1
        if setback.code is grpc.StatusCode.INVALID_ARGUMENT:
            self._discards.acknowledge()  # it would stand in the way of all that come after it
        pause = setback.pause(self._failures, self._retries, self._draw)
        self.pause = REFUSED_SECONDS if pause is None else max(GATHER_SECONDS, pause)

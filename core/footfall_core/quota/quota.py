"""What one property may use."""

from dataclasses import dataclass
from functools import cached_property

EVENTS, BYTES, REPORTS = "events", "bytes", "reports"

LEAST_SECONDS = 0.05
"""How many seconds' worth is the least that is handed out."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket that fills at a steady rate, and that is full at the start."""

    name: str
    """What is counted: `events`, `bytes` or `reports`."""
    per_second: float
    """How fast it fills. Above 0."""
    burst: float
    """What is in it when it is full, at least 1."""

    @property
    def least(self) -> float:
        """What has to be in it for anything to be handed out: crumbs would have servers come for every one of them."""
        return min(self.burst, max(1.0, self.per_second * LEAST_SECONDS))


@dataclass(frozen=True)
class Quota:
    """What one property may use. 0 is no limit."""

    events_per_second: float = 0
    bytes_per_second: float = 0
    """Of requests, as they are on the wire, after decompression."""
    reports_per_second: float = 0
    """Reports, and looks into the errors, that have to be computed. What a cache answers is free."""
    concurrent_reports: int = 0
    """Those that one server may have under way."""
    waiting_bytes: int = 0
    """Bytes of batches that may wait for their commit on one server."""
    burst_seconds: float = 10
    """How many seconds' worth may be used at once, after a time in which nothing was."""

    @cached_property
    def writes(self) -> tuple[Limit, ...]:
        """The limits that a batch has to keep."""
        return self._limits((EVENTS, self.events_per_second), (BYTES, self.bytes_per_second))

    @cached_property
    def reads(self) -> tuple[Limit, ...]:
        """The limits that a report has to keep."""
        return self._limits((REPORTS, self.reports_per_second))

    def _limits(self, *rates: tuple[str, float]) -> tuple[Limit, ...]:
        # a burst below 1 would never let anything in
        return tuple(Limit(name, rate, max(1.0, rate * self.burst_seconds)) for name, rate in rates if rate > 0)

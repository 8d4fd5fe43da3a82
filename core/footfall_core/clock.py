"""Time, handed in to whatever needs it, so that tests can hold it still."""

import time
from datetime import UTC, datetime
from typing import NewType, Protocol

Micros = NewType("Micros", int)
"""Unix time in microseconds."""


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> Micros:
        """Return the current Unix time in microseconds. Never blocks; may step when the machine's clock is set."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Micros:
        """Return the machine's Unix time in microseconds."""
        return Micros(time.time_ns() // 1000)


def to_datetime(micros: int) -> datetime:
    """Return a Unix time in microseconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC)

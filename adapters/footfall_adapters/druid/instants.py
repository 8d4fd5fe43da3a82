"""Instants as Druid writes them."""

from footfall_core.clock import Micros, to_datetime


def interval(start: Micros, end: Micros) -> str:
    """Return the interval from `start` up to and without `end`."""
    return f"{instant(start)}/{instant(end)}"


def instant(micros: Micros) -> str:
    """Return an instant in UTC, to the millisecond."""
    return to_datetime(micros).isoformat(timespec="milliseconds").replace("+00:00", "Z")

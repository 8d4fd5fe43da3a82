"""Days of a time zone as instants."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from footfall_core.clock import Micros
from footfall_core.report.limits import FIRST_YEAR, LAST_YEAR

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NOT_A_PLACE = frozenset({"Factory", "localtime", "posixrules"})


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the IANA data base that a report may state."""
    return frozenset(available_timezones()) - _NOT_A_PLACE


def parse_day(text: str) -> date:
    """Return the day that `YYYY-MM-DD` names.

    Raises:
        ValueError: one sentence on what is wrong.
    """
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a day; write YYYY-MM-DD, for example 2026-03-29.")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} does not exist in the calendar.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{text} is out of range; years from {FIRST_YEAR} to {LAST_YEAR} are allowed.")
    return day


def start_of_day(day: date, zone: ZoneInfo) -> Micros:
    """Return the first instant of a day.

    Where the clock is put forward at midnight it is the instant of the change; where midnight comes twice, the first.
    """
    return Micros(round(datetime.combine(day, time.min, tzinfo=zone).timestamp() * 1_000_000))


def instants(first: date, last: date, zone: ZoneInfo) -> tuple[Micros, Micros]:
    """Return the first instant of `first` and the first one after `last`."""
    return start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a time zone; it may have 23, 24, 25 or, where a zone changed sides, no hours."""

    date: date
    start: Micros
    end: Micros
    """The first instant after it."""


def days_between(start: Micros, end: Micros, zone: ZoneInfo) -> Iterator[Day]:
    """Yield the days of a zone from the one that begins at `start` up to the one that ends at `end`."""
    day = day_of(start, zone)
    while (begin := start_of_day(day, zone)) < end:
        yield Day(day, begin, start_of_day(day + timedelta(days=1), zone))
        day += timedelta(days=1)


def day_of(instant: Micros, zone: ZoneInfo) -> date:
    """Return the day in which an instant is."""
    return datetime.fromtimestamp(instant / 1_000_000, zone).date()

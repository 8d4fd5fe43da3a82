"""Days of a time zone as instants."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from footfall_core.clock import Micros
from footfall_core.report.limits import FIRST_YEAR, LAST_YEAR

_DAYS_AGO = re.compile(r"(\d{1,4})daysAgo", re.ASCII)
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


def resolve_day(text: str, today: date) -> date:
    """Return the day that `YYYY-MM-DD`, `today`, `yesterday` or `NdaysAgo` names.

    Raises:
        ValueError: one sentence on what is wrong.
    """
    if text == "today":
        return today
    if text == "yesterday":
        return today - timedelta(days=1)
    if ago := _DAYS_AGO.fullmatch(text):
        return parse_day((today - timedelta(days=int(ago[1]))).isoformat())
    try:
        return parse_day(text)
    except ValueError as error:
        if _DAY.fullmatch(text):
            raise
        raise ValueError(f"{str(error).removesuffix('.')}, or today, yesterday or 7daysAgo.") from None


def day_of(instant: Micros, zone: ZoneInfo) -> date:
    """Return the day that an instant is in."""
    return datetime.fromtimestamp(instant / 1_000_000, zone).date()


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


@lru_cache(maxsize=256)
def days_between(start: Micros, end: Micros, zone: ZoneInfo) -> tuple[Day, ...]:
    """Return the days of a zone from the one that begins at `start` up to the one that ends at `end`."""
    days = []
    day = day_of(start, zone)
    while (begin := start_of_day(day, zone)) < end:
        days.append(Day(day, begin, start_of_day(day + timedelta(days=1), zone)))
        day += timedelta(days=1)
    return tuple(days)


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a zone's clocks are ahead of UTC up to an instant."""

    until: Micros
    ahead_ms: int
    """Milliseconds; less than 0 west of Greenwich."""


def offsets_between(start: Micros, end: Micros, zone: ZoneInfo) -> tuple[Offset, ...]:
    """Return the offsets of a zone from `start` up to `end`, at least one, by the zone data of this process."""
    offsets = []
    for day in days_between(start, end, zone):
        before, after = _ahead_ms(day.start, zone), _ahead_ms(day.end, zone)
        if before != after:
            offsets.append(Offset(_first_with(after, day, zone), before))
    return (*offsets, Offset(end, _ahead_ms(Micros(end - 1_000_000), zone)))


def _ahead_ms(instant: Micros, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant / 1_000_000, zone).utcoffset() or timedelta()
    return offset // timedelta(milliseconds=1)


def _first_with(ahead_ms: int, day: Day, zone: ZoneInfo) -> Micros:
    """Return the second of a day from which the clocks are this far ahead."""
    low, high = day.start // 1_000_000, day.end // 1_000_000
    while low + 1 < high:
        middle = (low + high) // 2
        if _ahead_ms(Micros(middle * 1_000_000), zone) == ahead_ms:
            high = middle
        else:
            low = middle
    return Micros(high * 1_000_000)

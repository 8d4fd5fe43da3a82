"""Days and hours by the clocks of a zone: their numbers, which stores compute, and how reports write them."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from footfall_core.clock import Micros
from footfall_core.report.days import days_between
from footfall_core.report.fields import DATE
from footfall_core.report.plan import Leaf

HOUR, DATE_HOUR = "hour", "dateHour"
"""The dimensions of hours."""

HOURS_A_DAY = 24
EPOCH = date(1970, 1, 1)


def day_label(number: int) -> str:
    """Return the day of a number of days since 1970-01-01."""
    return (EPOCH + timedelta(days=number)).isoformat()


def hour_label(number: int) -> str:
    """Return an hour of the day, `00` to `23`."""
    return f"{number:02d}"


def date_hour_label(number: int) -> str:
    """Return the day and hour of a number of hours that clocks show since 1970-01-01T00."""
    day, hour = divmod(number, HOURS_A_DAY)
    return f"{day_label(day)}T{hour_label(hour)}"


def date_hours(start: Micros, end: Micros, zone: ZoneInfo) -> range:
    """Return the numbers of the hours of the days from `start` up to `end`; one that clocks skip is among them."""
    days = date_numbers(start, end, zone)
    return range(days.start * HOURS_A_DAY, days.stop * HOURS_A_DAY)


def date_numbers(start: Micros, end: Micros, zone: ZoneInfo) -> range:
    """Return the numbers of the days from `start` up to `end`; one that clocks skip is among them."""
    days = days_between(start, end, zone)
    return range((days[0].date - EPOCH).days, (days[-1].date - EPOCH).days + 1) if days else range(0)


_LABELS: dict[str, Callable[[int], str]] = {DATE: day_label, HOUR: hour_label, DATE_HOUR: date_hour_label}


def label(name: str, value: Any) -> str:
    """Return a dimension's value as reports have it, from the store's: days and hours are numbers there."""
    return _LABELS[name](value) if name in _LABELS else value


@lru_cache(maxsize=32)
def matching_numbers(condition: Leaf, start: Micros, end: Micros, time_zone: str) -> tuple[int, ...]:
    """Return the numbers of the days or hours from `start` up to `end` that match: they are few, so each is tried."""
    match condition.dimension:
        case "hour":
            numbers = range(HOURS_A_DAY)
        case "dateHour":
            numbers = date_hours(start, end, ZoneInfo(time_zone))
        case _:
            numbers = date_numbers(start, end, ZoneInfo(time_zone))
    return tuple(number for number in numbers if condition.matches(label(condition.dimension, number)))

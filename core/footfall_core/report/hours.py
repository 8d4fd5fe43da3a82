"""Hours by the clocks of a zone: their numbers, which stores compute, and how reports write them."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from footfall_core.clock import Micros
from footfall_core.report.days import days_between

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
    days = days_between(start, end, zone)
    if not days:
        return range(0)
    first, last = ((day.date - EPOCH).days for day in (days[0], days[-1]))
    return range(first * HOURS_A_DAY, (last + 1) * HOURS_A_DAY)

"""When visitors come: by the hours of a day and the days of a week in the shop's time zone. Pure.

All randomness of a demo is drawn here, from its key and a place in it (a day, a visit), so that each day is the same
whichever days are generated beside it.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from footfall_cli.demo.settings import Demo
from footfall_cli.demo.shop import ZONE

HOURS = (
    *(14, 8, 5, 3, 3, 5, 12, 24, 36, 46, 54, 58),
    *(62, 58, 52, 50, 52, 58, 68, 82, 96, 90, 62, 32),
)
"""How busy each hour of the day is: quiet nights, a bump at noon, the most at eight in the evening."""

WEEKDAYS = (1.08, 1.0, 0.98, 0.97, 0.9, 0.88, 1.19)
"""How busy each day is against the average, from Monday to Sunday."""

_SECOND = 1_000_000


def random_of(key: str, *place: object) -> Random:
    """Return the random numbers of a place in a demo."""
    return Random("/".join(map(str, (key, *place))))  # noqa: S311 - nothing here is a secret


def visits_on(demo: Demo, day: date) -> int:
    """Return how many visits a day in the shop's time zone has."""
    return max(
        1, round(demo.visits * WEEKDAYS[day.weekday()] * random_of(demo.key, day, "weather").uniform(0.92, 1.08))
    )


def draw_moment(day: date, random: Random) -> int:
    """Return an instant of a day, in busy hours more likely; Unix time in microseconds."""
    hour = random.choices(range(24), HOURS)[0]
    begin = datetime.combine(day, time(hour), shop_zone())
    return round(begin.timestamp() * _SECOND) + random.randrange(3600 * _SECOND)


def day_begins(day: date) -> int:
    """Return the first instant of a day in the shop's time zone; Unix time in microseconds."""
    return round(datetime.combine(day, time(), shop_zone()).timestamp() * _SECOND)


def day_ends(day: date) -> int:
    """Return the first instant after a day in the shop's time zone; Unix time in microseconds."""
    return day_begins(day + timedelta(days=1))


@cache
def shop_zone() -> ZoneInfo:
    """Return the shop's time zone."""
    return ZoneInfo(ZONE)

"""Who visits: visitors are new on one day, and some come back on later ones. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from footfall_cli.demo.countries import draw_address, draw_country, draw_language
from footfall_cli.demo.devices import draw_device
from footfall_cli.demo.rhythm import day_begins, random_of, visits_on
from footfall_cli.demo.settings import Demo

NEW = 0.62
"""Share of a day's visits that are somebody's first."""
_ACCOUNTS = 0.3
"""Share of the visitors who have an account; they are signed in from their second visit on."""
_WITHOUT_ADDRESS = 0.02
"""Share whose address is not passed on."""
_MEAN_DAYS_AWAY = 5.0
_MOST_DAYS_AWAY = 30
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser, and whoever sits before it."""

    client_id: str
    account: str
    """`user_id` when signed in; empty without an account."""
    user_agent: str
    device: str
    """GA4's category."""
    address: str
    """Empty if it is not passed on."""
    language: str
    currency: str


@dataclass(frozen=True, slots=True)
class Guest:
    """The visitor of one visit."""

    visitor: Visitor
    returning: bool


def visitor_of(key: str, first_day: date, number: int) -> Visitor:
    """Return the visitor who was the day's `number`-th new one; always the same."""
    random = random_of(key, first_day, "visitor", number)
    country, device = draw_country(random), draw_device(random)
    return Visitor(
        # as GA4's own clients make it: a random number and the second of the first visit
        client_id=f"{random.randrange(10**8, 2**31)}.{day_begins(first_day) // _SECOND + random.randrange(86_400)}",
        account=f"customer-{random.randrange(16**10):010x}" if random.random() < _ACCOUNTS else "",
        user_agent=device.user_agent,
        device=device.category,
        address=draw_address(country, random) if random.random() >= _WITHOUT_ADDRESS else "",
        language=draw_language(country, random),
        currency=country.currency,
    )


def guest_of(demo: Demo, day: date, number: int, random: Random) -> Guest:
    """Return who makes the day's `number`-th visit."""
    if number < _new_on(demo, day):
        return Guest(visitor_of(demo.key, day, number), returning=False)
    return returning_guest(demo, day, random)


def returning_guest(demo: Demo, day: date, random: Random) -> Guest:
    """Return somebody who was new on one of the thirty days before."""
    away = min(1 + int(random.expovariate(1 / _MEAN_DAYS_AWAY)), _MOST_DAYS_AWAY)
    first_day = day - timedelta(days=away)
    return Guest(visitor_of(demo.key, first_day, random.randrange(_new_on(demo, first_day))), returning=True)


def _new_on(demo: Demo, day: date) -> int:
    return max(1, round(visits_on(demo, day) * NEW))

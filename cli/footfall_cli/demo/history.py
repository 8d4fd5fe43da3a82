"""What a day of the past brought: visits, crawls, refunds, and how each event of them arrived. Pure.

A day of a demo is the same whenever and beside whichever days it is generated. That is why days are sent under writers
of their own, and why a day that was sent before counts once.
"""

from datetime import date
from random import Random

from footfall.v1.event_pb2 import Event
from footfall_cli.demo.arrivals import Arrival, on_time
from footfall_cli.demo.crawlers import SHARE as CRAWLS
from footfall_cli.demo.crawlers import crawl
from footfall_cli.demo.mistakes import broken_copy, draw_mistake
from footfall_cli.demo.refunds import draw_refund
from footfall_cli.demo.rhythm import draw_moment, random_of, visits_on
from footfall_cli.demo.settings import Demo
from footfall_cli.demo.sources import draw_source
from footfall_cli.demo.visitors import guest_of
from footfall_cli.demo.visits import Visit

LATE = 0.015
"""How many visits were made without a connection, and are sent when there is one."""
EARLIEST_LATE, LATEST = 1_800_000_000, 48 * 3_600_000_000
"""How late they are sent, counted from their beginning: half an hour to 48 hours. Microseconds."""


def arrivals_on(demo: Demo, day: date) -> list[Arrival]:
    """Return all that began on a day, in the order in which it is sent; the last of it days later.

    Args:
        demo: another one has other visitors.
        day: in the shop's time zone.
    """
    found: list[Arrival] = []
    key, count = demo.key, visits_on(demo, day)
    for number in range(count):
        random = random_of(key, day, "visit", number)
        start, order = draw_moment(day, random), order_id(key, day, number)
        events = Visit(guest_of(demo, day, number, random), draw_source(random), start, order, random).unfold()
        found += on_time(events) if random.random() >= LATE else _late(events, random)
        found += on_time(refunds_of(events, random))
    for number in range(max(1, round(count * CRAWLS))):
        random = random_of(key, day, "crawl", number)
        found += on_time(crawl(draw_moment(day, random), random))
    found += broken_copies(found, random_of(key, day, "mistakes"))
    # ids decide among what is sent at once, so that the order is always the same
    found.sort(key=lambda arrival: (arrival.at_micros, arrival.event.timestamp_micros, arrival.event.event_id))
    return found


def order_id(key: str, *place: object) -> str:
    """Return an order's id: no two places in any two demos have the same one."""
    return f"T-{random_of(key, *place, 'order').randrange(16**12):012X}"


def refunds_of(events: list[Event], random: Random) -> list[Event]:
    """Return the refund of a visit's order, if it comes to one."""
    drawn = [draw_refund(event, random) for event in events if event.name == "purchase"]
    return [refund for refund in drawn if refund is not None]


def broken_copies(arrivals: list[Arrival], random: Random) -> list[Arrival]:
    """Return the broken copies of events, each to be sent right behind its event."""
    drawn = [(arrival, draw_mistake(random)) for arrival in arrivals]
    return [
        Arrival(broken_copy(arrival.event, mistake), arrival.at_micros, mistake.code)
        for arrival, mistake in drawn
        if mistake is not None
    ]


def _late(events: list[Event], random: Random) -> list[Arrival]:
    connected = events[0].timestamp_micros + random.randrange(EARLIEST_LATE, LATEST)
    # a visit may last longer than the wait for a connection
    return [Arrival(event, max(connected, events[-1].timestamp_micros)) for event in events]

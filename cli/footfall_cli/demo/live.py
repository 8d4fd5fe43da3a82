"""Visits as they happen, for as long as somebody asks for more. Pure: the instant of the beginning is handed in."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from footfall_cli.demo.arrivals import Arrival, on_time
from footfall_cli.demo.crawlers import SHARE as CRAWLS
from footfall_cli.demo.crawlers import crawl
from footfall_cli.demo.history import EARLIEST_LATE, LATE, LATEST, broken_copies, order_id, refunds_of
from footfall_cli.demo.rhythm import random_of, shop_zone
from footfall_cli.demo.settings import Demo
from footfall_cli.demo.sources import draw_source
from footfall_cli.demo.visitors import NEW, Guest, returning_guest, visitor_of
from footfall_cli.demo.visits import Visit

_WARM_UP_SECONDS, _WARM_UP_EVENTS = 300.0, 20_000
"""How much is generated from before the beginning and not sent, so that about as many visits are under way at once as
later on: five minutes, which most visits are shorter than, or as many events as take no time worth waiting for."""
_SECOND = 1_000_000
_REFUNDED_AFTER = (5 * 60 * _SECOND, 30 * 60 * _SECOND)


def live_arrivals(demo: Demo, start_micros: int, rate: float) -> Iterator[Arrival]:
    """Yield events in the order in which they are to be sent, without an end.

    A late visit was made up to 48 hours ago, and is sent as if its visitor had got a connection just now. Refunds come
    minutes after their orders and not days, or nobody would see any.

    Args:
        demo: from whose visitors those who return are drawn. Each beginning gives other visits, because what was
            sent live can't be sent again.
        start_micros: Unix time in microseconds; what would have been sent before it is left out.
        rate: events a second, on average.
    """
    live = f"{demo.key}/live/{start_micros}"
    began, number = start_micros - round(min(_WARM_UP_SECONDS, _WARM_UP_EVENTS / rate) * _SECOND), 0
    waiting: list[tuple[int, int, Arrival]] = []
    while True:
        random = random_of(live, number)
        if random.random() < CRAWLS:
            arrivals = on_time(crawl(began, random))
        else:
            day = datetime.fromtimestamp(began / _SECOND, UTC).astimezone(shop_zone()).date()
            if random.random() < NEW:
                guest = Guest(visitor_of(live, day, number), returning=False)
            else:
                guest = returning_guest(demo, day, random)
            arrivals = _visit(guest, began, order_id(live, number), random)
        arrivals += broken_copies(arrivals, random)
        for arrival in arrivals:
            number += 1
            heapq.heappush(waiting, (arrival.at_micros, number, arrival))
        # what was made takes its share of time; the next visit comes by chance around its end
        began += round(random.expovariate(rate / len(arrivals)) * _SECOND)
        while waiting and waiting[0][0] <= began:
            arrival = heapq.heappop(waiting)[-1]
            if arrival.at_micros >= start_micros:
                yield arrival


def _visit(guest: Guest, began: int, order: str, random: Random) -> list[Arrival]:
    events = Visit(guest, draw_source(random), began, order, random).unfold()
    arrivals = on_time(events)
    for refund in refunds_of(events, random):
        refund.timestamp_micros = events[-1].timestamp_micros + random.randrange(*_REFUNDED_AFTER)
        arrivals.append(Arrival(refund, refund.timestamp_micros))
    if random.random() < LATE:
        late = random.randrange(EARLIEST_LATE, LATEST)
        for arrival in arrivals:
            arrival.event.timestamp_micros -= late
    return arrivals

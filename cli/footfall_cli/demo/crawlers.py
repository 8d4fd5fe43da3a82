"""Crawlers: they read page after page, faster than people. Reports leave them out unless asked. Pure."""

from random import Random

from footfall.events import make_event
from footfall.v1.event_pb2 import Event
from footfall_cli.demo.devices import CRAWLERS
from footfall_cli.demo.shop import NAME, SITE, draw_product

SHARE = 0.05
"""Crawls for each visit."""
_SECOND = 1_000_000
_SHARES = [share for _, _, share in CRAWLERS]


def crawl(start_micros: int, random: Random) -> list[Event]:
    """Return what a crawler reads, beginning at a Unix time in microseconds.

    It keeps no cookies, so that it is another client each time, and in no session.
    """
    user_agent, address, _ = random.choices(CRAWLERS, _SHARES)[0]
    client_id = f"{random.randrange(10**8, 2**31)}.{start_micros // _SECOND}"
    now, events = start_micros, []
    for page in range(1, random.randrange(4, 16)):
        product = draw_product(random)
        events.append(
            make_event(
                "page_view",
                client_id=client_id,
                timestamp=now,
                event_id=f"{client_id}-{page}",
                page_location=f"{SITE}{product.path}",
                page_title=f"{product.name} · {NAME}",
                user_agent=user_agent,
                ip_override=address or None,
            )
        )
        now += round(random.uniform(1, 12) * _SECOND)
    return events

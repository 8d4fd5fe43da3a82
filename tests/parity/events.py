"""Random events that make two stores disagree if anything does: texts beyond ASCII, nearly equal ones, odd numbers.

They happen around the days on which clocks change in Europe, Chatham and Lord Howe: they are imports of history.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count as count_up

from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest

EVENTS_A_BATCH = 500
FIRST = datetime(2026, 3, 25, tzinfo=UTC)
DAYS = 14

NAMES = ("page_view", "screen_view", "purchase", "refund", "view_item", "add_to_cart", "scroll", "Page_View")
TEXTS = (
    *("", "a", "A", "ab", "aB", "(not set)", "(NOT SET)", "100%_wool", "100% wool", "wool_", "\\", "\\%", "'", '"'),
    *(
        "straße",
        "STRASSE",
        "İstanbul",
        "istanbul",
        "ıstanbul",
        "ΣΊΣΥΦΟΣ",
        "σίσυφος",
        "ΚΩΣ-ΡΟΔΟΣ",
        "κως",
        "K",
        "K",
        "Å",
        "å",
        "ﬁn",
        "naïve",
    ),
    *(
        "e\u0301",
        "é",
        "中文",
        "😀",
        "a\u00a0b",
        " lead",
        "trail ",
        "true",
        "null",
        '{"x":1}',
        "a,b",
        "tab\there",
        "\u2028",
    ),
)
NUMBERS = (0, -0.0, 1, -1, 7, 9.5, 1e-7, 0.1, 0.25, 12345678.5, -3, 2**53, 1e15, 1e-300, 1.0000001)
NUMBERS_AS_TEXT = ("7", "07", "-0", "9.50", "1e-7", "+7", ".5", "1,000", "0x7", "NaN", "1e400", "٣", "7 ", "")
PATHS = ("/", "/Shop", "/shop", "/shop/100%25", "/caf%C3%A9", "/a/b/c", "/A", "")
REFERRERS = ("", "https://www.google.com/", "https://t.co/x", "http://shop.example/", "https://news.example/a?b=c")
AGENTS = (
    "",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
LANGUAGES = ("", "de-DE", "en", "EN-gb", "xx-unknown")
ADDRESSES = ("", "83.149.9.216", "200.49.190.101", "2001:200::1")
AMOUNTS = (0.0, 0.1, 0.2, 0.1 + 0.2, 1e-9, 5e-7, 12345678.9, 999999999.99, -0.7, 1 / 3)
CURRENCIES = ("EUR", "EUR", "EUR", "USD")
PARAMS = ("plan", "price", "ratio", "member", "Plan", "a_b")


def batches(property_id: str, count: int, seed: int) -> Iterator[WriteEventsRequest]:
    """Yield batches of `count` events in all."""
    chance, numbers = random.Random(seed), count_up()
    for sequence in range(1, -(-count // EVENTS_A_BATCH) + 1):
        yield WriteEventsRequest(
            property=f"properties/{property_id}",
            writer_id="parity",
            sequence=sequence,
            historical_import=True,
            events=[
                _event(chance, numbers) for _ in range(min(EVENTS_A_BATCH, count - (sequence - 1) * EVENTS_A_BATCH))
            ],
        )


def _event(chance: random.Random, numbers: Iterator[int]) -> Event:
    event = Event(
        name=chance.choice(NAMES),
        timestamp_micros=int(FIRST.timestamp() * 1e6) + chance.randrange(DAYS * 24 * 3600 * 1_000_000),
        client_id=f"client-{int(chance.paretovariate(0.6)) % 3_000}",
        session_id=chance.choice(("", "1", "2", "3")),
        page_title=chance.choice(TEXTS),
        page_referrer=chance.choice(REFERRERS),
        user_agent=chance.choice(AGENTS),
        language=chance.choice(LANGUAGES),
        ip_override=chance.choice(ADDRESSES),
    )
    if path := chance.choice(PATHS):
        query = chance.choice(("", "?utm_source=news&utm_medium=email", "?utm_campaign=Fr%C3%BChling", "?gclid=1"))
        event.page_location = (
            f"https://{chance.choice(('shop.example', 'SHOP.example', 'www.shop.example'))}{path}{query}"
        )
    if event.name in {"purchase", "refund"} or chance.random() < 0.2:
        event.value = chance.choice((round(chance.uniform(0, 500), 2), chance.choice(AMOUNTS)))
        event.currency = chance.choice(CURRENCIES)
    if event.name in {"purchase", "refund"} and chance.random() < 0.9:
        # of a number that is used twice, either engine would count the purchase that it reads first
        event.transaction_id = f"T{next(numbers) if event.name == 'purchase' else chance.randrange(400)}"
    for name in PARAMS:
        _put_param(event, name, chance)
    if chance.random() < 0.2:
        event.params["engagement_time_msec"].number_value = chance.choice((0, 1, 1500))
    if event.name in {"purchase", "refund", "view_item", "add_to_cart"}:
        for _ in range(chance.randrange(4)):
            _put_item(event, chance)
    return event


def _put_param(event: Event, name: str, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            event.params[name].string_value = chance.choice(TEXTS)
        case 1:
            event.params[name].string_value = chance.choice(NUMBERS_AS_TEXT)
        case 2:
            event.params[name].number_value = chance.choice(NUMBERS)
        case 3:
            event.params[name].bool_value = chance.random() < 0.5


def _put_item(event: Event, chance: random.Random) -> None:
    item = event.items.add(
        item_id=f"sku-{chance.randrange(20)}",
        item_name=chance.choice(TEXTS),
        item_brand=chance.choice(("", "Acme", "ACME", "Ünder")),
        item_category=chance.choice(("", "Hats", "hats", "Socks")),
        item_variant=chance.choice(("", "red", "blue")),
    )
    if chance.random() < 0.8:
        item.price = chance.choice((round(chance.uniform(0, 99), 2), chance.choice(AMOUNTS)))
    if chance.random() < 0.7:
        item.quantity = chance.randrange(0, 5)
    if not event.currency:
        event.currency = chance.choice(CURRENCIES)

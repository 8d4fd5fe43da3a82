"""What is wrong with the tracking of any shop: events that the server is to refuse, each kind with its own code. Pure.

A broken event is a copy of a good one, as if a second, badly made tag were on the page: what is refused is missing in
no report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from footfall.v1.event_pb2 import Event

SHARE = 0.005
"""How many events have a broken copy."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A way to get an event wrong."""

    name: str
    code: str
    """What the server answers, for example `NAME_INVALID`."""
    make: Callable[[Event], None]
    """Makes it in an event."""


def _name(name: str) -> Callable[[Event], None]:
    def make(event: Event) -> None:
        event.name = name

    return make


def _client_id(client_id: str) -> Callable[[Event], None]:
    def make(event: Event) -> None:
        event.client_id = client_id

    return make


def _control_character(event: Event) -> None:
    event.page_title += "\x00"


def _long_title(event: Event) -> None:
    event.page_title = "Sale! " * 200


def _relative_page(event: Event) -> None:
    event.page_location = "/checkout"


def _no_address(event: Event) -> None:
    event.ip_override = "localhost"


def _nanoseconds(event: Event) -> None:
    event.timestamp_micros *= 1000


def _currency_sign(event: Event) -> None:
    event.currency = "€"


def _no_currency(event: Event) -> None:
    event.name, event.value = "purchase", 49.95
    event.ClearField("currency")


def _empty_order(event: Event) -> None:
    event.name, event.transaction_id, event.value, event.currency = "purchase", "", 49.95, "EUR"


def _negative_quantity(event: Event) -> None:
    event.items.add(item_id="sku-101", quantity=-1)


def _nameless_item(event: Event) -> None:
    event.items.add(price=89.0)


def _many_params(event: Event) -> None:
    for number in range(101):
        event.params[f"experiment_{number}"].bool_value = True


def _field_as_param(event: Event) -> None:
    event.params["page_title"].string_value = "twice"


MISTAKES = (
    Mistake("a name with blanks", "NAME_INVALID", _name("add to cart")),
    Mistake("a name that GA4 keeps to itself", "NAME_RESERVED", _name("session_start")),
    Mistake("a field as a parameter", "NAME_DUPLICATED", _field_as_param),
    Mistake("no client id", "VALUE_REQUIRED", _client_id("")),
    Mistake("a value without its currency", "VALUE_REQUIRED", _no_currency),
    Mistake("an empty order id", "VALUE_REQUIRED", _empty_order),
    Mistake("an item without id and name", "VALUE_REQUIRED", _nameless_item),
    Mistake("a placeholder as client id", "VALUE_INVALID", _client_id("undefined")),
    Mistake("a NUL character", "VALUE_INVALID", _control_character),
    Mistake("a sign as currency", "VALUE_INVALID", _currency_sign),
    Mistake("a page without its host", "VALUE_INVALID", _relative_page),
    Mistake("a host name as address", "VALUE_INVALID", _no_address),
    Mistake("a title that is too long", "VALUE_OUT_OF_BOUNDS", _long_title),
    Mistake("a time in nanoseconds", "VALUE_OUT_OF_BOUNDS", _nanoseconds),
    Mistake("a negative quantity", "VALUE_OUT_OF_BOUNDS", _negative_quantity),
    Mistake("too many parameters", "EXCEEDED_MAX_ENTITIES", _many_params),
)


def broken_copy(event: Event, mistake: Mistake) -> Event:
    """Return a copy of a good event with a mistake, and an id of its own."""
    copy = Event()
    copy.CopyFrom(event)
    copy.event_id += "-broken"
    mistake.make(copy)
    return copy


def draw_mistake(random: Random) -> Mistake | None:
    """Return the mistake in the copy of an event; None, most times, for no copy."""
    return random.choice(MISTAKES) if random.random() < SHARE else None

"""Whether one event may be stored. The hot path: a good event costs one pass over its fields.

The first mistake of an event is reported, in the order of the checks below.
"""

import ipaddress
import math
import re
from functools import lru_cache
from typing import NamedTuple

from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.event_time import EventTimes
from footfall_core.limits import (
    MAX_EVENT_AGE_MICROS,
    MAX_EVENT_AHEAD_MICROS,
    MAX_EXACT_INTEGER,
    MAX_ITEMS,
    MAX_PARAMS,
    MAX_STRING_LENGTH,
    MAX_URL_LENGTH,
)
from footfall_core.validation.names import event_name_mistake, param_name_mistake

INVALID = ErrorCode.ERROR_CODE_VALUE_INVALID
REQUIRED = ErrorCode.ERROR_CODE_VALUE_REQUIRED
OUT_OF_BOUNDS = ErrorCode.ERROR_CODE_VALUE_OUT_OF_BOUNDS
TOO_MANY = ErrorCode.ERROR_CODE_EXCEEDED_MAX_ENTITIES


class Mistake(NamedTuple):
    """What is wrong with an event."""

    field: str
    """Path within the event, for example `items[0].price`."""
    code: ErrorCode
    message: str
    """One sentence: what was wrong, and what is allowed."""


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CURRENCY = re.compile(r"[A-Z]{3}")
_ABSOLUTE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]+")

JUNK_IDS = frozenset(
    {
        *(
            "null",
            "nil",
            "none",
            "undefined",
            "unknown",
            "n/a",
            "na",
            "nan",
            "(not set)",
            "not set",
            "-",
            "_",
            "0",
            "-1",
        ),
        *(
            "true",
            "false",
            "[]",
            "{}",
            "[object object]",
            "anonymous",
            "anon",
            "guest",
        ),
        *("client_id", "user_id", "lmy47d", "00000000-0000-0000-0000-000000000000"),
    }
)
"""What broken clients send in place of an id: Mixpanel's banned ids, and the zero UUID. Compared in lower case."""

_TEXT_FIELDS = (
    *(
        "event_id",
        "client_id",
        "user_id",
        "session_id",
        "page_title",
        "user_agent",
        "language",
        "transaction_id",
    ),
)
_URL_FIELDS = ("page_location", "page_referrer")
_ITEM_TEXT_FIELDS = (
    *("item_id", "item_name", "item_brand", "item_category", "item_variant", "coupon"),
    *("item_list_id", "item_list_name", "affiliation"),
)
_MONEY_EVENTS = frozenset({"purchase", "refund"})


def event_mistake(event: Event, times: EventTimes) -> Mistake | None:
    """Return the first mistake of an event, or None if it may be stored."""
    return (
        _name_mistake(event.name)
        or _text_mistake(event)
        or _id_mistake(event)
        or _time_mistake(event, times)
        or _page_mistake(event)
        or _money_mistake(event)
        or (_params_mistake(event) if event.params else None)
        or (_items_mistake(event) if event.items else None)
    )


@lru_cache(4096)
def _name_mistake(name: str) -> Mistake | None:
    mistake = event_name_mistake(name)
    return mistake and Mistake("name", *mistake)


def _text_mistake(event: Event) -> Mistake | None:
    # One pass over all short strings at once; only when something may be wrong is it worth knowing which. What is
    # printable has no control character, and asking that is much cheaper than a search.
    texts = "".join(
        (
            event.event_id,
            event.client_id,
            event.user_id,
            event.session_id,
            event.page_title,
            event.user_agent,
            event.language,
            event.transaction_id,
        )
    )
    if len(texts) > MAX_STRING_LENGTH or not texts.isprintable():
        for field in _TEXT_FIELDS:
            if mistake := string_mistake(field, getattr(event, field), MAX_STRING_LENGTH):
                return mistake
    urls = event.page_location + event.page_referrer
    if len(urls) > MAX_URL_LENGTH or not urls.isprintable():
        for field in _URL_FIELDS:
            if mistake := string_mistake(field, getattr(event, field), MAX_URL_LENGTH):
                return mistake
    return None


def string_mistake(field: str, value: str, longest: int) -> Mistake | None:
    """Return what is wrong with a string: its length in characters, or a control character."""
    if len(value) > longest:
        return Mistake(field, OUT_OF_BOUNDS, f"It has {len(value):,} characters; at most {longest:,} are allowed.")
    if not value.isprintable() and (found := _CONTROL.search(value)):
        return Mistake(
            field,
            INVALID,
            f"It holds the control character U+{ord(found.group()):04X} at position {found.start()}; of the C0 "
            "controls only tab, line feed and carriage return are allowed.",
        )
    return None


def _id_mistake(event: Event) -> Mistake | None:
    if not event.client_id:
        return Mistake("client_id", REQUIRED, "It is required; send a random id that the client keeps.")
    for field, value in (("client_id", event.client_id), ("user_id", event.user_id)):
        if (len(value) <= 36 and value.strip().lower() in JUNK_IDS) or (value and not value.strip()):
            return Mistake(
                field,
                INVALID,
                f"{value!r} is a placeholder and would count many visitors as one; send a real id.",
            )
    return None


def _time_mistake(event: Event, times: EventTimes) -> Mistake | None:
    micros = event.timestamp_micros
    if not micros:
        return None
    if micros < 0:
        return Mistake("timestamp_micros", OUT_OF_BOUNDS, f"{micros} is before 1970; send Unix time in microseconds.")
    ahead = times.of(micros) - times.received
    if ahead > MAX_EVENT_AHEAD_MICROS:
        return Mistake(
            "timestamp_micros",
            OUT_OF_BOUNDS,
            f"{micros} is {_duration(ahead)} ahead of the time of receipt; at most 1 hour is allowed. "
            "Is it in microseconds?",
        )
    if -ahead > MAX_EVENT_AGE_MICROS and not times.historical:
        return Mistake(
            "timestamp_micros",
            OUT_OF_BOUNDS,
            f"{micros} is {_duration(-ahead)} before the time of receipt; at most 72 hours are allowed "
            "unless the request sets historical_import. Is it in microseconds?",
        )
    return None


def _duration(micros: int) -> str:
    hours = micros / 3.6e9
    return f"{hours:,.1f} hours" if hours < 72 else f"{hours / 24:,.0f} days"


def _page_mistake(event: Event) -> Mistake | None:
    location = event.page_location
    if location and _ABSOLUTE_URL.match(location) is None:
        return Mistake(
            "page_location",
            INVALID,
            f"{location[:80]!r} is not a URL with scheme and host, like https://example.com/.",
        )
    if event.ip_override and not _is_address(event.ip_override):
        return Mistake("ip_override", INVALID, f"{event.ip_override[:80]!r} is not an IPv4 or IPv6 address.")
    return None


@lru_cache(65_536)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _money_mistake(event: Event) -> Mistake | None:
    if event.HasField("transaction_id") and not event.transaction_id.strip():
        return Mistake(
            "transaction_id",
            REQUIRED,
            "It is empty, which would fold all purchases into one; leave it unset or send the order's id.",
        )
    currency = event.currency
    if currency and _CURRENCY.fullmatch(currency) is None:
        return Mistake("currency", INVALID, f"{currency[:80]!r} is not three capital letters of ISO 4217, like EUR.")
    if event.HasField("value"):
        if not math.isfinite(event.value):
            return Mistake("value", INVALID, f"{event.value} is not a finite number.")
        if not currency and event.name in _MONEY_EVENTS:
            return Mistake("currency", REQUIRED, f"It is required on a {event.name} that has a value.")
    return None


def _params_mistake(event: Event) -> Mistake | None:
    if len(event.params) > MAX_PARAMS:
        return Mistake(
            "params", TOO_MANY, f"There are {len(event.params)} parameters; at most {MAX_PARAMS} are allowed."
        )
    for name, value in event.params.items():
        if mistake := _param_name_mistake(name):
            return mistake
        kind = value.WhichOneof("kind")
        field = f"params[{name}]"
        if kind == "string_value":
            if found := string_mistake(field, value.string_value, MAX_STRING_LENGTH):
                return found
        elif kind == "number_value":
            if not math.isfinite(value.number_value):
                return Mistake(field, INVALID, f"{value.number_value} is not a finite number.")
            if abs(value.number_value) > MAX_EXACT_INTEGER and value.number_value.is_integer():
                return Mistake(
                    field,
                    OUT_OF_BOUNDS,
                    "An integer beyond 2^53 is not exact as a double; send it as a string.",
                )
        elif kind != "bool_value":
            given = {
                None: "nothing",
                "null_value": "null",
                "struct_value": "an object",
                "list_value": "a list",
            }[kind]
            return Mistake(field, INVALID, f"It holds {given}; allowed are a string, a number or a boolean.")
    return None


@lru_cache(65_536)
def _param_name_mistake(name: str) -> Mistake | None:
    mistake = param_name_mistake(name)
    return mistake and Mistake(f"params[{name[:80]}]", *mistake)


def _items_mistake(event: Event) -> Mistake | None:
    if len(event.items) > MAX_ITEMS:
        return Mistake("items", TOO_MANY, f"There are {len(event.items)} items; at most {MAX_ITEMS} are allowed.")
    for index, item in enumerate(event.items):
        if mistake := _item_mistake(f"items[{index}]", item):
            return mistake
    return None


def _item_mistake(path: str, item: Item) -> Mistake | None:
    for field in _ITEM_TEXT_FIELDS:
        if mistake := string_mistake(f"{path}.{field}", getattr(item, field), MAX_STRING_LENGTH):
            return mistake
    if not item.item_id and not item.item_name:
        return Mistake(f"{path}.item_id", REQUIRED, "Either item_id or item_name is required.")
    for field, amount in (("price", item.price), ("discount", item.discount)):
        if not math.isfinite(amount):
            return Mistake(f"{path}.{field}", INVALID, f"{amount} is not a finite number.")
    for field, count in (("quantity", item.quantity), ("index", item.index)):
        if count < 0:
            return Mistake(f"{path}.{field}", OUT_OF_BOUNDS, f"{count} is negative; allowed is 0 or more.")
    return None

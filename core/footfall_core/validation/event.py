"""Whether one event may be stored. The hot path: a good event costs one pass over its fields.

The first mistake of an event is reported, in the order of the checks below.
"""

import ipaddress
import math
import re
from functools import lru_cache

from footfall.v1.event_pb2 import Event
from footfall_core.enrichment.page import LONGEST_CACHED_URL
from footfall_core.event_time import EventTimes
from footfall_core.limits import (
    MAX_ADDRESS_LENGTH,
    MAX_AMOUNT,
    MAX_EVENT_AGE_MICROS,
    MAX_EVENT_AHEAD_MICROS,
    MAX_NAME_LENGTH,
    MAX_STRING_LENGTH,
    MAX_URL_LENGTH,
)
from footfall_core.validation.items import items_mistake
from footfall_core.validation.mistakes import INVALID, OUT_OF_BOUNDS, REQUIRED, Mistake, string_mistake
from footfall_core.validation.names import event_name_mistake
from footfall_core.validation.params import params_mistake

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

LONGEST_JUNK = 36
"""Characters of the longest of them, as it was sent."""

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
        or params_mistake(event.params)
        or items_mistake(event.items)
    )


def _name_mistake(name: str) -> Mistake | None:
    # what is too long is not worth remembering
    mistake = event_name_mistake(name) if len(name) > MAX_NAME_LENGTH else _remembered_name_mistake(name)
    return mistake and Mistake("name", *mistake)


_remembered_name_mistake = lru_cache(4096)(event_name_mistake)


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


def _id_mistake(event: Event) -> Mistake | None:
    client_id, user_id = event.client_id, event.user_id
    if not client_id:
        return Mistake("client_id", REQUIRED, "It is required; send a random id that the client keeps.")
    if _is_junk(client_id):
        return _junk_mistake("client_id", client_id)
    return _junk_mistake("user_id", user_id) if user_id and _is_junk(user_id) else None


def _is_junk(value: str) -> bool:
    meant = value.strip()
    return not meant or (len(value) <= LONGEST_JUNK and meant.lower() in JUNK_IDS)


def _junk_mistake(field: str, value: str) -> Mistake:
    return Mistake(
        field, INVALID, f"{value[:80]!r} is a placeholder and would count many visitors as one; send a real id."
    )


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
    if location and not _is_absolute_url(location):
        return Mistake(
            "page_location",
            INVALID,
            f"{location[:80]!r} is not a URL with scheme and host, like https://example.com/.",
        )
    address = event.ip_override
    if address and (len(address) > MAX_ADDRESS_LENGTH or not _is_address(address)):
        return Mistake("ip_override", INVALID, f"{address[:80]!r} is not an IPv4 or IPv6 address.")
    return None


def _is_absolute_url(text: str) -> bool:
    # what is long is not worth remembering
    return _remembered_url(text) if len(text) <= LONGEST_CACHED_URL else _ABSOLUTE_URL.match(text) is not None


@lru_cache(16_384)
def _remembered_url(text: str) -> bool:
    return _ABSOLUTE_URL.match(text) is not None


@lru_cache(65_536)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a zone means something on the client's own machine only


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
        if abs(event.value) > MAX_AMOUNT:
            return Mistake("value", OUT_OF_BOUNDS, f"{event.value} is beyond {MAX_AMOUNT:,.0f}, the most allowed.")
        if not currency and event.name in _MONEY_EVENTS:
            return Mistake("currency", REQUIRED, f"It is required on a {event.name} that has a value.")
    return None

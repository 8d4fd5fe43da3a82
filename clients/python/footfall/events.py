"""Makes an event of Python values, and refuses at once what could never be an event."""

import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, Unpack

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from footfall.v1.event_pb2 import Event, Item

ParamValue = str | int | float | bool

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_EXACT_INTEGER = 2**53


class EventFields(TypedDict, total=False):
    """Fields of an event besides name, client, time and parameters; the names are GA4's. None means not set."""

    event_id: str | None
    user_id: str | None
    session_id: str | None
    page_location: str | None
    page_referrer: str | None
    page_title: str | None
    user_agent: str | None
    ip_override: str | None
    language: str | None
    currency: str | None
    value: float | None
    transaction_id: str | None
    items: Sequence[Item | Mapping[str, Any]] | None


def make_event(
    name: str,
    *,
    client_id: str,
    timestamp: datetime | int | None = None,
    params: Mapping[str, ParamValue] | None = None,
    **fields: Unpack[EventFields],
) -> Event:
    """Return an event.

    Only what no server could ever take is refused here, so that the rules live in one place, the server.

    Args:
        name: what happened, for example `page_view`.
        client_id: the browser, app or till.
        timestamp: an aware datetime or Unix time in microseconds; None means now.
        params: further parameters: strings, numbers, booleans.
        **fields: see `EventFields`.

    Raises:
        TypeError: a value is of the wrong type, or there is no such field.
        ValueError: a value has the right type and cannot be sent: not finite, not exact, or no valid text.
    """
    event = Event(timestamp_micros=time.time_ns() // 1000 if timestamp is None else to_micros(timestamp))
    _set(event, "name", name)
    _set(event, "client_id", client_id)
    for field, value in fields.items():
        if field == "items":
            for index, item in enumerate(_as_items(value)):
                _add_item(event, index, item)
        elif field not in EventFields.__annotations__:
            allowed = ", ".join(EventFields.__annotations__)
            raise TypeError(f"an event has no field {field!r}; allowed are {allowed}; others belong in params")
        elif value is not None:
            _set(event, field, value)
    if params is not None:
        _set_params(event, params)
    return event


def to_micros(timestamp: datetime | int) -> int:
    """Return Unix time in microseconds.

    Raises:
        TypeError: neither a datetime nor an integer.
        ValueError: the datetime doesn't say its time zone.
    """
    if isinstance(timestamp, datetime):
        if timestamp.utcoffset() is None:
            raise ValueError("timestamp has no time zone; use datetime.now(UTC) or another aware datetime")
        return (timestamp - _EPOCH) // timedelta(microseconds=1)
    if isinstance(timestamp, int) and not isinstance(timestamp, bool):
        return timestamp
    raise TypeError(f"timestamp is {_kind(timestamp)}; allowed are an aware datetime and integer microseconds")


def _set(message: Message, field: str, value: object, path: str = "") -> None:
    """Set a field after a look at the value's type; protobuf's own messages name neither field nor remedy."""
    descriptor = message.DESCRIPTOR.fields_by_name[field]
    path = path or field
    if descriptor.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        if not isinstance(value, str):
            raise TypeError(f"{path} is {_kind(value)}; allowed is a string")
    elif descriptor.cpp_type == FieldDescriptor.CPPTYPE_INT64:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{path} is {_kind(value)}; allowed is an integer")
    else:
        value = _number(path, value)
    try:
        setattr(message, field, value)
    except ValueError as error:  # a lone surrogate, or more than 64 bits
        raise ValueError(f"{path} cannot be sent: {error}") from error


def _number(path: str, value: object) -> int | float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{path} is {_kind(value)}; allowed is a number")
    if not math.isfinite(value):
        raise ValueError(f"{path} is {value}; allowed is a finite number")
    return value


def _set_params(event: Event, params: Mapping[str, ParamValue]) -> None:
    for name, value in params.items():
        path = f"params[{name}]"
        if not isinstance(name, str):
            raise TypeError(f"{path}: the name is {_kind(name)}; allowed is a string")
        try:
            if isinstance(value, bool):
                event.params[name].bool_value = value
            elif isinstance(value, str):
                event.params[name].string_value = value
            elif isinstance(value, int) and abs(value) > _MAX_EXACT_INTEGER:
                raise ValueError(f"{path} is beyond 2^53 and would lose digits; send it as a string")
            elif isinstance(value, int | float):
                event.params[name].number_value = _number(path, value)
            else:
                raise TypeError(f"{path} is {_kind(value)}; allowed are strings, numbers and booleans")
        except UnicodeEncodeError as error:
            raise ValueError(f"{path} cannot be sent: {error}") from error


def _as_items(value: object) -> Sequence[Any]:
    if value is None:
        return ()
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise TypeError(f"items is {_kind(value)}; allowed is a list")
    return value


def _add_item(event: Event, index: int, given: object) -> None:
    if isinstance(given, Item):
        event.items.append(given)
        return
    path = f"items[{index}]"
    if not isinstance(given, Mapping):
        raise TypeError(f"{path} is {_kind(given)}; allowed is a mapping")
    item = event.items.add()
    for field, value in given.items():
        if field not in Item.DESCRIPTOR.fields_by_name:
            allowed = ", ".join(Item.DESCRIPTOR.fields_by_name)
            raise TypeError(f"{path} has no field {field!r}; allowed are {allowed}")
        if value is not None:
            _set(item, field, value, f"{path}.{field}")


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"

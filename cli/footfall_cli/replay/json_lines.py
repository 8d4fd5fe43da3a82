"""Reads JSON Lines: each line is an event as an object, with the contract's field names.

`params` holds JSON scalars: `{"plan": "pro", "seats": 3, "trial": false}`; `timestamp_micros` is an integer or a string
of digits; `null` is not set. What is not in the contract is refused and never dropped, since it would be lost.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from footfall.v1.event_pb2 import Event
from footfall_cli.replay.lines import Line, RefusedLineError

MAX_DEPTH = 4
"""Levels that json_format may go down: the event, its items, their fields, and one to spare."""
_MAX_EXACT_INTEGER = 2**53


def event(line: Line) -> Event | None:
    """Return the line's event; None for a blank line.

    Raises:
        RefusedLineError: why it is none; the field and what is allowed.
    """
    if not line.content.strip():
        return None
    if line.too_long:
        raise RefusedLineError("it is longer than 1 MiB; an event takes at most 64 KiB")
    fields = _object(line.content)
    _check_names(fields, Event.DESCRIPTOR, "")
    _check_params(fields.get("params"))
    _check_items(fields.get("items"))
    try:
        return json_format.ParseDict(fields, Event(), max_recursion_depth=MAX_DEPTH)
    except (json_format.ParseError, ValueError, TypeError) as error:
        # its sentences speak of message types and Python; which field it was is found by trying each
        raise RefusedLineError(_culprit(fields, Event(), "") or str(error)) from None


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content.decode(), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise RefusedLineError(
            f"it is not UTF-8: byte 0x{content[error.start]:02x} at column {error.start + 1}"
        ) from None
    except json.JSONDecodeError as error:
        raise RefusedLineError(
            f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}"
        ) from None
    except RecursionError:
        raise RefusedLineError("it is nested too deep; only items go deeper than an event's own fields") from None
    except ValueError as error:  # an integer of thousands of digits
        raise RefusedLineError(f"it is not JSON that can be read: {error}") from None
    if not isinstance(found, dict):
        raise RefusedLineError(f"it is {_kind(found)}; an event is a JSON object")
    return found


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedLineError(f"{twice[:80]}: given twice; one of the two would be lost")
    return found


def _no_constant(name: str) -> NoReturn:
    raise RefusedLineError(f"it is not JSON: {name} is no number")


def _check_names(given: Iterable[str], message: Any, path: str) -> None:
    known = message.fields_by_name
    for name in given:
        if name not in known:
            camel = {field.json_name: field.name for field in message.fields}
            hint = f"write {camel[name]}" if name in camel else f"allowed are {', '.join(known)}"
            others = "" if path or name in camel else "; all else belongs in params"
            raise RefusedLineError(f"{path}{name[:80]}: no such field; {hint}{others}")


def _check_params(params: object) -> None:
    if params is None:
        return
    if not isinstance(params, Mapping):
        raise RefusedLineError(f"params: it is {_kind(params)}; allowed is an object")
    for name, value in params.items():
        if isinstance(value, dict | list) or value is None:
            raise RefusedLineError(
                f"params[{name[:80]}]: it is {_kind(value)}; allowed are a string, a number, a boolean"
            )
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MAX_EXACT_INTEGER:
            raise RefusedLineError(f"params[{name[:80]}]: beyond 2^53 it would lose digits; write it as a string")
        if isinstance(value, float) and not math.isfinite(value):
            raise RefusedLineError(f"params[{name[:80]}]: it is too large for a number")


def _check_items(items: object) -> None:
    if items is None:
        return
    if not isinstance(items, list):
        raise RefusedLineError(f"items: it is {_kind(items)}; allowed is a list of objects")
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise RefusedLineError(f"items[{index}]: it is {_kind(item)}; allowed is an object")
        _check_names(item, Event.DESCRIPTOR.fields_by_name["items"].message_type, f"items[{index}].")


def _culprit(fields: Mapping[str, Any], message: Message, path: str) -> str | None:
    """Return which field cannot be parsed, and what is allowed there."""
    for name, value in fields.items():
        try:
            json_format.ParseDict({name: value}, type(message)(), max_recursion_depth=MAX_DEPTH)
        except (json_format.ParseError, ValueError, TypeError):
            if name == "params":
                return "params: a name or a value holds half of a character (a lone surrogate)"
            if name == "items":
                items = (_culprit(v, Event().items.add(), f"items[{i}].") for i, v in enumerate(value))
                return next((found for found in items if found), None)
            field = message.DESCRIPTOR.fields_by_name[name]
            return f"{path}{name}: it is {_kind(value)}{_excerpt(value)}; allowed is {_allowed(field)}"
    return None


def _allowed(field: Any) -> str:
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return "a string of whole characters"
    return "an integer of 64 bits" if field.cpp_type == FieldDescriptor.CPPTYPE_INT64 else "a number"


def _excerpt(value: object) -> str:
    # ascii, because it may be half of a character
    return f" ({ascii(value)[:40]})" if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "a list", str: "a string", int: "a number", float: "a number"}
    return kinds[type(value)]

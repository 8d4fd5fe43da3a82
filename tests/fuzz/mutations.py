"""Requests that are almost right: the bytes of valid ones, or their fields, changed in a few places."""

import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

SPLICES = (
    b"\xff" * 10,
    b"\x00",
    b"\x80" * 9 + b"\x01",
    b"\x7f",
    b"\xc0\x80",
    "\u2028💥".encode(),
    b"9" * 400,
    b"(a+)+$",
)


def almost_right(request: Message, chance: random.Random) -> bytes:
    """Return a request with some fields changed, and of every third some bytes as well."""
    stirred = type(request).FromString(request.SerializeToString())
    for _ in range(chance.randrange(4)):
        _stir(stirred, chance)
    data = stirred.SerializeToString()
    return mutated(data, chance) if chance.randrange(3) == 0 else data


STRINGS = (
    *(
        "",
        "x",
        "x" * 50,
        "x" * 1_025,
        "x" * 70_000,
        "\x00",
        "\t",
        "💥" * 40,
        "\u2028",
        "null",
        "(not set)",
        "-1",
        "1e999",
    ),
    *("properties/", "properties/Fuzz", "properties/other", "eventCount", "date", "dateHour", "event.plan", "itemName"),
    *("today", "99999daysAgo", "2026-02-30", "Europe/Berlin", "EUR", "(a+)+$", "[", "purchase", "::1%eth0", "1.2.3.4"),
)
NUMBERS = (0, 1, -1, 7, 2**31 - 1, -(2**31), 10, 1_000, 250_001)
LONGS = (*NUMBERS, 2**63 - 1, -(2**63), 1_790_000_000_000_000)
DOUBLES = (0.0, -0.0, 1.5, -1e300, 1e308, float("nan"), float("inf"), 1e-320)
_ODD: dict[int, tuple[Any, ...]] = {
    FieldDescriptor.CPPTYPE_STRING: STRINGS,
    FieldDescriptor.CPPTYPE_INT32: NUMBERS,
    FieldDescriptor.CPPTYPE_INT64: LONGS,
    FieldDescriptor.CPPTYPE_UINT64: (0, 1, 2**64 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 1, 2**32 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: DOUBLES,
    FieldDescriptor.CPPTYPE_ENUM: (0, 1, 2, 3, 6, 99),
    FieldDescriptor.CPPTYPE_BOOL: (True, False),
}


def _stir(message: Message, chance: random.Random) -> None:
    """Change one field of a message, or of one somewhere within."""
    if not message.DESCRIPTOR.fields:
        return
    field = chance.choice(message.DESCRIPTOR.fields)
    if field.message_type is None:
        value = chance.choice(_ODD[field.cpp_type])
        if field.is_repeated:
            getattr(message, field.name).extend([value] * chance.choice((1, 1, 2, 1_001)))
        else:
            setattr(message, field.name, value)
    elif field.message_type.GetOptions().map_entry:
        _stir(getattr(message, field.name)[chance.choice(STRINGS)], chance)
    elif field.is_repeated:
        elements = getattr(message, field.name)
        if chance.randrange(4) == 0:
            copy = elements[0] if len(elements) else elements.add()
            elements.extend([copy] * chance.choice((1, 3, 210, 1_001)))
        _stir(chance.choice(elements) if len(elements) else elements.add(), chance)
    elif chance.randrange(5) == 0:
        message.ClearField(field.name)
    else:
        _stir(getattr(message, field.name), chance)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to five changes."""
    found = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(6):
            case 0 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                found[at:at] = chance.choice(SPLICES)
            case 2:
                del found[at : at + chance.randrange(1, 9)]
            case 3 if at < len(found):
                found[at] = chance.randrange(256)
            case 4:
                # a part once more: repeated fields, and singular ones that come twice
                other = chance.randrange(len(found) + 1)
                found += found[min(at, other) : max(at, other)]
            case 5:
                del found[at:]
    return bytes(found)

"""What is wrong with an event, and what strings may hold."""

import re
from typing import NamedTuple

from footfall.v1.ingest_pb2 import ErrorCode

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


def string_mistake(field: str, value: str, longest: int) -> Mistake | None:
    """Return what is wrong with a string field: its length in characters, or a control character."""
    wrong = text_mistake(value, longest)
    return wrong and Mistake(field, *wrong)


def text_mistake(value: str, longest: int) -> tuple[ErrorCode, str] | None:
    """Return what is wrong with a text: its length in characters, or a control character."""
    if len(value) > longest:
        return OUT_OF_BOUNDS, f"It has {len(value):,} characters; at most {longest:,} are allowed."
    if not value.isprintable() and (found := _CONTROL.search(value)):
        return (
            INVALID,
            f"It holds the control character U+{ord(found.group()):04X} at position {found.start()}; of the C0 "
            "controls only tab, line feed and carriage return are allowed.",
        )
    return None

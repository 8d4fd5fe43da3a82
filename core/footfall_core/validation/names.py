"""Which names events and parameters may have."""

import re

from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.limits import MAX_NAME_LENGTH

NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_NAME_LENGTH - 1}}}")
NAME_RULE = f"1 to {MAX_NAME_LENGTH} letters, digits and underscores, beginning with a letter"

RESERVED_PREFIXES = ("ga_", "google_", "firebase_", "footfall_")
"""GA4's reserved prefixes (Measurement Protocol reference, "Reserved names"), and our own."""

RESERVED_EVENT_NAMES = frozenset({"session_start", "first_visit", "first_open"})
"""Events that GA4 makes by itself; a client that sent them would say what only GA4 may."""

TYPED_FIELDS = frozenset(field.name for field in Event.DESCRIPTOR.fields)
"""Names that an event has as fields of their own, so that a parameter of the same name would be a second value."""


def name_mistake(name: str) -> tuple[ErrorCode, str] | None:
    """Return what is wrong with the name of an event or parameter, or None."""
    if NAME.fullmatch(name) is None:
        if not name:
            return ErrorCode.ERROR_CODE_VALUE_REQUIRED, f"The name is empty; allowed are {NAME_RULE}."
        return ErrorCode.ERROR_CODE_NAME_INVALID, f"{name[:80]!r} is not a name; allowed are {NAME_RULE}."
    if name.startswith(RESERVED_PREFIXES):
        reserved = ", ".join(RESERVED_PREFIXES)
        return (
            ErrorCode.ERROR_CODE_NAME_RESERVED,
            f"{name!r} is reserved, as are all names that begin with {reserved}.",
        )
    return None


def event_name_mistake(name: str) -> tuple[ErrorCode, str] | None:
    """Return what is wrong with the name of an event, or None."""
    if name in RESERVED_EVENT_NAMES:
        return (
            ErrorCode.ERROR_CODE_NAME_RESERVED,
            f"{name!r} is reserved: GA4 makes it by itself, and takes it from no client.",
        )
    return name_mistake(name)


def param_name_mistake(name: str) -> tuple[ErrorCode, str] | None:
    """Return what is wrong with the name of a parameter, or None."""
    if name in TYPED_FIELDS:
        return (
            ErrorCode.ERROR_CODE_NAME_DUPLICATED,
            f"{name!r} is a field of the event itself; set the field instead of a parameter.",
        )
    return name_mistake(name)

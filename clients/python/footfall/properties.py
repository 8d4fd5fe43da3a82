"""The ids of properties."""

import re

_PROPERTY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def check_property_id(property_id: str) -> str:
    """Return a property id if it is one.

    Raises:
        ValueError: it is none.
    """
    if not _PROPERTY_ID.fullmatch(property_id):
        raise ValueError(
            f"{property_id!r} is not a property id; allowed are 1 to 63 lower-case letters, digits and hyphens, "
            "not beginning with a hyphen"
        )
    return property_id

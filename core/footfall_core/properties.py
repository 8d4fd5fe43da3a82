"""Names of properties: `properties/{id}`."""

import re

from footfall_core.problems import InvalidRequest

PREFIX = "properties/"
PROPERTY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

TICK_PROPERTY = "~tick"
"""The reserved property of ticks that passed a raw partition; no valid id looks like it."""

PURCHASES_TICK_PROPERTY = "~tick-purchases"
"""The reserved property of ticks that passed a partition of `events.purchases`, and with it every raw partition."""

TICK_PROPERTIES = (TICK_PROPERTY, PURCHASES_TICK_PROPERTY)
"""All that a row's way leads through: what a tick of each has passed is complete."""

UNREADABLE_PROPERTY = "~unreadable"
"""The reserved property of errors about what cannot be read, so that nobody knows whose it is. No caller can ask for
it: it is for whoever runs the system, in the topic `errors` and in the table of errors."""

REDRIVEN_PREFIX = "~redriven-"
"""With the id of a property behind it: the reserved property that says which of that one's errors were redriven."""


def parse_property(name: str, field: str = "property") -> str:
    """Return the property id in a name `properties/{id}`.

    Raises:
        InvalidRequest: the name is not of that form.
    """
    property_id = name.removeprefix(PREFIX)
    if name.startswith(PREFIX) and PROPERTY_ID.fullmatch(property_id):
        return property_id
    raise InvalidRequest.of(
        field,
        f"{name[:80]!r} is not a property; allowed is properties/{{id}}, the id of 1 to 63 lower-case letters, "
        "digits and hyphens, not beginning with a hyphen.",
    )


def property_id_of(name: str) -> str:
    """Return the id in the name of a property that was checked, or that is reserved."""
    return name.removeprefix(PREFIX)


def property_name(property_id: str) -> str:
    """Return `properties/{id}`."""
    return PREFIX + property_id

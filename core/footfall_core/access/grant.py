"""What a key opens."""

from dataclasses import dataclass

from footfall_core.access.scopes import Scope
from footfall_core.clock import Micros
from footfall_core.properties import PREFIX

EVERY_PROPERTY = "*"
"""The property of an operator's key in its token: all of them."""
OPERATORS = "-"
"""The same in the name of such a key, as AIP-159 writes it: `properties/-/keys/{key_id}`."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token says that was signed by one of ours. Whether it still holds is asked at each call."""

    key_id: str
    property_id: str
    """Of the one property that it opens, or `EVERY_PROPERTY`."""
    scopes: frozenset[Scope]
    expires: Micros | None
    """The first instant at which it is refused; None: it does not expire."""

    @property
    def is_operators(self) -> bool:
        """Whether it opens every property."""
        return self.property_id == EVERY_PROPERTY

    @property
    def key_name(self) -> str:
        """The name of its key."""
        return key_name(self.property_id, self.key_id)


def key_name(property_id: str, key_id: str) -> str:
    """Return the name of a key: `properties/{id}/keys/{key_id}`."""
    return f"{PREFIX}{OPERATORS if property_id == EVERY_PROPERTY else property_id}/keys/{key_id}"

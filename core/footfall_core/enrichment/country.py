"""The country of an address: what a data base is asked for, and what its countries are called."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory."""

    id: str
    """ISO 3166-1 alpha-2: `DE`."""
    name: str
    """Its English name, as GA4 shows it: `Germany`."""


CountryOf = Callable[[str], Country | None]
"""Returns the country of an address, or None: the address is private, unknown or no address. Never raises, and answers
alike for as long as the process runs; called for every event, so it remembers."""

_SHORT_NAMES = {"HK": "Hong Kong", "MO": "Macao", "PS": "Palestine"}
"""CLDR's short names of those that GA4 shows under these."""


def nowhere(address: str) -> None:
    """Know no country: a `CountryOf` for who has no data base."""
    del address


@cache
def country(code: str) -> Country | None:
    """Return the country of a code of ISO 3166-1 alpha-2, in either case; None for what CLDR does not know as one."""
    code = code.upper()
    # digits are continents and regions; ZZ, EU and the like are no countries
    if len(code) != 2 or not code.isalpha() or code in {"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"}:
        return None
    name = _SHORT_NAMES.get(code) or _names().get(code)
    return Country(code, name) if name else None


@cache
def _names() -> dict[str, str]:
    # reads a file
    from babel import Locale  # noqa: PLC0415

    return dict(Locale("en").territories)

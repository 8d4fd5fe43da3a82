"""Where visitors come from: addresses, languages and currencies by country.

An address here is that of a network, not of anybody in it: large blocks that the registries gave to providers of the
country, and in them addresses that end in `.0`. The addresses kept for documentation (RFC 5737) have no country.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Country:
    """A country, and what its visitors have in common."""

    code: str
    """ISO 3166-1 alpha-2."""
    share: int
    """Its share of the visitors, against the others'."""
    blocks: tuple[str, ...]
    """The first two numbers of addresses of the country."""
    languages: tuple[tuple[str, int], ...]
    """Languages of browsers there, and how common each is."""
    currency: str


COUNTRIES = (
    Country("DE", 46, ("79.192", "84.128", "91.0", "80.128"), (("de-DE", 88), ("en-GB", 8), ("tr-TR", 4)), "EUR"),
    Country("GB", 11, ("86.128", "81.128", "5.64"), (("en-GB", 97), ("pl-PL", 3)), "GBP"),
    Country("US", 10, ("73.0", "98.32", "71.160"), (("en-US", 94), ("es-US", 6)), "USD"),
    Country("AT", 9, ("62.46", "80.108", "91.112"), (("de-AT", 92), ("en-US", 8)), "EUR"),
    Country("FR", 7, ("90.0", "92.128", "86.192"), (("fr-FR", 96), ("en-US", 4)), "EUR"),
    Country("NL", 6, ("77.160", "84.80", "86.80"), (("nl-NL", 90), ("en-GB", 10)), "EUR"),
    Country("CH", 4, ("83.76", "178.192"), (("de-CH", 68), ("fr-CH", 24), ("it-CH", 8)), "EUR"),
    Country("IT", 3, ("79.0", "87.0", "95.224"), (("it-IT", 98), ("en-US", 2)), "EUR"),
    Country("ES", 2, ("80.24", "83.32", "88.0"), (("es-ES", 85), ("ca-ES", 15)), "EUR"),
    Country("IE", 2, ("86.40",), (("en-IE", 100),), "EUR"),
)

_SHARES = [country.share for country in COUNTRIES]


def draw_country(random: Random) -> Country:
    """Return a country, the common ones more often."""
    return random.choices(COUNTRIES, _SHARES)[0]


def draw_address(country: Country, random: Random) -> str:
    """Return the address of a network of the country."""
    return f"{random.choice(country.blocks)}.{random.randrange(256)}.0"


def draw_language(country: Country, random: Random) -> str:
    """Return a browser's language, a BCP 47 tag."""
    languages, shares = zip(*country.languages, strict=True)
    return str(random.choices(languages, shares)[0])

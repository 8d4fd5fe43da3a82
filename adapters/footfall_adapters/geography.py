"""The countries of addresses: from what the internet registries gave to whom, or from a data base of one's own."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from itertools import islice
from pathlib import Path
from typing import Any

from footfall_adapters.environment import SettingsError
from footfall_core.enrichment.country import Country, CountryOf, country, nowhere

REGISTRIES = "registries"


@dataclass(frozen=True)
class GeographySettings:
    """How addresses become countries."""

    database: str = REGISTRIES
    """`registries`: to which country the five internet registries gave an address, as the package `iptocc` ships it.
    A path: a MaxMind DB file (`.mmdb`) with a country in each record. Empty: no event has a country. Rows that
    were made before it was changed keep their countries until they are processed anew (`footfall reprocess`)."""
    remembered: int = 65_536
    """Addresses whose country is remembered; each takes some 200 bytes."""


@contextmanager
def geography(settings: GeographySettings) -> Iterator[CountryOf]:
    """Open the data base for the length of the block.

    Raises:
        SettingsError: the file cannot be read, is no MaxMind DB, or holds no countries.
    """
    if not settings.database:
        yield nowhere
    elif settings.database == REGISTRIES:
        # loads a library
        from iptocc import country_code  # noqa: PLC0415

        # they gave private addresses to nobody
        yield _remembering(country_code, settings.remembered)
    else:
        with _database(Path(settings.database)) as code_of:
            yield _remembering(code_of, settings.remembered)


def _remembering(code_of: Callable[[str], str | None], size: int) -> CountryOf:
    """Return a look-up in a data base that gives the code of a country, and None for what is no address."""

    @lru_cache(maxsize=size)
    def country_of(address: str) -> Country | None:
        code = code_of(_unmapped(address)) if address else None
        return country(code) if code else None

    return country_of


def _unmapped(address: str) -> str:
    """Return the IPv4 address of a client behind a listener that speaks both, which writes it as IPv6."""
    if ":ffff:" in address.lower():
        with suppress(ValueError):
            return str(IPv6Address(address).ipv4_mapped or address)
    return address


def _is_public(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast


@contextmanager
def _database(file: Path) -> Iterator[Callable[[str], str | None]]:
    import maxminddb  # noqa: PLC0415 - loads a library

    try:
        reader = maxminddb.open_database(file)
    except OSError as error:
        raise SettingsError(f"FOOTFALL_GEOGRAPHY_DATABASE: {file} can't be read: {error.strerror}.") from error
    except maxminddb.InvalidDatabaseError as error:
        raise SettingsError(f"FOOTFALL_GEOGRAPHY_DATABASE: {file} is no MaxMind DB file.") from error
    with reader:
        if not any(_code_in(record) for _, record in islice(reader, 1000)):
            raise SettingsError(
                f"FOOTFALL_GEOGRAPHY_DATABASE: {file} holds no countries; each record needs country.iso_code, "
                "country_code or country."
            )

        def code_of(address: str) -> str | None:
            if not _is_public(address):
                return None
            try:
                return _code_in(reader.get(address))
            except ValueError:  # an IPv6 address in a data base of IPv4
                return None

        yield code_of


def _code_in(record: Any) -> str | None:
    """Return the code in a record of GeoIP2 and DB-IP (`country.iso_code`), ip-location-db or IPinfo."""
    if not isinstance(record, Mapping):
        return None
    found = record.get("country", record.get("country_code"))
    if isinstance(found, Mapping):
        found = found.get("iso_code")
    return found if isinstance(found, str) else None

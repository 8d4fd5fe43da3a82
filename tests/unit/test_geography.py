"""Which country an address is in, by the registries that ship in a package and by a file of one's own."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from footfall_adapters.environment import SettingsError
from footfall_adapters.geography import GeographySettings, geography

# of no public network: RFC 1918, 5737, 6598, 3849, 4193, 4291 and multicast
NOT_PUBLIC = [
    *("10.0.0.1", "172.16.5.4", "192.168.1.1", "127.0.0.1", "169.254.1.1", "0.0.0.0"),
    *("192.0.2.1", "100.64.0.1", "224.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "2001:db8::1", "ff02::1", "::ffff:10.0.0.1"),
]
NO_ADDRESS = ["", "unknown", "shop.example", "256.1.1.1", "1.2.3", "1.2.3.4:443", "x:ffff:y", "[2a00:1450:4001::1]"]


def id_of(address: str, settings: GeographySettings) -> str:
    with geography(settings) as country_of:
        found = country_of(address)
        assert country_of(address) == found
    return found.id if found else ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("141.76.2.4", "DE"),  # TU Dresden
        ("130.237.28.40", "SE"),  # KTH Stockholm
        ("2001:638::1", "DE"),  # DFN, Germany's research network
        ("::ffff:141.76.2.4", "DE"),
        ("::FFFF:8D4C:0204", "DE"),
        ("0:0:0:0:0:ffff:141.76.2.4", "DE"),
        ("2001:638::ffff:1", "DE"),
        *((address, "") for address in NOT_PUBLIC + NO_ADDRESS),
    ],
)
def test_the_registries_know_to_whom_an_address_was_given(address: str, expected: str) -> None:
    assert id_of(address, GeographySettings()) == expected


def test_the_registries_know_nearly_every_visitor_of_the_real_log(access_log: Path) -> None:
    addresses = [line.split(" ", 1)[0] for line in access_log.read_text(encoding="utf-8").splitlines()]
    with geography(GeographySettings()) as country_of:
        countries = Counter(found and found.name for found in map(country_of, addresses))
    assert countries[None] < 50
    assert countries.most_common(1)[0][0] == "United States"


RECORDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "GeoIP2 and DB-IP": lambda code: {"country": {"iso_code": code, "names": {"en": "in its own words"}}},
    "ip-location-db": lambda code: {"country_code": code},
    "IPinfo": lambda code: {"country": code, "country_name": "in its own words"},
}


@pytest.fixture(params=RECORDS.values(), ids=RECORDS.keys())
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return written(
        tmp_path,
        {
            # without a country: a network of many
            "1.0.0.0/8": {"registered_country": {"iso_code": "AU"}},
            "83.149.0.0/16": request.param("RU"),
            "141.76.0.0/16": request.param("ZZ"),
            "2a00::/16": request.param("de"),
            # whoever says so: what is not of the public internet is in no country
            "10.0.0.0/8": request.param("US"),
            "224.0.0.0/4": request.param("US"),
            "ff00::/8": request.param("US"),
            # a number where a code belongs
            "8.8.8.0/24": request.param(840),
        },
    )


def written(folder: Path, networks: dict[str, dict[str, Any]]) -> str:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test")
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    file = folder / "countries.mmdb"
    writer.to_db_file(str(file))
    return str(file)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("83.149.9.216", "RU"),
        ("::ffff:83.149.9.216", "RU"),
        ("2a00:1450:4001::1", "DE"),
        ("1.1.1.1", ""),
        ("141.76.2.4", ""),
        ("8.8.8.8", ""),
        *((address, "") for address in NOT_PUBLIC + NO_ADDRESS),
    ],
)
def test_a_data_base_of_ones_own_is_asked_instead(database: str, address: str, expected: str) -> None:
    assert id_of(address, GeographySettings(database)) == expected


def test_a_data_base_of_the_old_addresses_alone_knows_no_new_one(tmp_path: Path) -> None:
    writer = MMDBWriter(ip_version=4, database_type="Test")
    writer.insert_network(IPSet(["83.149.0.0/16"]), {"country_code": "RU"})
    file = tmp_path / "v4.mmdb"
    writer.to_db_file(str(file))
    assert id_of("83.149.9.216", GeographySettings(str(file))) == "RU"
    assert id_of("2a00:1450:4001::1", GeographySettings(str(file))) == ""


def test_a_country_is_named_alike_whatever_the_data_base_calls_it(database: str) -> None:
    with geography(GeographySettings(database)) as country_of:
        found = country_of("83.149.9.216")
    assert found is not None
    assert found.name == "Russia"


def test_without_a_data_base_nobody_has_a_country() -> None:
    assert id_of("141.76.2.4", GeographySettings("")) == ""


def test_no_more_addresses_are_remembered_than_may_be() -> None:
    with geography(GeographySettings(remembered=10)) as country_of:
        for last in range(100):
            country_of(f"141.76.2.{last}")
        assert country_of.cache_info().currsize == 10  # type: ignore[attr-defined]


def test_a_file_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match=r"FOOTFALL_GEOGRAPHY_DATABASE: .*none\.mmdb can't be read: No such file"),
        geography(GeographySettings(str(tmp_path / "none.mmdb"))),
    ):
        pass


def test_a_file_of_another_kind_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "text.mmdb"
    file.write_text("nothing of the kind")
    with (
        pytest.raises(SettingsError, match=r"text\.mmdb is no MaxMind DB file"),
        geography(GeographySettings(str(file))),
    ):
        pass


def test_a_data_base_of_something_else_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, {"83.149.0.0/16": {"autonomous_system_number": 31213}})
    with pytest.raises(SettingsError, match="holds no countries"), geography(GeographySettings(file)):
        pass

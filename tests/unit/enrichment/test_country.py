import pytest

from footfall_core.enrichment.country import Country, country, nowhere


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("DE", Country("DE", "Germany")),
        ("de", Country("DE", "Germany")),
        ("CI", Country("CI", "Côte d\u2019Ivoire")),
        ("CZ", Country("CZ", "Czechia")),
        ("TR", Country("TR", "Türkiye")),
        # CLDR's long names are Hong Kong SAR China, Macao SAR China and Palestinian Territories
        ("HK", Country("HK", "Hong Kong")),
        ("MO", Country("MO", "Macao")),
        ("PS", Country("PS", "Palestine")),
        ("XK", Country("XK", "Kosovo")),
    ],
)
def test_a_country_has_its_english_name(code: str, expected: Country) -> None:
    assert country(code) == expected


# what address data bases say of addresses of no one country, and CLDR of what is larger than one
@pytest.mark.parametrize("code", ["", "EU", "EZ", "UN", "ZZ", "AP", "A1", "O1", "T1", "D", "DEU", "001", "419", "--"])
def test_what_is_no_country_is_none(code: str) -> None:
    assert country(code) is None


def test_without_a_data_base_there_is_no_country() -> None:
    assert nowhere("83.149.9.216") is None

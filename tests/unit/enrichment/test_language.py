import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.enrichment.language import NO_LANGUAGE, Language, parse_language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", NO_LANGUAGE),
        (" ", NO_LANGUAGE),
        ("en", Language("en", "English")),
        ("en-GB", Language("en-gb", "English")),
        ("de_AT", Language("de-at", "German")),
        (" pt-BR ", Language("pt-br", "Portuguese")),
        ("zh-Hant-TW", Language("zh-hant-tw", "Chinese")),
        ("fil", Language("fil", "Filipino")),
        ("nb-NO", Language("nb-no", "Norwegian Bokmål")),
        ("xx-XX", Language("xx-xx", "")),
        ("klingon", Language("klingon", "")),
        ("-", Language("-", "")),
    ],
)
def test_a_tag_is_in_lower_case_and_its_language_has_an_english_name(text: str, expected: Language) -> None:
    assert parse_language(text) == expected


@given(st.text())
def test_nothing_raises(text: str) -> None:
    parse_language(text)

"""The language that a client states: its tag, and the English name of its primary language."""

from dataclasses import dataclass
from functools import cache, lru_cache


@dataclass(frozen=True, slots=True)
class Language:
    """A client's language. A field is empty where nothing is known."""

    tag: str
    """The tag in lower case, as GA4's `languageCode`: `en-gb`."""
    name: str
    """English name of the primary language, as GA4's `language`: `English`."""


NO_LANGUAGE = Language("", "")


@lru_cache(maxsize=4_096)
def parse_language(text: str) -> Language:
    """Return a language from a BCP 47 tag; never raises.

    `en_GB`, as Java and POSIX write it, is read as `en-GB`. The name is CLDR's of the first subtag, and empty if that
    is not a language which CLDR names.
    """
    tag = text.strip().lower().replace("_", "-")
    return Language(tag, _names().get(tag.partition("-")[0], "")) if tag else NO_LANGUAGE


@cache
def _names() -> dict[str, str]:
    # reads a file
    from babel import Locale  # noqa: PLC0415

    return dict(Locale("en").languages)

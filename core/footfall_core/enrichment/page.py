"""What the URL of a page says: host, path and campaign."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus, urlsplit


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of a page's URL. A field is empty where the URL has no such part."""

    host: str
    """Host, lower case, without user, port and the brackets of IPv6."""
    path: str
    """Path without query and fragment, percent-encoding as it came; `/` if the URL has a host and no path."""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    has_gclid: bool = False
    """Whether a click on Google Ads led here: a `gclid`, or the `gbraid` or `wbraid` that iOS gets in its
    place."""


NO_PAGE = Page("", "")

LONGEST_CACHED_URL = 512
"""Characters of the longest URL that is remembered, so that 16,384 of them stay under some 30 MB."""

_CLICK_IDS = ("gclid", "gbraid", "wbraid")
_CONTROLS = dict.fromkeys((*range(0x20), 0x7F), " ")


def parse_page(url: str) -> Page:
    """Return the parts of a URL; one that is no URL has empty parts, and nothing raises.

    Query names are case-sensitive, as in GA4. Of a repeated parameter the first wins, even if it is empty.
    Values are percent-decoded as UTF-8 (what is not UTF-8 becomes U+FFFD), `+` is a space, and control
    characters, which only an escape can bring in here, become spaces.
    """
    return _parse_and_remember(url) if len(url) <= LONGEST_CACHED_URL else _parse(url)


def _parse(url: str) -> Page:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # brackets that hold no IPv6 address, or a host that Unicode normalisation would change
        return NO_PAGE
    path = parts.path
    if not path.startswith("/"):
        # `about:blank` and `javascript:…` have something after the colon that is no path
        path = "/" if host else ""
    if not parts.query:
        return Page(host, path)
    first = _first_values(parts.query)
    return Page(
        host,
        path,
        first.get("utm_source", ""),
        first.get("utm_medium", ""),
        first.get("utm_campaign", ""),
        any(first.get(name) for name in _CLICK_IDS),
    )


_parse_and_remember = lru_cache(maxsize=16_384)(_parse)

_WANTED = frozenset({"utm_source", "utm_medium", "utm_campaign", *_CLICK_IDS})


def _first_values(query: str) -> dict[str, str]:
    """Return the first value of each parameter that is wanted."""
    first: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if "%" in name:
            name = unquote_plus(name)
        if name in _WANTED and name not in first:
            first[name] = unquote_plus(value).translate(_CONTROLS).strip()
    return first

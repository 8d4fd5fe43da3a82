import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.enrichment.page import LONGEST_CACHED_URL, NO_PAGE, Page, parse_page


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("", NO_PAGE),
        ("https://Shop.Example.com:8443/Shoes?a=1#top", Page("shop.example.com", "/Shoes")),
        ("https://example.com", Page("example.com", "/")),
        ("https://example.com?utm_source=a", Page("example.com", "/", "a")),
        ("https://user:secret@example.com/a", Page("example.com", "/a")),
        ("http://[2001:DB8::1]:80/a", Page("2001:db8::1", "/a")),
        ("//example.com/a", Page("example.com", "/a")),
        ("/a?utm_source=b", Page("", "/a", "b")),
        ("about:blank", NO_PAGE),
        ("javascript:alert(1)", NO_PAGE),
        ("http://[garbage/a", NO_PAGE),
        ("http://[::1/a", NO_PAGE),
        ("http://a]b/", NO_PAGE),
        ("http://example.com\uff03@bing.com/", NO_PAGE),
        ("https://example.com:port/a", Page("example.com", "/a")),
        ("https://example.com/a%20b/%C3%A4", Page("example.com", "/a%20b/%C3%A4")),
        ("https://example.com/a;b=c", Page("example.com", "/a;b=c")),
        (
            "https://example.com/?utm_source=News%20letter&utm_medium=e+mail&utm_campaign=%C3%A4%26b",
            Page("example.com", "/", "News letter", "e mail", "ä&b"),
        ),
        ("https://example.com/?utm_source=a&utm_source=b", Page("example.com", "/", "a")),
        ("https://example.com/?utm_source=&utm_source=b", Page("example.com", "/")),
        ("https://example.com/?utm_source&utm_medium=b", Page("example.com", "/", "", "b")),
        ("https://example.com/?utm%5Fsource=a", Page("example.com", "/", "a")),
        ("https://example.com/?UTM_SOURCE=a", Page("example.com", "/")),
        ("https://example.com/?utm_source=a=b", Page("example.com", "/", "a=b")),
        ("https://example.com/?utm_source=a;utm_medium=b", Page("example.com", "/", "a;utm_medium=b")),
        ("https://example.com/?utm_source=%FF", Page("example.com", "/", "\ufffd")),
        ("https://example.com/?utm_source=a%09b%00c%1F", Page("example.com", "/", "a b c")),
        ("https://example.com/#utm_source=a", Page("example.com", "/")),
        ("https://example.com/?gclid=x", Page("example.com", "/", has_gclid=True)),
        ("https://example.com/?gbraid=x", Page("example.com", "/", has_gclid=True)),
        ("https://example.com/?gclid=", Page("example.com", "/")),
        ("android-app://com.google.android.gm/", Page("com.google.android.gm", "/")),
    ],
)
def test_a_url_has_these_parts(url: str, page: Page) -> None:
    assert parse_page(url) == page


def test_a_url_too_long_to_be_remembered_has_the_same_parts() -> None:
    url = "https://example.com/a?utm_source=b&filler=" + "x" * LONGEST_CACHED_URL
    assert parse_page(url) == Page("example.com", "/a", "b")


@given(st.one_of(st.text(), st.text(alphabet="htps:/?#[]@%&=+utm_sorce.a1\x00\x1f\tÄ")))
def test_any_text_has_parts_without_controls(url: str) -> None:
    page = parse_page(url)
    assert page.host == page.host.lower()
    assert not any(c < " " for c in page.utm_source + page.utm_medium + page.utm_campaign)
    assert page.path == "" or page.path.startswith("/")
    assert "?" not in page.path


def test_the_real_log_asks_for_xdotool_224_times(visits: list[tuple[str, str, str]]) -> None:
    pages = [parse_page(url) for url, _, _ in visits]
    assert {page.host for page in pages} == {"semicomplete.com"}
    # and three times with a query, which awk's count of the whole request leaves out
    assert sum(page.path == "/projects/xdotool/" for page in pages) == 224

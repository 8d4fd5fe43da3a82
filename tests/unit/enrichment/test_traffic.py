from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.enrichment.page import parse_page
from footfall_core.enrichment.traffic import DIRECT, Attribution, Traffic

PAGE = "https://www.example.com/shoes"

attribute = Attribution().of


@pytest.mark.parametrize(
    ("location", "referrer", "traffic"),
    [
        (PAGE, "", DIRECT),
        ("", "", DIRECT),
        (PAGE, "no URL", DIRECT),
        (PAGE, "http://[garbage", DIRECT),
        (PAGE, "https://www.example.com/other", DIRECT),
        (PAGE, "http://example.com:8080/", DIRECT),
        ("https://example.com/", "https://www.example.com/", DIRECT),
        (PAGE, "https://blog.example.com/", Traffic("blog.example.com", "referral", "", "Referral")),
        ("", "https://www.Google.com:443/search?q=a", Traffic("www.google.com", "organic", "", "Organic Search")),
        (PAGE, "https://www.google.co.uk/", Traffic("www.google.co.uk", "organic", "", "Organic Search")),
        (PAGE, "https://mail.google.com/", Traffic("mail.google.com", "referral", "", "Referral")),
        (PAGE, "https://google.evil.example/", Traffic("google.evil.example", "referral", "", "Referral")),
        (PAGE, "https://notbing.com/", Traffic("notbing.com", "referral", "", "Referral")),
        (PAGE, "https://l.facebook.com/l.php", Traffic("l.facebook.com", "referral", "", "Organic Social")),
        (PAGE, "https://t.co/abc", Traffic("t.co", "referral", "", "Organic Social")),
        (PAGE, "https://www.youtube.com/watch", Traffic("www.youtube.com", "referral", "", "Organic Video")),
        (PAGE, "https://www.amazon.co.jp/", Traffic("www.amazon.co.jp", "referral", "", "Organic Shopping")),
        (f"{PAGE}?utm_source=News", "https://www.google.com/", Traffic("News", "(not set)", "", "Unassigned")),
        (
            f"{PAGE}?utm_source=News&utm_medium=Email&utm_campaign=may&gclid=x",
            "",
            Traffic("News", "Email", "may", "Email"),
        ),
        (f"{PAGE}?gclid=x", "https://www.google.com/", Traffic("google", "cpc", "", "Paid Search")),
        (
            f"{PAGE}?gclid=x&utm_campaign=Cross-Network%201",
            "",
            Traffic("google", "cpc", "Cross-Network 1", "Cross-network"),
        ),
        (f"{PAGE}?utm_campaign=may", "", Traffic("(direct)", "(none)", "may", "Direct")),
        (f"{PAGE}?utm_campaign=may", "https://a.example/", Traffic("a.example", "referral", "may", "Referral")),
        (PAGE, f"https://a.example/{'x' * 600}", Traffic("a.example", "referral", "", "Referral")),
    ],
)
def test_a_visit_came_from_there(location: str, referrer: str, traffic: Traffic) -> None:
    assert attribute(parse_page(location), referrer) == traffic


@given(st.text(), st.one_of(st.text(), st.text(alphabet="htps:/?#[]@%.gole1")))
def test_any_texts_have_a_source_and_a_channel(location: str, referrer: str) -> None:
    traffic = attribute(parse_page(location), referrer)
    assert traffic.source
    assert traffic.medium
    assert traffic.channel_group


def test_the_real_log_has_these_channels(visits: list[tuple[str, str, str]]) -> None:
    channels = Counter(attribute(parse_page(url), referrer).channel_group for url, referrer, _ in visits)
    assert channels.total() == 10_000
    # /?flav=rss20&utm_source=feedburner&utm_medium=feed: GA4 has no channel for feeds
    assert channels["Unassigned"] == 153
    assert channels["Organic Search"] == 599


def test_the_real_log_has_228_visits_from_www_google_com(visits: list[tuple[str, str, str]]) -> None:
    sources = Counter(attribute(parse_page(url), referrer) for url, referrer, _ in visits)
    assert sources[Traffic("www.google.com", "organic", "", "Organic Search")] == 228

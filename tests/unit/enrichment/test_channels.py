import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_core.enrichment.channels import CHANNELS, UNASSIGNED, channel_group
from footfall_core.enrichment.sources import ENTRIES, Category, category_of

EXAMPLES = [
    ("(direct)", "(none)", "", "Direct"),
    ("(direct)", "(not set)", "", "Direct"),
    ("(direct)", "other", "", "Unassigned"),
    ("google", "cpc", "EU cross-network", "Cross-network"),
    ("amazon.de", "cpc", "", "Paid Shopping"),
    ("newsletter", "paid", "workshop", "Paid Other"),  # GA4 lets only an e stand before it: no workshops
    ("newsletter", "paid", "eshop sale", "Paid Shopping"),
    ("newsletter", "paid", "workshopping", "Paid Shopping"),
    ("google", "cpc", "", "Paid Search"),
    ("BING", "PPC", "", "Paid Search"),
    ("www.bing.com", "retargeting", "", "Paid Search"),
    ("google", "cpm", "", "Paid Search"),
    ("facebook", "paid_social", "", "Paid Social"),
    ("m.facebook.com", "cpc", "", "Paid Social"),
    ("youtube", "cpv", "", "Paid Video"),
    ("youtube", "cpc", "", "Paid Video"),
    ("adnetwork", "display", "", "Display"),
    ("adnetwork", "cpm", "", "Display"),
    ("adnetwork", "banner", "", "Display"),
    ("adnetwork", "ecpc", "", "Paid Other"),
    ("etsy.com", "referral", "", "Organic Shopping"),
    ("newsletter", "link", "Shop", "Organic Shopping"),
    ("t.co", "referral", "", "Organic Social"),
    ("anything", "social-media", "", "Organic Social"),
    ("vimeo.com", "referral", "", "Organic Video"),
    ("anything", "a video b", "", "Organic Video"),
    ("unknown.example", "organic", "", "Organic Search"),
    ("duckduckgo.com", "referral", "", "Organic Search"),
    ("a.example", "referral", "", "Referral"),
    ("a.example", "app", "", "Referral"),
    ("news", "e-mail", "", "Email"),
    ("e_mail", "(not set)", "", "Email"),
    ("partner", "affiliate", "", "Affiliates"),
    ("partner", "affiliates", "", "Unassigned"),
    ("podcast", "audio", "", "Audio"),
    ("sms", "(not set)", "", "SMS"),
    ("twilio", "SMS", "", "SMS"),
    ("app", "webpush", "", "Mobile Push Notifications"),
    ("app", "mobile-x", "", "Mobile Push Notifications"),
    ("app", "notifications", "", "Mobile Push Notifications"),
    ("firebase", "(not set)", "", "Mobile Push Notifications"),
    ("feedburner", "feed", "", "Unassigned"),
]


@pytest.mark.parametrize(("source", "medium", "campaign", "channel"), EXAMPLES)
def test_a_visit_is_in_the_channel_that_ga4_puts_it_in(source: str, medium: str, campaign: str, channel: str) -> None:
    assert channel_group(source, medium, campaign) == channel


def test_every_channel_has_an_example() -> None:
    assert {channel for *_, channel in EXAMPLES} == {name for name, _ in CHANNELS} | {UNASSIGNED}


@given(st.text(), st.text(), st.text())
def test_any_texts_have_a_channel(source: str, medium: str, campaign: str) -> None:
    assert channel_group(source, medium, campaign)


@pytest.mark.parametrize(
    ("source", "category"),
    [
        ("www.google.com", Category.SEARCH),
        ("google.com.hk", Category.SEARCH),
        ("google.ba", Category.SEARCH),
        ("google.shop", None),
        ("docs.google.com", None),
        ("shopping.google.com", Category.SHOPPING),
        ("plus.google.com", Category.SOCIAL),
        ("r.duckduckgo.com", Category.SEARCH),
        ("yahoo.com", Category.SEARCH),
        ("www.yahoo.com", Category.SEARCH),
        ("mail.yahoo.com", None),
        ("de.search.yahoo.com", Category.SEARCH),
        ("tieba.baidu.com", Category.SOCIAL),
        ("m.ebay.de", Category.SHOPPING),
        ("aws.amazon.com", None),
        ("x.com", Category.SOCIAL),
        ("netflix.com.example", None),
        ("", None),
        (".", None),
        ("=yahoo.com", None),
        ("google.*", None),
    ],
)
def test_a_source_is_of_this_kind(source: str, category: Category | None) -> None:
    assert category_of(source) is category


def test_no_source_is_listed_twice() -> None:
    entries = [entry for text in ENTRIES.values() for entry in text.split()]
    assert sorted(entries) == sorted(set(entries))
    assert all(entry == entry.lower() for entry in entries)


def test_a_source_that_is_longer_than_any_host_is_nobodys() -> None:
    # each of its dots would be another look-up
    assert category_of("a." * 100 + "duckduckgo.com") is Category.SEARCH
    assert category_of("a." * 4_000 + "duckduckgo.com") is None

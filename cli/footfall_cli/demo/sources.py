"""What brings visitors: search engines, campaigns, other sites. Between them they fill most of GA4's channel groups."""

from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Source:
    """One way to the shop."""

    channel: str
    """The default channel group that it is meant to come out as."""
    share: int
    """Its share of the visits, against the others'."""
    keenness: float = 1.0
    """How likely its visitors are to buy, against the average."""
    referrer: str = ""
    """URL of the page that led to the shop; empty without one."""
    query: str = ""
    """What the link to the shop carries: a campaign's parameters; empty without one."""


def _campaign(source: str, medium: str, name: str, **more: str) -> str:
    return urlencode({"utm_source": source, "utm_medium": medium, "utm_campaign": name} | more)


_GOOGLE = "https://www.google.com/"

SOURCES = (
    Source("Direct", 200, 1.2),
    Source("Organic Search", 215, 1.0, _GOOGLE),
    Source("Organic Search", 25, 1.0, "https://www.bing.com/"),
    Source("Organic Search", 20, 1.0, "https://duckduckgo.com/"),
    Source("Paid Search", 110, 1.3, _GOOGLE, _campaign("google", "cpc", "brand", utm_term="hatter", gclid="demo")),
    Source("Paid Shopping", 65, 1.4, _GOOGLE, _campaign("google", "cpc", "shopping_hats")),
    Source("Organic Social", 50, 0.4, "https://www.instagram.com/"),
    Source("Organic Social", 35, 0.5, "https://www.pinterest.com/"),
    Source("Paid Social", 75, 0.6, "https://l.facebook.com/", _campaign("facebook", "paid_social", "winter_looks")),
    Source("Email", 70, 1.8, "", _campaign("newsletter", "email", "sunday_letter", utm_content="top_banner")),
    Source("Affiliates", 30, 1.1, "https://deals.example/hats", _campaign("dealsclub", "affiliate", "always_on")),
    Source("Referral", 35, 0.8, "https://gentlemans-blog.example/how-to-wear-a-fedora"),
    Source("Organic Video", 20, 0.5, "https://www.youtube.com/"),
    Source("Display", 25, 0.3, "https://news.example/", _campaign("adnetwork", "display", "retargeting_hats")),
    Source("SMS", 6, 1.5, "", _campaign("loyalty", "sms", "flash_sale")),
)

_SHARES = [source.share for source in SOURCES]


def draw_source(random: Random) -> Source:
    """Return a source, the common ones more often."""
    return random.choices(SOURCES, _SHARES)[0]

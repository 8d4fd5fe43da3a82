"""GA4's default channel groups.

Source: Google's help page "[GA4] Default channel group" (Analytics Help, answer 9756891), its table of manual
traffic; order and regular expressions are its own. Rules are not case-sensitive. What the page says of Google
Ads, Display & Video 360 and Search Ads 360 needs those accounts, and has no rule here. The lists of sites are
in `sources`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from footfall_core.enrichment.sources import Category, category_of


@dataclass(frozen=True, slots=True)
class Visit:
    """What the rules look at; everything in lower case."""

    source: str
    medium: str
    campaign: str
    category: Category | None
    """What kind of site the source is."""

    @property
    def is_paid(self) -> bool:
        """Whether the medium is one of paid traffic."""
        return _PAID.match(self.medium) is not None

    @property
    def is_shopping(self) -> bool:
        """Whether the source is a shop or the campaign is named as one of shopping."""
        return self.category is Category.SHOPPING or _SHOPPING_CAMPAIGN.match(self.campaign) is not None


_PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$", re.DOTALL)
_SHOPPING_CAMPAIGN = re.compile(r"^(.*(([^a-df-z]|^)shop|shopping).*)$", re.DOTALL)
_VIDEO = re.compile(r"^(.*video.*)$", re.DOTALL)

_DISPLAY_MEDIA = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_SOCIAL_MEDIA = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})
_REFERRAL_MEDIA = frozenset({"referral", "app", "link"})
_EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail"})
_NO_MEDIUM = frozenset({"(not set)", "(none)"})

UNASSIGNED = "Unassigned"

CHANNELS: tuple[tuple[str, Callable[[Visit], bool]], ...] = (
    ("Direct", lambda v: v.source == "(direct)" and v.medium in _NO_MEDIUM),
    ("Cross-network", lambda v: "cross-network" in v.campaign),
    ("Paid Shopping", lambda v: v.is_shopping and v.is_paid),
    ("Paid Search", lambda v: v.category is Category.SEARCH and v.is_paid),
    ("Paid Social", lambda v: v.category is Category.SOCIAL and v.is_paid),
    ("Paid Video", lambda v: v.category is Category.VIDEO and v.is_paid),
    ("Display", lambda v: v.medium in _DISPLAY_MEDIA),
    ("Paid Other", lambda v: v.is_paid),
    ("Organic Shopping", lambda v: v.is_shopping),
    ("Organic Social", lambda v: v.category is Category.SOCIAL or v.medium in _SOCIAL_MEDIA),
    ("Organic Video", lambda v: v.category is Category.VIDEO or _VIDEO.match(v.medium) is not None),
    ("Organic Search", lambda v: v.category is Category.SEARCH or v.medium == "organic"),
    ("Referral", lambda v: v.medium in _REFERRAL_MEDIA),
    ("Email", lambda v: v.source in _EMAIL or v.medium in _EMAIL),
    ("Affiliates", lambda v: v.medium == "affiliate"),
    ("Audio", lambda v: v.medium == "audio"),
    ("SMS", lambda v: "sms" in {v.source, v.medium}),
    (
        "Mobile Push Notifications",
        lambda v: (
            v.medium.endswith("push") or "mobile" in v.medium or "notification" in v.medium or v.source == "firebase"
        ),
    ),
)
"""Each group and its rule; the first rule that holds decides."""


def channel_group(source: str, medium: str, campaign: str) -> str:
    """Return GA4's default channel group of a visit, `Unassigned` if no rule holds."""
    visit = Visit(source.lower(), medium.lower(), campaign.lower(), category_of(source))
    return next((name for name, rule in CHANNELS if rule(visit)), UNASSIGNED)

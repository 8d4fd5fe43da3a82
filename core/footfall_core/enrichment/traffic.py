"""Where an event's visit came from: source, medium, campaign and channel group."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from footfall_core.enrichment.channels import channel_group
from footfall_core.enrichment.page import LONGEST_CACHED_URL, Page, parse_page
from footfall_core.enrichment.sources import Category, category_of

NOT_SET = "(not set)"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Where a visit came from, in GA4's words."""

    source: str
    """`utm_source`, else `google` for a click on its ads, else the referrer's host, else `(direct)`."""
    medium: str
    """`utm_medium`, else `cpc`, `organic` or `referral`, else `(none)`."""
    campaign: str
    """`utm_campaign`; empty without one."""
    channel_group: str
    """GA4's default channel group."""


DIRECT = Traffic("(direct)", "(none)", "", "Direct")

ChannelOf = Callable[[str, str, str], str]
"""Returns the channel group of a source, a medium and a campaign."""


class Attribution:
    """Says where visits came from, by one version's rule for channels; what was said is remembered."""

    def __init__(self, channel_of: ChannelOf = channel_group) -> None:
        self._channel_of = channel_of
        self._direct = self._traffic(DIRECT.source, DIRECT.medium, "")
        self._referred_and_remembered = lru_cache(maxsize=16_384)(self._referred)
        self._tagged_and_remembered = lru_cache(maxsize=16_384)(self._traffic)

    def of(self, page: Page, referrer: str) -> Traffic:
        """Return where the visit of an event came from; never raises.

        The first that holds decides: the page's `utm_source` (without a medium: `(not set)`), its Google Ads
        click, the referrer's host if it is not the page's own with or without `www.` (`organic` if it is a known
        search engine's, else `referral`), else direct.
        """
        if page.utm_source:
            return self._tagged(page.utm_source, page.utm_medium or NOT_SET, page.utm_campaign)
        if page.has_gclid:
            return self._tagged("google", "cpc", page.utm_campaign)
        if not referrer and not page.utm_campaign:
            return self._direct
        if len(referrer) <= LONGEST_CACHED_URL:
            return self._referred_and_remembered(referrer, page.host, page.utm_campaign)
        return self._referred(referrer, page.host, page.utm_campaign)

    def _referred(self, referrer: str, own_host: str, campaign: str) -> Traffic:
        host = parse_page(referrer).host
        if not host or host.removeprefix("www.") == own_host.removeprefix("www."):
            return self._tagged(DIRECT.source, DIRECT.medium, campaign)
        return self._tagged(host, "organic" if category_of(host) is Category.SEARCH else "referral", campaign)

    def _tagged(self, source: str, medium: str, campaign: str) -> Traffic:
        if len(source) + len(medium) + len(campaign) <= LONGEST_CACHED_URL:
            return self._tagged_and_remembered(source, medium, campaign)
        return self._traffic(source, medium, campaign)

    def _traffic(self, source: str, medium: str, campaign: str) -> Traffic:
        return Traffic(source, medium, campaign, self._channel_of(source, medium, campaign))

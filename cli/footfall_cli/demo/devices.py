"""User agents, as browsers and crawlers of these kinds send them."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of device with its browser."""

    category: str
    """As GA4 calls it: desktop, mobile or tablet."""
    share: int
    """Its share of the visitors, against the others'."""
    user_agent: str


_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"

DEVICES = (
    Device("mobile", 27, f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36"),
    Device(
        "mobile",
        24,
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_SAFARI} Version/18.6 Mobile/15E148 Safari/604.1",
    ),
    Device(
        "mobile",
        5,
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    ),
    Device("desktop", 20, f"{_WINDOWS} {_WEBKIT} Chrome/142.0.0.0 Safari/537.36"),
    Device("desktop", 6, f"{_WINDOWS} {_WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"),
    Device("desktop", 5, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"),
    Device("desktop", 5, f"{_MAC} {_SAFARI} Version/18.6 Safari/605.1.15"),
    Device("desktop", 3, f"{_MAC} {_WEBKIT} Chrome/142.0.0.0 Safari/537.36"),
    Device("desktop", 1, "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"),
    Device("tablet", 3, f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {_SAFARI} Version/18.6 Safari/604.1"),
    Device("tablet", 1, f"Mozilla/5.0 (Linux; Android 14; SM-X210) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36"),
)

_SHARES = [device.share for device in DEVICES]

CRAWLERS = (
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "66.249.64.0", 40),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "40.77.167.0", 25),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "54.36.148.0", 15),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.0; +https://openai.com/gptbot)", "", 12),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "66.220.144.0", 8),
)
"""User agents of crawlers that run a page's scripts, the network that each comes from, and how often it comes."""


def draw_device(random: Random) -> Device:
    """Return a device, the common ones more often."""
    return random.choices(DEVICES, _SHARES)[0]

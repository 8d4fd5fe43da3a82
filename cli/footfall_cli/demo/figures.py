"""What a demo is to come out as, counted from its events; the reports must say the same. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from footfall_cli.demo.arrivals import Arrival
from footfall_cli.demo.devices import CRAWLERS

_CRAWLERS = frozenset(user_agent for user_agent, _, _ in CRAWLERS)


def number_of(count: int, noun: str) -> str:
    """Return `1 refund` or `2 refunds`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@dataclass(slots=True)
class Figures:
    """Counts of events that were sent."""

    good: int = 0
    """Events that are to be stored, those of crawlers among them."""
    of_crawlers: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    """Events that are to be refused, by code."""
    purchases: int = 0
    refunds: int = 0
    cents: Counter[str] = field(default_factory=Counter)
    """Revenue without what was refunded, by currency, in hundredths: whole numbers add up in any order."""

    def add(self, arrival: Arrival) -> None:
        """Count an event."""
        if arrival.code:
            self.broken[arrival.code] += 1
            return
        event = arrival.event
        self.good += 1
        self.of_crawlers += event.user_agent in _CRAWLERS
        if event.name == "purchase":
            self.purchases += 1
            self.cents[event.currency] += round(event.value * 100)
        elif event.name == "refund":
            self.refunds += 1
            self.cents[event.currency] -= round(event.value * 100)

    @property
    def all_broken(self) -> int:
        """Events that are to be refused."""
        return self.broken.total()

    @property
    def revenue(self) -> dict[str, float]:
        """Revenue without what was refunded, the largest first."""
        return {currency: cents / 100 for currency, cents in self.cents.most_common()}

    def as_json(self) -> dict[str, Any]:
        """Return them for programs."""
        return {
            "events": self.good + self.all_broken,
            "good": self.good,
            "of_crawlers": self.of_crawlers,
            "broken": dict(sorted(self.broken.items())),
            "purchases": self.purchases,
            "refunds": self.refunds,
            "revenue": self.revenue,
        }

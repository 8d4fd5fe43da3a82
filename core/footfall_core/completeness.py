"""Up to which instant the numbers are complete, by ticks.

A tick stands in the log of each partition behind everything that was acknowledged before it. Once the store shows
a tick, it shows all that stands before it in that partition, but for purchases, which take a longer way: through a
partition of `events.purchases`, to which every raw partition's ticks go as well. Once all of them have passed one, a
tick of its own follows. So it takes the ticks of both ways to know that nothing is missing.

Live events and imports have logs of their own, and so an instant each: an import that is behind says nothing of live
events.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from footfall_core.clock import Micros
from footfall_core.properties import TICK_PROPERTIES

NewestTicks = Mapping[tuple[str, int], Micros]
"""The newest tick that a store shows, by reserved property and partition."""

MINUTE = 60 * 1_000_000

LOOK_BACK: tuple[Micros, ...] = (Micros(10 * MINUTE), Micros(7 * 24 * 60 * MINUTE))
"""How far back to look for ticks, one after the other: a partition without one in the last minutes is looked for in
all of the week that rows wait in Kafka for the store."""

LOOK_AHEAD = Micros(60 * MINUTE)
"""How far ahead of this machine's clock a ticker's may be."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """Before which instants everything that was acknowledged is in the numbers; None: not known."""

    live: Micros | None = None
    imported: Micros | None = None

    def reaches(self, least: "Completeness") -> bool:
        """Return whether neither instant is before that of another one; what is not known there asks for nothing."""
        return _reaches(self.live, least.live) and _reaches(self.imported, least.imported)

    def at_most(self, other: "Completeness") -> "Completeness":
        """Return the earlier of both instants each; what is not known of one is not known."""
        return Completeness(_earlier(self.live, other.live), _earlier(self.imported, other.imported))


NOT_KNOWN = Completeness()


def _reaches(known: Micros | None, least: Micros | None) -> bool:
    return least is None or (known is not None and known >= least)


def _earlier(one: Micros | None, other: Micros | None) -> Micros | None:
    return None if one is None or other is None else min(one, other)


def data_complete_until(newest_ticks: NewestTicks, partitions: int) -> Micros | None:
    """Return the oldest of the newest ticks of all partitions on both ways, or None if a partition has none.

    Args:
        newest_ticks: the newest tick that the store shows of one kind, by reserved property and partition.
        partitions: how many raw partitions there are, and as many of `events.purchases`.
    """
    ways = [(property_id, partition) for property_id in TICK_PROPERTIES for partition in range(partitions)]
    if any(way not in newest_ticks for way in ways):
        return None
    return min(newest_ticks[way] for way in ways)

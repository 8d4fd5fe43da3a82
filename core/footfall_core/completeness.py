"""Up to which instant the numbers are complete, by ticks.

A tick stands in the log of each partition behind everything that was acknowledged before it. Once the store shows
a tick, it shows all that stands before it in that partition.
"""

from collections.abc import Mapping

from footfall_core.clock import Micros

MINUTE = 60 * 1_000_000

LOOK_BACK: tuple[Micros, ...] = (Micros(10 * MINUTE), Micros(7 * 24 * 60 * MINUTE))
"""How far back to look for ticks, one after the other: a partition without one in the last minutes is looked for in
all of the week that rows wait in Kafka for the store."""

LOOK_AHEAD = Micros(60 * MINUTE)
"""How far ahead of this machine's clock a ticker's may be."""


def data_complete_until(newest_ticks: Mapping[int, Micros], partitions: int) -> Micros | None:
    """Return the oldest of the newest ticks of all raw partitions, or None if a partition has none.

    Args:
        newest_ticks: the newest tick that the store shows, by raw partition.
        partitions: how many raw partitions there are.
    """
    if any(partition not in newest_ticks for partition in range(partitions)):
        return None
    return min(newest_ticks[partition] for partition in range(partitions))

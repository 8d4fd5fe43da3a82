"""Which partition of `queries.requests` a query goes to."""

from collections.abc import Callable, Collection

TRY_SILENT = 20
"""Of so many queries one goes to a partition that kept silent, to find out whether it speaks again."""


class Partitions:
    """Remembers which partitions kept silent of late: their consumer hangs, died, or has too much to do."""

    def __init__(self, count: int, choose: Callable[[int], int]) -> None:
        """Start with all of them trusted; `choose` returns a number from 0 up to and without the given one."""
        self._all = range(count)
        self._choose = choose
        self._silent: set[int] = set()

    def pick(self, tried: Collection[int]) -> int | None:
        """Return one that was not tried for this query, if possible one that speaks, or None if all were tried."""
        untried = [partition for partition in self._all if partition not in tried]
        speaking = [partition for partition in untried if partition not in self._silent]
        silent = [partition for partition in untried if partition in self._silent]
        among = silent if silent and (not speaking or self._choose(TRY_SILENT) == 0) else speaking
        return among[self._choose(len(among))] if among else None

    def spoke(self, partition: int) -> None:
        """Note that a query sent there was begun in time."""
        self._silent.discard(partition)

    def kept_silent(self, partition: int) -> None:
        """Note that a query sent there was not begun in time."""
        self._silent.add(partition)

"""Up to which instant the store's numbers are complete, asked once for the reports of a moment."""

import asyncio

from footfall_core.clock import Clock, Micros
from footfall_core.completeness import LOOK_AHEAD, LOOK_BACK, data_complete_until
from footfall_core.report.ports import ReportStore

ASK_MICROS = 10 * 1_000_000
"""How long looking for ticks may take; each report's own deadline ends its waiting before that."""


class CompleteUntil:
    """Looks for ticks on behalf of reports that are run afterwards.

    A look serves every report that begins within its life: ticks that were seen earlier promise less, never more, so
    what an answer says of itself stays true.
    """

    def __init__(self, store: ReportStore, clock: Clock, raw_partitions: int, life_micros: int) -> None:
        self._store = store
        self._clock = clock
        self._raw_partitions = raw_partitions
        self._life_micros = life_micros
        self._look: asyncio.Task[Micros | None] | None = None
        self._begun = Micros(0)

    async def now(self) -> Micros | None:
        """Return the instant, or None if it is not known.

        Raises:
            Problem: as the store raises it.
        """
        now = self._clock.now()
        if self._look is None or _failed(self._look) or not 0 <= now - self._begun <= self._life_micros:
            self._begun = now
            self._look = asyncio.create_task(self._ticks(now))
            self._look.add_done_callback(_failed)
        # who leaves does not take the others along
        return await asyncio.shield(self._look)

    async def _ticks(self, now: Micros) -> Micros | None:
        for look_back in LOOK_BACK:
            since, until = Micros(now - look_back), Micros(now + LOOK_AHEAD)
            ticks = await self._store.newest_ticks(since, until, Micros(now + ASK_MICROS))
            if (found := data_complete_until(ticks, self._raw_partitions)) is not None:
                return found
        return None


def _failed(look: asyncio.Task[Micros | None]) -> bool:
    """Return whether a look ended without a result, having seen its error, in case that all who waited had left."""
    return look.done() and (look.cancelled() or look.exception() is not None)

"""Up to which instants the store's numbers are complete, asked once for the reports of a moment."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.completeness import LOOK_AHEAD, LOOK_BACK, Completeness, data_complete_until
from footfall_core.kinds import EventKind
from footfall_core.report.ports import ReportStore

ASK_MICROS = 10 * 1_000_000
"""How long looking for ticks may take; each report's own deadline ends its waiting before that."""


@dataclass(frozen=True, slots=True)
class _Look:
    begun: Micros
    found: asyncio.Task[Completeness]


class CompleteUntil:
    """Looks for ticks on behalf of reports, before and behind their own queries.

    A look serves every report that begins within its life: ticks that were seen earlier promise less, never more, as
    long as nothing is lost. One that began when a report had ended tells whether something was: whatever goes away in
    the store takes the ticks that it had along.
    """

    def __init__(self, store: ReportStore, clock: Clock, raw_partitions: int, life_micros: int) -> None:
        self._store = store
        self._clock = clock
        self._raw_partitions = raw_partitions
        self._life_micros = life_micros
        self._looks: dict[str, _Look] = {}
        self._newest: dict[tuple[str, EventKind], Micros] = {}

    async def now(self, table: str, since: Micros | None = None) -> Completeness:
        """Return the instants for the reports of a table.

        Args:
            table: the table.
            since: the earliest instant at which the look may have begun; None: any within its life.

        Raises:
            Problem: as the store raises it.
        """
        now = self._clock.now()
        look = self._looks.get(table)
        if look is None or _failed(look.found) or not max(since or 0, now - self._life_micros) <= look.begun <= now:
            look = self._looks[table] = _Look(now, asyncio.create_task(self._look(table, now)))
            look.found.add_done_callback(_failed)
        # who leaves does not take the others along
        return await asyncio.shield(look.found)

    async def _look(self, table: str, now: Micros) -> Completeness:
        live, imported = await asyncio.gather(
            self._ticks(table, EventKind.LIVE, now), self._ticks(table, EventKind.IMPORT, now)
        )
        return Completeness(live, imported)

    async def _ticks(self, table: str, kind: EventKind, now: Micros) -> Micros | None:
        for look_back in LOOK_BACK:
            since, until = Micros(now - look_back), Micros(now + LOOK_AHEAD)
            ticks = await self._store.newest_ticks(table, kind, since, until, Micros(now + ASK_MICROS))
            if (found := data_complete_until(ticks, self._raw_partitions)) is not None:
                self._newest[table, kind] = max(found, self._newest.get((table, kind), found))
                return found
        return None

    def measure(self) -> None:
        """Set the figures of how old the newest instants are; called from any thread."""
        now = self._clock.now()
        for (table, kind), instant in tuple(self._newest.items()):
            telemetry.COMPLETE_UNTIL_AGE_SECONDS.labels(table, kind.value).set((now - instant) / 1e6)

    async def keep_looking(self, tables: Sequence[str], every_seconds: float) -> NoReturn:
        """Look for ticks when no report does: their age is to be known also while nobody asks, or nobody can."""
        while True:
            for table in tables:
                with suppress(Exception):  # what is known grows old then, as the figure says
                    await self.now(table)
            await asyncio.sleep(every_seconds)


def _failed(look: asyncio.Task[Completeness]) -> bool:
    """Return whether a look ended without a result, having seen its error, in case that all who waited had left."""
    return look.done() and (look.cancelled() or look.exception() is not None)

"""Up to which instants the store's numbers are complete, asked once for the reports of a moment."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.columns import TICKED
from footfall_core.completeness import LOOK_AHEAD, LOOK_BACK, MINUTE, NOT_KNOWN, Completeness, data_complete_until
from footfall_core.kinds import EventKind
from footfall_core.report.plan import PlannedHours, PlannedServing
from footfall_core.report.ports import ReportStore
from footfall_core.runs.run import LIVE, hour_begins

ALL_LIVE = (PlannedHours(LIVE, "", 0, None),)
"""What is asked for as long as nothing was ever switched."""

LOOK_BEHIND_THE_END: tuple[Micros, ...] = (Micros(10 * MINUTE), Micros(7 * 24 * 60 * MINUTE))
"""How far behind the end of a part to look for the ticks that say that it is whole, one after the other. At last it is
up to now: hours of before the installation's first tick, or of before a long pause, have none any nearer."""

ASK_MICROS = 10 * 1_000_000
"""How long looking for ticks may take; each report's own deadline ends its waiting before that."""


_Asked = tuple[str, tuple[PlannedHours, ...]]
"""A table, and the parts that a report of it is made of."""


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
        self._looks: dict[_Asked, _Look] = {}
        self._whole: dict[tuple[str, EventKind, PlannedHours], tuple[Micros, Micros]] = {}
        """Where ticks were found that say that a part is whole."""
        self._newest: dict[tuple[str, EventKind], Micros] = {}

    async def now(
        self, table: str, serving: PlannedServing | None = None, *, since: Micros | None = None
    ) -> Completeness:
        """Return the instants for the reports of a table; not known of one that no tick comes to.

        Args:
            table: what a report calls it.
            serving: of which runs' rows the report is made; None: of the live run's alone.
            since: the earliest instant at which the look may have begun; None: any within its life.

        Raises:
            Problem: as the store raises it.
        """
        if table not in TICKED:
            return NOT_KNOWN
        now = self._clock.now()
        asked = (table, serving.parts if serving else ALL_LIVE)
        look = self._looks.get(asked)
        if look is None or _failed(look.found) or not max(since or 0, now - self._life_micros) <= look.begun <= now:
            self._forget_old_looks(now)
            look = self._looks[asked] = _Look(now, asyncio.create_task(self._look(*asked, now)))
            look.found.add_done_callback(_failed)
        # who leaves does not take the others along
        return await asyncio.shield(look.found)

    def _forget_old_looks(self, now: Micros) -> None:
        """Forget looks that nobody uses any more: each serving, and each comparison of runs, has looks of its own."""
        for asked, look in tuple(self._looks.items()):
            if look.found.done() and not 0 <= now - look.begun <= self._life_micros:
                del self._looks[asked]

    async def _look(self, table: str, parts: Sequence[PlannedHours], now: Micros) -> Completeness:
        live, imported = await asyncio.gather(
            self._of_kind(table, EventKind.LIVE, parts, now), self._of_kind(table, EventKind.IMPORT, parts, now)
        )
        return Completeness(live, imported)

    async def _of_kind(self, table: str, kind: EventKind, parts: Sequence[PlannedHours], now: Micros) -> Micros | None:
        """Return the instant of one kind: of the part that is still to come, once all others are whole."""
        *closed, last = parts
        if last.end_hour is not None:
            closed.append(last)
        whole = await asyncio.gather(*(self._is_whole(table, kind, part, now) for part in closed))
        if not all(whole):
            return None
        return await self._ticks(table, kind, last.run_id, now) if last.end_hour is None else hour_begins(last.end_hour)

    async def _is_whole(self, table: str, kind: EventKind, part: PlannedHours, now: Micros) -> bool:
        """Return whether the store shows all of hours that have an end: whether each partition shows a later tick.

        What once was whole may not stay so: what only the store's memory had is gone if the store fails before it is
        stored, and the ticks are gone with it. So they are looked for again each time, where they were found.
        """
        deadline = Micros(now + ASK_MICROS)
        assert part.end_hour is not None
        end, newest = hour_begins(part.end_hour), Micros(now + LOOK_AHEAD)
        untils = {newest, *(min(Micros(end + behind), newest) for behind in LOOK_BEHIND_THE_END)}
        known = self._whole.get((table, kind, part))
        for since, until in [known] if known else [(end, until) for until in sorted(untils)]:
            ticks = await self._store.newest_ticks(table, kind, since, until, deadline, run_id=part.run_id)
            if (found := data_complete_until(ticks, self._raw_partitions)) is not None:
                self._whole[table, kind, part] = (found, until)
                return True
        return False

    async def _ticks(self, table: str, kind: EventKind, run_id: str, now: Micros) -> Micros | None:
        for look_back in LOOK_BACK:
            since, until = Micros(now - look_back), Micros(now + LOOK_AHEAD)
            ticks = await self._store.newest_ticks(table, kind, since, until, Micros(now + ASK_MICROS), run_id=run_id)
            if (found := data_complete_until(ticks, self._raw_partitions)) is not None:
                if run_id == LIVE:
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

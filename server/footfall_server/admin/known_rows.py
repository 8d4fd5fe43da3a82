"""What the store shows of runs: asked of the query consumers, as reports are."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from footfall.v1.query_pb2 import RunReportResponse
from footfall_core.clock import Micros
from footfall_core.columns import EVENTS, ITEMS
from footfall_core.completeness import Completeness
from footfall_core.report.answer import answer_from_bytes
from footfall_core.report.plan import Plan, PlannedHours, PlannedRange, PlannedServing, plan_to_bytes
from footfall_core.report.ports import QueryBus

NOBODY = "~nobody"
"""No property: what is asked of it finds no rows, and so costs nothing but the look for ticks."""

ANY_EPOCH = 0
"""What is asked here is never cached, so nothing needs keeping apart."""


@dataclass(frozen=True)
class KnownRows:
    """Asks query consumers about runs' rows."""

    bus: QueryBus

    async def complete(self, parts: Sequence[PlannedHours], deadline: Micros) -> Completeness:
        """Return up to which instants the store shows all of some runs' hours, in all tables.

        Raises:
            TryAgain, DeadlinePassed: the store cannot say.
        """
        found = await asyncio.gather(*(self._complete(table, parts, deadline) for table in (EVENTS.name, ITEMS.name)))
        return Completeness(_older(one.live for one in found), _older(one.imported for one in found))

    async def _complete(self, table: str, parts: Sequence[PlannedHours], deadline: Micros) -> Completeness:
        plan = Plan(
            property_id=NOBODY,
            table=table,
            ranges=(PlannedRange("date_range_0", "1970-01-01", "1970-01-01", Micros(0), Micros(1_000_000)),),
            time_zone="UTC",
            dimensions=(),
            metrics=("eventCount",) if table == EVENTS.name else ("itemsViewed",),
            condition=None,
            metric_condition=None,
            order=(),
            offset=0,
            limit=1,
            include_bots=True,
            currency_code="",
            serving=PlannedServing(ANY_EPOCH, tuple(parts)),
        )
        return answer_from_bytes(await self.bus.ask(plan_to_bytes(plan), deadline)).completeness

    async def report(self, plan: Plan, deadline: Micros) -> tuple[RunReportResponse, Completeness]:
        """Return the answer to a report, and up to when it is complete.

        Raises:
            Problem: as the bus raises it.
        """
        answer = answer_from_bytes(await self.bus.ask(plan_to_bytes(plan), deadline))
        return RunReportResponse.FromString(answer.response), answer.completeness


def _older(instants: Iterable[Micros | None]) -> Micros | None:
    known = list(instants)
    found = [instant for instant in known if instant is not None]
    return min(found) if len(found) == len(known) else None

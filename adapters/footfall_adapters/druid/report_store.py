"""The report store in Druid: a plan's native queries side by side, and the report from their answers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footfall_adapters.druid import queries
from footfall_adapters.druid.availability import Availability
from footfall_adapters.druid.broker import Broker
from footfall_adapters.druid.matching import matched_here
from footfall_adapters.druid.measures import EVENTS, SKETCH_SIZE, metrics_of
from footfall_adapters.druid.report_rows import Rows
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.side_by_side import side_by_side
from footfall_core.clock import Micros
from footfall_core.completeness import NewestTicks
from footfall_core.kinds import EventKind
from footfall_core.problems import NotComputable
from footfall_core.report.answer import Approximation, Report, ReportRow
from footfall_core.report.currencies import currency_of, must_be_looked_for
from footfall_core.report.fields import METRICS, Aggregate
from footfall_core.report.plan import Plan
from footfall_core.report.row_values import in_order, numbers, passes, with_range
from footfall_core.runs.run import LIVE
from footfall_core.runs.tables import tables_of

STANDARD_ERROR = 1 / math.sqrt(SKETCH_SIZE - 1)
"""Of a theta sketch of this size, relative."""

SURELY_EXACT = round(SKETCH_SIZE * (1 - 4 * STANDARD_ERROR))
"""An estimate may fall short of the size up to which a sketch is exact; one below this hardly ever does."""


class DruidReportStore:
    """The port `ReportStore`."""

    def __init__(self, broker: Broker, availability: Availability, settings: DruidSettings) -> None:
        self._broker = broker
        self._availability = availability
        self._settings = settings

    async def newest_ticks(
        self, table: str, kind: EventKind, since: Micros, until: Micros, deadline: Micros, *, run_id: str = LIVE
    ) -> NewestTicks:
        """Return the newest tick of each partition: see the port."""
        datasource = tables_of(run_id)[table][kind].name
        if not await self._availability.all_there(datasource, deadline):
            return {}
        rows = await self._broker.ask(queries.ticks_query(datasource, since, until), deadline)
        return {(way, int(partition)): Micros(tick) for way, partition, tick in rows if partition is not None and tick}

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        """Compute a report: see the port."""
        parts = await side_by_side(
            *(matched_here(part, self._broker, self._settings, deadline) for part in plan.by_range())
        )
        if len(parts) > 1:
            # which range the rows of the page come from is known only when they are put in order
            window = min(plan.offset + plan.limit, self._settings.max_groups)
            parts = [replace(part, offset=0, limit=window) for part in parts]
        found, currency_code = await side_by_side(
            side_by_side(*(self._part(part, deadline) for part in parts)), self._currency(parts, deadline)
        )
        rows = [row for part, one in zip(parts, found, strict=True) for row in with_range(plan, part, one.rows)]
        if len(parts) > 1:
            self._refuse_pages_too_far(plan, found)
            rows = in_order(rows, plan)[plan.offset : plan.offset + plan.limit]
        totals = [one.totals for one in found]
        return Report(
            rows=rows,
            totals=totals,
            row_count=sum(one.row_count for one in found),
            currency_code=currency_code,
            approximations=_approximations(plan, [*totals, *(row.metrics for row in rows)]),
        )

    async def _part(self, plan: Plan, deadline: Micros) -> "_Part":
        """Return what is found for a plan of one range."""
        if not plan.dimensions:
            events, totals = await self._totals(plan, deadline)
            row = ReportRow((), totals)
            rows: Sequence[ReportRow] = [row] if events and passes(plan, row) else []
            return _Part(rows[plan.offset : plan.offset + plan.limit], totals, len(rows))
        (_, totals), (page, row_count) = await side_by_side(
            self._totals(plan, deadline), Rows(self._broker, self._settings, deadline).page(plan)
        )
        return _Part(page, totals, row_count)

    def _refuse_pages_too_far(self, plan: Plan, found: Sequence["_Part"]) -> None:
        most = self._settings.max_groups
        if plan.offset + plan.limit > most and any(one.row_count > most for one in found):
            raise NotComputable(
                f"With several date ranges only the first {most:,} rows can be had; ask for fewer rows, or for one "
                "range at a time."
            )

    async def _totals(self, plan: Plan, deadline: Micros) -> tuple[int, tuple[int | float, ...]]:
        """Return the number of events, and the metrics over all of them."""
        answer = await self._broker.ask(queries.totals_query(plan), deadline)
        if not answer:  # there is no segment of these days at all
            return 0, numbers(plan, [0] * len(plan.metrics))
        result = answer[0]["result"]
        return result[EVENTS], numbers(plan, metrics_of(plan, result))

    async def _currency(self, parts: Sequence[Plan], deadline: Micros) -> str:
        """Return the currency of the report's amounts, empty if they have none or it is a dimension."""
        if not must_be_looked_for(parts[0]):
            return currency_of(parts[0], ())
        answers = await side_by_side(*(self._broker.ask(queries.currencies_query(part), deadline) for part in parts))
        return currency_of(parts[0], (row[0] for answer in answers for row in answer))


@dataclass(frozen=True, slots=True)
class _Part:
    """What is found for one date range."""

    rows: Sequence[ReportRow]
    totals: tuple[int | float, ...]
    row_count: int


def _approximations(plan: Plan, values: Sequence[Sequence[int | float]]) -> tuple[Approximation, ...]:
    """Return the distinct counts that have a value in this answer which a sketch may have estimated."""
    return tuple(
        Approximation(name, STANDARD_ERROR, SKETCH_SIZE)
        for index, name in enumerate(plan.metrics)
        if METRICS[name].aggregate is Aggregate.DISTINCT and any(row[index] > SURELY_EXACT for row in values)
    )

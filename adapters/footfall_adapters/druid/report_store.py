"""The report store in Druid: a plan's native queries side by side, and the report from their answers."""

import math
from collections.abc import Sequence

from footfall_adapters.druid import queries
from footfall_adapters.druid.availability import Availability
from footfall_adapters.druid.broker import Broker
from footfall_adapters.druid.measures import EVENTS, SKETCH_SIZE, metrics_of
from footfall_adapters.druid.report_rows import Rows, numbers
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.side_by_side import side_by_side
from footfall_core.clock import Micros
from footfall_core.problems import NotComputable
from footfall_core.report.answer import Approximation, Report, ReportRow
from footfall_core.report.fields import METRICS, Aggregate
from footfall_core.report.plan import Plan

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

    async def newest_ticks(self, since: Micros, until: Micros, deadline: Micros) -> dict[int, Micros]:
        """Return the newest tick by raw partition: see the port."""
        if not await self._availability.all_there(deadline):
            return {}
        rows = await self._broker.ask(queries.ticks_query(since, until), deadline)
        return {int(partition): Micros(tick) for partition, tick in rows if partition is not None and tick}

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        """Compute a report: see the port."""
        if not plan.dimensions:
            (events, totals), currency_code = await side_by_side(
                self._totals(plan, deadline), self._currency(plan, deadline)
            )
            rows: Sequence[ReportRow] = [ReportRow((), totals)] if events else []
            page, row_count = rows[plan.offset : plan.offset + plan.limit], len(rows)
        else:
            (_, totals), currency_code, (page, row_count) = await side_by_side(
                self._totals(plan, deadline),
                self._currency(plan, deadline),
                Rows(self._broker, self._settings, deadline).page(plan),
            )
        return Report(
            rows=page,
            totals=totals,
            row_count=row_count,
            currency_code=currency_code,
            approximations=_approximations(plan, [totals, *(row.metrics for row in page)]),
        )

    async def _totals(self, plan: Plan, deadline: Micros) -> tuple[int, tuple[int | float, ...]]:
        """Return the number of events, and the metrics over all of them."""
        answer = await self._broker.ask(queries.totals_query(plan), deadline)
        if not answer:  # there is no segment of these days at all
            return 0, numbers(plan, [0] * len(plan.metrics))
        result = answer[0]["result"]
        return result[EVENTS], numbers(plan, metrics_of(plan, result))

    async def _currency(self, plan: Plan, deadline: Micros) -> str:
        """Return the currency of the report's amounts, empty if they have none or it is a dimension."""
        if plan.currency_code or not any(METRICS[name].is_money for name in plan.metrics):
            return plan.currency_code
        if "currencyCode" in plan.dimensions:
            return ""
        found = sorted(row[0] for row in await self._broker.ask(queries.currencies_query(plan), deadline))
        if len(found) > 1:
            raise NotComputable(
                f"The amounts are of several currencies ({', '.join(found)}), which are never added up: set "
                "currency_code to one of them, or ask for the dimension currencyCode."
            )
        return found[0] if found else ""


def _approximations(plan: Plan, values: Sequence[Sequence[int | float]]) -> tuple[Approximation, ...]:
    """Return the distinct counts that have a value in this answer which a sketch may have estimated."""
    return tuple(
        Approximation(name, STANDARD_ERROR, SKETCH_SIZE)
        for index, name in enumerate(plan.metrics)
        if METRICS[name].aggregate is Aggregate.DISTINCT and any(row[index] > SURELY_EXACT for row in values)
    )

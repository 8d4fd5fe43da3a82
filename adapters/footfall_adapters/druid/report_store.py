"""The report store in Druid: a plan's native queries side by side, and the report from their answers."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from footfall_adapters.druid import queries
from footfall_adapters.druid.broker import Broker
from footfall_core.clock import Micros
from footfall_core.problems import NotComputable
from footfall_core.report.answer import Approximation, Report, ReportRow
from footfall_core.report.fields import DATE, METRICS, Aggregate, MetricType
from footfall_core.report.plan import OrderTerm, Plan

STANDARD_ERROR = 1 / math.sqrt(queries.SKETCH_SIZE - 1)
"""Of a theta sketch of this size, relative."""

SURELY_EXACT = round(queries.SKETCH_SIZE * (1 - 4 * STANDARD_ERROR))
"""An estimate may fall short of the size up to which a sketch is exact; one below this hardly ever does."""

AMOUNT_DIGITS = 6
"""Digits behind the point of a sum: the noise of adding up doubles in another order lies behind them."""


class DruidReportStore:
    """The port `ReportStore`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def newest_ticks(self, since: Micros, until: Micros, deadline: Micros) -> dict[int, Micros]:
        """Return the newest tick by raw partition: see the port."""
        rows = await self._broker.ask(queries.ticks_query(since, until), deadline)
        return {int(partition): Micros(tick) for partition, tick in rows if partition is not None and tick}

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        """Compute a report: see the port."""
        totals, (rows, row_count), currency_code = await _side_by_side(
            self._totals(plan, deadline), self._rows(plan, deadline), self._currency(plan, deadline)
        )
        return Report(
            rows=rows,
            totals=totals,
            row_count=row_count,
            currency_code=currency_code,
            approximations=_approximations(plan, [totals, *(row.metrics for row in rows)]),
        )

    async def _totals(self, plan: Plan, deadline: Micros) -> tuple[int | float, ...]:
        answer = await self._broker.ask(queries.totals_query(plan), deadline)
        # over no segments at all, Druid answers no row
        return _metrics(plan, queries.metrics_of(plan, answer[0]["result"])) if answer else (0,) * len(plan.metrics)

    async def _rows(self, plan: Plan, deadline: Micros) -> tuple[Sequence[ReportRow], int]:
        """Return the rows of the page, and the number of all rows."""
        answer = await self._broker.ask(queries.rows_query(plan), deadline)
        if plan.dimensions in {(), (DATE,)}:
            found = [
                ReportRow((_day(item["timestamp"], plan),) if plan.dimensions else (), _metrics(plan, values))
                for item in answer
                if (values := queries.metrics_of(plan, item["result"])) and item["result"][queries.EVENTS]
            ]
            rows = _in_order(found, plan)
            return rows[plan.offset : plan.offset + plan.limit], len(rows)
        width = len(plan.dimensions)
        rows = [ReportRow(_dimensions(plan, row[:width]), _metrics(plan, row[width + 1 :])) for row in answer]
        if len(rows) < plan.limit and (rows or not plan.offset):
            return rows, plan.offset + len(rows)
        counted = await self._broker.ask(queries.groups_query(plan), deadline)
        return rows, counted[0]["event"][queries.GROUPS] if counted else 0

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


async def _side_by_side(*parts: Coroutine[Any, Any, Any]) -> list[Any]:
    """Return what the parts return; the first that fails ends the others and is what is raised."""
    tasks = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in parts]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def _day(timestamp: str, plan: Plan) -> str:
    return datetime.fromisoformat(timestamp).astimezone(ZoneInfo(plan.time_zone)).date().isoformat()


def _dimensions(plan: Plan, values: Sequence[Any]) -> tuple[str, ...]:
    zone = ZoneInfo(plan.time_zone)
    return tuple(
        datetime.fromtimestamp(value / 1000, zone).date().isoformat() if name == DATE else value
        for name, value in zip(plan.dimensions, values, strict=True)
    )


def _metrics(plan: Plan, values: Sequence[Any]) -> tuple[int | float, ...]:
    """Return Druid's numbers as the contract has them: counts whole, amounts without the noise of doubles."""
    return tuple(
        round(value or 0) if METRICS[name].type is MetricType.INTEGER else round(value or 0.0, AMOUNT_DIGITS) + 0.0
        for name, value in zip(plan.metrics, values, strict=True)
    )


def _in_order(rows: list[ReportRow], plan: Plan) -> list[ReportRow]:
    """Return the rows in the plan's order: sorting is stable, so the last term comes first."""

    fields = (*plan.dimensions, *plan.metrics)

    def key(term: OrderTerm) -> Callable[[ReportRow], Any]:
        index = fields.index(term.field)
        return lambda row: (*row.dimensions, *row.metrics)[index]

    for term in reversed(plan.order):
        rows.sort(key=key(term), reverse=term.descending)
    return rows


def _approximations(plan: Plan, values: Sequence[Sequence[int | float]]) -> tuple[Approximation, ...]:
    """Return the distinct counts that have a value in this answer which a sketch may have estimated."""
    return tuple(
        Approximation(name, STANDARD_ERROR, queries.SKETCH_SIZE)
        for index, name in enumerate(plan.metrics)
        if METRICS[name].aggregate is Aggregate.DISTINCT and any(row[index] > SURELY_EXACT for row in values)
    )

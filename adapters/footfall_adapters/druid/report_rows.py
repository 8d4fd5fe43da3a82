"""The rows of a report. Distinct counts decide how Druid is asked for them.

A sketch takes 262 kB of Druid's merge buffer in every row, whatever it has counted, so a groupBy takes a hundred of
them and fails at two hundred. Hence, in this order:

1. Days alone come from timeseries, which hold one bucket at a time.
2. A report of few rows is one groupBy with sketches.
3. Of many rows, the page comes without its distinct counts, and those come for the rows of the page alone.
4. If they decide the order, or the page is long, each distinct count comes as a query of its own that counts exactly,
   for all rows, and they are brought together here.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from footfall_adapters.druid import queries
from footfall_adapters.druid.broker import Broker
from footfall_adapters.druid.measures import EVENTS, metrics_of
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.side_by_side import side_by_side
from footfall_core.clock import Micros
from footfall_core.problems import NotComputable
from footfall_core.report.answer import ReportRow
from footfall_core.report.fields import DATE, METRICS, Aggregate, MetricType
from footfall_core.report.plan import AllOf, AnyOf, Condition, OneOf, Plan

AMOUNT_DIGITS = 6
"""Digits behind the point of a sum: the noise of adding up doubles in another order lies behind them."""


class Rows:
    """Asks a broker for the rows of one report within its deadline."""

    def __init__(self, broker: Broker, settings: DruidSettings, deadline: Micros) -> None:
        self._broker = broker
        self._settings = settings
        self._deadline = deadline

    async def page(self, plan: Plan) -> tuple[Sequence[ReportRow], int]:
        """Return the rows of the plan's page, and the number of all rows; the plan has dimensions."""
        if plan.dimensions == (DATE,):
            days = in_order(await self._days(plan), plan)
            return days[plan.offset : plan.offset + plan.limit], len(days)
        distinct = _distinct(plan)
        if not distinct:
            return await self._plain(plan)
        count = await self._count(plan)
        if count * len(distinct) <= self._settings.max_sketches:
            return await self._groups(plan), count
        additive = replace(plan, metrics=tuple(name for name in plan.metrics if name not in distinct))
        if not any(term.field in distinct for term in plan.order):
            rows = await self._groups(additive)
            if len(rows) * len(distinct) <= self._settings.max_sketches:
                return _joined(plan, rows, additive, [await self._sketched(plan, distinct, rows)]), count
            counts = await self._counted(plan, distinct, count)
            return _joined(plan, rows, additive, counts), count
        everything = replace(additive, order=(), offset=0, limit=self._settings.max_groups)
        counts, rows = await side_by_side(self._counted(plan, distinct, count), self._groups(everything))
        ordered = in_order(_joined(plan, rows, additive, counts), plan)
        return ordered[plan.offset : plan.offset + plan.limit], count

    async def _days(self, plan: Plan) -> list[ReportRow]:
        asked = queries.days_queries(plan)
        answers = await side_by_side(*(self._broker.ask(query, self._deadline) for _, query in asked))
        rows = []
        for (first, query), answer in zip(asked, answers, strict=True):
            start = datetime.fromisoformat(query["intervals"][0].split("/")[0])
            for item in answer:
                day = first + (datetime.fromisoformat(item["timestamp"]) - start) // timedelta(days=1) * timedelta(
                    days=1
                )
                if item["result"][EVENTS]:
                    rows.append(ReportRow((day.isoformat(),), numbers(plan, metrics_of(plan, item["result"]))))
        return rows

    async def _plain(self, plan: Plan) -> tuple[list[ReportRow], int]:
        rows = await self._groups(plan)
        if len(rows) < plan.limit and (rows or not plan.offset):
            return rows, plan.offset + len(rows)
        return rows, await self._count(plan)

    async def _groups(self, plan: Plan) -> list[ReportRow]:
        answer = await self._broker.ask(queries.rows_query(plan), self._deadline)
        width = len(plan.dimensions)
        # the number of events stands between the dimensions and the metrics
        return [ReportRow(_labels(plan, row[:width]), numbers(plan, row[width + 1 :])) for row in answer]

    async def _count(self, plan: Plan) -> int:
        answer = await self._broker.ask(queries.groups_query(plan), self._deadline)
        return int(answer[0]["event"][queries.GROUPS]) if answer else 0

    async def _sketched(self, plan: Plan, names: Sequence[str], rows: Sequence[ReportRow]) -> "_Counts":
        """Return the distinct counts of these rows, by sketches."""
        if not rows:
            return {}
        of_rows = replace(
            plan,
            metrics=tuple(names),
            condition=_both(plan.condition, _any_of(plan, rows)),
            order=(),
            offset=0,
            limit=len(rows),
        )
        found = await self._groups(of_rows)
        return {row.dimensions: dict(zip(names, row.metrics, strict=True)) for row in found}

    async def _counted(self, plan: Plan, names: Sequence[str], count: int) -> list["_Counts"]:
        """Return the distinct counts of all rows, each by a query of its own."""
        if count > self._settings.max_groups:
            raise NotComputable(
                f"The report has {count:,} rows; distinct counts ({', '.join(names)}) of so many can be had in pages "
                f"of at most {self._settings.max_sketches // len(names)} rows that are not ordered by them."
            )
        answers = await side_by_side(
            *(self._broker.ask(queries.distinct_query(plan, METRICS[name]), self._deadline) for name in names)
        )
        return [
            {_labels(plan, row[:-1]): {name: row[-1]} for row in answer}
            for name, answer in zip(names, answers, strict=True)
        ]


_Counts = dict[tuple[str, ...], dict[str, int | float]]
"""Values of metrics by name, of rows by their dimensions."""


def numbers(plan: Plan, values: Sequence[Any]) -> tuple[int | float, ...]:
    """Return Druid's numbers as the contract has them: counts whole, amounts without the noise of doubles."""
    return tuple(
        round(value or 0) if METRICS[name].type is MetricType.INTEGER else round(value or 0.0, AMOUNT_DIGITS) + 0.0
        for name, value in zip(plan.metrics, values, strict=True)
    )


def in_order(rows: Sequence[ReportRow], plan: Plan) -> list[ReportRow]:
    """Return the rows in the plan's order. Sorting is stable, so the last term comes first."""
    fields = (*plan.dimensions, *plan.metrics)
    ordered = list(rows)

    def by(index: int) -> Callable[[ReportRow], Any]:
        return lambda row: (*row.dimensions, *row.metrics)[index]

    for term in reversed(plan.order):
        ordered.sort(key=by(fields.index(term.field)), reverse=term.descending)
    return ordered


def _distinct(plan: Plan) -> tuple[str, ...]:
    return tuple(name for name in plan.metrics if METRICS[name].aggregate is Aggregate.DISTINCT)


def _labels(plan: Plan, values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(
        queries.day_of_number(value).isoformat() if name == DATE else value
        for name, value in zip(plan.dimensions, values, strict=True)
    )


def _joined(plan: Plan, rows: Sequence[ReportRow], of_rows: Plan, counts: Sequence[_Counts]) -> list[ReportRow]:
    """Return rows with all metrics of the plan: those that the rows have, and counts; what was not counted is 0."""

    def complete(row: ReportRow) -> ReportRow:
        known: dict[str, int | float] = dict(zip(of_rows.metrics, row.metrics, strict=True))
        for count in counts:
            known |= count.get(row.dimensions, {})
        return ReportRow(row.dimensions, tuple(known.get(name, 0) for name in plan.metrics))

    return [complete(row) for row in rows]


def _any_of(plan: Plan, rows: Sequence[ReportRow]) -> Condition:
    """Return the condition that an event belongs to one of the rows."""
    if len(plan.dimensions) == 1:
        return OneOf(plan.dimensions[0], tuple(row.dimensions[0] for row in rows), ignore_case=False)
    return AnyOf(
        tuple(
            AllOf(
                tuple(
                    OneOf(name, (value,), ignore_case=False)
                    for name, value in zip(plan.dimensions, row.dimensions, strict=True)
                )
            )
            for row in rows
        )
    )


def _both(first: Condition | None, second: Condition) -> Condition:
    return second if first is None else AllOf((first, second))

"""The rows of a report. Distinct counts decide how Druid is asked for them.

A sketch takes 262 kB of Druid's merge buffer in every row, whatever it has counted, so a groupBy takes a hundred of
them and fails at two hundred. Hence, in this order:

1. Days alone come from timeseries, which hold one bucket at a time.
2. A report of few rows is one groupBy with sketches.
3. Of many rows, the page comes without its distinct counts, and those come for the rows of the page alone.
4. If they decide the order or the filter on metrics, or the page is long, each distinct count comes as a query of its
   own that counts exactly, for all rows, and they are brought together here.

A filter on metrics is of the metrics as they are answered, so it is applied here, to rows of which Druid has dropped
what surely does not match.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from footfall_adapters.druid import queries
from footfall_adapters.druid.broker import Broker
from footfall_adapters.druid.measures import EVENTS, metrics_of, places_of_metrics
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.side_by_side import side_by_side
from footfall_core.clock import Micros
from footfall_core.problems import NotComputable
from footfall_core.report.answer import ReportRow
from footfall_core.report.fields import DATE, METRICS, Aggregate
from footfall_core.report.plan import Plan, leaves
from footfall_core.report.row_values import Counts, any_of, both, in_order, joined, labels, numbers, passes


class Rows:
    """Asks a broker for the rows of one report within its deadline."""

    def __init__(self, broker: Broker, settings: DruidSettings, deadline: Micros) -> None:
        self._broker = broker
        self._settings = settings
        self._deadline = deadline

    async def page(self, plan: Plan) -> tuple[Sequence[ReportRow], int]:
        """Return the rows of the plan's page, and the number of all rows; the plan has dimensions and one range."""
        if plan.dimensions == (DATE,):
            return _page(await self._days(plan), plan)
        if plan.metric_condition is not None:
            return await self._matching(plan)
        distinct = _distinct(plan)
        if not distinct:
            return await self._plain(plan)
        count = await self._count(plan)
        if count * len(distinct) <= self._settings.max_sketches:
            return await self._groups(plan), count
        if _decide(distinct, plan):
            return _page(await self._counted_rows(plan, distinct, count), plan)
        additive = _without(plan, distinct)
        return await self._completed(plan, await self._groups(additive), additive, count), count

    async def _matching(self, plan: Plan) -> tuple[Sequence[ReportRow], int]:
        """Return the page, and the number of all rows, of those that pass the plan's filter on metrics."""
        distinct = _distinct(plan)
        if not _decide(distinct, plan):
            additive = _without(plan, distinct)
            rows, matching = _page(await self._everything(additive), additive)
            return await self._completed(plan, rows, additive), matching
        count = await self._count(plan)
        if count * len(distinct) <= self._settings.max_sketches:
            return _page(await self._everything(plan), plan)
        return _page(await self._counted_rows(plan, distinct, count), plan)

    async def _completed(
        self, plan: Plan, rows: Sequence[ReportRow], of_rows: Plan, count: int | None = None
    ) -> Sequence[ReportRow]:
        """Return the rows of a page with their distinct counts; `count` is the number of all rows, if it is known."""
        distinct = _distinct(plan)
        if not distinct or not rows:
            return joined(plan, rows, of_rows, [])
        if len(rows) * len(distinct) <= self._settings.max_sketches:
            return joined(plan, rows, of_rows, [await self._sketched(plan, distinct, rows)])
        count = await self._count(plan) if count is None else count
        return joined(plan, rows, of_rows, await self._counted(plan, distinct, count))

    async def _counted_rows(self, plan: Plan, distinct: Sequence[str], count: int) -> list[ReportRow]:
        """Return all rows, in no order, with each distinct count by a query of its own."""
        additive = _without(plan, distinct)
        counts, rows = await side_by_side(self._counted(plan, distinct, count), self._everything(additive))
        return joined(plan, rows, additive, counts)

    async def _everything(self, plan: Plan) -> list[ReportRow]:
        """Return all rows, but for those that surely fail the plan's filter on metrics, in no order."""
        most = self._settings.max_groups
        rows = await self._groups(replace(plan, order=(), offset=0, limit=most + 1))
        if len(rows) > most:
            raise NotComputable(
                f"The filter on metrics would have to be applied to more than {most:,} rows; ask for fewer days or "
                "dimensions, or filter by metrics that are no distinct counts."
            )
        return rows

    async def _days(self, plan: Plan) -> list[ReportRow]:
        asked = queries.days_queries(plan)
        answers = await side_by_side(*(self._broker.ask(query, self._deadline) for _, query in asked))
        rows = []
        for (first, query), answer in zip(asked, answers, strict=True):
            start = datetime.fromisoformat(query["intervals"][0].split("/")[0])
            for item in answer:
                days = (datetime.fromisoformat(item["timestamp"]) - start) // timedelta(days=1)
                if item["result"][EVENTS]:
                    day = (first + timedelta(days=days)).isoformat()
                    rows.append(ReportRow((day,), numbers(plan, metrics_of(plan, item["result"]))))
        return rows

    async def _plain(self, plan: Plan) -> tuple[list[ReportRow], int]:
        rows = await self._groups(plan)
        if len(rows) < plan.limit and (rows or not plan.offset):
            return rows, plan.offset + len(rows)
        return rows, await self._count(plan)

    async def _groups(self, plan: Plan) -> list[ReportRow]:
        answer = await self._broker.ask(queries.rows_query(plan), self._deadline)
        width = len(plan.dimensions)
        places = [width + place for place in places_of_metrics(plan)]
        return [ReportRow(labels(plan, row[:width]), numbers(plan, [row[at] for at in places])) for row in answer]

    async def _count(self, plan: Plan) -> int:
        answer = await self._broker.ask(queries.groups_query(plan), self._deadline)
        return int(answer[0]["event"][queries.GROUPS]) if answer else 0

    async def _sketched(self, plan: Plan, names: Sequence[str], rows: Sequence[ReportRow]) -> Counts:
        """Return the distinct counts of these rows, by sketches."""
        if not rows:
            return {}
        of_rows = replace(
            plan,
            metrics=tuple(names),
            condition=both(plan.condition, any_of(plan, rows)),
            metric_condition=None,
            order=(),
            offset=0,
            limit=len(rows),
        )
        found = await self._groups(of_rows)
        return {row.dimensions: dict(zip(names, row.metrics, strict=True)) for row in found}

    async def _counted(self, plan: Plan, names: Sequence[str], count: int) -> list[Counts]:
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
            {labels(plan, row[:-1]): {name: row[-1]} for row in answer}
            for name, answer in zip(names, answers, strict=True)
        ]


def _page(rows: Sequence[ReportRow], plan: Plan) -> tuple[Sequence[ReportRow], int]:
    """Return the plan's page of all rows, and the number of those that pass its filter on metrics."""
    passing = in_order([row for row in rows if passes(plan, row)], plan)
    return passing[plan.offset : plan.offset + plan.limit], len(passing)


def _distinct(plan: Plan) -> tuple[str, ...]:
    return tuple(name for name in plan.metrics if METRICS[name].aggregate is Aggregate.DISTINCT)


def _without(plan: Plan, metrics: Sequence[str]) -> Plan:
    return replace(plan, metrics=tuple(name for name in plan.metrics if name not in metrics))


def _decide(metrics: Sequence[str], plan: Plan) -> bool:
    """Return whether some metrics decide the order of the rows, or which of them pass."""
    deciding = {term.field for term in plan.order} | {leaf.dimension for leaf in leaves(plan.metric_condition)}
    return not deciding.isdisjoint(metrics)

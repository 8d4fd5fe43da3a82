"""The report store in DuckDB: a plan's statements one after the other, on the same rows, in a thread."""

from collections.abc import Callable, Sequence

from footfall_adapters.duckdb import queries
from footfall_adapters.duckdb.matching import matched_here
from footfall_adapters.duckdb.reading import Reader, Reading
from footfall_adapters.duckdb.settings import DuckdbSettings
from footfall_adapters.duckdb.tables import Tables
from footfall_core.clock import Clock, Micros
from footfall_core.columns import ERRORS
from footfall_core.completeness import NewestTicks
from footfall_core.kinds import EventKind
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.report.answer import Report, ReportRow
from footfall_core.report.currencies import currency_of, must_be_looked_for
from footfall_core.report.plan import Plan
from footfall_core.report.row_values import in_order, labels, numbers, passes, with_range
from footfall_core.runs.run import LIVE

ErrorRows = Callable[[str, Micros, Micros], Sequence[str]]
"""Returns the rows of a property's errors from an instant on and before another; raises `TryAgain`."""

RAW_PARTITION = 0
"""The embedded log is one partition, and its purchases take no way of their own."""


class DuckDBReportStore:
    """The port `ReportStore`. Distinct counts are exact, so nothing in its reports is an approximation."""

    def __init__(
        self,
        tables: Callable[[], Tables],
        complete_until: Callable[[], Micros | None],
        errors: ErrorRows,
        clock: Clock,
        settings: DuckdbSettings,
    ) -> None:
        """Use tables that somebody else puts rows into.

        Args:
            tables: returns the tables as they are open now, called in a thread; raises `TryAgain` while they are not.
            complete_until: returns the instant before which everything acknowledged is in the tables, None if it is
                not known; stands in for ticks, of which this store has none.
            errors: returns the rows of errors, which are in none of the tables; called in a thread.
            clock: tells when deadlines are past.
            settings: what reports may take.
        """
        self._reading = Reading(tables, clock, settings.readers)
        self._complete_until = complete_until
        self._errors = errors
        self._settings = settings

    async def newest_ticks(
        self,
        table: str,  # noqa: ARG002 - the port's
        kind: EventKind,  # noqa: ARG002
        since: Micros,
        until: Micros,
        deadline: Micros,  # noqa: ARG002
        *,
        run_id: str = LIVE,  # noqa: ARG002
    ) -> NewestTicks:
        """Return the newest tick of each partition: see the port. Rows of all tables and kinds come in together."""
        tick = self._complete_until()
        return (
            {}
            if tick is None or not since <= tick <= until
            else {(way, RAW_PARTITION): tick for way in TICK_PROPERTIES}
        )

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        """Compute a report: see the port."""
        return await self._reading.run(lambda reader: self._report(plan, reader), deadline)

    def close(self) -> None:
        """Interrupt the reports under way; afterwards no cursor is open. The store is of no use any more."""
        self._reading.close()

    def _report(self, plan: Plan, reader: Reader) -> Report:
        if plan.table == ERRORS.name:
            start, end = min(each.start for each in plan.ranges), max(each.end for each in plan.ranges)
            reader.lend(ERRORS, self._errors(plan.property_id, start, end))
        parts = [matched_here(part, reader, self._settings.max_matched_values) for part in plan.by_range()]
        found = [reader.rows(queries.totals_statement(part))[0] for part in parts]
        events = [row[0] for row in found]
        totals = [numbers(plan, row[queries.WIDTH_OF_COUNT :]) for row in found]
        currency_code = _currency(plan, parts, reader)
        if parts[0].dimensions:
            rows, row_count = _page(plan, parts, reader)
        else:
            rows, row_count = _page_of_ranges(plan, parts, events, totals)
        return Report(rows=rows, totals=totals, row_count=row_count, currency_code=currency_code)


def _page(plan: Plan, parts: Sequence[Plan], reader: Reader) -> tuple[list[ReportRow], int]:
    """Return the rows of the plan's page, and the number of all rows."""
    found = reader.rows(queries.rows_statement(plan, parts))
    if not found:
        # no row, or none on this page
        return [], reader.rows(queries.count_statement(plan, parts))[0][0] if plan.offset else 0
    first = queries.WIDTH_OF_COUNT
    middle = first + len(plan.dimensions)
    rows = [ReportRow(labels(plan, row[first:middle]), numbers(plan, row[middle:])) for row in found]
    return rows, found[0][0]


def _page_of_ranges(
    plan: Plan, parts: Sequence[Plan], events: Sequence[int], totals: Sequence[tuple[int | float, ...]]
) -> tuple[list[ReportRow], int]:
    """Return the rows of the page, and the number of all rows, of a plan whose rows are its date ranges' totals."""
    rows = [
        row
        for part, count, metrics in zip(parts, events, totals, strict=True)
        for row in with_range(plan, part, [ReportRow((), metrics)])
        if count and passes(plan, row)
    ]
    return in_order(rows, plan)[plan.offset : plan.offset + plan.limit], len(rows)


def _currency(plan: Plan, parts: Sequence[Plan], reader: Reader) -> str:
    """Return the currency of the report's amounts, empty if they have none or it is a dimension."""
    if not must_be_looked_for(plan):
        return currency_of(plan, ())
    return currency_of(plan, (row[0] for part in parts for row in reader.rows(queries.currencies_statement(part))))

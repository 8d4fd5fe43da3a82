"""The handler of differences between a reprocessing and what is served."""

import asyncio
from dataclasses import dataclass

from footfall.v1.admin_pb2 import (
    GetReprocessingDifferencesRequest,
    GetReprocessingDifferencesResponse,
    ReprocessingDifference,
)
from footfall_core.clock import Clock, Micros
from footfall_core.completeness import Completeness
from footfall_core.problems import TooLarge, TryAgain, WrongState
from footfall_core.report.plan import PlannedHours
from footfall_core.runs.asking import existing
from footfall_core.runs.book import Entry
from footfall_core.runs.current import planned
from footfall_core.runs.differences import Compared, compared_hours, compared_parts, differences, is_cut, reports
from footfall_core.runs.ports import Runs
from footfall_core.runs.run import hour_begins
from footfall_core.runs.serving import Served, clipped
from footfall_core.runs.state import RunState, state_of
from footfall_server.admin.known_rows import ANY_EPOCH, KnownRows
from footfall_server.admin.properties import parsed
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import deadline_of

LONGEST_SECONDS, MARGIN_SECONDS = 120.0, 0.25

MOST_DIFFERENCES = 50_000
"""Of one answer: more are nothing that anybody reads."""


@dataclass(frozen=True)
class Comparing:
    """The method of `AdminService` that compares."""

    runs: Runs
    rows: KnownRows
    clock: Clock

    async def differences(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `GetReprocessingDifferencesResponse`.

        Raises:
            InvalidRequest: the name is none.
            NotFound: there is no such reprocessing.
            WrongState: there is nothing to compare (any more, or yet).
            TooLarge: there are too many differences.
            TryAgain, DeadlinePassed, NotComputable: as reports raise them.
        """
        asked, now, book = parsed(GetReprocessingDifferencesRequest, request), self.clock.now(), self.runs.book
        entry = existing(book, asked.name)
        call.log["run"] = entry.run.id
        if (state := state_of(entry)) not in {RunState.CAUGHT_UP, RunState.DONE}:
            raise WrongState(f"{entry.run.id} is {state.value}: only what has caught up or is done can be compared.")
        start, end = compared_hours(entry, now, include_open_hour=asked.include_open_hour)
        answer = GetReprocessingDifferencesResponse()
        answer.start_hour.FromMicroseconds(hour_begins(start))
        if end is not None:
            answer.end_hour.FromMicroseconds(hour_begins(end))
        theirs = planned(clipped((_all_of(entry),), start, end), book)
        ours = planned(compared_parts(entry, book, (start, end), now), book)
        deadline = deadline_of(call, now, LONGEST_SECONDS, MARGIN_SECONDS)
        for compared in reports(now):
            await self._compare(compared, ours, theirs, deadline, answer)
        return answer.SerializeToString()

    async def _compare(
        self,
        compared: Compared,
        ours: tuple[PlannedHours, ...],
        theirs: tuple[PlannedHours, ...],
        deadline: Micros,
        into: GetReprocessingDifferencesResponse,
    ) -> None:
        """Compare one report, one of the two after the other, as Druid computes for others too."""
        (served, served_until), (reprocessed, until) = await asyncio.gather(
            *(self.rows.report(compared.of(parts, ANY_EPOCH), deadline) for parts in (ours, theirs))
        )
        _refuse_incomplete(served_until, until)
        found, count = differences(compared, served, reprocessed)
        into.compared_count += count
        if len(into.differences) + len(found) > MOST_DIFFERENCES:
            raise TooLarge(f"There are more than {MOST_DIFFERENCES:,} differences; reprocess and compare fewer hours.")
        for one in found:
            into.differences.append(
                ReprocessingDifference(
                    date=one.date,
                    dimension=one.dimension,
                    value=one.value,
                    metric=one.metric,
                    currency_code=one.currency,
                    served=one.served,
                    reprocessed=one.reprocessed,
                )
            )
        if (is_cut(served) or is_cut(reprocessed)) and compared.dimension not in into.cut_dimensions:
            into.cut_dimensions.append(compared.dimension)
        for answer in (served, reprocessed):
            for metric in answer.metadata.approximate_metrics:
                if metric.name not in into.approximate_metrics:
                    into.approximate_metrics.append(metric.name)


def _all_of(entry: Entry) -> Served:
    return Served(entry.run.id, entry.run.start_hour, entry.run.end_hour)


def _refuse_incomplete(served: Completeness, reprocessed: Completeness) -> None:
    """Refuse to compare what is not all there: the difference would be what is still to come.

    Raises:
        TryAgain: it is not, and will be in a moment if the run is done or has caught up.
    """
    for of, known in (("The reprocessing", reprocessed), ("What is served", served)):
        if known.live is None or known.imported is None:
            raise TryAgain(f"{of} has not all of these hours in the store yet; try again when it has.")

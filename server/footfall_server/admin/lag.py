"""The handler of the operator's view: how far everything is behind."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.admin_pb2 import GetLagRequest, GetLagResponse, RunLag
from footfall_core.clock import Clock, Micros
from footfall_core.completeness import NOT_KNOWN, Completeness
from footfall_core.kinds import EventKind
from footfall_core.problems import Problem
from footfall_core.report.plan import PlannedHours
from footfall_core.runs.asking import run_name
from footfall_core.runs.book import Entry
from footfall_core.runs.lag import LogLag
from footfall_core.runs.ports import Log, Runs
from footfall_core.runs.run import LIVE
from footfall_core.runs.shown import serving_shown
from footfall_core.runs.state import is_serving, state_of
from footfall_server.admin.known_rows import KnownRows
from footfall_server.admin.properties import parsed
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import deadline_of

LONGEST_SECONDS, MARGIN_SECONDS = 20.0, 0.25

_STAGES = {EventKind.LIVE: "events", EventKind.IMPORT: "imports"}


@dataclass(frozen=True)
class Lag:
    """The method of `AdminService` that says how far behind what is."""

    runs: Runs
    rows: KnownRows
    log: Log
    clock: Clock

    async def get(self, request: bytes, call: Call) -> bytes:
        """Return the bytes of a `GetLagResponse`; what is not known of one run says nothing of the others."""
        parsed(GetLagRequest, request)
        now, book = self.clock.now(), self.runs.book
        deadline = deadline_of(call, now, LONGEST_SECONDS, MARGIN_SECONDS)
        entries = [e for e in book.entries() if _gets_rows(e) or is_serving(book, e.run.id, now)]
        shown = await asyncio.gather(self._live(deadline), *(self._run(entry, deadline) for entry in entries))
        answer = GetLagResponse(runs=shown, serving=serving_shown(book.in_force(now)))
        answer.time.FromMicroseconds(now)
        return answer.SerializeToString()

    async def _live(self, deadline: Micros) -> RunLag:
        (known, problem), behind = await asyncio.gather(
            self._complete(PlannedHours(LIVE, "", 0, None), deadline), self._processed()
        )
        shown = RunLag(run=LIVE, problem=problem)
        _fill(shown, known, behind)
        return shown

    async def _processed(self) -> Mapping[EventKind, LogLag]:
        try:
            return await self.log.lag()
        except Problem:
            return {}

    async def _run(self, entry: Entry, deadline: Micros) -> RunLag:
        run, said = entry.run, entry.progress
        known, problem = await self._complete(PlannedHours(run.id, run.mark, run.start_hour, run.end_hour), deadline)
        shown = RunLag(run=run_name(run.id), problem=problem)
        behind = {}
        if state_of(entry).is_over:  # up to its end: that is not late
            _say_complete(shown, known)
            return shown
        if said is not None:
            until = (said.processed_until_micros, said.imported_processed_until_micros)
            left = max(0, said.records_total - said.records_done)
            behind = {
                kind: LogLag(Micros(instant) if instant else None, left if kind is EventKind.LIVE else 0)
                for kind, instant in zip(EventKind, until, strict=True)
            }
        _fill(shown, known, behind)
        return shown

    async def _complete(self, hours: PlannedHours, deadline: Micros) -> tuple[Completeness, str]:
        """Return up to when Druid shows a run's rows, and why that is not known."""
        try:
            known = await self.rows.complete((hours,), deadline)
        except Problem as problem:
            return NOT_KNOWN, problem.message
        if known.live is None or known.imported is None:
            return known, "Not each partition has a tick in Druid, or Druid lacks some of what it has stored."
        return known, ""


def _gets_rows(entry: Entry) -> bool:
    """Return whether rows of a run come, and so may be late."""
    return state_of(entry).has_data and not state_of(entry).is_over


def _fill(shown: RunLag, known: Completeness, behind: Mapping[EventKind, LogLag]) -> None:
    _say_complete(shown, known)
    for kind, lag in behind.items():
        stage = shown.stages.add(stage=_STAGES[kind], records_behind=lag.records)
        _set(stage.until, lag.until)
    for kind, until in ((EventKind.LIVE, known.live), (EventKind.IMPORT, known.imported)):
        _set(shown.stages.add(stage=f"{_STAGES[kind]} in Druid").until, until)


def _say_complete(shown: RunLag, known: Completeness) -> None:
    _set(shown.data_complete_until, known.live)
    _set(shown.imported_data_complete_until, known.imported)


def _set(stamp: Timestamp, instant: Micros | None) -> None:
    if instant:
        stamp.FromMicroseconds(instant)

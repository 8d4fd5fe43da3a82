"""Has runs worked on: looks at what is stored of them, and starts, ends, closes, puts to rest and removes accordingly.

It keeps nothing itself: a runner that takes the place of another sees the same and goes on. One is enough; two of them
would take turns in fencing each other's workers, and count nothing twice.
"""

import asyncio
import math
import secrets
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from footfall_consumers.reprocess.settings import RunnerSettings
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.runs.book import Entry
from footfall_core.runs.closing import closing_of
from footfall_core.runs.ports import RunStore
from footfall_core.runs.records import cancelled_name, closed_name, progress_name
from footfall_core.runs.removal import KeepSettings, removed_from
from footfall_core.runs.run import hour_begins, hour_text
from footfall_core.runs.state import RunState, state_of, under_way
from footfall_core.runs.work import to_work_on
from footfall_core.wire.runs_pb2 import RunCancelled, RunClosed, RunProgress, RunStage

log = structlog.get_logger()

RESTS_WITHIN = Micros(600_000_000)
"""How long it is nothing to speak of that a run that is processed is not all shown, stored and at rest."""


class RunData(Protocol):
    """What there is of runs; each call waits, and may be made again. What they raise is tried again later."""

    def shows_end(self, run: Entry) -> bool:
        """Return whether the store shows all rows of a run that has been processed."""
        ...

    def rest(self, run_id: str) -> bool:
        """Take away what is needed only as long as rows come; return whether it is gone, and what is shown stored."""
        ...

    def resume(self, run_id: str) -> None:
        """Take in again what was lost before it was stored, if nobody does by itself."""
        ...

    def remove(self, run_id: str) -> None:
        """Remove everything that is the run's own; nobody works on it."""
        ...


@dataclass
class Runner:
    """The runner, and what it needs."""

    runs: RunStore
    data: RunData
    start: Callable[[str], Awaitable[asyncio.subprocess.Process]]
    """Starts a worker for a run."""
    clock: Clock
    settings: RunnerSettings
    keep: KeepSettings
    new_attempt: Callable[[], str] = lambda: secrets.token_hex(8)
    """Returns a name for a record of which the first holds."""
    _workers: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)
    _looked_after: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _at_rest: set[str] = field(default_factory=set)
    _measured: set[str] = field(default_factory=set)
    _restless: dict[str, Micros] = field(default_factory=dict)
    """Since when a run that is processed is not at rest, or when that was said last."""
    _put_off: dict[str, str] = field(default_factory=dict)
    """Why what is to be done for a run was not done when it was tried last."""

    async def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set, then have the workers end."""
        try:
            while not stop.is_set():
                await self._look()
                await asyncio.sleep(self.settings.look_seconds)
        finally:
            await asyncio.gather(*(self._end(run_id) for run_id in tuple(self._workers)))

    async def _look(self) -> None:
        self._reap()
        now = self.clock.now()
        self._measure(now)
        # one that keeps up with what is live would be worked on for ever
        wanted = {entry.run.id for entry in to_work_on(self.runs.book, now) if not self._is_due(entry, now)}
        for run_id in set(self._workers) - wanted:
            await self._end(run_id)
        loop = asyncio.get_running_loop()
        for run_id in sorted(wanted - set(self._workers)):
            if loop.time() >= self._not_before.get(run_id, 0):
                await self._start(run_id)
        for entry in tuple(self.runs.book.entries()):
            run_id = entry.run.id
            # Druid may take minutes for it, in which workers are to be seen after
            if run_id not in self._looked_after or self._looked_after[run_id].done():
                self._looked_after[run_id] = asyncio.create_task(self._look_after(entry))

    def _measure(self, now: Micros) -> None:
        """Set the figures of the runs that are under way, and forget those that are not any more."""
        runs = {entry.run.id: entry.progress for entry in under_way(self.runs.book)}
        for run_id in self._measured - runs.keys():
            telemetry.REPROCESSING_LAG_SECONDS.remove(run_id)
            telemetry.REPROCESSING_STUCK.remove(run_id)
        self._measured = set(runs)
        for run_id, said in runs.items():
            until = min(said.processed_until_micros, said.imported_processed_until_micros) if said else 0
            telemetry.REPROCESSING_LAG_SECONDS.labels(run_id).set((now - until) / 1e6 if until else math.nan)
            telemetry.REPROCESSING_STUCK.labels(run_id).set(bool(said and said.problem))

    async def _start(self, run_id: str) -> None:
        try:
            self._workers[run_id] = await self.start(run_id)
        except OSError as error:
            log.warning("worker not started", run=run_id, reason=str(error))
            self._wait_with(run_id)
        else:
            log.info("worker started", run=run_id, process=self._workers[run_id].pid)

    def _reap(self) -> None:
        for run_id, process in tuple(self._workers.items()):
            if process.returncode is not None:
                del self._workers[run_id]
                log.info("worker ended", run=run_id, code=process.returncode)
                if process.returncode:
                    self._wait_with(run_id)

    def _wait_with(self, run_id: str) -> None:
        entry = self.runs.book.entry(run_id)
        is_stuck = entry is not None and entry.progress is not None and entry.progress.problem
        pause = self.settings.stuck_pause_seconds if is_stuck else self.settings.pause_seconds
        self._not_before[run_id] = asyncio.get_running_loop().time() + pause

    async def _end(self, run_id: str) -> None:
        process = self._workers.pop(run_id)
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.settings.drain_seconds)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        log.info("worker told to end", run=run_id, code=process.returncode)

    async def _look_after(self, entry: Entry) -> None:
        try:
            if (closed := closing_of(entry, self.runs.book, self.clock.now(), self.keep)) is not None:
                await self._close(entry, closed)
            else:
                await self._rest_or_remove(entry)
        except Exception as error:  # noqa: BLE001 - Kafka or Druid is away: what is to be done stays to be done
            # tried again at each look: what has not changed is said once
            if self._put_off.get(entry.run.id) != str(error):
                self._put_off[entry.run.id] = str(error)
                log.warning("done later", run=entry.run.id, reason=str(error))
        else:
            self._put_off.pop(entry.run.id, None)

    async def _close(self, entry: Entry, closed: RunClosed) -> None:
        """Have a run end, if the store shows all rows of the hours that stay its own."""
        until_then = replace(entry, run=replace(entry.run, end_hour=closed.end_hour))
        if await asyncio.to_thread(self.data.shows_end, until_then):
            # if it holds, its worker is ended at the next look
            await self.runs.put(closed_name(entry.run.id, self.new_attempt()), closed.SerializeToString())
            log.info("run closed", run=entry.run.id, end=hour_text(closed.end_hour))

    def _is_due(self, entry: Entry, now: Micros) -> bool:
        """Return whether all that a run has is to be removed."""
        due = removed_from(entry, self.runs.book, now, self.keep)
        return due is not None and due <= now

    async def _rest_or_remove(self, entry: Entry) -> None:
        run_id, stage = entry.run.id, entry.progress.stage if entry.progress else 0
        if stage in {RunStage.RUN_STAGE_UNSPECIFIED, RunStage.RUN_STAGE_REMOVED} or run_id in self._workers:
            return
        if self._is_due(entry, self.clock.now()):
            # what has been switched back to by then stays; once it holds, nobody can switch to it any more
            await (self._remove(entry) if entry.cancelled is not None else self._give_up(run_id))
        elif state_of(entry) is RunState.DONE and run_id not in self._at_rest:
            await self._put_to_rest(entry)

    async def _put_to_rest(self, entry: Entry) -> None:
        """Take the next step of a run, all of whose rows are made, towards having them stored and nobody at work."""
        run_id, now = entry.run.id, self.clock.now()
        if await self._rests(entry):
            self._at_rest.add(run_id)
            self._restless.pop(run_id, None)
            log.info("run at rest", run=run_id)
        elif now - self._restless.setdefault(run_id, now) > RESTS_WITHIN:
            # it keeps places in the store, and nobody else tells of it; said again as often as it takes so long
            self._restless[run_id] = now
            log.warning("run is not at rest", run=run_id, seconds=RESTS_WITHIN // 1_000_000)

    async def _rests(self, entry: Entry) -> bool:
        run_id = entry.run.id
        if not await asyncio.to_thread(self.data.shows_end, entry):
            await asyncio.to_thread(self.data.resume, run_id)
            return False
        is_stored = await asyncio.to_thread(self.data.rest, run_id)
        # what was shown a moment ago may have stood in memory alone, and be lost
        return is_stored and await asyncio.to_thread(self.data.shows_end, entry)

    async def _give_up(self, run_id: str) -> None:
        cancelled = RunCancelled(time_micros=self.clock.now(), expired=True)
        await self.runs.put(cancelled_name(run_id, self.new_attempt()), cancelled.SerializeToString())

    async def _remove(self, entry: Entry) -> None:
        run_id = entry.run.id
        await asyncio.to_thread(self.data.remove, run_id)
        await self.runs.put(progress_name(run_id), self._removed(entry).SerializeToString())
        log.info("run removed", run=run_id)

    def _removed(self, entry: Entry) -> RunProgress:
        said = RunProgress()
        said.CopyFrom(entry.progress or RunProgress())
        said.stage, said.update_time_micros = RunStage.RUN_STAGE_REMOVED, self.clock.now()
        return said


def end_of(entry: Entry) -> int:
    """Return the instant at which a run with an end ends, Unix microseconds."""
    assert entry.run.end_hour is not None
    return hour_begins(entry.run.end_hour)

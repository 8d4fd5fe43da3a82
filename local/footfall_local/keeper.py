"""Keeps one part running."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from footfall_local import identity
from footfall_local.parts import Part
from footfall_local.problems import PartFailedError
from footfall_local.restarts import RestartPolicy, after_death
from footfall_local.stack_file import PartReport, PartState
from footfall_local.tail import last_lines

PROBE_WHILE_STARTING_S = 0.2
PROBE_WHILE_HEALTHY_S = 5.0

LARGEST_LOG = 32 * 1024 * 1024
"""A log above this size is put aside at the part's next start."""

OBITUARY_LINES = 20

CANNOT_BE_STARTED = 127
"""The status of a part whose command could not even be run, as shells give it."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Surroundings:
    """What a keeper is given by the supervisor."""

    folder: Path
    """Where parts are started."""
    log_file: Path
    policy: RestartPolicy
    changed: Callable[[], None]
    """Called after each change of the part's report."""
    was_up: Callable[[], bool]
    """Whether the whole stack was up once: from then on a part is started again for ever."""


class Keeper:
    """Starts one part, watches it, and starts it again when it dies."""

    def __init__(self, part: Part, report: PartReport, surroundings: Surroundings) -> None:
        self.part = part
        self.ready = asyncio.Event()
        """Set once the part was healthy, or done if it is a step."""
        self._report = report
        self._around = surroundings
        self._process: asyncio.subprocess.Process | None = None
        self._healthy_since: float | None = None

    async def keep(self) -> None:
        """Run the part until this is cancelled; a step, until it succeeded.

        Raises:
            PartFailedError: it died too often before the whole stack was up.
        """
        deaths = 0
        while True:
            status = await self._live()
            if self.part.once and status == 0:
                self._change("done")
                self.ready.set()
                return
            restart = after_death(self._around.policy, deaths, self._healthy_for())
            deaths, self._healthy_since = restart.deaths, None
            log.warning("part_died", part=self.part.name, status=status, deaths=deaths, delay_s=restart.delay_s)
            if not self._around.was_up() and deaths >= self._around.policy.deaths_before_up:
                self._change("stopped")
                raise PartFailedError(self._obituary(status, deaths))
            self._report.restarts += 1
            self._change("restarting")
            await asyncio.sleep(restart.delay_s)

    async def end(self) -> None:
        """Ask the part to end, and kill it when it has not drained in time."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), self.part.drain_s)
                self._take_what_it_left()
            except TimeoutError:
                log.warning("part_killed", part=self.part.name, drain_s=self.part.drain_s)
            _kill_group(process.pid)
            await process.wait()
            for half_written in self.part.leaves:
                half_written.unlink(missing_ok=True)
        self._report.process = None
        if self._report.state != "done":
            self._change("stopped")

    async def _live(self) -> int:
        """Prepare the part if needed and run it once; returns its exit status."""
        preparation = self.part.preparation
        if preparation is not None and not preparation.done_when.exists():
            self._change("preparing")
            status = await self._run(preparation.command)
            if status != 0:
                return status
        return await self._run(self.part.command, watched=not self.part.once)

    async def _run(self, command: tuple[str, ...], *, watched: bool = False) -> int:
        try:
            self._process = process = await self._spawn(command)
        except OSError as error:
            log.warning("part_not_started", part=self.part.name, error=str(error))
            return CANNOT_BE_STARTED
        self._report.process = identity.identify(process.pid)
        self._change("starting")
        watch = asyncio.create_task(self._watch()) if watched else None
        try:
            status = await process.wait()
        finally:
            if watch is not None:
                watch.cancel()
        # whatever a part left behind would hold its ports and its data
        _kill_group(process.pid)
        self._process = self._report.process = None
        return status

    async def _spawn(self, command: tuple[str, ...]) -> asyncio.subprocess.Process:
        file = self._around.log_file
        if file.exists() and file.stat().st_size > LARGEST_LOG:
            file.replace(file.with_suffix(".1.log"))
        with file.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._around.folder,
                env={**os.environ, **self.part.environment},
                # a group of its own: a terminal's Ctrl-C is for the command, and its children end with it
                start_new_session=True,
            )

    async def _watch(self) -> None:
        """Keep the report of the running part true."""
        started = time.monotonic()
        while True:
            is_ready = await self._asked()
            if is_ready and self._report.state != "healthy":
                if self._healthy_since is None:
                    self._report.took_s = round(time.monotonic() - started, 1)
                self._healthy_since = time.monotonic()
                self.ready.set()
                self._change("healthy")
            elif not is_ready and self._report.state == "healthy":
                self._change("unhealthy")
            await asyncio.sleep(PROBE_WHILE_HEALTHY_S if is_ready else PROBE_WHILE_STARTING_S)

    async def _asked(self) -> bool:
        try:
            return await self.part.ready()
        except Exception:
            log.exception("probe_failed", part=self.part.name)
            return False

    def _take_what_it_left(self) -> None:
        for scratch, target in self.part.leaves.items():
            if scratch.is_file():
                scratch.replace(target)

    def _healthy_for(self) -> float:
        healthy = self._healthy_since is not None and self._report.state == "healthy"
        return time.monotonic() - self._healthy_since if healthy and self._healthy_since else 0.0

    def _change(self, state: PartState) -> None:
        self._report.state = state
        self._around.changed()

    def _obituary(self, status: int, deaths: int) -> str:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        lines = last_lines(self._around.log_file, OBITUARY_LINES)
        end = "\n".join(f"  {line}" for line in lines) or "  (it wrote nothing)"
        return f"{self.part.name} died {deaths} times and {how} at last. The end of its log:\n{end}"


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)

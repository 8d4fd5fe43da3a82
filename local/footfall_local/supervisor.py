"""Starts the parts of a stack in order, keeps them running, and ends them in reverse."""

import asyncio
from collections.abc import Sequence
from graphlib import TopologicalSorter

import structlog

from footfall_local.home import Home
from footfall_local.keeper import Keeper, Surroundings
from footfall_local.parts import Part
from footfall_local.problems import PartFailedError
from footfall_local.restarts import RestartPolicy
from footfall_local.stack_file import PartReport, StackReport, write_report

log = structlog.get_logger()


class Supervisor:
    """Watches the parts of one stack. The stack's file says at any time what runs."""

    def __init__(self, home: Home, parts: Sequence[Part], report: StackReport, policy: RestartPolicy) -> None:
        self._home = home
        self._report = report
        self._report.parts = [PartReport(name=part.name, once=part.once) for part in parts]
        self._keepers = {
            part.name: Keeper(
                part,
                self._report.part(part.name),
                Surroundings(
                    folder=home.folder,
                    log_file=home.log_file(part.name),
                    policy=policy,
                    changed=self._write,
                    was_up=lambda: self._report.phase == "up",
                ),
            )
            for part in parts
        }

    async def run(self) -> None:
        """Start all parts and keep them running until this is cancelled.

        Returns early only if a part died too often before all were ready; the report then says so.
        """
        prepare_files(self._home, [keeper.part for keeper in self._keepers.values()])
        self._write()
        try:
            async with asyncio.TaskGroup() as group:
                for name, keeper in self._keepers.items():
                    group.create_task(self._keep_in_turn(keeper), name=name)
                for keeper in self._keepers.values():
                    await keeper.ready.wait()
                self._report.phase = "up"
                self._write()
        except* PartFailedError as failures:
            self._report.failure = str(failures.exceptions[0])

    async def stop(self) -> None:
        """End all parts, those first that need others. Each gets its time to drain and is killed after that."""
        self._report.phase = "stopping"
        self._write()
        for wave in reversed(waves([keeper.part for keeper in self._keepers.values()])):
            await asyncio.gather(*(self._keepers[name].end() for name in wave))
        self._report.phase = "failed" if self._report.failure else "stopped"
        self._write()

    async def _keep_in_turn(self, keeper: Keeper) -> None:
        for need in keeper.part.needs:
            if need in self._keepers:
                await self._keepers[need].ready.wait()
        await keeper.keep()

    def _write(self) -> None:
        try:
            write_report(self._home.stack_file, self._report)
        except OSError as error:
            # a full disk must not end the parts: what is said of them is old until there is room again
            log.warning("report_not_written", error=str(error))


def waves(parts: Sequence[Part]) -> list[list[str]]:
    """Return the names in waves: each part is in a later one than all that it needs."""
    names = {part.name for part in parts}
    sorter = TopologicalSorter({part.name: names.intersection(part.needs) for part in parts})
    sorter.prepare()
    found = []
    while sorter.is_active():
        wave = sorter.get_ready()
        found.append(sorted(wave))
        sorter.done(*wave)
    return found


def prepare_files(home: Home, parts: Sequence[Part]) -> None:
    """Make the folders of a stack and write the configuration of its parts."""
    home.logs.mkdir(parents=True, exist_ok=True)
    for part in parts:
        for folder in part.folders:
            folder.mkdir(parents=True, exist_ok=True)
        for file, content in part.files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

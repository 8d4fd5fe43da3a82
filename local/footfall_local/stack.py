"""A stack of real parts on this machine: start it, ask where things are, stop it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from footfall_local import identity
from footfall_local.home import Home
from footfall_local.ports import choose_ports
from footfall_local.problems import LocalStackError, PartFailedError
from footfall_local.settings import LocalSettings
from footfall_local.stack_file import PartReport, StackReport, read_report
from footfall_local.tail import last_lines

POLL_S = 0.1

START_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 150.0

ORPHAN_DRAIN_S = 20.0

SUPERVISOR = "supervisor"
"""The name of the supervisor's own log."""


def _ignore(_said: object) -> None:
    pass


class Stack:
    """One stack, known by its home: another object for the same home, in another process, sees the same."""

    def __init__(
        self,
        home: Path,
        parts: Collection[str] | None = None,
        *,
        settings: LocalSettings | None = None,
        say: Callable[[str], None] = _ignore,
    ) -> None:
        """Describe a stack; nothing is started.

        Args:
            home: the folder in which it keeps everything.
            parts: which parts or groups to start, None for all.
            settings: ports and the folder of the jars.
            say: told in one line each what takes its time.
        """
        self.home = Home(home.resolve())
        self._wanted = parts
        self._settings = settings or LocalSettings()
        self._say = say
        self._launched: subprocess.Popen[bytes] | None = None

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where things are: `grpc`, `kafka`, `druid_broker`, `druid_overlord`, `redis`, `ingest-1` and so on."""
        report = self.report()
        return {} if report is None else report.endpoints

    def report(self) -> StackReport | None:
        """Return how the stack is, as its supervisor said last; None if there was none."""
        return read_report(self.home.stack_file)

    def is_up(self) -> bool:
        """Say whether a supervisor runs; its parts may still be starting."""
        report = self.report()
        return report is not None and identity.is_running(report.supervisor)

    def orphans(self) -> list[PartReport]:
        """Return the parts that still run though their supervisor does not."""
        report = self.report()
        if report is None or identity.is_running(report.supervisor):
            return []
        return [part for part in report.parts if part.process is not None and identity.is_running(part.process)]

    def start(
        self,
        *,
        timeout_s: float = START_TIMEOUT_S,
        outlive_caller: bool = False,
        watch: Callable[[StackReport], None] = _ignore,
    ) -> None:
        """Start the stack, or find it started, and wait until every part is healthy.

        Args:
            timeout_s: after this everything is stopped again.
            outlive_caller: leave the stack running when this process ends, which a test would not want.
            watch: called again and again with how everything is, until all is healthy.

        Raises:
            LocalStackError: it did not come up; what was started is stopped again.
        """
        report = self.report()
        if report is not None and report.phase in {"stopping", "failed"}:
            identity.wait_gone([report.supervisor], STOP_TIMEOUT_S)
        if not self.is_up():
            self._end_orphans()
            self._launch(outlive_caller=outlive_caller)
        try:
            self._wait_until_up(time.monotonic() + timeout_s, watch)
        except BaseException:  # whoever interrupts a start wants no half of a stack
            self.stop()
            raise

    def stop(self, *, wipe: bool = False) -> bool:
        """Stop everything, whether its supervisor still runs or not; False if nothing ran.

        Args:
            wipe: remove all data, state, keys and logs too. The jars stay.

        Raises:
            LocalStackError: the supervisor did not end in time; it was killed, and all parts with it.
        """
        report, was_running = self.report(), False
        if report is not None and identity.is_running(report.supervisor):
            was_running = True
            identity.send(report.supervisor, signal.SIGTERM)
            if not identity.wait_gone([report.supervisor], STOP_TIMEOUT_S):
                identity.kill_group(report.supervisor)
        self._reap()
        was_running = self._end_orphans() or was_running
        if wipe:
            for folder in (
                self.home.data,
                self.home.state,
                self.home.logs,
                self.home.configuration,
                self.home.scratch,
                # which keys were revoked is gone, so none of them may be valid again
                self.home.keys.folder,
            ):
                shutil.rmtree(folder, ignore_errors=True)
            self.home.stack_file.unlink(missing_ok=True)
        return was_running

    def _end_orphans(self) -> bool:
        """End parts whose supervisor was killed: first those that need others, as the supervisor would."""
        orphans = self.orphans()
        if orphans:
            self._say(f"ending {len(orphans)} processes that an earlier supervisor left behind")
        for part in reversed(orphans):
            if part.process is not None:
                identity.end([part.process], drain_s=ORPHAN_DRAIN_S)
        return bool(orphans)

    def _launch(self, *, outlive_caller: bool) -> None:
        # imported here: they take longer than all that asking for an address needs, which every command does
        from footfall_local import catalogue  # noqa: PLC0415
        from footfall_local.programs import find_programs  # noqa: PLC0415
        from footfall_local.tls import find_tls  # noqa: PLC0415

        self._reap()
        home = self.home
        parts = catalogue.select(self._wanted)
        tls = find_tls(self._settings)
        programs = find_programs(parts, self._settings.jars_dir or home.jars, self._say)
        before = catalogue.read_plan(home.plan_file)
        last = {} if before is None else before.ports
        ports = choose_ports(
            catalogue.listeners(parts),
            wanted=self._settings.ports(),
            last=last,
            chance=random.Random(),  # noqa: S311 - a port is no secret
        )
        home.logs.mkdir(parents=True, exist_ok=True)
        _make_keys(home)
        plan = catalogue.Plan(
            parts=parts, ports=last | ports, programs=programs, tls=tls, cors_origins=self._settings.cors_origins
        )
        catalogue.write_plan(home.plan_file, plan)
        home.stack_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "footfall_local.supervise", "--home", str(home.folder)]
        if not outlive_caller:
            command += ["--owner", str(os.getpid())]
        with home.log_file(SUPERVISOR).open("ab") as output:
            self._launched = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def _wait_until_up(self, deadline: float, watch: Callable[[StackReport], None]) -> None:
        while True:
            report = self.report()
            if report is not None:
                watch(report)
                if report.phase == "up":
                    return
                if report.phase == "failed":
                    raise PartFailedError(report.failure or "A part could not be started.")
            if self._has_ended(report):
                end = "\n".join(last_lines(self.home.log_file(SUPERVISOR), 10))
                raise LocalStackError(f"The supervising process ended. The end of its log:\n{end}")
            if time.monotonic() > deadline:
                raise LocalStackError(f"Not everything was healthy in time: {_unready(report)}.")
            time.sleep(POLL_S)

    def _reap(self) -> None:
        """Take leave of the supervisor that this object launched, which has ended by now."""
        if self._launched is not None:
            self._launched.wait()
            self._launched = None

    def _has_ended(self, report: StackReport | None) -> bool:
        if report is not None:
            return not identity.is_running(report.supervisor)
        return self._launched is None or self._launched.poll() is not None


def _make_keys(home: Home) -> None:
    try:
        home.keys.make()
    except (OSError, ValueError) as error:
        raise LocalStackError(f"The keys in {home.keys.folder} cannot be used: {error}.") from error


def _unready(report: StackReport | None) -> str:
    parts = [] if report is None else [part for part in report.parts if part.state not in {"healthy", "done"}]
    return ", ".join(f"{part.name} is {part.state}" for part in parts) or "the supervisor has not said anything yet"

"""How the stack on this machine is shown: what is waited for, what runs, and new lines of logs."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.table import Table

from footfall_local import identity
from footfall_local.home import Home
from footfall_local.stack_file import PartReport, StackReport
from footfall_local.tail import last_lines

READY = ("healthy", "done")

NAMES_OF_ADDRESSES = {
    "grpc": "gRPC",
    "kafka": "Kafka",
    "druid_broker": "Druid",
    "redis": "Redis",
    "gateway_admin": "Envoy admin",
}

ADDRESS_OF_PART = {
    "envoy": "grpc",
    "druid-coordinator": "druid_overlord",
    "druid-broker": "druid_broker",
    "druid-historical": "druid_historical",
    "druid-indexer": "druid_indexer",
}

COLOURS = {"healthy": "green", "done": "green", "stopped": "dim"}

LINES_OF_THE_DEAD = 10

FOLLOW_POLL_S = 0.3


class Progress:
    """Tells on stderr what became ready, each part once, and on a terminal what is still waited for."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status("starting")
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self._console.print(line, markup=False)

    def wait(self, what: str) -> None:
        """Show what is being done."""
        self._status.update(what)

    def show(self, report: StackReport) -> None:
        """Tell what changed since the last report."""
        for part in report.parts:
            if part.state in READY and part.name not in self._told:
                self._told.add(part.name)
                took = "" if part.took_s is None else f"{part.took_s:6.1f} s"
                self.say(f"  {part.name:<24}{part.state:<8}{took}")
        pending = [part for part in report.parts if part.state not in {*READY, "waiting"}]
        if pending:
            self.wait("waiting for " + ", ".join(_awaited(part) for part in pending))


def _awaited(part: PartReport) -> str:
    return f"{part.name} (restarts: {part.restarts})" if part.restarts else part.name


def part_rows(report: StackReport) -> list[dict[str, Any]]:
    """Return what is to be said of each process: what the supervisor said last, and whether that is still so."""
    return [_row(part) for part in report.parts if not part.once]


def _row(part: PartReport) -> dict[str, Any]:
    running = part.process is not None and identity.is_running(part.process)
    gone = not running and part.state in {"healthy", "unhealthy", "starting"}
    return {
        "name": part.name,
        "state": "stopped" if gone else part.state,
        "pid": part.process.pid if running and part.process is not None else None,
        "restarts": part.restarts,
    }


def print_parts(rows: list[dict[str, Any]], endpoints: Mapping[str, str], home: Home) -> None:
    """Print a table of the parts, and the last words of those that don't stay up."""
    console = Console(highlight=False)
    table = Table("part", "state", "address", "health", "pid", "restarts", box=None, pad_edge=False)
    for row in rows:
        colour = COLOURS.get(row["state"], "yellow")
        address = endpoints.get(ADDRESS_OF_PART.get(row["name"], row["name"]), "")
        health = endpoints.get(f"{row['name'].replace('-', '_')}_health", "")
        pid = "" if row["pid"] is None else str(row["pid"])
        table.add_row(row["name"], f"[{colour}]{row['state']}[/]", address, health, pid, str(row["restarts"] or ""))
    console.print(table)
    for row in rows:
        if row["state"] == "restarting":
            console.print(f"\nThe end of the log of {row['name']}:")
            for line in last_lines(home.log_file(row["name"]), LINES_OF_THE_DEAD):
                console.print(f"  {line}", markup=False, soft_wrap=True)


def follow_logs(ends: dict[Path, int], write: Callable[[Path, str], None]) -> None:
    """Write lines as they are completed, until interrupted.

    Args:
        ends: up to where each file was read; changed in place.
        write: called with each line.
    """
    partial = dict.fromkeys(ends, b"")
    while True:
        for file, read_up_to in list(ends.items()):
            size = file.stat().st_size if file.exists() else 0
            # a file that shrank was put aside when its part was started again
            start = read_up_to if size >= read_up_to else 0
            if size > start:
                with file.open("rb") as content:
                    content.seek(start)
                    *lines, partial[file] = (partial[file] + content.read()).split(b"\n")
                    start = content.tell()
                for line in lines:
                    write(file, line.decode(errors="replace"))
            ends[file] = start
        time.sleep(FOLLOW_POLL_S)

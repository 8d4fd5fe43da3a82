"""The file in which the supervisor says what runs, and from which everybody else learns it."""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from footfall_local.identity import Identity

PartState = Literal["waiting", "preparing", "starting", "healthy", "unhealthy", "restarting", "done", "stopped"]
Phase = Literal["starting", "up", "stopping", "failed", "stopped"]


@dataclass
class PartReport:
    """How one part is."""

    name: str
    state: PartState = "waiting"
    process: Identity | None = None
    restarts: int = 0
    took_s: float | None = None
    """From its start until it was healthy, in its present life."""
    once: bool = False


@dataclass
class StackReport:
    """How the whole stack is."""

    supervisor: Identity
    phase: Phase = "starting"
    failure: str | None = None
    """Why the stack could not be started, as told to whoever started it."""
    endpoints: dict[str, str] = field(default_factory=dict)
    parts: list[PartReport] = field(default_factory=list)
    """In the order in which they are started."""

    def part(self, name: str) -> PartReport:
        """Return one part's report."""
        return next(part for part in self.parts if part.name == name)


_READER = TypeAdapter(StackReport)


def write_report(file: Path, report: StackReport) -> None:
    """Put the report in place of the last one, so that a reader sees either and never a half."""
    write_atomically(file, orjson.dumps(asdict(report), option=orjson.OPT_INDENT_2))


def read_report(file: Path) -> StackReport | None:
    """Return the last report, or None if there is none that can be read."""
    try:
        return _READER.validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file's content in one step."""
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    scratch.write_bytes(content)
    scratch.replace(file)

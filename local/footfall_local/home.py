"""Where one local stack keeps everything that it writes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from footfall_local.key_files import KeyFiles

FOLDER = ".footfall"

VARIABLE = "FOOTFALL_HOME"
"""Names a home and so overrides the search for one."""


@dataclass(frozen=True)
class Home:
    """The folder of one stack. Deleting it while nothing runs leaves no trace of the stack."""

    folder: Path

    @property
    def data(self) -> Path:
        """Kafka's log, Druid's metadata and segments: all that must outlive a restart."""
        return self.folder / "data"

    @property
    def state(self) -> Path:
        """What our own processes keep on disk and could build again from Kafka."""
        return self.folder / "state"

    @property
    def logs(self) -> Path:
        """One file a part, and the supervisor's own."""
        return self.folder / "logs"

    @property
    def configuration(self) -> Path:
        """Generated configuration files, written anew at each start."""
        return self.folder / "conf"

    @property
    def scratch(self) -> Path:
        """Temporary files of the parts."""
        return self.folder / "tmp"

    @property
    def jars(self) -> Path:
        """Kafka's and Druid's jars, unless they are shared by a setting."""
        return self.folder / "jars"

    @property
    def keys(self) -> KeyFiles:
        """What signs and verifies keys, and the development key."""
        return KeyFiles(self.folder / "keys")

    @property
    def plan_file(self) -> Path:
        """What is to run and on which ports; it outlives a stop, so that ports stay the same where they can."""
        return self.folder / "plan.json"

    @property
    def stack_file(self) -> Path:
        """What runs now, written by the supervisor."""
        return self.folder / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.folder / "supervisor.lock"

    def log_file(self, part: str) -> Path:
        """Return the file that a part's output goes to."""
        return self.logs / f"{part}.log"


def find_home(start: Path, variables: Mapping[str, str] = os.environ) -> Home:
    """Return the home of the stack for somebody who works in `start`.

    FOOTFALL_HOME wins. Else it is the nearest existing one, from `start` upwards; without one, it will be beside the
    nearest project file, and without that in `start` itself.
    """
    named = variables.get(VARIABLE)
    if named:
        return Home((start / named).resolve())
    folders = [start, *start.parents]
    for folder in folders:
        if (folder / FOLDER).is_dir():
            return Home(folder / FOLDER)
    for folder in folders:
        if (folder / "pyproject.toml").is_file() or (folder / ".git").exists():
            return Home(folder / FOLDER)
    return Home(start / FOLDER)

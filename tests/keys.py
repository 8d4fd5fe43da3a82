"""The keys of a run of tests: whatever it starts takes the same ones, so that one `FOOTFALL_KEY` opens all of it."""

import os
import shutil
from pathlib import Path

from footfall.key import VARIABLE
from footfall_local.home import Home
from footfall_local.key_files import KeyFiles

_lent: list[KeyFiles] = []


def begin_with(folder: Path) -> None:
    """Make the run's keys, or take those of the stack that is lent to it, and have every client send them."""
    home = os.environ.get("FOOTFALL_TEST_HOME")
    keys = Home(Path(home)).keys if home else KeyFiles(folder)
    keys.make()
    _lent[:] = [keys]
    os.environ[VARIABLE] = keys.read_development_key()


def run_keys() -> KeyFiles:
    """Return the run's keys."""
    return _lent[0]


def lend(to: KeyFiles) -> None:
    """Let what is to be started with these files take the run's keys, unless it has some of its own."""
    if _lent and not to.folder.exists():
        shutil.copytree(_lent[0].folder, to.folder)

"""Has a process stand behind all others when there is too little of the machine for all."""

import os
from contextlib import suppress
from pathlib import Path

NICE = 15


def step_back() -> None:
    """Give way to other processes of this machine, for good.

    Linux weighs sessions before it weighs the processes of one (autogroup), so it is told of both; elsewhere, or where
    it is switched off, the process alone.
    """
    os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICE))

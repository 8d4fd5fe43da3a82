"""The embedded process as a test has it: started, killed, started again, always in the same folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from footfall_local.embedded.folder import DataFolder
from tests.keys import lend

SERVE = ("-m", "footfall_cli.main", "serve", "--embedded", "--data")


class Embedded:
    """One folder, and the process in it, if one runs."""

    def __init__(self, folder: Path, program: Sequence[str] = SERVE) -> None:
        self.data = DataFolder(folder)
        self._program = program
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start the process, wait until it serves, and return its address."""
        lend(self.data.keys)
        process = self._process = subprocess.Popen(
            [sys.executable, *self._program, str(self.data.folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name != "FOOTFALL_HOST_ADDRESS"},
        )
        assert process.stdout is not None
        assert "up after" in process.stdout.readline()  # which is written when it serves
        address = self.data.running_at()
        assert address is not None
        return address

    def kill(self) -> None:
        """End the process as a power failure would, as far as a process can see."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End the process as an orchestrator does, and return its exit code."""
        return self._end(signal.SIGTERM)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        process.send_signal(number)
        try:
            code = process.wait(30)
        finally:
            process.kill()
            process.stdout.close()
            self._process = None
        return code

    def close(self) -> None:
        if self._process is not None:
            self.kill()


@contextmanager
def embedded_in(folder: Path, program: Sequence[str] = SERVE) -> Iterator[Embedded]:
    """Have a process in a folder, which does not outlive the block."""
    process = Embedded(folder, program)
    try:
        yield process
    finally:
        process.close()

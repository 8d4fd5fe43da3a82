"""Runs the `footfall` command as a user does: another process, its exit code, stdout and stderr."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from footfall_local.stack import Stack
from tests.again import PATIENCE_SECONDS


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code in {0, 1}, self.err
        return json.loads(self.out)


class Footfall:
    """The command, against what runs in a home: the stack, or an embedded process."""

    def __init__(self, home: Path) -> None:
        self._environment = os.environ | {"FOOTFALL_HOME": str(home), "NO_COLOR": "1"}

    @contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
        """Start the command; it does not outlive the block, also when the test fails within."""
        with subprocess.Popen(
            [sys.executable, "-m", "footfall_cli.main", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=self._environment | environment,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def __call__(self, *arguments: str, **environment: str) -> Ran:
        """Run the command to its end; once more as long as nobody takes its connection, when it has done nothing."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            with self.running(*arguments, **environment) as process:
                out, err = process.communicate(timeout=110)
            if "nobody answered within" not in err or time.monotonic() > give_up:
                return Ran(process.returncode, out, err)


@pytest.fixture(scope="session")
def footfall(stack: Stack) -> Footfall:
    return Footfall(stack.home.folder)


@pytest.fixture
def property_id() -> str:
    """A property of the test's own: a stack may have lived through many runs."""
    return f"test-{uuid.uuid4().hex[:12]}"

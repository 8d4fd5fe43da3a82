"""What the commands say and leave behind when they are not used as the README shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from footfall_cli.embedded import IN_MEMORY

COMMAND = (sys.executable, "-m", "footfall_cli.main")


@contextmanager
def served(*arguments: str | Path, **variables: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Have an embedded process, and all that it says at its start; it is killed at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")} | variables
    with subprocess.Popen(
        [*COMMAND, "serve", "--embedded", *arguments], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            said = ""
            for line in process.stdout:
                said += line
                if line.startswith("Ctrl-C"):
                    break
            yield process, said
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is found in /proc")
def test_what_a_killed_process_had_in_memory_is_gone_when_the_next_one_starts() -> None:
    with served("--in-memory") as (process, _):
        folder = folder_of(process.pid)
    assert folder.is_dir()
    with served("--in-memory") as (process, _):
        assert not folder.exists()
        folder = folder_of(process.pid)
        process.terminate()
        assert process.wait(30) == 0
    assert not folder.exists()


def folder_of(pid: int) -> Path:
    """Return the folder in which a process holds files in memory."""
    open_files = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            open_files.append(link.readlink())
    (folder,) = {file.parent for file in open_files if file.parent.name.startswith(IN_MEMORY)}
    return folder


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_commands_that_are_shown_call_the_process_that_shows_them(tmp_path: Path, elsewhere: bool) -> None:
    variables = {"FOOTFALL_ENDPOINT": "127.0.0.1:9"} if elsewhere else {}
    with served(FOOTFALL_HOME=str(tmp_path / "with space"), **variables) as (_, said):
        found = re.search(r"^  gRPC   (\S+)$", said, re.MULTILINE)
    assert found
    assert said.count(f" --endpoint {found[1]}") == (2 if elsewhere else 0)


@pytest.mark.parametrize("option", ["--rounds", "--in-flight", "--events"])
def test_a_measurement_of_nothing_is_wrong_use(option: str) -> None:
    ran = subprocess.run(
        [*COMMAND, "bench", "embedded", option, "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"Invalid value for '{option}'" in ran.stderr

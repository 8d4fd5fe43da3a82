"""The README's own words work: its commands, embedded and on the real stack, and its ten lines of Python."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from footfall_local.stack import Stack
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def variables(home: Path) -> dict[str, str]:
    """Return the environment of somebody who has activated the virtual environment."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")} | {
        "FOOTFALL_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }


@contextmanager
def made_run(home: Path) -> Iterator[str]:
    """Have the first command of the README running, and yield the address that it names."""
    (command,) = [line.removeprefix("$ ").split("#")[0].split() for line in blocks("console")[0].splitlines()]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables(home), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            # the virtual environment is there already, so the first line that names an address is near
            yield next(line.split()[1] for line in process.stdout if line.split()[:1] == ["gRPC"])
        finally:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
            process.stdout.read()
            process.wait(30)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The home and the address of what `make run` starts."""
    home = tmp_path_factory.mktemp("home")
    with made_run(home) as address:
        yield home, address


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def running(request: pytest.FixtureRequest) -> tuple[Path, str]:
    """The home and the address of a Footfall that runs; the commands are the same for both."""
    if request.param == "embedded":
        home, address = request.getfixturevalue("embedded")
        return home, address
    stack: Stack = request.getfixturevalue("stack")
    return stack.home.folder, stack.addresses["grpc"]


def run(command: list[str], home: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=folder, env=variables(home), capture_output=True, text=True, timeout=110, check=False
    )


def test_the_quick_start_shows_a_shop_stores_three_events_and_names_the_fourth(
    running: tuple[Path, str], property_id: str, tmp_path: Path
) -> None:
    home, _ = running
    lines = [line.removeprefix("$ ") for line in blocks("console")[1].splitlines()]
    assert lines[:2] == [". .venv/bin/activate", "footfall demo"]
    # the shop of every other run of this test is left alone
    script = "\n".join([f"footfall demo --property {property_id}-demo --visits 20", *lines[2:]])
    assert script.count("my-shop") == 3
    ran = run(
        ["bash", "-e", "-c", script.replace("my-shop", property_id).replace("--wait", "--wait || true")], home, tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    assert "What brought visitors" in ran.stdout
    assert "line 4" in ran.stderr
    assert re.search(r"^purchase +\(direct\) +1 +1$", ran.stdout, re.MULTILINE)
    assert re.search(r"^Total +3 +2$", ran.stdout, re.MULTILINE)
    assert "NAME_INVALID" in ran.stdout


def test_the_python_of_the_readme_tracks_and_reports(
    running: tuple[Path, str], property_id: str, tmp_path: Path
) -> None:
    home, address = running
    (code,) = blocks("python")
    code = code.replace("127.0.0.1:PORT", address).replace("my-shop", property_id)
    (key,) = [line.removeprefix("$ ") for line in blocks("console")[2].splitlines()]
    command = f"{key} && exec {shlex.join([sys.executable, '-W', 'error', '-c', code])}"
    ran = run(["bash", "-e", "-c", command], home, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("[")


def test_what_make_run_started_keeps_its_data_and_its_address(property_id: str, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"name": "page_view", "client_id": "ann"}\n')
    replay = ["footfall", "replay", "events.jsonl", "--format", "jsonl", "--property", property_id, "--wait"]
    report = [
        "footfall",
        "report",
        "--property",
        property_id,
        "--metrics",
        "eventCount",
        "--from",
        "today",
        "--to",
        "today",
    ]
    with made_run(tmp_path) as first:
        assert run(replay, tmp_path, tmp_path).returncode == 0
    ran = run(report, tmp_path, tmp_path)
    assert ran.returncode == 3
    assert "no Footfall runs on this machine" in ran.stderr
    with made_run(tmp_path) as second:
        ran = run([*report, "--json"], tmp_path, tmp_path)
    assert second == first
    assert '"eventCount": 1' in ran.stdout

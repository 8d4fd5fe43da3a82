"""A stack on this machine, with Redis alone: it starts at once, and the supervisor treats all parts alike."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from footfall_local.identity import is_running
from footfall_local.ports import LOOPBACK
from footfall_local.problems import PartFailedError, PortTakenError
from footfall_local.settings import LocalSettings
from footfall_local.stack import Stack
from footfall_local.stack_file import PartReport


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "home", ["redis"])
    yield stack
    stack.stop()


def redis_of(stack: Stack) -> PartReport:
    report = stack.report()
    assert report is not None
    return report.part("redis")


def pid_of(stack: Stack) -> int:
    process = redis_of(stack).process
    assert process is not None
    return process.pid


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def footfall(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "footfall_cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "FOOTFALL_HOME": str(home), **variables},
    )


def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def test_a_part_that_is_killed_is_started_again_under_its_name_and_address(stack: Stack) -> None:
    stack.start()
    before, address = pid_of(stack), stack.addresses["redis"]
    os.kill(before, signal.SIGKILL)
    until(lambda: redis_of(stack).restarts == 1 and redis_of(stack).state == "healthy")
    assert pid_of(stack) != before
    assert stack.addresses["redis"] == address
    assert answers(address)


def test_a_stopped_stack_leaves_no_process_and_comes_back_at_its_addresses(stack: Stack) -> None:
    stack.start()
    report = stack.report()
    assert report is not None
    address = stack.addresses["redis"]
    processes = [report.supervisor, report.parts[0].process]
    assert stack.stop()
    assert not any(is_running(process) for process in processes if process is not None)
    assert not answers(address)
    assert not stack.stop()
    stack.start()
    assert stack.addresses["redis"] == address


def test_a_second_start_finds_the_first(stack: Stack) -> None:
    stack.start()
    before = pid_of(stack)
    Stack(stack.home.folder, ["redis"]).start()
    assert pid_of(stack) == before


@pytest.mark.parametrize("again", ["start", "stop"])
def test_what_a_killed_supervisor_left_behind_is_ended_by_the_next_command(stack: Stack, again: str) -> None:
    stack.start()
    report = stack.report()
    assert report is not None
    orphan = redis_of(stack).process
    assert orphan is not None
    os.kill(report.supervisor.pid, signal.SIGKILL)
    until(lambda: not stack.is_up())
    assert [part.name for part in stack.orphans()] == ["redis"]
    getattr(stack, again)()
    # not `pid_exists`: some first processes are slow to reap what they inherit
    assert not is_running(orphan)
    assert stack.is_up() == (again == "start")


def test_a_stack_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from footfall_local.stack import Stack\n"
        "Stack(Path(sys.argv[1]), ['redis']).start(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)
    stack = Stack(tmp_path)
    until(lambda: not stack.is_up())
    assert stack.orphans() == []


def test_a_part_that_cannot_live_ends_the_start_and_its_last_words_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bin" / "redis-server"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no more room on this machine\nexit 7\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent), prepend=os.pathsep)
    stack = Stack(tmp_path / "home", ["redis"])
    with pytest.raises(PartFailedError, match=r"(?s)redis died 3 times.*status 7.*no more room on this machine"):
        stack.start()
    assert not stack.is_up()
    assert stack.orphans() == []


def test_a_set_port_that_is_taken_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        stack = Stack(tmp_path, ["redis"], settings=LocalSettings(redis_port=port))
        with pytest.raises(PortTakenError, match=f"Port {port} is taken"):
            stack.start()
        refused = footfall(tmp_path, "up", "--only", "redis", FOOTFALL_LOCAL_REDIS_PORT=str(port))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "FOOTFALL_LOCAL_REDIS_PORT" in refused.stderr
    assert stack.report() is None


def test_the_commands_start_show_and_stop_a_stack(tmp_path: Path) -> None:
    assert footfall(tmp_path, "status", "--json").returncode == 3
    try:
        started = footfall(tmp_path, "up", "--only", "redis")
        assert started.returncode == 0, started.stderr
        again = footfall(tmp_path, "up", "--only", "redis")
        assert (again.returncode, again.stdout.splitlines()[0]) == (0, "Footfall is up already.")
        shown = json.loads(footfall(tmp_path, "status", "--json").stdout)
        assert answers(shown["endpoints"]["redis"])
        (part,) = shown["parts"]
        assert (part["name"], part["state"], part["restarts"]) == ("redis", "healthy", 0)
        assert psutil.pid_exists(part["pid"])
        assert "redis" in footfall(tmp_path, "status").stdout
        assert "Ready to accept connections" in footfall(tmp_path, "logs", "redis").stdout
        assert footfall(tmp_path, "logs", "nobody").returncode == 2
    finally:
        stopped = footfall(tmp_path, "down", "--wipe")
    assert stopped.returncode == 0, stopped.stderr
    assert not psutil.pid_exists(part["pid"])
    assert not (tmp_path / "data").exists()
    assert footfall(tmp_path, "down").stdout == "Nothing was running.\n"
    assert footfall(tmp_path, "status").returncode == 3

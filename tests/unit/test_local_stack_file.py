import os
import subprocess
import sys
from pathlib import Path

from footfall_local.home import Home, find_home
from footfall_local.identity import Identity, end, identify, is_running
from footfall_local.stack import Stack
from footfall_local.stack_file import PartReport, StackReport, read_report, write_report

GONE = Identity(pid=os.getpid(), created=1.0)
"""This process's id, given to another one long ago."""


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    report = StackReport(
        supervisor=GONE,
        phase="up",
        endpoints={"redis": "127.0.0.1:1"},
        parts=[PartReport(name="redis", state="healthy", process=GONE, restarts=2, took_s=0.5)],
    )
    write_report(tmp_path / "stack.json", report)
    assert read_report(tmp_path / "stack.json") == report
    assert [file.name for file in tmp_path.iterdir()] == ["stack.json"]


def test_a_report_that_is_missing_or_damaged_is_none(tmp_path: Path) -> None:
    assert read_report(tmp_path / "stack.json") is None
    (tmp_path / "stack.json").write_text('{"supervisor":')
    assert read_report(tmp_path / "stack.json") is None


def test_an_id_that_was_given_to_another_process_is_not_the_same_process() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert is_running(me)
    assert not is_running(GONE)


def test_a_process_that_ended_and_was_not_reaped_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        zombie = identify(child.pid)
        assert zombie is not None
        assert not is_running(zombie)
    finally:
        child.wait()


def test_a_process_that_ignores_the_request_to_end_is_killed() -> None:
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        identity = identify(child.pid)
        assert identity is not None
        end([identity], drain_s=0.2)
        assert child.wait(10) == -9


def test_a_stack_whose_supervisor_is_gone_is_not_up_and_knows_its_orphans(tmp_path: Path) -> None:
    me = identify(os.getpid())
    orphan, dead = PartReport(name="redis", process=me), PartReport(name="kafka", process=GONE)
    write_report(tmp_path / "stack.json", StackReport(supervisor=GONE, phase="up", parts=[dead, orphan]))
    stack = Stack(tmp_path)
    assert not stack.is_up()
    assert stack.orphans() == [orphan]


def test_the_home_is_the_named_one_else_the_nearest_else_beside_the_project(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    assert find_home(deep, {}) == Home(tmp_path / ".footfall")
    (tmp_path / "a" / ".footfall").mkdir()
    assert find_home(deep, {}) == Home(tmp_path / "a" / ".footfall")
    assert find_home(deep, {"FOOTFALL_HOME": "c"}) == Home(deep / "c")

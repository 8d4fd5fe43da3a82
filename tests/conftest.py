"""What tests share: the real stack, started once, and where the real input is."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

from footfall_local.settings import LocalSettings
from footfall_local.stack import Stack
from tests.keys import begin_with, lend

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

# A slow machine is no failure. CI tries the same examples each time, so that what turns it red is the change at hand.
hypothesis.settings.register_profile("footfall", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "footfall")


def unavailable(reason: str) -> NoReturn:
    """Skip, in one line that says why; where nothing may be skipped, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true allows no skip: {reason}")
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tested, and what it needs: a line for each reason, however many tests it stopped."""
    reports = terminalreporter.getreports("skipped")
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ") for report in reports if type(report.longrepr) is tuple
    )
    for reason, count in reasons.items():
        terminalreporter.write_line(f"NOT TESTED: {count} tests were skipped: {reason}.", red=True, bold=True)


@pytest.fixture(scope="session", autouse=True)
def keys(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One development key for all that a run starts."""
    begin_with(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def access_log() -> Path:
    """The real log, or a skip where it is not there."""
    path = SHARED / "data" / "access.log"
    if not path.exists():
        pytest.skip("the real log is not part of the project; it is expected in ../shared/data/access.log")
    return path


def need_programs() -> None:
    """Skip where a real stack cannot be started."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            unavailable(f"the real stack needs {program}, which is not on PATH; install a JDK 17 to 21 and Maven")


@pytest.fixture(scope="session")
def stack(keys: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system, real in every part, in a folder of its own; one for all tests of a run.

    Tests share it and keep apart by property. `FOOTFALL_TEST_HOME` names one that is up already.
    """
    if home := os.environ.get("FOOTFALL_TEST_HOME"):
        yield Stack(Path(home))
        return
    need_programs()
    settings = LocalSettings(jars_dir=ROOT / ".footfall" / "jars")
    stack = Stack(tmp_path_factory.mktemp("stack"), settings=settings, say=print)
    lend(stack.home.keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOOTFALL_DRUID_CONNECT_SECONDS", "10")  # a machine that stands still for a second is no outage
        stack.start()
    try:
        yield stack
    finally:
        stack.stop(wipe=True)


@pytest.fixture(scope="session")
def endpoint(stack: Stack) -> str:
    """The gateway's address."""
    return stack.addresses["grpc"]

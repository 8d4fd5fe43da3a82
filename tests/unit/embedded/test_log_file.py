"""The log of an embedded process: it does not grow without end, and what it cannot take disturbs nobody."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from footfall_adapters.logs import log_json_lines
from footfall_local.embedded.folder import FolderError
from footfall_local.embedded.log_file import LogFile


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**configuration)


def test_lines_go_behind_those_of_the_run_before(tmp_path: Path) -> None:
    for line in ("a\n", "b\n"):
        with closing(LogFile(tmp_path / "log")) as log:
            log.write(line)
    assert (tmp_path / "log").read_text() == "a\nb\n"


def test_a_file_that_is_full_is_moved_aside_in_the_place_of_the_one_before(tmp_path: Path) -> None:
    with closing(LogFile(tmp_path / "footfall.log", max_bytes=4)) as log:
        for line in ("a\n", "b\n", "c\n", "d\n", "e\n"):
            log.write(line)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "footfall.log.1": "c\nd\n",
        "footfall.log": "e\n",
    }


def test_a_file_that_cannot_be_made_anew_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    with closing(LogFile(folder / "log", max_bytes=1)) as log:
        log.write("a\n")
        folder.rename(tmp_path / "b")
        with pytest.raises(FileNotFoundError):
            log.write("b\n")
        folder.mkdir()
        log.write("c\n")
    assert (folder / "log").read_text() == "c\n"


def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    with pytest.raises(FolderError, match=r"log cannot be written: is a directory\."):
        LogFile(tmp_path / "log")


@pytest.mark.usefixtures("logging_as_before")
def test_what_is_logged_while_nothing_can_be_written_is_lost_and_fails_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Disk(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    disk = Disk()
    log_json_lines("x", disk)
    log = structlog.get_logger().bind()
    log.info("lost")
    logging.getLogger("a.library").warning("lost as well")
    disk.full = False
    log.info("kept")
    logging.getLogger("a.library").warning("kept as well")
    assert [json.loads(line)["event"] for line in disk.getvalue().splitlines()] == ["kept", "kept as well"]
    assert capfd.readouterr() == ("", "")

"""The data folder of an embedded process: who may use it, and what is said when it cannot be used."""

import fcntl
import json
import shutil
from pathlib import Path

import pytest

from footfall_local.embedded.folder import FORMAT, FolderError, held, remove_left


def test_a_folder_is_made_with_its_parents_and_says_which_version_wrote_it(tmp_path: Path) -> None:
    with held(tmp_path / "a" / "b") as data:
        assert data.is_empty()
        assert json.loads(data.format.read_bytes()) == {"format": FORMAT}


def test_a_second_holder_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with held(tmp_path) as data:
        data.note_address("127.0.0.1:17", "127.0.0.1:18")
        with pytest.raises(FolderError) as refused, held(tmp_path):
            pass
        assert data.running_at() == "127.0.0.1:17"
    assert str(refused.value) == (f"{tmp_path} is in use by another Footfall, at 127.0.0.1:17; one process at a time.")
    assert data.running_at() is None
    assert data.last_address() == "127.0.0.1:17"


def test_two_that_ask_at_once_do_not_take_each_other_for_the_process(tmp_path: Path) -> None:
    with held(tmp_path) as data:
        data.note_address("127.0.0.1:17", "127.0.0.1:18")
    with data.lock.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        assert data.running_at() is None


def test_what_is_left_of_processes_that_were_killed_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("left-1", "left-2", "left-about-to-start", "other"):
        (tmp_path / name).mkdir()
    for name in ("left-1", "other"):
        with held(tmp_path / name) as data:
            data.log.write_bytes(b"of a process that was killed")
    with held(tmp_path / "left-2"):
        remove_left(tmp_path, "left-")
        assert {folder.name for folder in tmp_path.iterdir()} == {"left-2", "left-about-to-start", "other"}


def test_an_address_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with held(tmp_path / "data") as data:
        shutil.rmtree(data.folder)
        with pytest.raises(FolderError, match=r"data cannot be written: no such file or directory\."):
            data.note_address("127.0.0.1:17", "127.0.0.1:18")


def test_a_folder_that_was_left_can_be_held_again(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path):
            pass


def test_a_folder_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "format.json").write_text(json.dumps({"format": FORMAT + 1}))
    (tmp_path / "log.sqlite").write_bytes(b"of another time")
    with pytest.raises(FolderError) as refused, held(tmp_path):
        pass
    assert str(refused.value) == (
        f"{tmp_path} was written by another version of Footfall (format {FORMAT + 1}, this one knows {FORMAT}); "
        "nothing was changed."
    )
    assert (tmp_path / "log.sqlite").read_bytes() == b"of another time"


def test_data_of_no_known_version_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"somebody's")
    with (
        pytest.raises(FolderError, match=r"holds data, but not which version wrote them: format\.json is gone"),
        held(tmp_path),
    ):
        pass
    assert not (tmp_path / "format.json").exists()


@pytest.mark.parametrize("content", ["", "{}", "7", '{"format": '])
def test_a_version_that_cannot_be_read_is_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "format.json").write_text(content)
    with pytest.raises(FolderError, match="cannot be read, so its folder is left alone"), held(tmp_path):
        pass


def test_a_file_in_the_folders_place_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(FolderError, match=r"taken cannot be written: file exists\."), held(tmp_path / "taken"):
        pass


def test_an_address_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    with held(tmp_path) as data:
        data.address.write_text("half of a")
        assert data.last_address() is None

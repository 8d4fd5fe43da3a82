"""A disk that is full or read-only, a folder that is taken or newer: one clear sentence each, and nothing damaged."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import pytest

from footfall.channel import open_channel
from footfall.v1.errors_pb2 import ListErrorsRequest
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall.v1.ingest_pb2_grpc import IngestServiceStub
from footfall_local.embedded.folder import FORMAT
from tests.e2e.embedded import SERVE, embedded_in
from tests.e2e.numbered_events import numbers_in_reports


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Have a disk of so many bytes in a place, or skip where nobody may make one."""
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"a small disk cannot be made here: {made.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def serve(folder: Path) -> subprocess.CompletedProcess[str]:
    """Start a process that is to end at once."""
    environment = {name: value for name, value in os.environ.items() if name != "FOOTFALL_HOST_ADDRESS"}
    return subprocess.run(
        [sys.executable, *SERVE, str(folder)], capture_output=True, text=True, timeout=60, env=environment, check=False
    )


def batch(sequence: int, padding: int) -> WriteEventsRequest:
    request = WriteEventsRequest(property="properties/shop", writer_id="w", sequence=sequence)
    for index in range(20):
        event = request.events.add(name="page_view", client_id="c")
        event.params["number"].string_value = f"{sequence}-{index}"
        event.params["padding"].string_value = "x" * padding
    return request


def write_until_refused(stub: IngestServiceStub, first: int) -> tuple[int, grpc.RpcError]:
    """Write until the disk is full; return the sequence that was refused, and how."""
    for sequence in range(first, first + 10_000):
        try:
            stub.WriteEvents(batch(sequence, 1_000), timeout=10)
        except grpc.RpcError as error:
            return sequence, error
    raise AssertionError("the disk never was full")


def test_a_full_disk_is_said_to_writers_and_what_was_acknowledged_is_there_when_there_is_room_again(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", "32m") as disk, embedded_in(disk / "data") as process:
        ballast = disk / "ballast"
        # what is freed is enough for a start too, which copies what SQLite and DuckDB have in their own logs
        ballast.write_bytes(b"x" * 16_000_000)
        address = process.start()
        with open_channel(address) as channel:
            stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            refused, error = write_until_refused(stub, 1)
            assert error.code() is grpc.StatusCode.UNAVAILABLE  # type: ignore[attr-defined]
            assert error.details() == "The event log cannot be written: the disk is full."  # type: ignore[attr-defined]
            assert dict(error.trailing_metadata())["grpc-retry-pushback-ms"]  # type: ignore[attr-defined]
            ballast.unlink()
            # the same sequence, as a client does it
            assert stub.WriteEvents(batch(refused, 10), timeout=10).accepted == 20
        found = numbers_in_reports(address, "shop")
        assert found == {f"{sequence}-{index}": 1 for sequence in range(1, refused + 1) for index in range(20)}
        assert process.stop() == 0
        # and once more from the disk alone
        assert numbers_in_reports(process.start(), "shop") == found


def test_a_disk_without_room_for_a_line_of_the_log_stops_nothing_for_good(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk, embedded_in(disk / "data") as process:
        with open_channel(process.start()) as channel:
            stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
                while ballast.write(b"x" * 4_096):
                    pass
            refused, _ = write_until_refused(stub, 1)
            for _ in range(50):  # each is a line or two
                _, error = write_until_refused(stub, refused)
                assert error.details() == "The event log cannot be written: the disk is full."  # type: ignore[attr-defined]
            (disk / "ballast").unlink()
            assert stub.WriteEvents(batch(refused, 10), timeout=10).accepted == 20
        assert process.stop() == 0


def test_a_start_without_room_is_a_sentence(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        with embedded_in(disk / "data") as process:
            process.start()
            process.kill()
        with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(b"x" * 4_096):
                pass
        ran = serve(disk / "data")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"footfall: {disk / 'data'}")
    assert ran.stderr.endswith(("the disk is full.\n", "no space left on device.\n"))
    assert len(ran.stderr.splitlines()) == 1


def test_a_read_only_disk_is_a_sentence(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        with embedded_in(disk / "data") as process:
            process.start()
            assert process.stop() == 0
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        ran = serve(disk / "data")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"footfall: {disk / 'data'} cannot be written: read-only file system.\n"


def test_a_second_process_is_told_who_has_the_folder_and_disturbs_nobody(tmp_path: Path) -> None:
    with embedded_in(tmp_path / "data") as process:
        address = process.start()
        ran = serve(tmp_path / "data")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == (
            f"footfall: {tmp_path / 'data'} is in use by another Footfall, at {address}; one process at a time.\n"
        )
        with open_channel(address) as channel:
            stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            assert stub.WriteEvents(batch(1, 1), timeout=10).accepted == 20


def test_data_of_a_newer_version_are_a_sentence_and_left_alone(tmp_path: Path) -> None:
    with embedded_in(tmp_path / "data") as process:
        process.start()
        assert process.stop() == 0
    process.data.format.write_text(json.dumps({"format": FORMAT + 1}))
    before = {file.name: file.read_bytes() for file in process.data.folder.rglob("*") if file.is_file()}
    ran = serve(process.data.folder)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"footfall: {process.data.folder} was written by another version of Footfall (format {FORMAT + 1}, this one "
        f"knows {FORMAT}); nothing was changed.\n"
    )
    assert {file.name: file.read_bytes() for file in process.data.folder.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("name", ["log.sqlite", "state.sqlite", "rows.duckdb"])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, name: str) -> None:
    with embedded_in(tmp_path / "data") as process:
        process.start()
        assert process.stop() == 0
    (process.data.folder / name).write_bytes(b"no data base at all " * 1_000)
    ran = serve(process.data.folder)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"footfall: {process.data.folder / name} cannot be opened: its file is damaged")
    assert len(ran.stderr.splitlines()) == 1


def test_a_log_that_is_an_older_copy_is_a_sentence_before_anything_is_taken(tmp_path: Path) -> None:
    with embedded_in(tmp_path / "data") as process:
        log = process.data.log
        for sequence in (1, 2):
            if sequence == 2:
                shutil.copy(log, tmp_path / "copy")
            with open_channel(process.start()) as channel:
                IngestServiceStub(channel).WriteEvents(batch(sequence, 1), timeout=10)  # type: ignore[no-untyped-call]
            assert process.stop() == 0
        shutil.copy(tmp_path / "copy", log)
        ran = serve(process.data.folder)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == (
            f"footfall: {log} ends at record 1, and rows.duckdb has rows up to 2: the log is an older copy, or another "
            "one. Put the newest back; or, to keep only what this one has, remove rows.duckdb and state.sqlite.\n"
        )
        for file in (process.data.rows, process.data.state):
            file.unlink()
        assert numbers_in_reports(process.start(), "shop").keys() == {f"1-{index}" for index in range(20)}


def test_an_older_copy_of_the_rows_with_the_newer_ones_log_ahead_is_a_sentence(tmp_path: Path) -> None:
    with embedded_in(tmp_path / "data") as process:
        rows = process.data.rows
        for sequence in (1, 2, 3):
            address = process.start()
            with open_channel(address) as channel:
                IngestServiceStub(channel).WriteEvents(batch(sequence, 1), timeout=10)  # type: ignore[no-untyped-call]
            numbers_in_reports(address, "shop")
            if sequence == 3:
                process.kill()
            else:
                process.stop()
            if sequence == 1:
                shutil.copy(rows, tmp_path / "copy")
        shutil.copy(tmp_path / "copy", rows)
        ran = serve(process.data.folder)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"footfall: {rows} cannot be opened: its log ahead (.wal) is another copy's; with both removed, they are made "
        "again from the log.\n"
    )


@pytest.mark.parametrize("name", ["state.sqlite", "rows.duckdb"])
def test_what_was_removed_is_made_again_from_the_log(tmp_path: Path, name: str) -> None:
    with embedded_in(tmp_path / "data") as process:
        written = [batch(sequence, 1) for sequence in (1, 2)]
        written[0].events[0].name = "no name"
        with open_channel(process.start()) as channel:
            for one in written:
                IngestServiceStub(channel).WriteEvents(one, timeout=10)  # type: ignore[no-untyped-call]
        process.stop()
        for file in process.data.folder.glob(f"{name}*"):
            file.unlink()
        address = process.start()
        with open_channel(address) as channel:
            # a retry is known as one, as before
            IngestServiceStub(channel).WriteEvents(written[1], timeout=10)  # type: ignore[no-untyped-call]
            found = numbers_in_reports(address, "shop")
            # of a log that has been processed again
            errors = ErrorServiceStub(channel).ListErrors(  # type: ignore[no-untyped-call]
                ListErrorsRequest(property="properties/shop"), timeout=10
            )
    assert (len(found), found.total()) == (39, 39)
    assert [error.field for error in errors.errors] == ["events[0].name"]

"""The embedded event stream on real files: whatever fails between the store and the state, each event counts once."""

import sqlite3
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.duckdb.row_store import DuckDBRowStore
from footfall_adapters.sqlite import event_stream
from footfall_adapters.sqlite.event_stream import LogBehindError
from footfall_adapters.sqlite.raw_records import SqliteRawRecords, StoredRecord
from footfall_adapters.sqlite.state import SqliteState
from footfall_core.clock import Micros
from footfall_core.problems import TryAgain
from footfall_core.processing.window import WINDOW_TTL
from tests.unit.embedded.stream_files import START, Files

HOUR = 3_600_000_000
WEEK = Micros(WINDOW_TTL // timedelta(microseconds=1))


def batch(sequence: int, *event_ids: str, writer: str = "w") -> WriteEventsRequest:
    request = WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=sequence)
    for event_id in event_ids:
        request.events.add(name="page_view" if event_id != "bad" else "not a name", client_id="c", event_id=event_id)
    return request


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_each_batch_counts_once_over_restarts(files: Files) -> None:
    files.append(batch(1, "a", "bad"), batch(2, "b"), batch(1, "a", "bad"))
    files.process()
    files.append(batch(2, "b"), batch(3, "c"))
    files.process()
    files.process()
    assert files.events == ["a", "b", "c"]
    assert files.errors == 1


@pytest.mark.parametrize("piece_bytes", [1, 1_000_000])
def test_a_death_between_store_and_state_neither_doubles_nor_loses(files: Files, piece_bytes: int) -> None:
    files.append(batch(1, "a", "bad"), batch(2, "b"))

    died = threading.Event()

    def die(_: DuckDBRowStore, state: SqliteState) -> None:
        def put(*_: object) -> None:
            died.set()
            raise OSError("the process dies here")

        state.put = put  # type: ignore[method-assign]

    with files.stream(die) as stream:
        stream.start()
        assert died.wait(30)
    assert files.events == ["a"]  # the rows of the first piece, of which the state knows nothing
    files.append(batch(1, "a", "bad"), batch(3, "c"))
    files.process(piece_bytes)
    assert files.events == ["a", "b", "c"]
    assert files.errors == 1


def test_a_store_that_is_gone_is_made_again_from_the_whole_log(files: Files) -> None:
    files.append(batch(1, "a", "bad"), batch(2, "b"), batch(1, "a", "bad"))
    files.process()
    for file in files.folder.glob("rows*"):
        file.unlink()
    files.process()
    assert files.events == ["a", "b"]
    assert files.errors == 1


def test_a_store_that_fails_is_tried_again_until_it_takes_the_rows(files: Files) -> None:
    files.append(batch(1, "a"), batch(2, "b"))
    failures = 3
    done = threading.Event()

    def fail(rows: DuckDBRowStore, _: SqliteState) -> None:
        put = rows.put

        def failing(lines: Sequence[str], item_lines: Sequence[str], position: int) -> None:
            nonlocal failures
            if failures:
                failures -= 1
                raise TryAgain("The store cannot be written: the disk is full.")
            put(lines, item_lines, position)
            if position == 2:
                done.set()

        rows.put = failing  # type: ignore[method-assign]

    with files.stream(fail) as stream:
        stream.start()
        assert done.wait(30)
    assert files.events == ["a", "b"]


def test_a_window_expires_seven_days_after_its_writers_last_batch(files: Files) -> None:
    files.append(batch(1, "a"))
    files.clock.micros = Micros(START + WEEK)
    files.append(batch(1, "a"))  # not yet
    files.process()
    assert files.events == ["a"]
    # the duplicate was a batch of the writer too
    files.clock.micros = Micros(files.clock.micros + WEEK)
    files.append(batch(1, "a"))
    files.process()
    assert files.events == ["a"]
    files.clock.micros = Micros(files.clock.micros + WEEK + 1_000)
    files.append(batch(1, "b"))
    files.process()
    assert files.events == ["a", "b"]


def test_windows_of_writers_that_are_gone_leave_the_file(files: Files) -> None:
    for day in range(20):
        files.clock.micros = Micros(START + day * 24 * HOUR)
        files.append(batch(1, f"{day}", writer=f"day-{day}"), batch(day + 1, f"daily {day}", writer="daily"))
    files.process()
    # as long as they may be needed, and a day more
    assert files.writers == {"daily", *(f"day-{day}" for day in range(11, 20))}


def order(order_id: str, event_id: str, writer: str) -> WriteEventsRequest:
    """Return a batch of a purchase."""
    request = WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=1)
    request.events.add(
        name="purchase", client_id="c", event_id=event_id, transaction_id=order_id, currency="EUR", value=1.0
    )
    return request


@pytest.mark.parametrize("piece_bytes", [1, 1_000_000])
@pytest.mark.parametrize("days", [0, 10, 400])
def test_a_transaction_counts_once_whoever_sends_it_and_whenever(files: Files, piece_bytes: int, days: int) -> None:
    files.append(order("t1", "a", "w"), order("t2", "b", "w2"))
    files.clock.micros = Micros(START + days * 24 * HOUR)
    files.append(order("t1", "late", "v"), order("t3", "c", "u"))
    files.process(piece_bytes)
    files.append(order("t1", "later", "t"))
    files.process(piece_bytes)
    assert files.events == ["a", "b", "c"]
    assert files.errors == 2


def test_a_transaction_of_a_piece_that_is_being_stored_is_known(files: Files) -> None:
    files.append(order("t1", "a", "w"), order("t1", "b", "v"))
    with files.stream() as stream:
        # only memory can know it: the file never does
        stream._state.transaction = lambda _: None  # type: ignore[method-assign]
        stream.start()
    assert files.events == ["a"]
    assert files.errors == 1


def test_transactions_that_memory_has_no_room_for_are_known_all_the_same(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_KEPT_FOR_EVER", 0)
    files.append(*(order(f"t{n}", f"{n}", f"w{n}") for n in range(5)))
    files.append(*(order(f"t{n}", f"again {n}", f"v{n}") for n in range(5)))
    files.process()
    assert files.events == [f"{n}" for n in range(5)]
    assert files.errors == 5


def test_a_transaction_counts_once_over_a_death_between_store_and_state(files: Files) -> None:
    files.append(order("t1", "a", "w"), order("t1", "b", "v"))
    died = threading.Event()

    def die(_: DuckDBRowStore, state: SqliteState) -> None:
        def put(*_: object) -> None:
            died.set()
            raise OSError("the process dies here")

        state.put = put  # type: ignore[method-assign]

    with files.stream(die) as stream:
        stream.start()
        assert died.wait(30)
    files.process()
    assert files.events == ["a"]
    assert files.errors == 1


def test_a_store_that_is_gone_has_each_transaction_once_when_it_is_made_again(files: Files) -> None:
    files.append(order("t1", "a", "w"), order("t1", "b", "v"))
    files.process()
    for file in files.folder.glob("rows*"):
        file.unlink()
    files.process()
    assert files.events == ["a"]
    assert files.errors == 1


def test_a_state_of_a_version_that_knew_no_transactions_is_opened(files: Files) -> None:
    files.append(batch(1, "a"))
    files.process()
    with sqlite3.connect(files.folder / "state") as state:
        state.execute("DROP TABLE transactions")
    state.close()
    files.append(batch(1, "a"), order("t1", "b", "v"), order("t1", "c", "u"))
    files.process()
    assert files.events == ["a", "b"]


def test_a_window_in_memory_expires_as_well(files: Files) -> None:
    files.append(batch(1, "a"))
    files.clock.micros = Micros(START + WEEK + 1_000)
    files.append(batch(1, "b"))
    with files.stream() as stream:
        stream._state.window = lambda *_: None  # type: ignore[method-assign]  # it is memory that is asked
        stream.start()
    assert files.events == ["a", "b"]


def test_time_in_the_log_never_steps_back(files: Files) -> None:
    files.append(batch(1, "a"))
    files.clock.micros = Micros(START - HOUR)
    files.append(batch(2, "b"))
    records = SqliteRawRecords(files.folder / "log")
    assert [record.log_time_micros for record in records.after(0, 1_000_000)] == [START, START]
    records.close()


def test_reports_are_complete_until_the_first_record_that_is_not_stored(files: Files) -> None:
    files.append(batch(1, "a"))
    files.clock.micros = Micros(START + HOUR)
    files.append(batch(2, "b"))
    files.clock.micros = Micros(START + 2 * HOUR)
    release = threading.Event()
    reached = threading.Event()

    def hold(rows: DuckDBRowStore, _: SqliteState) -> None:
        put = rows.put

        def slow(lines: Sequence[str], item_lines: Sequence[str], position: int) -> None:
            if position == 2:
                reached.set()
                assert release.wait(30)
            put(lines, item_lines, position)

        rows.put = slow  # type: ignore[method-assign]

    with files.stream(hold) as stream:
        assert stream.complete_until() == START
        stream.start()
        assert reached.wait(30)
        assert stream.complete_until() == START + HOUR
        release.set()
        stream.stop(30)
        assert stream.complete_until() == START + 2 * HOUR


def test_a_log_that_ends_before_the_rows_of_the_store_is_not_processed(files: Files) -> None:
    files.append(batch(1, "a"), batch(2, "b"))
    files.process()
    for file in files.folder.glob("log*"):
        file.unlink()
    files.append(batch(3, "c"))
    with files.stream() as stream, pytest.raises(LogBehindError, match="ends at 1, and the store has rows up to 2"):
        stream.start()
    assert files.events == ["a", "b"]


def test_what_fails_while_a_piece_is_stored_is_begun_anew_behind_that_piece(files: Files) -> None:
    files.append(batch(1, "a"), batch(2, "b"))
    failed, too_early, stored, done = (threading.Event() for _ in range(4))

    def hold(_: DuckDBRowStore, state: SqliteState) -> None:
        put = state.put

        def slow(windows, transactions, errors, position, log_time_ms):  # type: ignore[no-untyped-def]
            if not stored.is_set():
                assert failed.wait(30)
                too_early.wait(0.5)
            put(windows, transactions, errors, position, log_time_ms)
            stored.set()
            if position == 2:
                done.set()

        state.put = slow  # type: ignore[method-assign]

    with files.stream(hold) as stream:
        after = stream._records.after

        def failing(offset: int, max_bytes: int) -> list[StoredRecord]:
            if offset and not failed.is_set():
                failed.set()
                raise sqlite3.OperationalError("the log cannot be read for a moment")
            if failed.is_set() and not stored.is_set():
                too_early.set()
            return after(offset, max_bytes)

        stream._records.after = failing  # type: ignore[method-assign]
        stream.start()
        assert done.wait(30)
    assert not too_early.is_set()
    assert files.events == ["a", "b"]

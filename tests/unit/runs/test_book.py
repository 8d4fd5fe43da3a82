"""All who read the same records of runs and servings come to the same book."""

import pytest

from footfall_core.clock import Micros
from footfall_core.runs.book import Book
from footfall_core.runs.serving import FIRST, LEAD_MICROS, Served, Serving, rolled_back, switched
from footfall_core.wire.runs_pb2 import RunCancelled, RunProgress, RunStage
from tests.unit.runs.records import ONE, OTHER, Recorded, cancel, define, progress, serve


def book_of(*runs: object) -> Book:
    book = Book()
    for run in runs or (ONE, OTHER):
        define(book, run)  # type: ignore[arg-type]
    return book


def test_nothing_but_the_live_run_serves_before_a_switch() -> None:
    assert Book().newest == Book().in_force(Micros(0)) == FIRST


def test_a_serving_takes_effect_its_lead_after_the_brokers_time_of_it() -> None:
    book = book_of()
    serve(book, switched(FIRST, ONE, Micros(0)), at=1_000, lead=2 * LEAD_MICROS)
    assert book.newest.effective_micros == 1_000 + 2 * LEAD_MICROS
    assert book.in_force(Micros(999 + 2 * LEAD_MICROS)) == FIRST
    assert book.in_force(Micros(1_000 + 2 * LEAD_MICROS)) == book.newest


def test_no_lead_is_shorter_than_the_one_that_all_rely_on() -> None:
    book = book_of()
    serve(book, switched(FIRST, ONE, Micros(0)), at=1_000, lead=0)
    assert book.newest.effective_micros == 1_000 + LEAD_MICROS


def test_a_later_serving_never_takes_effect_before_an_earlier_one() -> None:
    book = book_of()
    serve(book, switched(FIRST, ONE, Micros(0)), at=1_000, lead=9 * LEAD_MICROS)
    serve(book, switched(book.newest, OTHER, Micros(0)), at=2_000)
    assert book.newest.epoch == 2
    assert book.newest.effective_micros == 1_000 + 9 * LEAD_MICROS


def test_of_two_servings_of_one_epoch_the_first_in_the_log_holds() -> None:
    book = book_of()
    first = serve(book, switched(FIRST, ONE, Micros(0)), "z")
    late = serve(book, switched(FIRST, OTHER, Micros(0)), "a")
    assert book.newest.serves(ONE.id)
    assert not book.newest.serves(OTHER.id)
    assert book.holds(first, 1)
    assert not book.holds(late, 1)


def test_a_serving_that_leaves_an_epoch_out_does_not_hold() -> None:
    book = book_of()
    serve(book, Serving(2, Micros(0), (Served(ONE.id, 0, None),)))
    assert book.newest == FIRST


@pytest.mark.parametrize(
    ("parts", "undone_by"),
    [
        ((Served(ONE.id, 1, None),), 0),
        ((), 0),
        ((Served("r202611270000cccc", 0, None),), 0),
        ((Served(ONE.id, 0, None),), 1),
    ],
)
def test_a_serving_that_makes_no_sense_is_refused(parts: tuple[Served, ...], undone_by: int) -> None:
    book = book_of()
    with pytest.raises(ValueError, match="serving/1/a"):
        serve(book, Serving(1, Micros(0), parts, undone_by))
    assert book.newest == FIRST


def test_a_roll_back_is_a_serving_more() -> None:
    book = book_of()
    serve(book, switched(FIRST, ONE, Micros(0)), at=1)
    back = rolled_back(book.newest, book.servings, Micros(0))
    assert back is not None
    serve(book, back, at=2)
    assert (book.newest.epoch, book.newest.parts, book.newest.undone_by) == (2, FIRST.parts, None)


def test_of_two_runs_of_one_request_the_first_is_one() -> None:
    book = Book()
    define(book, ONE, request_id="today")
    define(book, OTHER, request_id="today")
    progress(book, OTHER, RunProgress(rows=1))
    cancel(book, OTHER)
    found = book.of_request("today")
    assert found is not None
    assert found.run == ONE
    assert book.entry(OTHER.id) is None
    assert [entry.run for entry in book.entries()] == [ONE]
    assert book.of_request("tomorrow") is None


def test_a_run_is_what_it_was_asked_for_as() -> None:
    book = Book()
    define(book, ONE)
    define(book, type(ONE)(ONE.id, "9", 1, 2))
    found = book.entry(ONE.id)
    assert found is not None
    assert found.run == ONE


def test_progress_and_a_cancellation_stand_beside_each_other() -> None:
    book = book_of()
    cancel(book, ONE, at=7)
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, rows=5))
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, rows=6))
    found = book.entry(ONE.id)
    assert found is not None
    assert found.cancelled is not None
    assert found.progress is not None
    assert (found.cancelled.time_micros, found.progress.rows) == (7, 6)


@pytest.mark.parametrize("name", ["runs/live", "runs/../x", "runs/", "serving/1/a", f"runs/{ONE.id}"])
def test_what_cannot_be_read_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Book().apply(name, b"\xff", Micros(0))


def test_who_reads_after_a_compaction_comes_to_the_same_book() -> None:
    """Two servers cancel a run, and between them somebody switches to it, which comes too late."""
    log = Recorded()
    define(log, ONE)
    cancel(log, ONE, "a", at=1)
    serve(log, switched(FIRST, ONE, Micros(0)), at=2)
    cancel(log, ONE, "b", at=3)
    for records in (log.records, log.compacted()):
        book = Book()
        for record in records:
            book.apply(*record)
        entry = book.entry(ONE.id)
        assert book.newest == FIRST
        assert entry is not None
        assert entry.cancelled is not None
        assert entry.cancelled.time_micros == 1


def test_a_cancellation_that_has_no_attempt_in_its_name_holds_too() -> None:
    book = book_of()
    book.apply(f"runs/{ONE.id}/cancelled", RunCancelled(time_micros=7).SerializeToString(), Micros(0))
    entry = book.entry(ONE.id)
    assert entry is not None
    assert entry.cancelled is not None


def test_records_of_others_are_passed_over() -> None:
    book = Book()
    book.apply("properties/shop/keys/k", b"\xff", Micros(0))
    assert list(book.entries()) == []

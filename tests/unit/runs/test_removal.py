"""Whose data are removed, and when: never what serves."""

import pytest

from footfall_core.clock import Micros
from footfall_core.runs.book import Book
from footfall_core.runs.removal import HOUR_MICROS, REPORTS_MICROS, KeepSettings, removed_from
from footfall_core.runs.run import Run
from footfall_core.runs.serving import FIRST, LEAD_MICROS, rolled_back, switched
from footfall_core.runs.state import RunState, state_of
from footfall_core.wire.runs_pb2 import RunProgress, RunStage
from tests.unit.runs.records import ONE, OTHER, cancel, define, progress, serve

KEEP = KeepSettings(replaced_hours=10, dry_run_hours=2)
NOW = Micros(1_000 * HOUR_MICROS)


def book_of(*stages: int, dry_run: bool = False) -> Book:
    book = Book()
    for run, stage in zip((ONE, OTHER), stages, strict=False):
        define(book, run, dry_run=dry_run)
        progress(book, run, RunProgress(stage=stage, start_time_micros=7, end_time_micros=0))  # type: ignore[arg-type]
    return book


def when(book: Book, now: Micros = NOW) -> Micros | None:
    entry = book.entry(ONE.id)
    assert entry is not None
    return removed_from(entry, book, now, KEEP)


RUNNING = RunStage.RUN_STAGE_RUNNING


def test_what_was_never_switched_to_waits_for_its_operator() -> None:
    assert when(book_of(RUNNING)) is None
    assert when(book_of(RunStage.RUN_STAGE_PROCESSED)) is None


@pytest.mark.parametrize("stage", [RUNNING, RunStage.RUN_STAGE_PREPARING, RunStage.RUN_STAGE_PROCESSED])
def test_what_is_cancelled_is_removed_at_once_and_once(stage: int) -> None:
    book = book_of(stage)
    cancel(book, ONE)
    assert when(book) == NOW
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_REMOVED))
    assert when(book) is None


def test_what_has_failed_is_removed_but_not_while_it_serves() -> None:
    book = book_of(RUNNING)
    serve(book, switched(FIRST, ONE, Micros(0)))
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_FAILED, failure="x"))
    assert when(book) is None
    back = rolled_back(book.newest, book.servings, Micros(0))
    assert back is not None
    serve(book, back, at=NOW - 1)
    assert when(book) is None  # until the roll-back takes effect
    assert when(book, Micros(NOW + LEAD_MICROS)) is not None


def test_a_dry_run_is_kept_a_while_after_it_has_caught_up() -> None:
    book = book_of(RUNNING, dry_run=True)
    assert when(book) is None  # it has not yet
    progress(
        book,
        ONE,
        RunProgress(
            stage=RUNNING,
            start_time_micros=7,
            caught_up_time_micros=8,
            update_time_micros=9,
            processed_until_micros=9,
            imported_processed_until_micros=9,
        ),
    )
    assert when(book) == 8 + 2 * HOUR_MICROS


def test_what_was_switched_away_from_is_kept_so_that_the_switch_can_be_taken_back() -> None:
    book, endless = book_of(RUNNING), Run("r202611270000cccc", "3", 100, None)
    define(book, endless)
    serve(book, switched(FIRST, ONE, Micros(0)), at=1)
    assert when(book) is None
    serve(book, switched(book.newest, endless, Micros(0)), at=2)
    assert when(book) == 2 + LEAD_MICROS + 10 * HOUR_MICROS
    back = rolled_back(book.newest, book.servings, Micros(0))
    assert back is not None
    serve(book, back, at=3)
    assert when(book) is None


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_what_reports_have_been_made_of_stays_until_those_under_way_are_answered(is_cancelled: bool) -> None:
    book = book_of(RUNNING)
    serve(book, switched(FIRST, ONE, Micros(0)), at=1)
    back = rolled_back(book.newest, book.servings, Micros(0))
    assert back is not None
    serve(book, back, at=NOW)
    now = Micros(NOW + LEAD_MICROS)
    if is_cancelled:
        cancel(book, ONE, at=now)
    entry = book.entry(ONE.id)
    assert entry is not None
    at_once = KeepSettings(replaced_hours=0)
    assert removed_from(entry, book, now, at_once) == now + REPORTS_MICROS
    if is_cancelled:
        later = Micros(now + 2 * REPORTS_MICROS)
        assert removed_from(entry, book, later, at_once) == later


def test_what_is_being_removed_is_removed_to_everybody_and_due_until_nothing_is_left() -> None:
    book = book_of(RunStage.RUN_STAGE_PROCESSED, RunStage.RUN_STAGE_FAILED)
    for run, state in ((ONE, RunState.REMOVED), (OTHER, RunState.FAILED)):
        cancel(book, run, expired=True)
        entry = book.entry(run.id)
        assert entry is not None
        assert state_of(entry) is state
    assert when(book) == NOW
    serve(book, switched(FIRST, ONE, Micros(0)))
    assert book.newest == FIRST


def test_live_hours_that_a_run_has_replaced_are_no_run_to_remove() -> None:
    book = book_of(RUNNING)
    serve(book, switched(FIRST, ONE, Micros(0)), at=1)
    assert book.entry("live") is None

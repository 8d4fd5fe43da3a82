"""Which runs are worked on, and what is said of one."""

from typing import Any

from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.runs.book import Book
from footfall_core.runs.run import Run, hour_begins
from footfall_core.runs.serving import FIRST, switched
from footfall_core.runs.work import Made, Places, processed, progress_of, to_work_on
from footfall_core.wire.runs_pb2 import RunProgress, RunStage
from tests.unit.runs.records import ONE, OTHER, cancel, define, progress, serve

THIRD = Run("r202611270000cccc", "2", 100, None)
NOW = Micros(hour_begins(200))
BEGIN = {(kind, partition): 10 for kind in EventKind for partition in range(2)}


def worked_on(book: Book) -> list[str]:
    return [entry.run.id for entry in to_work_on(book, NOW)]


def test_one_run_at_a_time_is_worked_on_the_oldest_first() -> None:
    book = Book()
    define(book, ONE)
    define(book, OTHER)
    assert worked_on(book) == [ONE.id]
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_PROCESSED))
    assert worked_on(book) == [OTHER.id]
    cancel(book, OTHER)
    assert worked_on(book) == []


def test_a_run_that_has_caught_up_goes_on_beside_the_next_and_so_does_one_that_serves() -> None:
    book = Book()
    for run in (ONE, OTHER, THIRD):
        define(book, run)
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, caught_up_time_micros=1))
    assert worked_on(book) == [ONE.id, OTHER.id]
    # although it lags: reports are made of it
    serve(book, switched(FIRST, THIRD, Micros(0)))
    assert worked_on(book) == [ONE.id, THIRD.id, OTHER.id]


def test_a_run_that_could_not_go_on_holds_up_no_other_and_those_take_turns() -> None:
    book = Book()
    for run, at, problem in ((ONE, 7, "It is refused."), (OTHER, 0, "It is refused."), (THIRD, 9, "")):
        define(book, run)
        progress(book, run, RunProgress(stage=RunStage.RUN_STAGE_PREPARING, problem=problem, update_time_micros=at))
    assert worked_on(book) == [THIRD.id]
    progress(book, THIRD, RunProgress(stage=RunStage.RUN_STAGE_PROCESSED))
    assert worked_on(book) == [OTHER.id]
    # reports are made of it
    serve(book, switched(FIRST, ONE, Micros(0)))
    assert worked_on(book) == [ONE.id, OTHER.id]


def test_a_run_that_could_not_go_on_lets_the_others_go_first_and_is_tried_again() -> None:
    book = Book()
    define(book, ONE)
    define(book, OTHER)
    progress(book, ONE, RunProgress(problem="Its version is not known.", update_time_micros=1))
    assert worked_on(book) == [OTHER.id]
    progress(book, OTHER, RunProgress(stage=RunStage.RUN_STAGE_PROCESSED))
    assert worked_on(book) == [ONE.id]


def said(run: Run, done: int, passed: Micros, **before: Any) -> RunProgress:
    book = Book()
    define(book, run)
    entry = book.entry(run.id)
    assert entry is not None
    made = Made(7, {(EventKind.LIVE, 0): 1, (EventKind.LIVE, 1): 2}, dict.fromkeys(BEGIN, passed))
    first = Places(BEGIN, BEGIN, dict.fromkeys(BEGIN, 110), NOW)
    places = Places(BEGIN, dict.fromkeys(BEGIN, 10 + done), dict.fromkeys(BEGIN, 110), Micros(NOW + 10_000_000))
    return progress_of(entry, RunProgress(**before), made, places, first=first, raw_partitions=2)


def test_progress_counts_on_from_what_was_said_before_and_estimates_the_end_by_the_rate() -> None:
    found = said(OTHER, 25, Micros(NOW - 1), rows=3)
    assert (found.rows, found.failed_batches) == (10, 3)
    assert (found.records_done, found.records_total) == (100, 400)
    # a quarter took ten seconds
    assert found.estimated_end_micros == NOW + 40_000_000


def test_batches_that_failed_before_a_restart_are_counted_by_the_state_and_never_fewer_than_were_said() -> None:
    assert said(OTHER, 25, NOW, failed_batches=2).failed_batches == 3
    # not all partitions have been read from yet
    assert said(OTHER, 25, NOW, failed_batches=5).failed_batches == 5


def test_what_was_in_the_way_holds_until_something_is_processed() -> None:
    assert said(ONE, 0, NOW, problem="x").problem == "x"
    assert said(ONE, 1, NOW, problem="x").problem == ""


def test_what_is_behind_the_end_counts_for_nothing() -> None:
    assert said(OTHER, 500, NOW).records_done == 400


def test_a_run_without_an_end_has_caught_up_once_both_logs_are_near_the_present() -> None:
    assert said(ONE, 25, Micros(NOW - 60_000_000)).caught_up_time_micros == 0
    assert said(ONE, 100, NOW).caught_up_time_micros == NOW + 10_000_000
    assert said(ONE, 100, NOW, caught_up_time_micros=5).caught_up_time_micros == 5
    assert said(OTHER, 100, NOW).caught_up_time_micros == 0


def test_what_is_not_known_since_a_restart_stays_what_was_said_before() -> None:
    assert said(ONE, 0, Micros(0), processed_until_micros=9).processed_until_micros == 9


def test_a_run_that_could_not_go_on_is_said_to_until_it_has_come_further() -> None:
    assert said(ONE, 0, NOW, problem="Druid refuses the table.").problem == "Druid refuses the table."
    assert said(ONE, 1, NOW, problem="Druid refuses the table.").problem == ""


def test_a_run_that_is_processed_is_so_up_to_its_end() -> None:
    book = Book()
    define(book, OTHER)
    entry = book.entry(OTHER.id)
    assert entry is not None
    done = processed(said(OTHER, 99, NOW), entry, NOW)
    assert done.stage == RunStage.RUN_STAGE_PROCESSED
    assert done.processed_until_micros == done.imported_processed_until_micros == hour_begins(95)
    assert done.records_done == done.records_total

"""When a run that others have replaced ends: not before that can be taken back no more, and not with its rows."""

import pytest

from footfall_core.clock import Micros
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.closing import closing_of
from footfall_core.runs.elsewhere import SLACK_MICROS
from footfall_core.runs.removal import HOUR_MICROS, KeepSettings, removed_from
from footfall_core.runs.run import Run, hour_begins
from footfall_core.runs.serving import LEAD_MICROS, Serving, rolled_back, switched
from footfall_core.runs.state import RunState, can_serve, state_of, under_way
from footfall_core.wire.runs_pb2 import RunClosed, RunProgress, RunStage
from tests.unit.runs.records import ONE, Recorded, close, define, progress, serve

LATER = Run("r202611270000cccc", "3", 150, None)
MIDDLE = Run("r202611270000dddd", "3", 120, 130)
KEEP = KeepSettings(replaced_hours=10)
SWITCHED = Micros(1_000 * HOUR_MICROS)
NOW = Micros(SWITCHED + LEAD_MICROS + 10 * HOUR_MICROS)


def keeps_up(book: Book, run: Run, until: Micros = NOW) -> None:
    said = RunProgress(stage=RunStage.RUN_STAGE_RUNNING, update_time_micros=until, caught_up_time_micros=1)
    said.processed_until_micros = said.imported_processed_until_micros = until
    progress(book, run, said)


def replaced(*others: Run) -> Recorded:
    """Return a book in which a run without an end served all that comes, and others have taken over."""
    book = Recorded()
    for at, run in ((SWITCHED - 1, ONE), *((SWITCHED, other) for other in others)):
        define(book, run)
        keeps_up(book, run)
        serve(book, switched(book.newest, run, Micros(0)), at=at)
    return book


def entry_of(book: Book, run: Run = ONE) -> Entry:
    found = book.entry(run.id)
    assert found is not None
    return found


def closes(book: Book, now: Micros = NOW) -> RunClosed | None:
    return closing_of(entry_of(book), book, now, KEEP)


def test_what_another_run_has_replaced_is_closed_at_the_others_beginning_when_its_time_is_over() -> None:
    book = replaced(LATER)
    assert closes(book, Micros(NOW - 1)) is None
    assert closes(book) == RunClosed(time_micros=NOW, end_hour=150)


@pytest.mark.parametrize("others", [(), (MIDDLE,)])
def test_what_serves_what_comes_goes_on(others: tuple[Run, ...]) -> None:
    assert closes(replaced(*others)) is None


def test_what_was_rolled_back_to_goes_on() -> None:
    book = replaced(LATER)
    back = rolled_back(book.newest, book.servings, Micros(0))
    assert back is not None
    serve(book, back, at=NOW - 1)
    assert closes(book) is None


def test_nothing_is_closed_before_all_of_its_hours_are_processed() -> None:
    book, end = replaced(LATER), hour_begins(150)
    keeps_up(book, ONE, Micros(end + SLACK_MICROS - 1))
    assert closes(book) is None
    keeps_up(book, ONE, Micros(end + SLACK_MICROS))
    assert closes(book) is not None


def test_what_is_closed_is_done_and_takes_nobodys_place() -> None:
    book = replaced(LATER)
    assert [entry.run.id for entry in under_way(book)] == [ONE.id, LATER.id]
    close(book, ONE, 150)
    assert (state_of(entry_of(book)), entry_of(book).run.end_hour) == (RunState.DONE, 150)
    assert [entry.run.id for entry in under_way(book)] == [LATER.id]
    assert closes(book) is None
    assert removed_from(entry_of(book), book, NOW, KEEP) is None
    # its worker may not have ended yet
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_FAILED, failure="x"))
    assert state_of(entry_of(book)) is RunState.DONE


def test_a_roll_back_passes_over_what_is_closed() -> None:
    book = replaced(LATER)
    assert can_serve(book, book.servings[1])
    close(book, ONE, 150)
    assert can_serve(book, book.newest)
    assert not can_serve(book, book.servings[1])
    back = rolled_back(book.newest, book.servings, Micros(0), lambda serving: can_serve(book, serving))
    assert back is not None
    assert [part.run_id for part in back.parts] == ["live"]


def test_of_a_closing_and_a_roll_back_at_the_same_time_the_first_in_the_log_holds() -> None:
    book = replaced(LATER)
    before = book.newest
    back = Serving(before.epoch + 1, Micros(0), book.servings[1].parts, undone_by=0)
    close(book, ONE, 150)
    serve(book, back)
    assert (book.newest, entry_of(book).run.end_hour) == (before, 150)
    for records in (book.records, book.compacted()):
        again = Book()
        for record in records:
            again.apply(*record)
        assert (again.newest.parts, again.entry(ONE.id)) == (before.parts, entry_of(book))

    other = replaced(LATER)
    serve(other, back)
    close(other, ONE, 150)
    assert (other.newest.parts, entry_of(other).closed) == (back.parts, None)


def test_of_two_closings_the_first_holds_and_none_of_a_run_with_an_end() -> None:
    book = replaced(LATER, MIDDLE)
    close(book, ONE, 150, "a")
    close(book, ONE, 160, "b")
    close(book, MIDDLE, 131)
    assert (entry_of(book).run.end_hour, entry_of(book, MIDDLE).run.end_hour) == (150, 130)

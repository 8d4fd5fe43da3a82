"""No server answers by a serving that another one has left."""

from collections.abc import Callable

import pytest

from footfall_core.clock import Micros
from footfall_core.problems import TryAgain
from footfall_core.report.plan import PlannedHours, PlannedServing
from footfall_core.runs.book import Book
from footfall_core.runs.current import MARGIN_MICROS, serving_of
from footfall_core.runs.run import LIVE
from footfall_core.runs.serving import FIRST, LEAD_MICROS, rolled_back, switched
from tests.unit.runs.records import ONE, define, serve

SECOND = 1_000_000


class Known:
    """What one server knows."""

    def __init__(self) -> None:
        self.book = Book()
        self.fresh_at = Micros(0)

    def on_change(self, act: Callable[[], None]) -> None:
        raise NotImplementedError


def test_nothing_is_said_of_servings_until_something_is_switched() -> None:
    assert serving_of(Known())(Micros(1)) is None


def test_a_plan_says_which_run_serves_which_hours_and_how_its_rows_are_known() -> None:
    known = Known()
    define(known.book, ONE)
    serve(known.book, switched(FIRST, ONE, Micros(0)), at=0)
    known.fresh_at = Micros(LEAD_MICROS)
    assert serving_of(known)(Micros(LEAD_MICROS - 1)) is None
    assert serving_of(known)(Micros(LEAD_MICROS)) == PlannedServing(
        1, (PlannedHours(LIVE, "", 0, 100), PlannedHours(ONE.id, f"2-{ONE.id}", 100, None))
    )


def test_what_is_rolled_back_to_the_live_run_has_an_epoch_of_its_own() -> None:
    known = Known()
    define(known.book, ONE)
    serve(known.book, switched(FIRST, ONE, Micros(0)), at=0)
    back = rolled_back(known.book.newest, known.book.servings, Micros(0))
    assert back is not None
    serve(known.book, back, at=1)
    known.fresh_at = Micros(9 * SECOND)
    assert serving_of(known)(Micros(9 * SECOND)) == PlannedServing(2, (PlannedHours(LIVE, "", 0, None),))


def test_a_server_that_may_have_missed_a_switch_does_not_answer() -> None:
    known = Known()
    known.fresh_at = Micros(100 * SECOND)
    serving = serving_of(known)
    longest = known.fresh_at + LEAD_MICROS - MARGIN_MICROS
    serving(Micros(longest - 1))
    with pytest.raises(TryAgain):
        serving(Micros(longest))


def test_whoever_knows_of_a_switch_late_has_not_answered_after_its_instant() -> None:
    """One server reads a switch when it is stored; the other hears nothing more from a moment before."""
    stored = 100 * SECOND
    known, deaf = Known(), Known()
    deaf.fresh_at = Micros(stored - 1)
    define(known.book, ONE)
    serve(known.book, switched(FIRST, ONE, Micros(0)), at=stored)
    for now in range(stored, stored + 2 * LEAD_MICROS, 10_000):
        known.fresh_at = Micros(now)
        turned = serving_of(known)(Micros(now)) is not None
        try:
            serving_of(deaf)(Micros(now))
        except TryAgain:
            continue
        assert not turned

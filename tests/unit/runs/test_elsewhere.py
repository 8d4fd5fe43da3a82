"""Whose counts hold outside of a run's hours, and how far they must have come."""

from footfall_core.clock import Micros
from footfall_core.runs.elsewhere import SLACK_MICROS, elsewhere, is_counted_alike
from footfall_core.runs.run import Run, hour_begins
from footfall_core.runs.serving import FIRST, Served, switched
from tests.unit.runs.records import ONE, OTHER

NOW = Micros(hour_begins(200) + 5)


def ends(run_id: str) -> int | None:
    return {OTHER.id: OTHER.end_hour}.get(run_id)


def test_before_its_start_the_run_that_serves_there_must_have_come_behind_it() -> None:
    (part,) = elsewhere(ONE, FIRST, NOW, ends)
    assert part.served == Served("live", 0, ONE.start_hour)
    assert part.until == hour_begins(ONE.start_hour) + SLACK_MICROS


def test_behind_its_end_as_far_as_the_present() -> None:
    before, behind = elsewhere(OTHER, FIRST, NOW, ends)
    assert (before.served, behind.served) == (Served("live", 0, 90), Served("live", 95, None))
    assert behind.until == NOW


def test_a_run_with_an_end_is_not_waited_for_behind_it() -> None:
    run = Run("r202611270000cccc", "2", 100, None)
    parts = elsewhere(run, switched(FIRST, OTHER, Micros(0)), NOW, ends)
    assert [part.served.run_id for part in parts] == ["live", OTHER.id, "live"]
    assert parts[1].until == hour_begins(95)
    earlier = Run("r202611270000dddd", "2", 80, 85)
    assert [part.until for part in elsewhere(earlier, switched(FIRST, OTHER, Micros(0)), NOW, ends)][2] == hour_begins(
        95
    )


def test_a_switch_within_its_hours_changes_nothing_for_a_run_and_one_beside_them_does() -> None:
    beside = switched(FIRST, OTHER, Micros(0))
    assert is_counted_alike(Run("r202611270000cccc", "2", 90, 95), FIRST, beside)
    assert is_counted_alike(Run("r202611270000cccc", "2", 80, None), FIRST, beside)
    assert not is_counted_alike(Run("r202611270000cccc", "2", 92, 95), FIRST, beside)
    assert not is_counted_alike(ONE, FIRST, beside)

"""Each hour of the log is served by exactly one run, whatever is switched and rolled back."""

from hypothesis import assume, given
from hypothesis import strategies as st

from footfall_core.clock import Micros
from footfall_core.runs.run import LIVE, Run
from footfall_core.runs.serving import FIRST, Served, Serving, clipped, in_force, is_whole, rolled_back, switched

HOURS = 40

runs = st.builds(
    lambda number, start, length: Run(
        f"r20261127000{number}abcd", "2", start, None if length is None else start + length
    ),
    st.integers(0, 9),
    st.integers(0, HOURS),
    st.none() | st.integers(1, HOURS),
)
steps = st.lists(runs | st.none(), max_size=12)
"""Switches, and None for a roll-back."""


def history(taken: list[Run | None]) -> list[Serving]:
    servings = {0: FIRST}
    for step in taken:
        current = servings[len(servings) - 1]
        effective = Micros(current.effective_micros + 10)
        after = rolled_back(current, servings, effective) if step is None else switched(current, step, effective)
        if after is not None:
            servings[after.epoch] = after
    return list(servings.values())


def server_of(serving: Serving, hour: int) -> str:
    (found,) = [
        part.run_id
        for part in serving.parts
        if part.start_hour <= hour and (part.end_hour is None or hour < part.end_hour)
    ]
    return found


@given(steps)
def test_each_hour_is_served_by_exactly_one_run(taken: list[Run | None]) -> None:
    for serving in history(taken):
        assert is_whole(serving.parts)
        for hour in range(2 * HOURS + 2):
            server_of(serving, hour)


@given(steps, runs)
def test_a_switch_changes_the_hours_of_its_run_and_no_other(taken: list[Run | None], run: Run) -> None:
    before = history(taken)[-1]
    after = switched(before, run, Micros(before.effective_micros + 10))
    for hour in range(2 * HOURS + 2):
        of_the_run = run.start_hour <= hour and (run.end_hour is None or hour < run.end_hour)
        assert server_of(after, hour) == (run.id if of_the_run else server_of(before, hour))


@given(steps, runs)
def test_a_roll_back_brings_back_what_was_served_before_the_switch(taken: list[Run | None], run: Run) -> None:
    servings = history(taken)
    known = {serving.epoch: serving for serving in servings}
    after = switched(servings[-1], run, Micros(1))
    assume(after.parts != servings[-1].parts)
    back = rolled_back(after, known, Micros(2))
    assert back is not None
    assert back.parts == servings[-1].parts
    assert back.undone_by == servings[-1].undone_by
    assert back.epoch == after.epoch + 1


def test_roll_backs_take_back_one_switch_after_the_other() -> None:
    one, other = Run("r202611270000aaaa", "2", 3, None), Run("r202611270000bbbb", "3", 5, 8)
    parts = [serving.parts for serving in history([one, other, None, None, None])]
    assert parts[3:] == [parts[1], parts[0]]


def test_a_roll_back_passes_over_what_cannot_serve_any_more_and_what_serves_now() -> None:
    one, other = Run("r202611270000aaaa", "2", 3, None), Run("r202611270000bbbb", "3", 3, None)
    servings = history([other, one, other])
    back = rolled_back(servings[-1], dict(enumerate(servings)), Micros(9), lambda serving: not serving.serves(one.id))
    assert back is not None
    assert (back.epoch, back.parts, back.undone_by) == (4, FIRST.parts, None)


def test_hours_of_one_run_that_touch_are_one_part() -> None:
    run = Run("r202611270000aaaa", "2", 3, 5)
    (serving,) = history([run, Run("r202611270000aaaa", "2", 5, 8)])[-1:]
    assert serving.parts == (Served(LIVE, 0, 3), Served(run.id, 3, 8), Served(LIVE, 8, None))


def test_a_serving_holds_from_its_instant_on() -> None:
    servings = history([Run("r202611270000aaaa", "2", 3, None), None])
    assert [in_force(servings, Micros(at)).epoch for at in (0, 9, 10, 19, 20)] == [0, 0, 1, 1, 2]


def test_parts_are_clipped_to_hours() -> None:
    parts = (Served(LIVE, 0, 3), Served("r", 3, None))
    assert clipped(parts, 1, 4) == (Served(LIVE, 1, 3), Served("r", 3, 4))
    assert clipped(parts, 3, None) == (Served("r", 3, None),)
    assert clipped(parts, 2, 2) == ()


def test_parts_with_a_hole_or_an_overlap_are_not_whole() -> None:
    live = Served(LIVE, 0, None)
    assert is_whole((live,))
    assert not is_whole(())
    assert not is_whole((Served(LIVE, 1, None),))
    assert not is_whole((Served(LIVE, 0, 5),))
    assert not is_whole((Served(LIVE, 0, 5), Served("r", 6, None)))
    assert not is_whole((Served(LIVE, 0, 5), Served("r", 4, None)))
    assert not is_whole((Served(LIVE, 0, 5), Served(LIVE, 5, None)))
    assert not is_whole((Served(LIVE, 0, None), Served("r", 5, None)))
    assert not is_whole((Served(LIVE, 0, 0), Served("r", 0, None)))

"""Up to when an answer is complete that several runs' rows make."""

import pytest

from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_core.clock import Micros
from footfall_core.completeness import Completeness, NewestTicks
from footfall_core.kinds import EventKind
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.report.plan import PlannedHours, PlannedServing
from footfall_core.runs.run import LIVE, hour_begins
from tests.unit.query.clocks import HeldClock

R = "r202611270000aaaa"
SECOND = 1_000_000
NOW = hour_begins(200)


class Store:
    """Shows ticks of runs at some instants, all of them on all ways of its one partition."""

    def __init__(self, **ticks: list[int]) -> None:
        self.ticks = ticks
        self.missing: set[str] = set()
        self.asked: list[tuple[str, Micros, Micros]] = []

    async def newest_ticks(
        self, table: str, kind: EventKind, since: Micros, until: Micros, deadline: Micros, *, run_id: str
    ) -> NewestTicks:
        self.asked.append((run_id, since, until))
        shown = [tick for tick in self.ticks.get(run_id, ()) if since <= tick < until]
        if not shown or run_id in self.missing:
            return {}
        # imports are always a second behind
        newest = max(shown) - (0 if kind is EventKind.LIVE else SECOND)
        return {(way, 0): Micros(newest) for way in TICK_PROPERTIES}


async def complete(store: Store, *parts: PlannedHours) -> Completeness:
    looking = CompleteUntil(store, HeldClock(NOW), raw_partitions=1, life_micros=-1)  # type: ignore[arg-type]
    return await looking.now("events", PlannedServing(1, parts))


LIVE_UP_TO_100 = PlannedHours(LIVE, "", 0, 100)
R_FROM_100 = PlannedHours(R, f"2-{R}", 100, None)


async def test_what_is_still_to_come_is_complete_as_far_as_its_own_run() -> None:
    store = Store(live=[hour_begins(100), NOW], r202611270000aaaa=[NOW - 5 * SECOND])
    found = await complete(store, LIVE_UP_TO_100, R_FROM_100)
    assert found == Completeness(Micros(NOW - 5 * SECOND), Micros(NOW - 6 * SECOND))


async def test_nothing_is_complete_while_a_run_shows_no_tick_behind_its_hours() -> None:
    store = Store(live=[hour_begins(100) - 1], r202611270000aaaa=[NOW])
    assert await complete(store, LIVE_UP_TO_100, R_FROM_100) == Completeness()


@pytest.mark.parametrize("first", [hour_begins(100), hour_begins(199)])
async def test_hours_of_before_a_first_tick_are_whole_however_long_ago_they_were(first: int) -> None:
    """A run may begin long before the installation did; of the time before that there is nothing to wait for."""
    store = Store(live=[first, NOW], r202611270000aaaa=[NOW])
    of_1970 = PlannedHours(LIVE, "", 0, 1)
    assert (await complete(store, of_1970, PlannedHours(R, f"2-{R}", 1, None))).live == NOW


async def test_what_is_not_whole_yet_is_looked_for_up_to_now_once() -> None:
    store = Store(r202611270000aaaa=[NOW])
    await complete(store, PlannedHours(LIVE, "", 0, 200), PlannedHours(R, f"2-{R}", 200, None))
    assert len(store.asked) == 4  # live and imported: ten minutes, and up to now


async def test_hours_that_all_have_an_end_are_complete_until_the_last_end() -> None:
    store = Store(r202611270000aaaa=[hour_begins(110)])
    end = hour_begins(110)
    assert await complete(store, PlannedHours(R, f"2-{R}", 100, 110)) == Completeness(end, end)


@pytest.mark.parametrize("missing", [LIVE, R])
async def test_nothing_is_complete_while_a_segment_of_one_of_the_runs_is_missing(missing: str) -> None:
    store = Store(live=[hour_begins(100), NOW], r202611270000aaaa=[NOW])
    looking = CompleteUntil(store, HeldClock(NOW), raw_partitions=1, life_micros=-1)  # type: ignore[arg-type]
    serving = PlannedServing(1, (LIVE_UP_TO_100, R_FROM_100))
    assert (await looking.now("events", serving)).live == NOW
    store.missing = {missing}
    assert await looking.now("events", serving) == Completeness()
    store.missing = set()
    assert (await looking.now("events", serving)).live == NOW


async def test_ticks_that_said_that_hours_are_whole_are_looked_for_again_where_they_were_found() -> None:
    tick = hour_begins(100) + 3600 * SECOND
    store = Store(live=[tick], r202611270000aaaa=[NOW])
    looking = CompleteUntil(store, HeldClock(NOW), raw_partitions=1, life_micros=-1)  # type: ignore[arg-type]
    serving = PlannedServing(1, (LIVE_UP_TO_100, R_FROM_100))
    assert (await looking.now("events", serving)).live == NOW
    store.asked.clear()
    assert (await looking.now("events", serving)).live == NOW
    live = [(since, until) for run_id, since, until in store.asked if run_id == LIVE]
    # one of live events and one of imports
    assert sorted(since for since, _ in live) == [tick - SECOND, tick]
    assert all(until > tick for _, until in live)


async def test_hours_are_not_whole_any_more_once_what_only_memory_had_is_lost() -> None:
    store = Store(live=[hour_begins(100), NOW], r202611270000aaaa=[NOW])
    looking = CompleteUntil(store, HeldClock(NOW), raw_partitions=1, life_micros=-1)  # type: ignore[arg-type]
    serving = PlannedServing(1, (LIVE_UP_TO_100, R_FROM_100))
    assert (await looking.now("events", serving)).live == NOW
    store.ticks[LIVE] = [NOW]  # as much as its next task shows
    assert await looking.now("events", serving) == Completeness()
    store.ticks[LIVE] = [hour_begins(100), NOW]
    assert (await looking.now("events", serving)).live == NOW


async def test_a_look_for_one_serving_is_none_for_another() -> None:
    store = Store(live=[NOW], r202611270000aaaa=[NOW - 5 * SECOND])
    looking = CompleteUntil(store, HeldClock(NOW), raw_partitions=1, life_micros=SECOND)  # type: ignore[arg-type]
    assert (await looking.now("events")).live == NOW
    assert (await looking.now("events", PlannedServing(1, (PlannedHours(R, "", 0, None),)))).live == NOW - 5 * SECOND
    assert (await looking.now("events")).live == NOW

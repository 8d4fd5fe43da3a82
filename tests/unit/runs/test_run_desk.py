"""What a worker is told of runs, from whatever thread it asks."""

import asyncio

from footfall_adapters.kafka.run_desk import RunDesk
from footfall_core.clock import Micros
from footfall_core.runs.run import hour_begins
from footfall_core.runs.serving import FIRST, switched
from tests.unit.runs.records import ONE, define, serve
from tests.unit.runs.stored import MemoryRuns

NOW = Micros(hour_begins(200))


async def test_a_run_that_is_taken_up_right_after_a_switch_is_told_by_what_is_about_to_serve() -> None:
    """A switch to it compares with the newest serving: by the one before it would be refused for good."""
    store = MemoryRuns(lambda: NOW)
    define(store.book, ONE)
    serve(store.book, switched(FIRST, ONE, Micros(0)), at=NOW)
    assert store.book.in_force(NOW) == FIRST
    desk = RunDesk(asyncio.get_running_loop(), store)  # type: ignore[arg-type]
    assert (await asyncio.to_thread(desk.serving, None)).serves(ONE.id)
    assert await asyncio.to_thread(desk.serving, 0) == FIRST

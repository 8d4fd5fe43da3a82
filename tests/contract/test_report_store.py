"""What the port `ReportStore` promises, by DuckDB and by Druid."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from footfall_core.clock import Micros, SystemClock
from footfall_core.columns import EVENTS, ITEMS
from footfall_core.completeness import NewestTicks
from footfall_core.kinds import EventKind
from footfall_core.problems import DeadlinePassed, NotComputable
from footfall_core.report.plan import Plan
from footfall_core.report.planner import plan_report
from footfall_core.report.ports import ReportStore
from tests.contract.report_paths import ReportPath
from tests.contract.reports import report_request

CLOCK = SystemClock()
SECOND = 1_000_000


@pytest.fixture
async def store(path: ReportPath) -> AsyncIterator[ReportStore]:
    async with path.store() as store:
        yield store


def plan(property_id: str, *metrics: str, by: tuple[str, ...] = ()) -> Plan:
    return plan_report(report_request(property_id, list(metrics), list(by)), CLOCK.now())


def soon() -> Micros:
    """Return a deadline that is far enough away."""
    return Micros(CLOCK.now() + 30 * SECOND)


async def test_a_report_changes_nothing_and_may_be_asked_for_again(store: ReportStore, shop: str) -> None:
    asked = plan(shop, "eventCount", "totalUsers", by=("pagePath",))
    assert await store.run(asked, soon()) == await store.run(asked, soon())


async def test_many_reports_are_computed_at_a_time(store: ReportStore, shop: str, travel: str) -> None:
    plans = [plan(one, "eventCount", by=("eventName",)) for one in (shop, travel) * 20]
    alone = {one: await store.run(asked, soon()) for one, asked in zip((shop, travel), plans[:2], strict=True)}
    together = await asyncio.gather(*(store.run(asked, soon()) for asked in plans))
    assert together == [alone[shop], alone[travel]] * 20


async def test_a_report_whose_deadline_is_past_is_not_computed(store: ReportStore, shop: str) -> None:
    with pytest.raises(DeadlinePassed):
        await store.run(plan(shop, "eventCount"), Micros(CLOCK.now() - 1))


async def test_a_deadline_that_passes_meanwhile_ends_the_report(store: ReportStore, shop: str) -> None:
    asked = plan(shop, "eventCount", "totalUsers", "sessions", by=("pagePath", "dateHour", "event.plan"))
    with pytest.raises(DeadlinePassed):
        await store.run(asked, Micros(CLOCK.now() + 500))


async def test_a_report_that_is_cancelled_leaves_the_store_as_it_was(store: ReportStore, shop: str) -> None:
    asked = plan(shop, "eventCount", by=("pagePath",))
    before = await store.run(asked, soon())
    under_way = [asyncio.create_task(store.run(asked, soon())) for _ in range(10)]
    await asyncio.sleep(0)
    for task in under_way:
        task.cancel()
    ended = await asyncio.gather(*under_way, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended)
    assert await store.run(asked, soon()) == before


async def test_amounts_of_several_currencies_cannot_be_computed(store: ReportStore, travel: str) -> None:
    with pytest.raises(NotComputable, match=r"of several currencies \(EUR, USD\)"):
        await store.run(plan(travel, "purchaseRevenue"), soon())


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("table", [EVENTS.name, ITEMS.name])
async def test_ticks_are_those_of_the_time_that_was_asked_for(
    store: ReportStore, shop: str, table: str, kind: EventKind
) -> None:
    async def ticks(since_seconds: int, until_seconds: int) -> NewestTicks:
        now = CLOCK.now()
        since, until = Micros(now + since_seconds * SECOND), Micros(now + until_seconds * SECOND)
        return await store.newest_ticks(table, kind, since, until, soon())

    async with asyncio.timeout(60):
        while not (found := await ticks(-3600, 3600)):
            await asyncio.sleep(0.1)
    assert all(abs(CLOCK.now() - tick) < 3600 * SECOND for tick in found.values())
    assert await ticks(-9 * 24 * 3600, -8 * 24 * 3600) == {}

"""What is special to queries within a process: whoever leaves takes the query along, and nothing stays behind."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from footfall_adapters.memory.query_queue import MemoryQueries, MemoryQueriesSettings
from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_consumers.queries.settings import QueriesSettings
from footfall_consumers.queries.steps import Steps, run_queries
from footfall_core import telemetry
from footfall_core.clock import Micros, SystemClock
from footfall_core.problems import DeadlinePassed, TryAgain
from footfall_core.report import results
from footfall_core.report.ports import Query
from tests.unit.query.test_query_steps import PLAN, Store

CLOCK = SystemClock()


def queries_of(**settings: int) -> MemoryQueries:
    ids = iter(f"id-{number}" for number in range(1_000))
    return MemoryQueries(MemoryQueriesSettings(**settings), CLOCK, lambda: next(ids))


def soon(seconds: float = 30.0) -> Micros:
    return Micros(CLOCK.now() + int(seconds * 1e6))


def waiting_now() -> float:
    return telemetry.QUERIES_WAITING._value.get()


async def asked(
    queries: MemoryQueries, question: bytes = PLAN, deadline: Micros | None = None
) -> "asyncio.Task[bytes]":
    """Ask, and return once the question waits."""
    asking = asyncio.create_task(queries.ask(question, deadline or soon()))
    await asyncio.sleep(0)
    return asking


async def left(asking: "asyncio.Task[bytes]") -> None:
    asking.cancel()
    await asyncio.wait({asking})
    assert asking.cancelled()


async def taken(queries: MemoryQueries) -> Query:
    query = await queries.take()
    assert query is not None
    return query


@asynccontextmanager
async def running(queries: MemoryQueries, store: Store, *, concurrency: int = 8) -> AsyncIterator[None]:
    complete_until = CompleteUntil(store, CLOCK, raw_partitions=1, life_micros=0)
    steps = Steps(queries, store, store, complete_until, CLOCK, "embedded", lambda: "attempt")
    stop = threading.Event()
    settings = QueriesSettings(concurrency=concurrency, drain_seconds=0)
    task = asyncio.create_task(run_queries(steps, settings, stop, queries.started))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


async def until_running(store: Store, count: int) -> None:
    async with asyncio.timeout(10):
        while store.running != count:
            await asyncio.sleep(0)


async def test_queries_are_taken_in_the_order_in_which_they_were_asked_and_each_once() -> None:
    queries = queries_of()
    asking = [await asked(queries, b"%d" % number) for number in range(3)]
    found = [await taken(queries) for _ in asking]
    assert [query.question for query in found] == [b"0", b"1", b"2"]
    assert await queries.take() is None
    for task in asking:
        await left(task)


async def test_only_queries_that_are_not_begun_count_towards_the_bound() -> None:
    queries = queries_of(max_waiting=1)
    first = await asked(queries)
    with pytest.raises(TryAgain, match="Too many reports are asked for"):
        await queries.ask(PLAN, soon())
    await taken(queries)
    second = await asked(queries)
    assert not second.done()
    for task in (first, second):
        await left(task)


async def test_a_query_whose_caller_leaves_before_it_is_begun_is_not_run() -> None:
    queries = queries_of()
    await left(await asked(queries))
    assert await queries.take() is None


async def test_a_query_whose_caller_leaves_between_taking_and_running_is_not_run() -> None:
    queries, store = queries_of(), Store()
    asking = await asked(queries)
    query = await taken(queries)
    await left(asking)
    complete_until = CompleteUntil(store, CLOCK, raw_partitions=1, life_micros=0)
    steps = Steps(queries, store, store, complete_until, CLOCK, "embedded", lambda: "attempt")
    task = asyncio.create_task(steps.run(query))
    queries.started(query, task)
    await asyncio.wait({task})
    assert task.cancelled()
    assert store.asked == []


async def test_a_query_under_way_is_cancelled_when_its_caller_leaves_and_makes_room() -> None:
    queries, store = queries_of(), Store()
    store.release = asyncio.Event()
    async with running(queries, store, concurrency=1):
        leaving = await asked(queries)
        await until_running(store, 1)
        await left(leaving)
        await until_running(store, 0)
        staying = await asked(queries)
        await until_running(store, 1)
        store.release.set()
        assert await staying


async def test_a_query_that_is_answered_is_not_cancelled_however_soon_its_caller_goes_on() -> None:
    queries, cancelled = queries_of(), telemetry.QUERIES.labels("cancelled")._value.get()
    async with running(queries, Store()):
        for _ in range(20):
            assert await queries.ask(PLAN, soon())
    assert telemetry.QUERIES.labels("cancelled")._value.get() == cancelled


async def test_a_query_under_way_ends_by_its_own_deadline_as_late() -> None:
    queries, store, late = queries_of(), Store(), telemetry.QUERIES.labels("late")._value.get()
    store.release = asyncio.Event()
    async with running(queries, store):
        with pytest.raises(DeadlinePassed):
            await queries.ask(PLAN, soon(0.05))
        await until_running(store, 0)
    assert telemetry.QUERIES.labels("late")._value.get() == late + 1


async def test_what_waits_behind_long_reports_is_given_up_in_time_and_never_run() -> None:
    queries, store = queries_of(give_up_ms=50), Store()
    store.release = asyncio.Event()
    async with running(queries, store, concurrency=1):
        long = await asked(queries)
        await until_running(store, 1)
        with pytest.raises(TryAgain, match="begun"):
            await queries.ask(PLAN, soon())
        store.release.set()
        assert await long
    assert store.asked.count("report") == 1


async def test_a_deadline_that_is_past_never_stands_in_the_queue() -> None:
    queries = queries_of()
    taking = asyncio.create_task(queries.take())
    await asyncio.sleep(0)
    with pytest.raises(DeadlinePassed):
        await queries.ask(PLAN, soon(-1))
    assert await taking is None


@pytest.mark.parametrize("end", ["answered", "failed", "late", "given up", "left", "left while it runs"])
async def test_nothing_stays_behind(end: str) -> None:
    before = waiting_now()
    queries = queries_of(give_up_ms=50 if end == "given up" else 5_000)
    asking = await asked(queries, deadline=soon(0.05) if end == "late" else soon())
    assert waiting_now() == before + 1
    match end:
        case "answered":
            query = await taken(queries)
            for record in results.parts(query.query_id, "one", b"answer"):
                queries.reply(query, record)
        case "failed":
            query = await taken(queries)
            queries.reply(query, results.failure(query.query_id, TryAgain("full")))
        case "left":
            asking.cancel()
        case "left while it runs":
            queries.started(await taken(queries), asyncio.create_task(asyncio.sleep(60)))
            asking.cancel()
    await asyncio.wait({asking})
    assert (queries._queue, queries._asked, waiting_now()) == ({}, {}, before)
    await asyncio.gather(asking, return_exceptions=True)


async def test_a_failure_that_comes_as_its_caller_leaves_is_no_error_of_the_loop() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    queries = queries_of()
    asking = await asked(queries)
    query = await taken(queries)
    asking.cancel()
    queries.reply(query, results.failure(query.query_id, TryAgain("full")))
    await asyncio.wait({asking})
    del asking
    gc.collect()
    assert complaints == []


async def test_a_taker_that_is_cancelled_loses_no_query() -> None:
    queries = queries_of()
    taking = asyncio.create_task(queries.take())
    await asyncio.sleep(0)
    asking = await asked(queries)
    taking.cancel()
    await asyncio.wait({taking})
    if taking.cancelled():
        assert (await taken(queries)).question == PLAN
    await left(asking)


async def test_two_takers_never_take_the_same_query() -> None:
    queries = queries_of()
    takers = [asyncio.create_task(queries.take()) for _ in range(3)]
    await asyncio.sleep(0)
    asking = [await asked(queries, b"%d" % number) for number in range(2)]
    found = await asyncio.gather(*takers)
    assert sorted(query.question for query in found if query) == [b"0", b"1"]  # type: ignore[type-var]
    assert found.count(None) == 1
    for task in asking:
        await left(task)

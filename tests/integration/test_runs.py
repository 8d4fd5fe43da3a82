"""Runs on the real parts: their records in Kafka, and reports of several runs' rows in Druid."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from footfall.v1 import query_pb2
from footfall_adapters.druid.supervisors import IntakeSettings, ensure
from footfall_adapters.kafka.runs import KafkaRuns, KafkaRunStore
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros, SystemClock
from footfall_core.columns import EVENTS, EVENTS_TABLE, IMPORTED_EVENTS, Table
from footfall_core.kinds import EventKind
from footfall_core.problems import TryAgain
from footfall_core.runs.current import serving_of
from footfall_core.runs.ports import RunStore
from footfall_core.runs.records import definition_name, definition_of, serving_name, serving_record
from footfall_core.runs.run import LIVE, Run, hour_of, new_run_id
from footfall_core.runs.serving import FIRST, LEAD_MICROS, Served, Serving, rolled_back, switched
from footfall_core.runs.tables import tables_of
from footfall_local.stack import Stack
from tests.contract.report_rows import event
from tests.contract.reports import report_request, table
from tests.integration.access_topics import topics_of
from tests.integration.error_log import delete_topic
from tests.integration.query_path import QueryPath, create_topics, query_path, until

pytestmark = pytest.mark.stack

CLOCK = SystemClock()


def new_run(start_hour: int, end_hour: int | None = None) -> Run:
    return Run(new_run_id(CLOCK.now(), uuid.uuid4().hex[:4]), "2", start_hour, end_hour)


async def define(store: RunStore, run: Run) -> None:
    definition = definition_of(run, dry_run=False, request_id="", now=CLOCK.now())
    await store.put(definition_name(run.id), definition.SerializeToString())


async def serve(store: RunStore, serving: Serving) -> str:
    name = serving_name(serving.epoch, uuid.uuid4().hex)
    await store.put(name, serving_record(serving, LEAD_MICROS).SerializeToString())
    return name


# ---- records in Kafka ----


@pytest.fixture
def control(stack: Stack) -> Iterator[KafkaSettings]:
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    with topics_of(KafkaSettings(stack.addresses["kafka"], topic_prefix=prefix)) as kafka:
        yield kafka


async def test_all_who_read_come_to_the_same_book(control: KafkaSettings) -> None:
    one, other = new_run(100), new_run(90)
    async with KafkaRunStore(control, CLOCK) as store, KafkaRuns(control, CLOCK) as early:
        await define(store, one)
        await define(store, other)
        began = CLOCK.now()
        first = await serve(store, switched(FIRST, one, Micros(0)))
        late = await serve(store, switched(FIRST, other, Micros(0)))
        assert store.book.holds(first, 1)
        assert not store.book.holds(late, 1)
        assert began + LEAD_MICROS - 1_000 <= store.book.newest.effective_micros <= CLOCK.now() + LEAD_MICROS
        async with KafkaRuns(control, CLOCK) as later:
            assert later.book.servings == store.book.servings
            assert [entry.run for entry in later.book.entries()] == [one, other]
        async with asyncio.timeout(30):
            while early.book.servings != store.book.servings:
                await asyncio.sleep(0.01)


async def test_two_who_switch_at_once_do_not_both_hold(control: KafkaSettings) -> None:
    runs = [new_run(hour) for hour in range(100, 104)]
    async with KafkaRunStore(control, CLOCK) as one, KafkaRunStore(control, CLOCK) as other:
        for run in runs:
            await define(one, run)
        names = await asyncio.gather(
            *(serve(store, switched(FIRST, run, Micros(0))) for run, store in zip(runs, (one, other) * 2, strict=True))
        )
        async with asyncio.timeout(30):
            while one.book.newest.epoch < 1 or other.book.newest.epoch < 1:
                await asyncio.sleep(0.01)
        holding = [[store.book.holds(name, 1) for name in names] for store in (one, other)]
        assert holding[0] == holding[1]
        assert sum(holding[0]) == 1


async def test_how_fresh_a_book_is_moves_on_by_itself(control: KafkaSettings) -> None:
    before = CLOCK.now()
    async with KafkaRuns(control, CLOCK) as runs:
        assert runs.fresh_at >= before  # as soon as it is entered
        at = CLOCK.now()
        async with asyncio.timeout(30):
            while runs.fresh_at < at:
                await asyncio.sleep(0.05)
        assert runs.fresh_at <= CLOCK.now()


async def test_a_book_whose_topic_is_gone_grows_old_and_nothing_is_answered_by_it(control: KafkaSettings) -> None:
    async with KafkaRuns(control, CLOCK) as runs:
        serving = serving_of(runs)
        assert serving(CLOCK.now()) is None
        delete_topic(control, "control")
        async with asyncio.timeout(20):
            while runs.fresh_at > CLOCK.now() - LEAD_MICROS:
                await asyncio.sleep(0.05)
        with pytest.raises(TryAgain):
            serving(CLOCK.now())


# ---- reports of several runs' rows ----

NOW_HOUR = hour_of(CLOCK.now())
CUT = NOW_HOUR - 5
"""The first hour of the run's."""


@contextmanager
def tables_in_druid(stack: Stack, run: Run) -> Iterator[dict[EventKind, Table]]:
    """Make the tables of a run's events, and remove them."""
    overlord = f"http://{stack.addresses['druid_overlord']}"
    kafka = KafkaSettings(stack.addresses["kafka"])
    tables = dict(tables_of(run.id)[EVENTS_TABLE])
    create_topics(kafka.bootstrap_servers, [one.topic for one in tables.values()])
    try:
        for one in tables.values():
            ensure(overlord, kafka, one, IntakeSettings())
        yield tables
    finally:
        for one in tables.values():
            httpx.post(f"{overlord}/druid/indexer/v1/supervisor/{one.name}/terminate", timeout=30)
            httpx.delete(f"{overlord}/druid/coordinator/v1/datasources/{one.name}", timeout=30)
            delete_topic(kafka, one.topic)


def put(path: QueryPath, one: Table, property_id: str, mark: str, rows: list[tuple[int, str]]) -> None:
    """Write events of a property: their log hour and channel group."""
    made = [
        event("2026-11-26T12:00:00", "page_view", f"client-{index}", channel_group=channel, log_hour=hour, run=mark)
        | {"property": property_id}
        for index, (hour, channel) in enumerate(rows)
    ]
    path.put_in(one, made)


def test_each_log_hour_is_counted_once_by_the_run_that_serves_it(stack: Stack) -> None:
    """The live run has all hours, wrong; the run has those from `CUT` on, right; late events of old days are in."""
    run, shop = new_run(CUT), f"runs-{uuid.uuid4().hex[:8]}"
    hours = list(range(NOW_HOUR - 10, NOW_HOUR + 1))
    wrong = [(hour, "Wrong") for hour in hours]
    with query_path(stack.addresses) as path, tables_in_druid(stack, run) as tables:
        prefix = path.variables["FOOTFALL_KAFKA_TOPIC_PREFIX"]
        control = KafkaSettings(stack.addresses["kafka"], topic_prefix=prefix)
        put(path, EVENTS, shop, "1", wrong)
        # a live run that another version has gone on with
        put(path, IMPORTED_EVENTS, shop, "1b", wrong)
        for one in tables.values():
            put(path, one, shop, run.mark, [(hour, "Right") for hour in hours if hour >= CUT])
            # nothing of it counts: the hours are not the run's
            put(path, one, shop, run.mark, [(hour, "Never") for hour in hours if hour < CUT])
        path.await_rows(shop, 2 * len(hours))
        for one in tables.values():
            until(lambda one=one: _rows(stack, one.name, shop) == len(hours), seconds=90)  # type: ignore[misc]
        request = report_request(shop, ["eventCount", "totalUsers"], ["defaultChannelGroup"])
        number = itertools.count(1)

        def answer() -> dict[str, int]:
            request.limit = next(number)  # never the same request, so that nothing comes from the cache
            return {row[0]: row[1] for row in table(path.ask(request))} if request.limit > 2 else answer()

        before, after = {"Wrong": 22}, {"Wrong": 10, "Right": 12}
        assert answer() == before
        asyncio.run(_switch_and_back(control, run, answer, before, after))


async def _switch_and_back(control: KafkaSettings, run: Run, answer, before, after) -> None:  # type: ignore[no-untyped-def]
    async with KafkaRunStore(control, CLOCK) as store:
        await define(store, run)
        await serve(store, switched(FIRST, run, Micros(0)))
        assert await _turned(store, answer, before, after)
        back = rolled_back(store.book.newest, store.book.servings, Micros(0))
        assert back is not None
        await serve(store, back)
        assert await _turned(store, answer, after, before)
        # some hours in the middle alone
        middle = Serving(
            3, Micros(0), (Served(LIVE, 0, CUT), Served(run.id, CUT, CUT + 2), Served(LIVE, CUT + 2, None)), None
        )
        await serve(store, middle)
        assert await _turned(store, answer, before, {"Wrong": 18, "Right": 4})


async def _turned(store: RunStore, answer, before, after) -> bool:  # type: ignore[no-untyped-def]
    """Poll over a switch: each answer is one or the other as a whole, by the instant at which it was asked."""
    effective = store.book.newest.effective_micros
    while (asked := CLOCK.now()) < effective + 2_000_000:
        found = await asyncio.to_thread(answer)
        done = CLOCK.now()
        allowed = [before] if done < effective else [after] if asked > effective else [before, after]
        assert found in allowed
    return True


def _rows(stack: Stack, name: str, property_id: str) -> int | None:
    query = {
        "query": f"SELECT COUNT(*) FROM \"{name}\" WHERE property = '{property_id}'",
        "resultFormat": "array",
    }
    answer = httpx.post(f"http://{stack.addresses['druid_broker']}/druid/v2/sql", json=query, timeout=20)
    return int(answer.json()[0][0]) if answer.is_success else None


def test_a_report_of_a_run_is_complete_by_its_own_ticks(stack: Stack) -> None:
    run, shop = new_run(CUT), f"runs-{uuid.uuid4().hex[:8]}"
    with query_path(stack.addresses, FOOTFALL_KAFKA_RAW_PARTITIONS="1") as path, tables_in_druid(stack, run) as tables:
        control = KafkaSettings(stack.addresses["kafka"], topic_prefix=path.variables["FOOTFALL_KAFKA_TOPIC_PREFIX"])

        async def switch() -> None:
            async with KafkaRunStore(control, CLOCK) as store:
                await define(store, run)
                await serve(store, switched(FIRST, run, Micros(0)))

        asyncio.run(switch())
        now = int(time.time() * 1e6)
        for one, behind in zip(tables.values(), (3, 5), strict=True):
            tick = now - behind * 1_000_000
            rows = [
                {"property": way, "raw_partition": 0, "tick_time_micros": tick, "time_ms": tick // 1000}
                for way in ("~tick", "~tick-purchases")
            ]
            path.put_in(one, rows)
        limits = itertools.count(1)

        def metadata() -> query_pb2.ReportMetadata:
            asked = report_request(shop, ["eventCount"], days=("yesterday", "today"), limit=next(limits))
            return path.ask(asked).metadata

        def complete() -> tuple[int, int]:
            found = metadata()
            return (
                found.data_complete_until.ToMicroseconds(),
                found.imported_data_complete_until.ToMicroseconds(),
            )

        # a task of Druid's for each of the two, and none knows when the other one has read
        until(lambda: complete() == (now - 3_000_000, now - 5_000_000), seconds=120)

import asyncio
import dataclasses
import gc
import threading
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall.v1.errors_pb2 import EventError, ListErrorsResponse
from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_consumers.queries.settings import QueriesSettings
from footfall_consumers.queries.steps import BESIDE_MICROS, Steps, run_queries
from footfall_core.clock import Micros
from footfall_core.completeness import Completeness, NewestTicks
from footfall_core.kinds import EventKind
from footfall_core.problems import NotComputable, TryAgain
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.report.answer import Report, answer_from_bytes
from footfall_core.report.limits import MAX_ANSWER_BYTES
from footfall_core.report.plan import Plan, plan_to_bytes
from footfall_core.report.planner import plan_report
from footfall_core.report.ports import Query
from footfall_core.wire.query_pb2 import ErrorsQuestion, QueryResult
from tests.unit.query.clocks import HeldClock

MINUTE = 60_000_000

PLAN = plan_to_bytes(
    plan_report(
        query_pb2.RunReportRequest(
            property="properties/shop",
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[query_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-02")],
        ),
        Micros(0),
    )
)


class Inbox:
    def __init__(self, *queries: Query, stop: threading.Event | None = None) -> None:
        self.queries = list(queries)
        self.replies: list[QueryResult] = []
        self.stop = stop

    async def take(self) -> Query | None:
        await asyncio.sleep(0)
        if not self.queries and self.stop:
            self.stop.set()
        return self.queries.pop(0) if self.queries else None

    def reply(self, query: Query, record: bytes) -> None:
        self.replies.append(QueryResult.FromString(record))
        assert self.replies[-1].query_id == query.query_id

    @property
    def said(self) -> list[str | None]:
        return [reply.WhichOneof("outcome") for reply in self.replies]


class Store:
    """Has ticks by how far back one looks, and an answer or an error."""

    def __init__(
        self,
        ticks: dict[int, dict[int, int]] | None = None,
        error: Exception | None = None,
        imported_ticks: dict[int, dict[int, int]] | None = None,
    ) -> None:
        self.ticks = ticks or {}
        self.imported_ticks = imported_ticks or {10: {0: 3, 1: 2}}
        self.error = error
        self.ticks_error: Exception | None = None
        self.asked: list[str] = []
        self.running = 0
        self.most_running = 0
        self.release: asyncio.Event | None = None
        self.message = ""

    async def newest_ticks(
        self, table: str, kind: EventKind, since: Micros, until: Micros, deadline: Micros, *, run_id: str
    ) -> NewestTicks:
        self.asked.append(f"{kind.value} ticks" if table == "events" else f"{kind.value} ticks of {table}")
        if self.ticks_error:
            raise self.ticks_error
        minutes = round((HeldClock().now() - since) / MINUTE)
        ticks = self.ticks if kind is EventKind.LIVE else self.imported_ticks
        found = ticks.get(minutes, {}).items()
        return {(way, partition): Micros(tick) for partition, tick in found for way in TICK_PROPERTIES}

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        self.asked.append("report")
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if self.release:
                await self.release.wait()
            for _ in range(20):
                await asyncio.sleep(0)
        finally:
            self.running -= 1
        if self.error:
            raise self.error
        return Report(rows=[], totals=[(7,)], row_count=0)

    async def find(self, question: ErrorsQuestion, deadline: Micros) -> ListErrorsResponse:
        self.asked.append(f"errors of {question.property_id}")
        if self.error:
            raise self.error
        return ListErrorsResponse(total_count=7, errors=[EventError(message=self.message)])


def errors_query() -> Query:
    return dataclasses.replace(query(), question=ErrorsQuestion(property_id="shop", limit=10))


def query(number: int = 0, *, deadline: int = 5 * MINUTE, begin_before: int = MINUTE) -> Query:
    now = HeldClock().now()
    return Query(f"q{number}", 1, Micros(now + deadline), Micros(now + begin_before), PLAN)


class LosingStore(Store):
    """Loses the newest of its ticks, or all of them, while it computes a report."""

    def __init__(self, clock: HeldClock, left: dict[int, dict[int, int]]) -> None:
        super().__init__({10: {0: 5, 1: 4}})
        self._clock = clock
        self._left = left

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        self.ticks = self._left
        self._clock.micros += 1
        return await super().run(plan, deadline)


def steps(inbox: Inbox, store: Store, clock: HeldClock | None = None) -> Steps:
    clock = clock or HeldClock()
    complete_until = CompleteUntil(store, clock, raw_partitions=2, life_micros=200_000)
    return Steps(inbox, store, store, complete_until, clock, "consumer-1", new_id=lambda: "attempt")


async def test_a_query_is_begun_then_computed_then_answered() -> None:
    inbox, store = Inbox(), Store({10: {0: 5, 1: 4}})
    await steps(inbox, store).run(query())
    assert inbox.said == ["begun", "part"]
    assert store.asked == ["live ticks", "import ticks", "report"]
    answer = answer_from_bytes(inbox.replies[1].part.data)
    assert answer.completeness == Completeness(Micros(4), Micros(2))
    assert query_pb2.RunReportResponse.FromString(answer.response).totals[0].integer_value == 7


@pytest.mark.parametrize(("left", "complete"), [({}, None), ({10: {0: 3, 1: 4}}, 3), ({10: {0: 6, 1: 7}}, 4)])
async def test_a_report_promises_no_more_than_the_ticks_that_are_left_when_it_is_computed(
    left: dict[int, dict[int, int]], complete: int | None
) -> None:
    inbox, clock = Inbox(), HeldClock()
    store = LosingStore(clock, left)
    await steps(inbox, store, clock).run(query())
    assert store.asked[:3] == ["live ticks", "import ticks", "report"]
    assert answer_from_bytes(inbox.replies[1].part.data).completeness == Completeness(complete, Micros(2))


async def test_a_report_promises_no_more_than_the_ticks_that_are_there_while_it_is_computed() -> None:
    class BlinkingStore(LosingStore):
        """Has all of its ticks again when the report is computed, and takes its time."""

        async def newest_ticks(self, *asked: Any, **more: Any) -> NewestTicks:
            self._clock.micros += BESIDE_MICROS + 1
            return await super().newest_ticks(*asked, **more)

        async def run(self, plan: Plan, deadline: Micros) -> Report:
            had = self.ticks
            report = await super().run(plan, deadline)
            self.ticks = had
            self._clock.micros += 1
            return report

    inbox, clock = Inbox(), HeldClock()
    store = BlinkingStore(clock, {10: {0: 3, 1: 4}})
    await steps(inbox, store, clock).run(query())
    assert store.asked == ["live ticks", "import ticks", "report", *["live ticks", "import ticks"] * 2]
    assert answer_from_bytes(inbox.replies[1].part.data).completeness == Completeness(Micros(3), Micros(2))


async def test_a_look_that_fails_beside_a_report_that_fails_is_nobodys_concern() -> None:
    class AwayStore(Store):
        async def newest_ticks(self, *asked: Any, **more: Any) -> NewestTicks:
            clock.micros += BESIDE_MICROS + 1
            return await super().newest_ticks(*asked, **more)

        async def run(self, plan: Plan, deadline: Micros) -> Report:
            self.ticks_error = self.error = TryAgain("away")
            return await super().run(plan, deadline)

    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    inbox, clock = Inbox(), HeldClock()
    await steps(inbox, AwayStore({10: {0: 5, 1: 4}}), clock).run(query())
    assert inbox.replies[1].failure.kind == "TryAgain"
    await asyncio.sleep(0)
    gc.collect()
    assert complaints == []


async def test_a_question_for_errors_is_answered_without_a_look_for_ticks() -> None:
    inbox, store = Inbox(), Store()
    await steps(inbox, store).run(errors_query())
    assert inbox.said == ["begun", "part"]
    assert store.asked == ["errors of shop"]
    answer = answer_from_bytes(inbox.replies[1].part.data)
    assert ListErrorsResponse.FromString(answer.response).total_count == 7


async def test_a_page_of_errors_that_is_too_large_to_travel_is_refused_with_a_remedy() -> None:
    inbox, store = Inbox(), Store()
    store.message = "x" * (MAX_ANSWER_BYTES + 1)
    await steps(inbox, store).run(errors_query())
    assert inbox.replies[1].failure.kind == "TooLarge"
    assert "page_size" in inbox.replies[1].failure.message


async def test_a_partition_without_a_tick_of_late_is_looked_for_in_a_whole_week() -> None:
    inbox, store = Inbox(), Store({10: {0: 5}, 7 * 24 * 60: {0: 5, 1: 2}})
    await steps(inbox, store).run(query())
    assert answer_from_bytes(inbox.replies[1].part.data).completeness.live == 2
    assert sorted(store.asked) == ["import ticks", "live ticks", "live ticks", "report"]
    assert store.asked[-1] == "report"


async def test_without_a_tick_of_every_partition_nothing_is_said_to_be_complete() -> None:
    inbox = Inbox()
    await steps(inbox, Store({10: {0: 5}, 7 * 24 * 60: {0: 5}})).run(query())
    assert answer_from_bytes(inbox.replies[1].part.data).completeness.live is None


async def test_imports_that_nobody_processes_say_nothing_of_live_events() -> None:
    inbox = Inbox()
    await steps(inbox, Store({10: {0: 5, 1: 4}}, imported_ticks={10: {0: 5}})).run(query())
    response = query_pb2.RunReportResponse.FromString(answer_from_bytes(inbox.replies[1].part.data).response)
    assert response.metadata.data_complete_until.ToMicroseconds() == 4
    assert not response.metadata.HasField("imported_data_complete_until")


async def test_reports_of_a_moment_share_one_look_for_ticks() -> None:
    clock, store = HeldClock(), Store({10: {0: 5, 1: 4}})
    complete_until = CompleteUntil(store, clock, raw_partitions=2, life_micros=200_000)
    found = await asyncio.gather(*(complete_until.now("events") for _ in range(5)))
    assert found == [Completeness(Micros(4), Micros(2))] * 5
    clock.micros += 200_000
    await complete_until.now("events")
    assert store.asked == ["live ticks", "import ticks"]
    clock.micros += 1
    await complete_until.now("events")
    assert store.asked == ["live ticks", "import ticks"] * 2


async def test_a_look_that_failed_serves_nobody_after_it() -> None:
    clock, store = HeldClock(), Store({10: {0: 5, 1: 4}})
    complete_until = CompleteUntil(store, clock, raw_partitions=2, life_micros=200_000)
    store.ticks_error = NotComputable("away")
    with pytest.raises(NotComputable):
        await complete_until.now("events")
    store.ticks_error = None
    assert await complete_until.now("events") == Completeness(Micros(4), Micros(2))


async def test_a_report_that_takes_too_long_is_answered_at_its_deadline() -> None:
    inbox, store = Inbox(), Store()
    store.release = asyncio.Event()
    await steps(inbox, store).run(query(deadline=20_000))
    assert inbox.said == ["begun", "failure"]
    assert inbox.replies[1].failure.kind == "DeadlinePassed"
    assert store.running == 0


@pytest.mark.parametrize("late", [{"deadline": 0}, {"begin_before": 0}])
async def test_a_query_that_is_late_is_not_run(late: dict[str, int]) -> None:
    inbox, store = Inbox(), Store()
    await steps(inbox, store).run(query(**late))
    assert inbox.said == ["failure"]
    assert inbox.replies[0].failure.kind == "DeadlinePassed"
    assert store.asked == []


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (NotComputable("several currencies"), "NotComputable", "several currencies"),
        (ValueError("a secret"), "InternalError", ""),
    ],
)
async def test_a_failure_is_answered_too(error: Exception, kind: str, message: str) -> None:
    inbox = Inbox()
    await steps(inbox, Store(error=error)).run(query())
    assert inbox.said == ["begun", "failure"]
    assert (inbox.replies[1].failure.kind, inbox.replies[1].failure.message) == (kind, message)


async def test_a_plan_that_cannot_be_read_is_a_failure() -> None:
    inbox = Inbox()
    await steps(inbox, Store()).run(dataclasses.replace(query(), question=b"{}"))
    assert inbox.replies[-1].failure.kind == "InternalError"


async def test_only_so_many_queries_are_computed_at_a_time_and_all_are_answered() -> None:
    stop = threading.Event()
    inbox, store = Inbox(*(query(n) for n in range(20)), stop=stop), Store()
    await run_queries(steps(inbox, store), QueriesSettings(concurrency=3), stop)
    assert store.most_running == 3
    assert inbox.said.count("part") == 20


async def test_what_is_under_way_at_the_end_is_answered_or_cancelled_in_time() -> None:
    stop = threading.Event()
    inbox, store = Inbox(query(), stop=stop), Store()
    store.release = asyncio.Event()
    running = asyncio.create_task(run_queries(steps(inbox, store), QueriesSettings(drain_seconds=5), stop))
    while not stop.is_set():
        await asyncio.sleep(0)
    store.release.set()
    await running
    assert inbox.said == ["begun", "part"]

    stop = threading.Event()
    inbox, store = Inbox(query(), stop=stop), Store()
    store.release = asyncio.Event()
    await run_queries(steps(inbox, store), QueriesSettings(drain_seconds=0.01), stop)
    assert inbox.said == ["begun"]
    assert store.running == 0

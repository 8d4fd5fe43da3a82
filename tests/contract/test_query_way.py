"""What the ports `QueryBus` and `QueryInbox` promise, within a process and over Kafka."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest

from footfall.v1 import query_pb2
from footfall.v1.errors_pb2 import ListErrorsResponse
from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_consumers.queries.settings import QueriesSettings
from footfall_consumers.queries.steps import Steps, run_queries
from footfall_core.clock import Micros
from footfall_core.completeness import NewestTicks
from footfall_core.kinds import EventKind
from footfall_core.problems import DeadlinePassed, InvalidRequest, NotComputable, Problem, TooLarge, TryAgain
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.report import results
from footfall_core.report.answer import Report, answer_from_bytes
from footfall_core.report.plan import Plan, plan_to_bytes
from footfall_core.report.planner import plan_report
from footfall_core.report.ports import Query
from footfall_core.wire.query_pb2 import ErrorsQuestion
from tests.contract.queries import CLOCK, QueryWay, kafka_way, memory_way, soon

OpenWay = Callable[..., AbstractAsyncContextManager[QueryWay]]

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


class Store:
    """Both stores of a query consumer: a report of 7 events, or none before it is released."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.running = asyncio.Event()
        self.release = asyncio.Event()
        self.error: Exception | None = None
        self.release.set()

    async def newest_ticks(
        self, table: str, kind: EventKind, since: Micros, until: Micros, deadline: Micros, *, run_id: str
    ) -> NewestTicks:
        return {(way, 0): until if kind is EventKind.LIVE else Micros(until - 1) for way in TICK_PROPERTIES}

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        self.asked.append("report")
        self.running.set()
        await self.release.wait()
        if self.error is not None:
            raise self.error
        return Report(rows=[], totals=[(7,)], row_count=0)

    async def find(self, question: ErrorsQuestion, deadline: Micros) -> ListErrorsResponse:
        self.asked.append(f"errors of {question.property_id}")
        return ListErrorsResponse(total_count=question.limit)


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def open_way(request: pytest.FixtureRequest) -> OpenWay:
    if request.param == "embedded":
        return memory_way
    return partial(kafka_way, request.getfixturevalue("stack").addresses["kafka"])


def answer(way: QueryWay, query: Query, content: bytes, attempt: str = "one") -> None:
    for record in results.parts(query.query_id, attempt, content):
        way.inbox.reply(query, record)


def steps_on(way: QueryWay, store: Store) -> Steps:
    return Steps(way.inbox, store, store, CompleteUntil(store, CLOCK, 1, 0), CLOCK, "consumer-1", lambda: "attempt")


@asynccontextmanager
async def running(way: QueryWay, store: Store) -> AsyncIterator[None]:
    """Have the query consumer's own steps run what is asked."""
    stop = threading.Event()
    task = asyncio.create_task(run_queries(steps_on(way, store), QueriesSettings(drain_seconds=20), stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await task


@pytest.mark.parametrize("question", [b"plan", ErrorsQuestion(property_id="shop", stages=[3], limit=5)])
async def test_a_question_is_taken_as_it_was_asked_and_answered(
    open_way: OpenWay, question: bytes | ErrorsQuestion
) -> None:
    async with open_way(give_up_ms=50_000) as way:
        before, deadline = CLOCK.now(), soon(60)
        asking = asyncio.create_task(way.bus.ask(question, deadline))
        query = await way.taken()
        assert (query.question, query.deadline) == (question, deadline)
        assert before + 50_000_000 <= query.begin_before < deadline
        assert not asking.done()
        way.inbox.reply(query, results.begun(query.query_id, "consumer-1"))
        answer(way, query, b"answer")
        assert await asking == b"answer"


@pytest.mark.parametrize("size", [0, results.PART_BYTES, 3 * results.PART_BYTES + 1])
async def test_an_answer_of_any_number_of_parts_comes_back_whole(open_way: OpenWay, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    async with open_way() as way:
        asking = asyncio.create_task(way.bus.ask(b"plan", soon()))
        answer(way, await way.taken(), content)
        assert await asking == content


async def test_each_of_many_callers_gets_the_answer_to_its_own_question(open_way: OpenWay) -> None:
    async with open_way() as way:
        questions = [b"plan-%d" % number for number in range(20)]
        asking = [asyncio.create_task(way.bus.ask(question, soon())) for question in questions]
        queries = [await way.taken() for _ in questions]
        assert len({query.query_id for query in queries}) == 20
        for query in reversed(queries):
            assert isinstance(query.question, bytes)
            answer(way, query, query.question * 2)
        assert await asyncio.gather(*asking) == [question * 2 for question in questions]


async def test_a_question_may_be_asked_again(open_way: OpenWay) -> None:
    async with open_way() as way:
        for content in (b"one", b"two"):
            asking = asyncio.create_task(way.bus.ask(b"plan", soon()))
            answer(way, await way.taken(), content)
            assert await asking == content


@pytest.mark.parametrize(
    "problem",
    [
        NotComputable("Several currencies."),
        TooLarge("The answer is too large."),
        InvalidRequest.of("", "The pattern is none."),
        TryAgain("The store is away."),
        DeadlinePassed("It took too long."),
    ],
    ids=lambda problem: type(problem).__name__,
)
async def test_a_problem_of_the_query_consumer_is_raised_to_the_caller(open_way: OpenWay, problem: Problem) -> None:
    async with open_way() as way:
        asking = asyncio.create_task(way.bus.ask(b"plan", soon()))
        query = await way.taken()
        way.inbox.reply(query, results.failure(query.query_id, problem))
        with pytest.raises(type(problem)) as raised:
            await asking
    assert raised.value.message == problem.message


async def test_what_is_no_problem_is_told_without_its_text(open_way: OpenWay) -> None:
    async with open_way() as way:
        asking = asyncio.create_task(way.bus.ask(b"plan", soon()))
        query = await way.taken()
        way.inbox.reply(query, results.failure(query.query_id, ValueError("a secret")))
        with pytest.raises(results.InternalError) as raised:
            await asking
    assert "a secret" not in str(raised.value)


async def test_parts_of_two_attempts_are_never_mixed(open_way: OpenWay) -> None:
    async with open_way() as way:
        asking = asyncio.create_task(way.bus.ask(b"plan", soon()))
        query = await way.taken()
        first = list(results.parts(query.query_id, "one", b"1" * (results.PART_BYTES + 1)))
        way.inbox.reply(query, first[0])
        answer(way, query, b"2" * (results.PART_BYTES + 1), "two")
        way.inbox.reply(query, first[1])
        assert await asking == b"2" * (results.PART_BYTES + 1)


async def test_without_an_answer_the_caller_is_told_at_its_deadline(open_way: OpenWay) -> None:
    async with open_way() as way:
        deadline = soon(1)
        asking = asyncio.create_task(way.bus.ask(b"plan", deadline))
        query = await way.taken()
        way.inbox.reply(query, results.begun(query.query_id, "consumer-1"))
        with pytest.raises(DeadlinePassed):
            await asking
        assert deadline <= CLOCK.now() < deadline + 5_000_000


async def test_a_deadline_that_is_past_is_told_at_once(open_way: OpenWay) -> None:
    async with open_way() as way:
        started = time.monotonic()
        with pytest.raises(DeadlinePassed):
            await way.bus.ask(b"plan", soon(-1))
        assert time.monotonic() - started < 2


async def test_what_nobody_begins_is_to_be_tried_again_before_its_deadline_and_is_not_run(open_way: OpenWay) -> None:
    async with open_way(give_up_ms=200) as way:
        with pytest.raises(TryAgain):
            await way.bus.ask(PLAN, soon(60))
        store = Store()
        for _ in range(10):
            if (query := await way.inbox.take()) is not None:
                await steps_on(way, store).run(query)
    assert store.asked == []


async def test_a_query_that_was_begun_may_take_longer_than_one_may_wait_to_be_begun(open_way: OpenWay) -> None:
    async with open_way(give_up_ms=8_000) as way:
        asking = asyncio.create_task(way.bus.ask(b"plan", soon(60)))
        query = await way.taken()
        way.inbox.reply(query, results.begun(query.query_id, "consumer-1"))
        while CLOCK.now() < query.begin_before + 100_000:
            assert await way.inbox.take() is None
        assert not asking.done()
        answer(way, query, b"answer")
        assert await asking == b"answer"


async def test_beyond_a_number_of_queries_callers_are_to_try_again_and_the_others_are_answered(
    open_way: OpenWay,
) -> None:
    async with open_way(max_waiting=2) as way:
        asking = [asyncio.create_task(way.bus.ask(b"plan", soon())) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TryAgain, match="Too many"):
            await way.bus.ask(b"plan", soon())
        for _ in asking:
            answer(way, await way.taken(), b"answer")
        assert await asyncio.gather(*asking) == [b"answer"] * 2
        again = asyncio.create_task(way.bus.ask(b"plan", soon()))
        answer(way, await way.taken(), b"again")
        assert await again == b"again"


async def test_callers_that_leave_make_room_for_others(open_way: OpenWay) -> None:
    async with open_way(max_waiting=2) as way:
        for _ in range(3):
            leaving = [asyncio.create_task(way.bus.ask(b"left", soon())) for _ in range(2)]
            await asyncio.sleep(0)
            for task in leaving:
                task.cancel()
            await asyncio.wait(leaving)
            assert all(task.cancelled() for task in leaving)
        asking = asyncio.create_task(way.bus.ask(b"plan", soon()))
        while (query := await way.taken()).question != b"plan":
            pass
        answer(way, query, b"answer")
        assert await asking == b"answer"


async def test_answers_that_nobody_waits_for_any_more_are_dropped(open_way: OpenWay) -> None:
    async with open_way() as way:
        leaving = asyncio.create_task(way.bus.ask(b"left", soon()))
        left = await way.taken()
        way.inbox.reply(left, results.begun(left.query_id, "consumer-1"))
        leaving.cancel()
        await asyncio.wait({leaving})
        asking = asyncio.create_task(way.bus.ask(b"plan", soon()))
        query = await way.taken()
        answer(way, left, b"late")
        way.inbox.reply(left, results.failure(left.query_id, NotComputable("late")))
        answer(way, query, b"answer")
        answer(way, query, b"too much")
        assert await asking == b"answer"


async def test_taking_says_so_within_some_tenths_of_a_second_when_nothing_came(open_way: OpenWay) -> None:
    async with open_way() as way:
        started = time.monotonic()
        assert await way.inbox.take() is None
        assert 0.05 < time.monotonic() - started < 2


async def test_the_steps_of_a_query_consumer_answer_reports_and_questions_for_errors(open_way: OpenWay) -> None:
    store = Store()
    async with open_way() as way, running(way, store):
        report, errors = await asyncio.gather(
            way.bus.ask(PLAN, soon()), way.bus.ask(ErrorsQuestion(property_id="shop", limit=5), soon())
        )
    assert sorted(store.asked) == ["errors of shop", "report"]
    assert ListErrorsResponse.FromString(answer_from_bytes(errors).response).total_count == 5
    response = query_pb2.RunReportResponse.FromString(answer_from_bytes(report).response)
    assert response.totals[0].integer_value == 7
    known = answer_from_bytes(report).completeness
    assert known.live is not None
    assert known.imported == known.live - 1


async def test_what_goes_wrong_in_the_steps_is_the_callers(open_way: OpenWay) -> None:
    store = Store()
    async with open_way() as way, running(way, store):
        store.error = NotComputable("Several currencies.")
        with pytest.raises(NotComputable, match="Several currencies"):
            await way.bus.ask(PLAN, soon())
        store.error = ValueError("a secret")
        with pytest.raises(results.InternalError):
            await way.bus.ask(PLAN, soon())


async def test_reports_under_way_are_answered_when_the_steps_are_to_stop(open_way: OpenWay) -> None:
    store = Store()
    store.release.clear()
    async with open_way() as way:
        async with running(way, store):
            asking = asyncio.create_task(way.bus.ask(PLAN, soon()))
            await store.running.wait()
            asyncio.get_running_loop().call_later(0.2, store.release.set)
        async with asyncio.timeout(20):
            assert answer_from_bytes(await asking).response

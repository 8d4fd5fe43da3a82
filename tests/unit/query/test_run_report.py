import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import zip_longest
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_core.clock import Micros, SystemClock
from footfall_core.completeness import Completeness
from footfall_core.problems import DeadlinePassed, InvalidRequest, TooLarge, TryAgain
from footfall_core.report.answer import Answer, answer_to_bytes
from footfall_core.report.plan import PlannedHours, PlannedServing, plan_from_bytes
from footfall_server.hosts.call import Call
from footfall_server.hosts.draining import Draining
from footfall_server.query.run_report import RunReport
from footfall_server.query.settings import QuerySettings
from tests.gates import everybody
from tests.quotas import no_report_quotas

CLOCK = SystemClock()


class Bus:
    """Answers by a function, and keeps what was asked."""

    def __init__(self, answer: Callable[[bytes, Micros], Awaitable[Answer]]) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, Micros]] = []

    async def ask(self, plan: bytes, deadline: Micros) -> bytes:
        self.asked.append((plan, deadline))
        return answer_to_bytes(await self.answer(plan, deadline))


class Cache:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Answer] = {}

    async def get(self, property_id: str, key: str) -> Answer | None:
        return self.kept.get((property_id, key))

    async def put(self, property_id: str, key: str, answer: Answer) -> None:
        self.kept[property_id, key] = answer


def answers(
    *complete_until: int | None, imported: Sequence[int | None] = ()
) -> Callable[[bytes, Micros], Awaitable[Answer]]:
    """Return a function that answers with these instants in turn, the row count telling which."""
    turns = iter(enumerate(zip_longest(complete_until, imported), start=1))

    async def answer(_plan: bytes, _deadline: Micros) -> Answer:
        count, known = next(turns)
        response = query_pb2.RunReportResponse(row_count=count).SerializeToString()
        return Answer(response, Completeness(*(None if until is None else Micros(until) for until in known)))

    return answer


def request(at_least: int | None = None, imported_at_least: int | None = None, **fields: Any) -> bytes:
    asked = query_pb2.RunReportRequest(
        property="properties/shop",
        metrics=[query_pb2.Metric(name="eventCount")],
        date_ranges=[query_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-02")],
        **fields,
    )
    if at_least is not None:
        asked.min_data_complete_until.FromMicroseconds(at_least)
    if imported_at_least is not None:
        asked.min_imported_data_complete_until.FromMicroseconds(imported_at_least)
    return asked.SerializeToString()


def call(seconds: float | None = None) -> Call:
    return Call("/footfall.v1.QueryService/RunReport", {}, "", lambda: seconds, Draining(), everybody({}))


def handler(bus: Bus, cache: Cache | None = None) -> RunReport:
    return RunReport(bus, cache or Cache(), no_report_quotas(), QuerySettings(), CLOCK)


async def count_of(run_report: RunReport, data: bytes, a_call: Call | None = None) -> tuple[int, bool]:
    response = query_pb2.RunReportResponse.FromString(await run_report(data, a_call or call()))
    return response.row_count, response.metadata.from_cache


async def test_an_answer_is_asked_for_once_and_then_comes_from_the_cache() -> None:
    bus = Bus(answers(1, 2))
    run_report = handler(bus)
    assert await count_of(run_report, request()) == (1, False)
    assert await count_of(run_report, request()) == (1, True)
    assert await count_of(run_report, request(offset=1)) == (2, False)
    assert plan_from_bytes(bus.asked[0][0]).property_id == "shop"


async def test_a_cached_answer_must_reach_the_instant_that_was_asked_for() -> None:
    run_report = handler(Bus(answers(100, 200, None)))
    assert await count_of(run_report, request()) == (1, False)
    assert await count_of(run_report, request(at_least=100)) == (1, True)
    assert await count_of(run_report, request(at_least=101)) == (2, False)
    # the answer itself may be complete for less
    assert await count_of(run_report, request(at_least=999)) == (3, False)


async def test_a_cached_answer_must_reach_the_instant_of_imports_that_was_asked_for() -> None:
    run_report = handler(Bus(answers(900, 900, 900, imported=(100, 200, 200))))
    assert await count_of(run_report, request()) == (1, False)
    assert await count_of(run_report, request(imported_at_least=100)) == (1, True)
    assert await count_of(run_report, request(imported_at_least=101)) == (2, False)
    assert await count_of(run_report, request(at_least=900, imported_at_least=200)) == (2, True)
    assert await count_of(run_report, request(at_least=901, imported_at_least=200)) == (3, False)


async def test_a_flight_that_saw_too_little_is_followed_by_one_of_our_own() -> None:
    release = asyncio.Event()
    inner = answers(100, 200)

    async def slow(plan: bytes, deadline: Micros) -> Answer:
        answer = await inner(plan, deadline)
        await release.wait()
        return answer

    bus = Bus(slow)
    run_report = handler(bus)
    first = asyncio.create_task(count_of(run_report, request()))
    await asyncio.sleep(0)
    same = asyncio.create_task(count_of(run_report, request()))
    fresh = asyncio.create_task(count_of(run_report, request(at_least=150)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(bus.asked) == 1
    release.set()
    assert await asyncio.gather(first, same, fresh) == [(1, False), (1, False), (2, False)]


async def test_who_has_more_time_than_the_flight_asks_again() -> None:
    impatient = asyncio.Event()
    inner = answers(1)

    async def late_at_first(plan: bytes, deadline: Micros) -> Answer:
        if len(bus.asked) == 1:
            await impatient.wait()
            raise DeadlinePassed("late")
        return await inner(plan, deadline)

    bus = Bus(late_at_first)
    run_report = handler(bus)
    first = asyncio.create_task(run_report(request(), call(0.01)))
    await asyncio.sleep(0)
    second = asyncio.create_task(count_of(run_report, request(), call(10)))
    for _ in range(5):
        await asyncio.sleep(0)
    impatient.set()
    with pytest.raises(DeadlinePassed):
        await first
    assert await second == (1, False)


async def test_the_deadline_travels_with_the_query_and_has_a_bound() -> None:
    bus = Bus(answers(1, 2, 3))
    run_report = handler(bus)
    before = CLOCK.now()
    for index, seconds in enumerate((5.0, None, 1e6)):
        await run_report(request(offset=index), call(seconds))
    took = CLOCK.now() - before
    # a quarter of a second is kept for telling the caller so
    for (_, deadline), given in zip(bus.asked, (4_750_000, 30_000_000, 30_000_000), strict=True):
        assert given <= deadline - before <= given + took


async def test_bytes_that_are_no_request_and_plans_too_large_to_carry_are_refused() -> None:
    run_report = handler(Bus(answers()))
    with pytest.raises(InvalidRequest):
        await run_report(b"\xff\xff", call())
    values = [f"{n:08000}" for n in range(200)]
    condition = query_pb2.Filter(field_name="source", in_list_filter=query_pb2.InListFilter(values=values))
    with pytest.raises(TooLarge, match="900,000"):
        await run_report(request(dimension_filter=query_pb2.FilterExpression(filter=condition)), call())


async def test_an_instant_that_no_timestamp_can_be_is_the_callers_mistake() -> None:
    asked = query_pb2.RunReportRequest.FromString(request())
    asked.min_data_complete_until.seconds = 2**63 - 1
    with pytest.raises(InvalidRequest, match="min_data_complete_until"):
        await handler(Bus(answers()))(asked.SerializeToString(), call())
    asked = query_pb2.RunReportRequest.FromString(request())
    asked.min_imported_data_complete_until.seconds = 2**63 - 1
    with pytest.raises(InvalidRequest, match="min_imported_data_complete_until"):
        await handler(Bus(answers()))(asked.SerializeToString(), call())


async def test_errors_are_those_of_the_live_run_whatever_serves() -> None:
    serving = PlannedServing(7, (PlannedHours("r202611270000aaaa", "1-r202611270000aaaa", 0, None),))
    bus, cache = Bus(answers(1, 2)), Cache()
    run_report = RunReport(bus, cache, no_report_quotas(), QuerySettings(), CLOCK, serving=lambda _now: serving)
    for metric in ("errorCount", "eventCount"):
        asked = query_pb2.RunReportRequest.FromString(request())
        asked.metrics[0].name = metric
        await run_report(asked.SerializeToString(), call())
    assert [plan_from_bytes(plan).serving for plan, _ in bus.asked] == [None, serving]


async def test_the_serving_is_decided_once_a_request_and_keeps_answers_apart() -> None:
    """What an answer is made of is the serving's at its request's instant, in the question and in the cache alike."""
    servings = [PlannedServing(epoch, (PlannedHours("live", "", 0, None),)) for epoch in (1, 1, 2)]
    bus, cache, turns = Bus(answers(1, 2, 3)), Cache(), iter(servings)
    run_report = RunReport(bus, cache, no_report_quotas(), QuerySettings(), CLOCK, serving=lambda _now: next(turns))
    counts = [await count_of(run_report, request()) for _ in servings]
    assert counts == [(1, False), (1, True), (2, False)]
    assert [plan_from_bytes(plan).serving for plan, _ in bus.asked] == [servings[0], servings[2]]


async def test_a_server_that_does_not_know_what_serves_answers_nothing() -> None:
    def unknown(_now: Micros) -> None:
        raise TryAgain("Kafka does not answer.")

    bus, cache = Bus(answers(1)), Cache()
    await count_of(handler(bus, cache), request())
    run_report = RunReport(bus, cache, no_report_quotas(), QuerySettings(), CLOCK, serving=unknown)
    with pytest.raises(TryAgain):
        await run_report(request(), call())

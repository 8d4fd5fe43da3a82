"""The quota of reports: their rate, and how many may be under way."""

import asyncio
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_core.clock import Micros
from footfall_core.completeness import Completeness
from footfall_core.problems import OverQuota
from footfall_core.quota.quota import Quota
from footfall_core.report.answer import Answer
from footfall_server.query.run_report import RunReport
from footfall_server.query.settings import QuerySettings
from footfall_server.quotas.quotas import ReportQuotas
from tests.unit.query.test_run_report import CLOCK, Bus, Cache, call, request


class StoppedClock:
    def now(self) -> Micros:
        return Micros(1_790_000_000_000_000)


class Held:
    """Answers reports when it is told to."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.release.set()

    async def __call__(self, _plan: bytes, _deadline: Micros) -> Answer:
        await self.release.wait()
        return Answer(query_pb2.RunReportResponse(row_count=1).SerializeToString(), Completeness(Micros(1), Micros(1)))


def handler(quota: Quota, held: Held, cache: Cache | None = None) -> RunReport:
    quotas = ReportQuotas(MemoryBuckets(StoppedClock()), lambda _: quota)
    return RunReport(Bus(held), cache or Cache(), quotas, QuerySettings(), CLOCK)


def other(number: int, **fields: Any) -> bytes:
    """Return the bytes of a request that no other equals."""
    return request(limit=number + 1, **fields)


async def test_reports_that_have_to_be_computed_are_counted_and_those_of_the_cache_are_free() -> None:
    run_report = handler(Quota(reports_per_second=0.001, burst_seconds=3_000), Held())
    for number in range(3):
        await run_report(other(number), call())
    with pytest.raises(OverQuota) as refused:
        await run_report(other(3), call())
    assert refused.value.message.startswith(
        "The property has used up its quota of 0.001 reports a second (3 at once); try the report again in "
    )
    assert refused.value.retry_after_seconds == pytest.approx(1_000, abs=10)
    for _ in range(10):
        answered = call()
        await run_report(other(0), answered)
        assert answered.trailers["ratelimit"] == '"reports";r=0;t=3000'
        assert answered.trailers["ratelimit-policy"] == '"reports";q=3;w=3000'


async def test_more_than_may_be_under_way_are_refused_and_equal_ones_are_one() -> None:
    held = Held()
    held.release.clear()
    run_report = handler(Quota(concurrent_reports=2), held)
    waiting = [asyncio.create_task(run_report(other(number // 3), call())) for number in range(6)]
    for _ in range(5):
        await asyncio.sleep(0)
    with pytest.raises(OverQuota) as refused:
        await run_report(other(9), call())
    assert refused.value.message == (
        "The property has 2 reports under way on this server, and its quota allows no more: try again when one of them "
        "is answered."
    )
    held.release.set()
    await asyncio.gather(*waiting)
    await run_report(other(9), call())


async def test_a_report_that_is_given_up_is_under_way_no_more() -> None:
    held = Held()
    held.release.clear()
    run_report = handler(Quota(concurrent_reports=1), held)
    waiting = asyncio.create_task(run_report(other(1), call()))
    for _ in range(5):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    held.release.set()
    await run_report(other(2), call())

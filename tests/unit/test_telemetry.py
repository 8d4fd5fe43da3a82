"""Figures count what they say."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import grpc
import pytest
from prometheus_client import REGISTRY

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.error_channel import Stretch
from footfall_adapters.kafka.error_stream import KafkaErrorStream
from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_core.access.needs import of_operators
from footfall_core.clock import Micros
from footfall_core.columns import EVENTS
from footfall_core.completeness import NewestTicks
from footfall_core.errors.feed import PushedError
from footfall_core.errors.selection import ErrorSelection
from footfall_core.kinds import EventKind
from footfall_core.problems import InvalidRequest, TooSlow, TryAgain
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.runs.run import LIVE
from footfall_server.hosts.call import Call, Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from tests.gates import everybody
from tests.unit.query import test_answer_cache as redis
from tests.unit.query import test_query_bus as query_bus
from tests.unit.query import test_run_report as reports
from tests.unit.query.clocks import HeldClock


class Since:
    """What figures have gained since the test began: they are the process's, and other tests count too."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        now = REGISTRY.get_sample_value(name, labels) or 0
        return now - self._before.get((name, tuple(sorted(labels.items()))), 0)


@pytest.fixture
def since() -> Iterator[Since]:
    return Since()


async def test_calls_are_counted_by_method_and_code_and_streams_while_they_are_open(since: Since) -> None:
    async def answer(request: bytes, _: Call) -> bytes:
        match request:
            case b"wrong":
                raise InvalidRequest.of("field", "is wrong.")
            case b"bug":
                raise RuntimeError("secret")
        return request

    async def stream(_: bytes, call: Call) -> AsyncGenerator[bytes, None]:
        yield b"open"
        await call.draining.wait()

    unary, streaming = "/test.v1.Figures/Unary", "/test.v1.Figures/Stream"
    server = Server(
        [Route(unary, answer, needs=of_operators), Route(streaming, stream, Kind.SERVER_STREAM, of_operators)],
        HostSettings(unready_seconds=0),
        everybody,
    )
    assert not server.is_serving()
    port = await server.start()
    assert server.is_serving()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(unary)
        await call(b"good")
        for request in (b"wrong", b"bug"):
            with pytest.raises(grpc.aio.AioRpcError):
                await call(request)
        leaving, staying = channel.unary_stream(streaming)(b""), channel.unary_stream(streaming)(b"")
        assert (await leaving.read(), await staying.read()) == (b"open", b"open")
        assert since("footfall_rpcs_open", method=streaming) == 2
        leaving.cancel()
        while since("footfall_rpcs_open", method=streaming) > 1:
            await asyncio.sleep(0)
        await server.drain()
        assert not server.is_serving()
        assert await staying.read() is grpc.aio.EOF
    found = {code: since("footfall_rpcs_total", method=unary, code=code) for code in ("OK", "INTERNAL")}
    found |= {code: since("footfall_rpcs_total", method=streaming, code=code) for code in ("CANCELLED",)}
    assert found == {"OK": 1, "INTERNAL": 1, "CANCELLED": 1}
    assert since("footfall_rpcs_total", method=unary, code="INVALID_ARGUMENT") == 1
    assert since("footfall_rpcs_total", method=streaming, code="OK") == 1
    assert since("footfall_rpc_duration_seconds_count", method=unary) == 3
    assert since("footfall_rpc_duration_seconds_count", method=streaming) == 2
    assert since("footfall_rpcs_open", method=unary) == since("footfall_rpcs_open", method=streaming) == 0


async def test_a_query_that_is_sent_again_is_counted_as_a_hedge(since: Since) -> None:
    wire = query_bus.Wire()
    bus = query_bus.bus_on(wire)
    asking = asyncio.create_task(bus.ask(b"plan", query_bus.soon()))
    request = await wire.request(index=1)
    assert since("footfall_queries_waiting") == 1
    query_bus.answer_all(bus, request.query_id, b"answer")
    await asking
    assert since("footfall_queries_waiting") == 0
    assert since("footfall_queries_sent_total", attempt="first") == 1
    assert since("footfall_queries_sent_total", attempt="hedge") == len(wire.sent) - 1 >= 1


async def test_reports_are_counted_by_where_their_answer_came_from(since: Since) -> None:
    gate = asyncio.Event()
    answer = reports.answers(5)

    async def held(plan: bytes, deadline: Micros) -> Any:
        await gate.wait()
        return await answer(plan, deadline)

    run_report = reports.handler(reports.Bus(held))
    both = [asyncio.create_task(reports.count_of(run_report, reports.request())) for _ in range(2)]
    while not since("footfall_reports_total", source="flight"):
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*both)
    await reports.count_of(run_report, reports.request())
    with pytest.raises(InvalidRequest):
        await run_report(b"\xff", reports.call())
    found = {source: since("footfall_reports_total", source=source) for source in ("asked", "flight", "cache")}
    assert found == {"asked": 1, "flight": 1, "cache": 1}


async def test_a_cache_that_does_not_answer_is_counted_once_a_command(since: Since) -> None:
    client = redis.Client()
    client.state = "away"
    cache = redis.cache_on(client, redis.Time())
    assert await cache.get("shop", "key") is None
    assert await cache.get("shop", "key") is None  # it is left alone now, and was not asked
    assert since("footfall_cache_failures_total") == 1


async def test_a_reader_that_is_too_slow_is_counted(since: Since) -> None:
    stream = KafkaErrorStream(ErrorSelection("shop"), 2, 10.0, {0: 0}, lambda _: None)
    for offset in range(3):
        stream.offer(Stretch.of([(0, offset, PushedError.of(EventError()))]))
    with pytest.raises(TooSlow):
        await stream.next()
    assert since("footfall_error_slow_readers_total") == 1


class Ticks:
    """A store that shows a tick in its only partition, or is away."""

    def __init__(self) -> None:
        self.newest: Micros | None = None
        self.looks = 0

    async def newest_ticks(
        self, _table: str, kind: EventKind, _since: Micros, _until: Micros, _deadline: Micros, *, run_id: str
    ) -> NewestTicks:
        assert run_id == LIVE
        self.looks += 1
        if self.newest is None:
            raise TryAgain("away")
        tick = self.newest if kind is EventKind.LIVE else Micros(self.newest - 5_000_000)
        return {(way, 0): tick for way in TICK_PROPERTIES}


async def test_the_age_of_what_is_complete_grows_while_the_store_is_away() -> None:
    def age(log: str = "live") -> float | None:
        labels = {"table": EVENTS.name, "log": log}
        return REGISTRY.get_sample_value("footfall_data_complete_until_age_seconds", labels)

    clock, store = HeldClock(1_000_000_000), Ticks()
    # a look has no life at all: each asks the store
    complete_until = CompleteUntil(store, clock, raw_partitions=1, life_micros=-1)  # type: ignore[arg-type]
    store.newest = Micros(998_000_000)
    looking = asyncio.create_task(complete_until.keep_looking((EVENTS.name,), 0))
    while store.looks < 4:
        await asyncio.sleep(0)
    complete_until.measure()
    assert (age(), age("import")) == (2, 7)
    store.newest = None
    looks = store.looks
    clock.micros = 1_060_000_000
    while store.looks < looks + 6:
        await asyncio.sleep(0)
    complete_until.measure()
    assert (age(), age("import")) == (62, 67)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)

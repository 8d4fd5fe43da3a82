import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.errors_pb2 import EventError, Heartbeat, StreamErrorsRequest, StreamErrorsResponse
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall_core.clock import Micros
from footfall_core.problems import Problem, TooSlow, TryAgain
from footfall_server.errors.stream_errors import ErrorServerSettings, StreamErrors
from footfall_server.hosts.call import Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server

NOW = Micros(1_700_000_000_000_000)
SHOP = StreamErrorsRequest(property="properties/shop")
FIRST = EventError(error_id="1")
SECOND = EventError(error_id="2")


class FixedClock:
    def now(self) -> Micros:
        return NOW


class FakeStream:
    def __init__(self) -> None:
        self.items: asyncio.Queue[EventError | Problem | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def next(self) -> EventError | None:
        item = await self.items.get()
        if isinstance(item, Problem):
            raise item
        return item

    def close(self) -> None:
        self.closed.set()


class FakeFeed:
    """Gives each call a stream that the test fills; the first is already caught up."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, Micros | None]] = []
        self.stream = FakeStream()
        self.problem: Problem | None = None

    async def open(self, property_id: str, start: Micros | None) -> FakeStream:
        if self.problem:
            raise self.problem
        self.opened.append((property_id, start))
        return self.stream


Call = grpc.aio.UnaryStreamCall[StreamErrorsRequest, StreamErrorsResponse]


class Served:
    """A server of one fake feed, and a channel to it."""

    def __init__(self, server: Server, stub: ErrorServiceStub, feed: FakeFeed) -> None:
        self.server = server
        self.stub = stub
        self.feed = feed

    def call(self, request: StreamErrorsRequest = SHOP) -> Call:
        return cast("Call", self.stub.StreamErrors(request, timeout=30))


@asynccontextmanager
async def served(heartbeat_seconds: float = 60) -> AsyncIterator[Served]:
    feed = FakeFeed()
    handler = StreamErrors(feed, ErrorServerSettings(heartbeat_seconds), FixedClock())
    route = Route("/footfall.v1.ErrorService/StreamErrors", handler, Kind.SERVER_STREAM)
    server = Server([route], HostSettings(unready_seconds=0, drain_seconds=5))
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            yield Served(server, ErrorServiceStub(channel), feed)  # type: ignore[no-untyped-call]
        finally:
            await server.drain()


async def ending(call: Call) -> grpc.aio.AioRpcError:
    try:
        while await call.read() is not grpc.aio.EOF:
            pass
    except grpc.aio.AioRpcError as error:
        return error
    pytest.fail("the stream ended with OK")


def heartbeat(*, live: bool) -> StreamErrorsResponse:
    time = Timestamp()
    time.FromMicroseconds(NOW)
    return StreamErrorsResponse(heartbeat=Heartbeat(time=time, live=live))


async def test_the_first_message_says_that_the_stream_is_live() -> None:
    async with served() as s:
        s.feed.stream.items.put_nowait(None)
        assert await s.call().read() == heartbeat(live=True)
        assert s.feed.opened == [("shop", None)]


async def test_errors_are_pushed_in_the_order_of_the_feed() -> None:
    async with served() as s:
        call = s.call()
        for item in (FIRST, None, SECOND):
            s.feed.stream.items.put_nowait(item)
        assert [await call.read() for _ in range(3)] == [
            StreamErrorsResponse(error=FIRST),
            heartbeat(live=True),
            StreamErrorsResponse(error=SECOND),
        ]


async def test_the_start_is_handed_on() -> None:
    async with served() as s:
        s.feed.stream.items.put_nowait(None)
        await s.call(
            StreamErrorsRequest(property="properties/shop", start_time=Timestamp(seconds=5, nanos=7000))
        ).read()
        assert s.feed.opened == [("shop", 5_000_007)]


async def test_a_quiet_stream_beats_and_says_whether_it_is_live() -> None:
    async with served(heartbeat_seconds=0.02) as s:
        call = s.call()
        assert await call.read() == heartbeat(live=False)
        s.feed.stream.items.put_nowait(None)
        while await call.read() != heartbeat(live=True):
            pass
        assert await call.read() == heartbeat(live=True)


async def test_an_error_is_still_pushed_after_heartbeats() -> None:
    async with served(heartbeat_seconds=0.02) as s:
        call = s.call()
        s.feed.stream.items.put_nowait(None)
        for _ in range(3):
            await call.read()
        s.feed.stream.items.put_nowait(FIRST)
        while await call.read() == heartbeat(live=True):
            pass
        s.feed.stream.items.put_nowait(SECOND)
        assert await call.read() == StreamErrorsResponse(error=SECOND)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (TooSlow("Slow."), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (TryAgain("Away."), grpc.StatusCode.UNAVAILABLE),
    ],
)
async def test_a_problem_of_the_feed_ends_the_stream_with_its_status(problem: Problem, code: grpc.StatusCode) -> None:
    async with served() as s:
        s.feed.stream.items.put_nowait(problem)
        error = await ending(s.call())
        assert (error.code(), error.details()) == (code, problem.message)
        await s.feed.stream.closed.wait()


async def test_a_feed_that_cannot_be_opened_is_told_to_the_client() -> None:
    async with served() as s:
        s.feed.problem = TryAgain("Away.")
        assert (await ending(s.call())).code() is grpc.StatusCode.UNAVAILABLE


async def test_draining_ends_a_quiet_stream_so_that_the_client_calls_again() -> None:
    async with served() as s:
        call = s.call()
        s.feed.stream.items.put_nowait(None)
        await call.read()
        draining = asyncio.create_task(s.server.drain())
        error = await ending(call)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert ("grpc-retry-pushback-ms", "1000") in tuple(error.trailing_metadata())
        await draining
        await s.feed.stream.closed.wait()


async def leave_when_quiet(s: Served) -> None:
    call = s.call()
    s.feed.stream.items.put_nowait(None)
    await call.read()
    call.cancel()


async def leave_under_load(s: Served) -> None:
    """Leave while the server waits to send, because nothing is read."""
    large = EventError(message="x" * 100_000)
    for _ in range(200):
        s.feed.stream.items.put_nowait(large)
    call = s.call()
    await call.read()
    while s.feed.stream.items.qsize() in {0, 200}:
        await asyncio.sleep(0)
    call.cancel()


@pytest.mark.parametrize("leave", [leave_when_quiet, leave_under_load])
async def test_a_client_that_goes_away_leaves_nothing_behind(leave: Callable[[Served], Awaitable[None]]) -> None:
    async with served() as s:
        before = asyncio.all_tasks()
        await leave(s)
        await asyncio.wait_for(s.feed.stream.closed.wait(), 10)
        while handlers := [t for t in asyncio.all_tasks() - before if "StreamErrors" in repr(t) or "next" in repr(t)]:
            await asyncio.wait(handlers)


@pytest.mark.parametrize(
    "request_",
    [
        StreamErrorsRequest(),
        StreamErrorsRequest(property="shop"),
        StreamErrorsRequest(property="properties/shop", start_time=Timestamp(seconds=-1)),
        StreamErrorsRequest(property="properties/shop", start_time=Timestamp(seconds=2**60)),
        StreamErrorsRequest(property="properties/shop", start_time=Timestamp(nanos=-1)),
    ],
)
async def test_a_wrong_request_is_refused(request_: StreamErrorsRequest) -> None:
    async with served() as s:
        assert (await ending(s.call(request_))).code() is grpc.StatusCode.INVALID_ARGUMENT
        assert s.feed.opened == []

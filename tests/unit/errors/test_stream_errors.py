import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.errors_pb2 import (
    ErrorFilter,
    EventError,
    Heartbeat,
    LeftOutErrors,
    Stage,
    StreamErrorsRequest,
    StreamErrorsResponse,
)
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.clock import Micros
from footfall_core.errors.feed import OutOfHistoryError, Position, PushedError
from footfall_core.errors.resume_token import resume_token
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.storms import LeftOut
from footfall_core.problems import Problem, TooSlow, TryAgain
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.errors.stream_errors import StreamErrors
from footfall_server.hosts.call import Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from tests.gates import everybody

NOW = Micros(1_700_000_000_000_000)
SHOP = StreamErrorsRequest(property="properties/shop")
FIRST = EventError(error_id="1")
SECOND = EventError(error_id="2")
SELECTION = ErrorSelection("shop")


class FixedClock:
    def now(self) -> Micros:
        return NOW


class FakeStream:
    def __init__(self) -> None:
        self.items: asyncio.Queue[EventError | Exception | None] = asyncio.Queue()
        self.counted = LeftOut()
        """What is left out in front of the next message."""
        self.told: Callable[[], None] = lambda: None
        self.waits = 0
        """How often somebody has begun to wait for the next error."""
        self.closed = asyncio.Event()
        self.position: Position = (0, 0)
        """Moves on in its second partition with each error, and in its first when the test says so."""

    def left_out(self) -> LeftOut:
        counted, self.counted = self.counted, LeftOut()
        return counted

    def tell(self, left_out: Callable[[], None]) -> None:
        self.told = left_out

    async def next(self) -> PushedError | None:
        self.waits += 1
        item = await self.items.get()
        if isinstance(item, Exception):
            raise item
        if item:
            self.position = (self.position[0], self.position[1] + 1)
            return PushedError.of(item)
        return None

    def close(self) -> None:
        self.closed.set()


class FakeFeed:
    """Gives each call a stream that the test fills; the first is already caught up."""

    def __init__(self) -> None:
        self.opened: list[tuple[ErrorSelection, Micros | Position | None]] = []
        self.stream = FakeStream()
        self.problem: Exception | None = None

    async def open(
        self, selection: ErrorSelection, start: Micros | Position | None, *, every_error: bool = False
    ) -> FakeStream:
        self.every_error = every_error
        if self.problem:
            raise self.problem
        self.opened.append((selection, start))
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
async def served(
    heartbeat_seconds: float = 60, count_seconds: float = 60, draw: Callable[[float, float], float] = max
) -> AsyncIterator[Served]:
    feed = FakeFeed()
    handler = StreamErrors(feed, ErrorServerSettings(heartbeat_seconds, count_seconds), FixedClock(), draw)
    route = Route("/footfall.v1.ErrorService/StreamErrors", handler, Kind.SERVER_STREAM)
    server = Server([route], HostSettings(unready_seconds=0, drain_seconds=5), everybody)
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


def heartbeat(*position: int, live: bool) -> StreamErrorsResponse:
    time = Timestamp()
    time.FromMicroseconds(NOW)
    return StreamErrorsResponse(heartbeat=Heartbeat(time=time, live=live), resume_token=token(*position or (0, 0)))


def pushed(error: EventError, *position: int) -> StreamErrorsResponse:
    return StreamErrorsResponse(error=error, resume_token=token(*position))


def token(*position: int, selection: ErrorSelection = SELECTION) -> str:
    return resume_token(position, selection.fingerprint())


async def test_the_first_message_says_that_the_stream_is_live() -> None:
    async with served() as s:
        s.feed.stream.items.put_nowait(None)
        assert await s.call().read() == heartbeat(live=True)
        assert s.feed.opened == [(SELECTION, None)]


async def test_errors_are_pushed_in_the_order_of_the_feed() -> None:
    async with served() as s:
        call = s.call()
        for item in (FIRST, None, SECOND):
            s.feed.stream.items.put_nowait(item)
        assert [await call.read() for _ in range(3)] == [
            pushed(FIRST, 0, 1),
            heartbeat(0, 1, live=True),
            pushed(SECOND, 0, 2),
        ]


async def test_the_start_is_handed_on() -> None:
    async with served() as s:
        s.feed.stream.items.put_nowait(None)
        await s.call(
            StreamErrorsRequest(property="properties/shop", start_time=Timestamp(seconds=5, nanos=7000))
        ).read()
        assert s.feed.opened == [(SELECTION, 5_000_007)]


async def test_a_token_is_handed_on_as_the_position_that_it_stands_for() -> None:
    async with served() as s:
        s.feed.stream.items.put_nowait(None)
        await s.call(StreamErrorsRequest(property="properties/shop", resume_token=token(3, 700))).read()
        assert s.feed.opened == [(SELECTION, (3, 700))]


async def test_a_filter_is_handed_on_and_its_tokens_are_its_own() -> None:
    filtered = ErrorSelection("shop", stages=frozenset({3}), writer_id="w1")
    wanted = ErrorFilter(stages=[Stage.STAGE_DEDUPE], writer_id="w1")
    async with served() as s:
        s.feed.stream.items.put_nowait(None)
        message = await s.call(StreamErrorsRequest(property="properties/shop", filter=wanted)).read()
        assert s.feed.opened == [(filtered, None)]
        assert message.resume_token == token(0, 0, selection=filtered)
        with_anothers = StreamErrorsRequest(property="properties/shop", resume_token=message.resume_token)
        error = await ending(s.call(with_anothers))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert error.details().startswith("resume_token: ")


async def test_heartbeats_move_on_with_the_log() -> None:
    async with served(heartbeat_seconds=0.02) as s:
        call = s.call()
        s.feed.stream.items.put_nowait(None)
        await call.read()
        s.feed.stream.position = (500, 0)
        while await call.read() != heartbeat(500, 0, live=True):
            pass


@pytest.mark.parametrize("when", ["opening", "reading"])
async def test_a_token_older_than_the_history_is_told_where_to_go_on(when: str) -> None:
    async with served() as s:
        gone = OutOfHistoryError((9, 4))
        if when == "opening":
            s.feed.problem = gone
        else:
            s.feed.stream.items.put_nowait(gone)
        error = await ending(s.call(StreamErrorsRequest(property="properties/shop", resume_token=token(1, 4))))
        assert error.code() is grpc.StatusCode.OUT_OF_RANGE
        assert ("footfall-earliest-resume-token", token(9, 4)) in tuple(error.trailing_metadata())


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
        while (message := await call.read()) == heartbeat(0, 1, live=True):
            pass
        assert message == pushed(SECOND, 0, 2)


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
        StreamErrorsRequest(property="properties/shop", resume_token="garbage"),
        StreamErrorsRequest(property="properties/shop", start_time=Timestamp(seconds=1), resume_token=token(1)),
        StreamErrorsRequest(property="properties/shop", filter=ErrorFilter(stages=[99])),  # type: ignore[list-item]
    ],
)
async def test_a_wrong_request_is_refused(request_: StreamErrorsRequest) -> None:
    async with served() as s:
        assert (await ending(s.call(request_))).code() is grpc.StatusCode.INVALID_ARGUMENT
        assert s.feed.opened == []


STORM = LeftOutErrors(stage=Stage.STAGE_VALIDATION, code=ErrorCode.ERROR_CODE_NAME_INVALID, count=2)


def count_two(stream: FakeStream) -> None:
    for offset in (1, 2):
        stream.counted.add(0, offset, (STORM.stage, STORM.code))
        stream.told()


async def test_what_is_left_out_comes_with_the_next_error() -> None:
    async with served() as s:
        call = s.call()
        s.feed.stream.items.put_nowait(None)
        await call.read()
        count_two(s.feed.stream)
        s.feed.stream.items.put_nowait(FIRST)
        message = await call.read()
        assert message == StreamErrorsResponse(error=FIRST, resume_token=token(0, 1), left_out=[STORM])


async def test_what_is_left_out_comes_soon_though_there_is_no_error_and_no_heartbeat_is_due() -> None:
    async with served(heartbeat_seconds=60, count_seconds=0.02) as s:
        call = s.call()
        s.feed.stream.items.put_nowait(None)
        await call.read()
        count_two(s.feed.stream)
        s.feed.stream.position = (3, 0)
        message = await asyncio.wait_for(call.read(), 10)
        assert list(message.left_out) == [STORM]
        assert message.heartbeat.live
        assert message.resume_token == token(3, 0)


async def test_a_stream_that_nothing_is_said_of_is_not_looked_at_before_its_heartbeat() -> None:
    async with served(heartbeat_seconds=60, count_seconds=0.01) as s:
        call = s.call()
        for item in (None, FIRST):
            s.feed.stream.items.put_nowait(item)
            await call.read()
        waits = s.feed.stream.waits
        await asyncio.sleep(0.2)
        # once after the beginning, and not again
        assert s.feed.stream.waits <= waits + 1


async def test_a_quiet_stream_is_not_told_every_second_that_nothing_was_left_out() -> None:
    async with served(heartbeat_seconds=0.4, count_seconds=0.01) as s:
        started = asyncio.get_running_loop().time()  # the server's first pause may begin before its message is read
        call = s.call()
        s.feed.stream.items.put_nowait(None)
        await call.read()
        for _ in range(3):
            await call.read()
        # the first pause is drawn, here the longest; none is shorter than the interval
        assert asyncio.get_running_loop().time() - started > 1.1


@pytest.mark.parametrize("left_out", [[], [STORM]])
async def test_draining_sends_a_last_token_and_what_was_left_out_in_front_of_it(left_out: list[LeftOutErrors]) -> None:
    async with served() as s:
        call = s.call()
        s.feed.stream.items.put_nowait(None)
        await call.read()
        if left_out:
            count_two(s.feed.stream)
        s.feed.stream.position = (700, 0)
        draining = asyncio.create_task(s.server.drain())
        message = await call.read()
        assert (message.resume_token, list(message.left_out)) == (token(700, 0), left_out)
        assert (await ending(call)).code() is grpc.StatusCode.UNAVAILABLE
        await draining


async def test_draining_ends_streams_one_after_the_other_and_pushes_until_then() -> None:
    drawn = iter([60, 60, 60, 0.0, 0.5, 1.0])  # the first heartbeats' pauses, then the turns
    async with served(draw=lambda _low, _high: next(drawn)) as s:
        streams = [FakeStream() for _ in range(3)]
        calls = []
        for stream in streams:
            s.feed.stream = stream
            stream.items.put_nowait(None)
            calls.append(s.call())
            await calls[-1].read()
        draining = asyncio.create_task(s.server.drain())
        ends = [asyncio.create_task(ending(call)) for call in calls]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        assert sum(end.done() for end in ends) == 1
        assert {error.code() for error in await asyncio.gather(*ends)} == {grpc.StatusCode.UNAVAILABLE}
        await draining


async def test_whoever_asks_for_every_error_is_given_a_stream_of_every_error() -> None:
    async with served() as s:
        for wanted in (False, True):
            s.feed.stream = FakeStream()
            s.feed.stream.items.put_nowait(None)
            await s.call(StreamErrorsRequest(property="properties/shop", every_error=wanted)).read()
            assert s.feed.every_error is wanted

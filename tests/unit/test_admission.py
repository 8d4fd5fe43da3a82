"""What a server takes on at a time: calls on a real channel, and the room for them by itself."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from google.rpc import error_details_pb2

from footfall.v1.query_pb2 import GetMetadataRequest
from footfall_core.problems import TryAgain
from footfall_server.hosts.admission import AWAY, LATE, MAX_READING, Admission
from footfall_server.hosts.call import Call, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.ingest.under_way import SharedRoom, UnderWay
from tests.gates import everybody
from tests.unit.test_hosts import detail, refusal

METHOD = "/footfall.v1.QueryService/GetMetadata"
FIRST, OTHER = (GetMetadataRequest(property=f"properties/{name}").SerializeToString() for name in "ab")


class Waiting:
    """A handler whose calls wait to be let go."""

    def __init__(self) -> None:
        self.begun: list[bytes] = []
        self.let_go = asyncio.Event()

    async def __call__(self, request: bytes, call: Call) -> bytes:
        del call
        self.begun.append(request)
        await self.let_go.wait()
        return b"done"


@asynccontextmanager
async def calling(handler: object, max_request_bytes: int) -> AsyncIterator[grpc.aio.UnaryUnaryMultiCallable]:
    async with serving(handler, max_request_bytes) as channel:
        yield channel.unary_unary(METHOD)


@asynccontextmanager
async def serving(handler: object, max_request_bytes: int) -> AsyncIterator[grpc.aio.Channel]:
    settings = HostSettings(unready_seconds=0, drain_seconds=5, max_request_bytes=max_request_bytes)
    server = Server([Route(METHOD, handler)], settings, everybody)  # type: ignore[arg-type]
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.drain()


async def until(condition: object) -> None:
    async with asyncio.timeout(10):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.001)


async def test_a_call_for_which_there_is_no_room_is_told_when_to_come_again_and_later_taken() -> None:
    handler = Waiting()
    async with calling(handler, max_request_bytes=len(FIRST)) as method:
        first = method(FIRST)
        await until(lambda: handler.begun)
        refused = await refusal(method(OTHER))
        assert refused.code() is grpc.StatusCode.UNAVAILABLE
        assert refused.details() == "This server has too many requests under way."
        assert detail(refused, error_details_pb2.RetryInfo)
        assert handler.begun == [FIRST]
        handler.let_go.set()
        assert [await first, await method(OTHER)] == [b"done", b"done"]


async def never() -> AsyncIterator[bytes]:
    await asyncio.sleep(60)
    yield b""


async def test_a_call_whose_request_does_not_arrive_is_told_when_to_come_again_before_its_deadline() -> None:
    async with serving(Waiting(), max_request_bytes=10) as channel:
        call = channel.stream_unary(METHOD)(never(), timeout=2)
        refused = await refusal(call)
        assert refused.code() is grpc.StatusCode.UNAVAILABLE
        assert refused.details() == LATE
        assert detail(refused, error_details_pb2.RetryInfo)


async def test_a_call_without_a_request_is_told_so() -> None:
    async with serving(Waiting(), max_request_bytes=10) as channel:
        call = channel.stream_unary(METHOD)(timeout=30)
        await call.done_writing()
        refused = await refusal(call)
        assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert refused.details() == "The call has no request."


class Held:
    """Something that a handler's frame holds, as it holds the request."""


async def test_what_a_refused_call_held_is_let_go_without_the_garbage_collector() -> None:
    held: list[weakref.ref[Held]] = []

    async def refuse(request: bytes, call: Call) -> bytes:
        del call
        something = Held()
        held.append(weakref.ref(something))
        await asyncio.sleep(5 if request == OTHER else 0)
        raise TryAgain("Later.")

    gc.collect()
    gc.disable()
    try:
        async with calling(refuse, max_request_bytes=len(FIRST)) as method:
            await refusal(method(FIRST))
            await refusal(method(OTHER, timeout=1))
            await until(lambda: len(held) == 2 and not any(one() for one in held))
    finally:
        gc.enable()


async def test_slow_requests_give_their_turn_to_the_next() -> None:
    admission = Admission(max_bytes=10)
    arrived = asyncio.Event()

    async def slowly() -> bytes:
        await arrived.wait()
        return b"slow"

    async def at_once() -> bytes:
        return b"quick"

    slow = [asyncio.create_task(admission.in_turn(slowly)) for _ in range(MAX_READING)]
    assert await admission.in_turn(at_once) == b"quick"
    arrived.set()
    assert await asyncio.gather(*slow) == [b"slow"] * MAX_READING


async def test_while_calls_are_in_vain_one_request_is_read_at_a_time_and_nothing_of_the_others() -> None:
    admission = Admission(max_bytes=10)
    arrived = asyncio.Event()

    async def slowly() -> bytes:
        await arrived.wait()
        return b"slow"

    async def not_to_be_read() -> bytes:
        raise AssertionError("it was read")

    first = asyncio.create_task(admission.in_turn(slowly, in_vain=True))
    await asyncio.sleep(0)
    with pytest.raises(TryAgain, match=AWAY):
        await admission.in_turn(not_to_be_read, in_vain=True)
    arrived.set()
    assert await first == b"slow"
    assert await admission.in_turn(slowly, in_vain=True) == b"slow"


async def test_whoever_waits_for_a_turn_until_there_is_no_room_is_not_read() -> None:
    admission = Admission(max_bytes=10)
    arrived = asyncio.Event()
    read: list[str] = []

    async def reading() -> bytes:
        read.append("begun")
        await arrived.wait()
        return b"ten bytes."

    async def call() -> None:
        request = await admission.in_turn(reading)
        with admission.holding(len(request)):
            await asyncio.sleep(60)

    calls = [asyncio.create_task(call()) for _ in range(MAX_READING)]
    await until(lambda: len(read) == MAX_READING)
    late = asyncio.create_task(call())
    arrived.set()
    with pytest.raises(TryAgain):
        await late
    assert len(read) == MAX_READING
    for each in calls:
        each.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await admission.in_turn(reading) == b"ten bytes."


async def test_streams_together_are_read_one_batch_at_a_time_while_their_room_is_full() -> None:
    shared = SharedRoom(max_bytes=10)
    busy, other = (UnderWay(128, 1_000, shared) for _ in range(2))
    done = asyncio.Event()

    async def work() -> bytes:
        await done.wait()
        return b"answer"

    busy.begin(work(), 10)
    await other.room()  # it has nothing under way, and so does not wait for anybody
    other.begin(work(), 1)
    waiting = asyncio.create_task(other.room())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.05)
    for task in busy.give_up():
        task.cancel()
    await asyncio.wait_for(waiting, 5)
    for task in other.give_up():
        task.cancel()

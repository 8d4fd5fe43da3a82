"""What `StreamEvents` promises, through a real channel to a server on port 0; the log is the test's to settle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from structlog.testing import capture_logs

from footfall.v1 import ingest_pb2_grpc
from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import StreamEventsRequest, StreamEventsResponse, WriteEventsRequest
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.limits import MAX_REQUEST_BYTES
from footfall_core.problems import TooLarge, TryAgain
from footfall_core.wire.raw_pb2 import RawBatch, StreamedBatch
from footfall_server.hosts.call import Call, Kind, Route
from footfall_server.hosts.draining import Draining
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.ingest.batch_intake import NOT_IN_TIME, BatchIntake
from footfall_server.ingest.stream_events import IngestStreamSettings, StreamEvents
from footfall_server.ingest.write_events import WriteEvents
from tests.gates import everybody
from tests.quotas import no_write_quotas
from tests.unit.test_hosts import refusal

NOW = Micros(1_790_000_000_000_000)
METHOD = "/footfall.v1.IngestService/StreamEvents"


class StoppedClock:
    def now(self) -> Micros:
        return NOW


class LogByHand:
    """Keeps what it is given; each append ends when the test settles it, or at once if `outcomes` has one for it."""

    def __init__(self) -> None:
        self.appended: list[int] = []
        self.reported: list[EventError] = []
        self.outcomes: dict[int, Exception | None] = {}
        self.settles_itself = False
        self._waiting: dict[int, asyncio.Future[Micros]] = {}
        self._changed = asyncio.Condition()

    async def append(self, raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE) -> Micros:
        sequence = WriteEventsRequest.FromString(RawBatch.FromString(raw_batch).request).sequence
        self._waiting[sequence] = asyncio.get_running_loop().create_future()
        async with self._changed:
            self.appended.append(sequence)
            self._changed.notify_all()
        if self.settles_itself or sequence in self.outcomes:
            self.settle(sequence, self.outcomes.get(sequence))
        return await self._waiting[sequence]

    def report(self, error: EventError) -> bool:
        self.reported.append(error)
        return True

    def settle(self, sequence: int, failure: Exception | None = None) -> None:
        if failure is None:
            self._waiting[sequence].set_result(Micros(NOW + sequence))
        else:
            self._waiting[sequence].set_exception(failure)

    def settle_all(self) -> None:
        self.settles_itself = True
        for sequence, waiting in self._waiting.items():
            if not waiting.done():
                self.settle(sequence)

    def given_up(self, sequence: int) -> bool:
        return self._waiting[sequence].cancelled()

    async def holds(self, count: int) -> None:
        """Return when that many batches were appended."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.appended) >= count)


class Served:
    """A server of one log, and a channel to it."""

    def __init__(self, server: Server, channel: grpc.aio.Channel, log: LogByHand) -> None:
        self.server = server
        self.channel = channel
        self.log = log
        self.stub: Any = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]

    async def stream(self, *batches: WriteEventsRequest, timeout: float = 60) -> Any:
        """Begin a stream and send batches on it."""
        call = self.stub.StreamEvents(timeout=timeout)
        for one in batches:
            await call.write(StreamEventsRequest(batch=one))
        return call

    def raw_stream(self) -> Any:
        """Begin a stream of bytes."""
        start: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self.channel.stream_stream(METHOD)
        return start(timeout=60)

    async def has_had_time(self) -> None:
        """Return when the server has answered so many other calls that it had time for whatever it would do."""
        for _ in range(20):
            await self.stub.WriteEvents(batch(validate_only=True))


@asynccontextmanager
async def served(
    max_batches: int = 128, max_bytes: int = 1 << 23, *, small_windows: bool = False, drain_seconds: float = 5
) -> AsyncIterator[Served]:
    log = LogByHand()
    intake = BatchIntake(log, 4, no_write_quotas(), StoppedClock())
    streams = StreamEvents(intake, IngestStreamSettings(max_batches, max_bytes))
    routes = [
        Route(METHOD, streams, Kind.BIDI_STREAM),
        Route("/footfall.v1.IngestService/WriteEvents", WriteEvents(intake)),
    ]
    server = Server(routes, HostSettings(unready_seconds=0, drain_seconds=drain_seconds), everybody)
    port = await server.start()
    # as little as HTTP/2 begins with, and no probing for more: what the client does not read must not hide in there
    options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_535)] if small_windows else []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        try:
            yield Served(server, channel, log)
        finally:
            log.settle_all()
            await server.drain()


def batch(sequence: int = 0, count: int = 1, **fields: object) -> WriteEventsRequest:
    if sequence:
        fields |= {"writer_id": "w", "sequence": sequence}
    events = [Event(name="page_view", client_id=f"c{i}") for i in range(count)]
    return WriteEventsRequest(**{"property": "properties/p", "events": events} | fields)  # type: ignore[arg-type]


def batches(count: int) -> list[WriteEventsRequest]:
    return [batch(sequence) for sequence in range(1, count + 1)]


def padded(sequence: int, size: int, **fields: object) -> WriteEventsRequest:
    """Return a batch that takes exactly `size` bytes, by an unknown field, which has no limit of its own."""
    message = batch(sequence, **fields)  # type: ignore[arg-type]
    missing = size - message.ByteSize() - 2
    for digits in range(1, 6):
        length = _varint(missing - digits)
        if len(length) == digits:
            message.MergeFromString(b"\x9a\x3f" + length + bytes(missing - digits))  # field 1011, length-delimited
    assert message.ByteSize() == size
    return message


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)


async def nothing_left(before: set[asyncio.Task[Any]]) -> None:
    """Return when every task that serves a stream and was begun since has ended."""
    async with asyncio.timeout(10):
        while left := [t for t in asyncio.all_tasks() - before if "footfall_server" in repr(t) or METHOD in repr(t)]:
            await asyncio.wait(left)


async def read_all(call: Any) -> list[StreamEventsResponse]:
    """Return all answers up to the end of the stream; its status is `call.code()`."""
    found = []
    try:
        while (answer := await call.read()) is not grpc.aio.EOF:
            found.append(answer)
    except grpc.aio.AioRpcError:
        pass
    return found


def detail(trailers: Any, kind: type) -> Any:
    for packed in status_pb2.Status.FromString(dict(trailers)["grpc-status-details-bin"]).details:
        message = kind()
        if packed.Unpack(message):
            return message
    return None


async def test_answers_come_in_the_order_of_the_batches_however_the_commits_end() -> None:
    async with served() as s:
        call = await s.stream(*batches(5))
        await s.log.holds(5)  # all of them are under way at once
        for sequence in (3, 5, 2, 4):
            s.log.settle(sequence)
            await s.has_had_time()
        s.log.settle(1)
        await call.done_writing()
        answers = await read_all(call)
        assert [(a.sequence, a.answer.accepted, a.answer.committed_time_micros) for a in answers] == [
            (sequence, 1, NOW + sequence) for sequence in range(1, 6)
        ]
        assert await call.code() is grpc.StatusCode.OK


async def test_an_answer_does_not_wait_for_later_batches() -> None:
    async with served() as s:
        call = await s.stream(*batches(2))
        await s.log.holds(2)
        s.log.settle(1)
        assert (await call.read()).sequence == 1
        s.log.settle(2)
        assert (await call.read()).sequence == 2


@pytest.mark.parametrize(
    "bounds", [(3, 1 << 23), (128, 3 * len(StreamEventsRequest(batch=batch(1)).SerializeToString()))]
)
async def test_no_more_is_read_while_as_much_as_allowed_is_under_way(bounds: tuple[int, int]) -> None:
    async with served(*bounds) as s:
        call = await s.stream(*batches(7))
        await s.log.holds(3)
        await s.has_had_time()
        assert s.log.appended == [1, 2, 3]
        s.log.settle(2)  # its answer waits for the first one's
        await s.has_had_time()
        assert s.log.appended == [1, 2, 3]
        s.log.settle(1)
        await s.log.holds(5)
        await s.has_had_time()
        assert s.log.appended == [1, 2, 3, 4, 5]
        assert [(await call.read()).sequence for _ in range(2)] == [1, 2]


async def test_a_batch_larger_than_all_that_may_be_under_way_passes_alone() -> None:
    async with served(max_bytes=1) as s:
        s.log.settles_itself = True
        call = await s.stream(*batches(3))
        await call.done_writing()
        assert [a.sequence for a in await read_all(call)] == [1, 2, 3]


async def test_a_client_that_does_not_read_is_not_read_until_it_does() -> None:
    count = 400
    async with served(max_batches=4, small_windows=True) as s:
        s.log.settles_itself = True
        call = await s.stream()
        # each answer names 200 bad events, which takes some 25 KB
        bad = [Event(name="not allowed", client_id=f"c{i}") for i in range(200)]
        sent = 0

        async def send() -> None:
            nonlocal sent
            for sequence in range(1, count + 1):
                await call.write(StreamEventsRequest(batch=padded(sequence, 65_536, events=bad)))
                sent = sequence
            await call.done_writing()

        sending = asyncio.create_task(send())
        read = -1
        while read != len(s.log.appended):
            read = len(s.log.appended)
            await s.has_had_time()
        assert 4 <= read < 30  # the answers' window of 64 KiB, as much in the transport, and what is under way
        assert 4 <= sent < count / 2  # the client is held back in turn: the batches' window is some megabytes
        answers = await read_all(call)
        await sending
        assert [a.sequence for a in answers] == list(range(1, count + 1))
        assert {len(a.answer.rejected) for a in answers} == {200}
        assert await call.code() is grpc.StatusCode.OK


async def test_after_a_half_close_everything_is_answered_and_only_then_the_stream_ends() -> None:
    async with served() as s:
        call = await s.stream(*batches(3))
        await call.done_writing()
        await s.log.holds(3)
        await s.has_had_time()
        assert not call.done()
        for sequence in (1, 2, 3):
            s.log.settle(sequence)
        assert [a.sequence for a in await read_all(call)] == [1, 2, 3]
        assert await call.code() is grpc.StatusCode.OK


async def test_a_stream_without_a_batch_ends_with_ok() -> None:
    async with served() as s:
        call = await s.stream()
        await call.done_writing()
        assert await read_all(call) == []
        assert await call.code() is grpc.StatusCode.OK


async def test_a_drain_answers_what_was_read_and_takes_nothing_more() -> None:
    async with served(max_batches=3) as s:
        call = await s.stream(*batches(5))
        await s.log.holds(3)
        draining = asyncio.create_task(s.server.drain())
        await s.server._draining.wait()
        for sequence in (1, 2, 3):
            s.log.settle(sequence)
        assert [a.sequence for a in await read_all(call)] == [1, 2, 3]
        assert s.log.appended == [1, 2, 3]
        assert await call.code() is grpc.StatusCode.UNAVAILABLE
        trailers = await call.trailing_metadata()
        assert detail(trailers, error_details_pb2.RetryInfo).retry_delay.seconds == 1
        await draining


async def test_a_drain_ends_a_silent_stream_at_once() -> None:
    async with served() as s:
        s.log.settles_itself = True
        call = await s.stream(*batches(1))
        assert (await call.read()).sequence == 1
        await s.server.drain()
        assert await read_all(call) == []
        assert await call.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_drain_does_not_wait_for_ever_for_a_client_that_does_not_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served(small_windows=True, drain_seconds=0.1) as s:
        s.log.settles_itself = True
        await s.has_had_time()
        before = asyncio.all_tasks()
        bad = [Event(name="not allowed", client_id=f"c{i}") for i in range(1000)]
        call = await s.stream(*(batch(sequence, events=bad) for sequence in (1, 2, 3, 4)))
        await s.log.holds(4)
        await s.has_had_time()
        await s.server.drain()
        await nothing_left(before)
        assert len(await read_all(call)) < 4
        assert await call.code() is not grpc.StatusCode.OK
    assert caplog.records == []


async def test_what_is_wrong_with_a_batch_is_its_answer_and_the_stream_goes_on() -> None:
    async with served() as s:
        s.log.outcomes = {
            1: None,
            3: TryAgain("The event log is away.", retry_after_seconds=2.5),
            4: TooLarge("It is too large."),
            5: RuntimeError("secret"),
            6: None,
        }
        wrong = batch(2, count=1001)
        with capture_logs() as lines:
            call = await s.stream(batch(1), wrong, *(batch(n) for n in range(3, 7)))
            await call.done_writing()
            answers = await read_all(call)
        assert [a.sequence for a in answers] == [1, 2, 3, 4, 5, 6]
        assert [code_pb2.Code.Name(a.refusal.code) for a in answers] == [
            "OK",
            "INVALID_ARGUMENT",
            "UNAVAILABLE",
            "RESOURCE_EXHAUSTED",
            "INTERNAL",
            "OK",
        ]
        assert [a.WhichOneof("outcome") for a in answers] == ["answer", *["refusal"] * 4, "answer"]
        _, invalid, away, large, internal, _ = (a.refusal for a in answers)
        assert [v.field for v in invalid.violations] == ["events"]
        assert "1,001 events" in invalid.violations[0].description
        assert away.retry_delay.ToTimedelta().total_seconds() == 2.5
        assert not any(r.HasField("retry_delay") for r in (invalid, large, internal))
        assert (away.message, large.message) == ("The event log is away.", "It is too large.")
        assert "secret" not in internal.message
        assert [str(line["exc_info"]) for line in lines if line["event"] == "unexpected error"] == ["True"]
        assert [(e.property, e.field) for e in s.log.reported] == [("properties/p", "events")]
        assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (StreamedBatch(batch=b"\xff\xff").SerializeToString(), "not a footfall.v1.WriteEventsRequest"),
        (b"", "'' is not a property"),
    ],
)
async def test_a_message_without_a_readable_batch_is_refused_in_place(message: bytes, sentence: str) -> None:
    async with served() as s:
        s.log.settles_itself = True
        call = s.raw_stream()
        await call.write(message)
        await call.write(StreamEventsRequest(batch=batch(1)).SerializeToString())
        first, second = [StreamEventsResponse.FromString(await call.read()) for _ in range(2)]
        assert (first.refusal.code, first.sequence, second.answer.accepted) == (code_pb2.INVALID_ARGUMENT, 0, 1)
        assert sentence in first.refusal.message


async def test_a_message_that_cannot_be_read_ends_the_stream_after_all_before_it_is_answered() -> None:
    async with served() as s:
        call = s.raw_stream()
        await call.write(StreamEventsRequest(batch=batch(1)).SerializeToString())
        await call.write(b"\xff\xff\xff")
        await call.write(StreamEventsRequest(batch=batch(2)).SerializeToString())
        await s.log.holds(1)
        await s.has_had_time()
        assert not call.done()
        s.log.settle(1)
        assert [StreamEventsResponse.FromString(a).sequence for a in await read_all(call)] == [1]  # type: ignore[arg-type]
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "StreamEventsRequest" in str(await call.details())
        assert s.log.appended == [1]


async def test_a_batch_of_4_mib_passes_and_one_byte_more_is_refused_in_place() -> None:
    async with served() as s:
        s.log.settles_itself = True
        call = await s.stream(padded(1, MAX_REQUEST_BYTES), padded(2, MAX_REQUEST_BYTES + 1), batch(3))
        await call.done_writing()
        largest, larger, small = await read_all(call)
        assert (largest.answer.accepted, small.answer.accepted) == (1, 1)
        assert larger.refusal.code == code_pb2.RESOURCE_EXHAUSTED
        assert "4,194,305 bytes; at most 4,194,304" in larger.refusal.message
        assert s.log.appended == [1, 3]


async def test_5_mib_end_the_stream_without_a_promise_of_a_retry() -> None:
    async with served() as s:
        call = await s.stream(padded(1, 5 * 1024 * 1024))
        assert await read_all(call) == []
        assert await call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "grpc-retry-pushback-ms" not in dict(await call.trailing_metadata())


async def leave_with_batches_under_way(s: Served) -> None:
    call = await s.stream(*batches(3))
    await s.log.holds(3)
    call.cancel()


async def leave_when_quiet(s: Served) -> None:
    s.log.settles_itself = True
    call = await s.stream(*batches(1))
    await call.read()
    call.cancel()


async def leave_without_having_read(s: Served) -> None:
    """Leave while the server waits to send, because nothing is read."""
    s.log.settles_itself = True
    bad = [Event(name="not allowed", client_id=f"c{i}") for i in range(1000)]
    call = await s.stream(*(batch(sequence, events=bad) for sequence in (1, 2, 3, 4)))
    await s.log.holds(4)
    await s.has_had_time()
    call.cancel()


def assert_is_told_when_to_come_again(answer: StreamEventsResponse) -> None:
    assert (answer.refusal.code, answer.refusal.message) == (code_pb2.UNAVAILABLE, NOT_IN_TIME)
    assert answer.refusal.HasField("retry_delay")


async def test_a_batch_that_is_not_durable_in_time_is_answered_before_the_deadline() -> None:
    async with served() as s:
        call = await s.stream(batch(1), timeout=3)
        await s.log.holds(1)
        assert_is_told_when_to_come_again(await call.read())
        assert s.log.given_up(1)
        call.cancel()


async def test_a_call_whose_batch_is_not_durable_in_time_is_told_when_to_come_again() -> None:
    async with served() as s:
        refused = await refusal(s.stub.WriteEvents(batch(1), timeout=2))
        assert (refused.code(), refused.details()) == (grpc.StatusCode.UNAVAILABLE, NOT_IN_TIME)
        assert detail(refused.trailing_metadata(), error_details_pb2.RetryInfo)


async def leave_at_the_deadline(s: Served) -> None:
    call = await s.stream(*batches(2), timeout=3)
    await s.log.holds(2)
    for answer in await read_all(call):
        assert_is_told_when_to_come_again(answer)
    assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    "leave", [leave_with_batches_under_way, leave_when_quiet, leave_without_having_read, leave_at_the_deadline]
)
async def test_a_client_that_goes_away_leaves_nothing_behind(leave: Callable[[Served], Awaitable[None]]) -> None:
    async with served(small_windows=True) as s:
        await s.has_had_time()
        before = asyncio.all_tasks()
        await leave(s)
        await nothing_left(before)


async def test_further_cancellations_during_the_first_leave_nothing_behind_either() -> None:
    async def messages() -> AsyncIterator[bytes]:
        for message in batches(2):
            yield StreamEventsRequest(batch=message).SerializeToString()
        await asyncio.Event().wait()

    log = LogByHand()
    handler = StreamEvents(BatchIntake(log, 4, no_write_quotas(), StoppedClock()), IngestStreamSettings())
    before = asyncio.all_tasks()
    answers = handler(messages(), Call(METHOD, {}, "", lambda: None, Draining(), everybody({})))
    first = asyncio.create_task(anext(answers))
    await log.holds(2)
    while not first.done():
        first.cancel()
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while left := asyncio.all_tasks() - before:
            await asyncio.wait(left)
    assert log.given_up(1)
    assert log.given_up(2)


async def test_what_was_handed_to_the_log_stays_there_when_the_client_goes_away() -> None:
    async with served() as s:
        call = await s.stream(*batches(2))
        await s.log.holds(2)
        s.log.settle(2)
        call.cancel()
        while not s.log.given_up(1):
            await s.has_had_time()
        assert s.log.appended == [1, 2]


async def test_two_streams_do_not_share_a_bound() -> None:
    async with served(max_batches=1) as s:
        await s.stream(batch(1))
        await s.stream(batch(2))
        await s.log.holds(2)


async def test_a_batch_has_a_line_in_the_log_and_the_stream_one_at_its_end() -> None:
    async with served() as s:
        s.log.settles_itself = True
        message = batch(1, count=3)
        message.events[1].name = "not allowed"
        with capture_logs() as lines:
            call = await s.stream(message, batch(2, count=1001))
            await call.done_writing()
            await read_all(call)
            await s.server.drain()
        written = [{k: v for k, v in line.items() if k not in {"ms", "log_level"}} for line in lines]
        assert [line for line in written if line["event"] in {"batch", "rpc"}] == [
            {
                "event": "batch",
                "method": METHOD,
                "code": "OK",
                "sequence": 1,
                "property": "p",
                "accepted": 2,
                "rejected": 1,
            },
            {
                "event": "batch",
                "method": METHOD,
                "code": "INVALID_ARGUMENT",
                "sequence": 2,
                "property": "p",
                "message": written[1]["message"],
            },
            {"event": "rpc", "method": METHOD, "code": "OK", "key": "", "batches": 2, "events": 2},
        ]
        assert "1,001" in written[1]["message"]
        assert all(line["ms"] >= 0 for line in lines if line["event"] == "batch")

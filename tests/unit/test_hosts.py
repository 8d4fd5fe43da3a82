"""The statuses that a caller sees, through a real channel to a server on port 0."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from footfall.v1 import ingest_pb2, ingest_pb2_grpc
from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.problems import (
    DeadlinePassed,
    FieldViolation,
    HistoryGone,
    InvalidRequest,
    NotComputable,
    NotFound,
    Problem,
    TooLarge,
    TooSlow,
    TryAgain,
)
from footfall_core.wire.raw_pb2 import RawBatch
from footfall_server.hosts.call import Call, Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.hosts.status import status_of
from footfall_server.ingest.batch_intake import BatchIntake
from footfall_server.ingest.write_events import WriteEvents
from tests.gates import everybody
from tests.quotas import no_write_quotas

NOW = Micros(1_790_000_000_000_000)


class StoppedClock:
    def now(self) -> Micros:
        return NOW


class LogInMemory:
    """Keeps what it is given; `failure` is raised instead, and `gate` holds every append until it is set."""

    def __init__(self) -> None:
        self.appended: list[tuple[bytes, int | None]] = []
        self.reported: list[EventError] = []
        self.failure: Problem | Exception | None = None
        self.entered = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def append(self, raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE) -> Micros:
        self.entered.set()
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.appended.append((raw_batch, partition))
        return NOW

    def report(self, error: EventError) -> bool:
        self.reported.append(error)
        return True


@pytest.fixture
async def log() -> LogInMemory:
    return LogInMemory()


@pytest.fixture
async def server(log: LogInMemory) -> AsyncIterator[Server]:
    route = Route(
        "/footfall.v1.IngestService/WriteEvents", WriteEvents(BatchIntake(log, 4, no_write_quotas(), StoppedClock()))
    )
    server = Server([route], HostSettings(unready_seconds=0, drain_seconds=5), everybody)
    yield server
    await server.drain()


@pytest.fixture
async def channel(server: Server) -> AsyncIterator[grpc.aio.Channel]:
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel


@pytest.fixture
async def stub(channel: grpc.aio.Channel) -> ingest_pb2_grpc.IngestServiceStub:
    return ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]


def batch(count: int = 1, **fields: object) -> ingest_pb2.WriteEventsRequest:
    events = [Event(name="page_view", client_id=f"c{i}") for i in range(count)]
    return ingest_pb2.WriteEventsRequest(**{"property": "properties/p", "events": events} | fields)


async def refusal(call: grpc.aio.UnaryUnaryCall) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


def details(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    return status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])


def detail(error: grpc.aio.AioRpcError, kind: type) -> object:
    for packed in details(error).details:
        message = kind()
        if packed.Unpack(message):
            return message
    return None


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (InvalidRequest.of("f", "wrong."), "INVALID_ARGUMENT"),
        (TooLarge("large."), "RESOURCE_EXHAUSTED"),
        (TooSlow("slow."), "RESOURCE_EXHAUSTED"),
        (NotComputable("no."), "FAILED_PRECONDITION"),
        (TryAgain("later."), "UNAVAILABLE"),
        (HistoryGone("gone.", earliest_resume_token="t"), "OUT_OF_RANGE"),
        (NotFound("none."), "NOT_FOUND"),
        (DeadlinePassed("late."), "DEADLINE_EXCEEDED"),
        (RuntimeError("secret"), "INTERNAL"),
    ],
)
def test_each_problem_has_its_status_and_the_unknown_says_nothing_of_itself(problem: Exception, code: str) -> None:
    status = status_of(problem)
    assert status.code_name == code
    assert "secret" not in status.message


def test_who_resumes_too_late_is_told_the_earliest_token_twice() -> None:
    trailers = dict(status_of(HistoryGone("gone.", earliest_resume_token="Ad7Y-_w")).trailers)
    assert trailers["footfall-earliest-resume-token"] == "Ad7Y-_w"
    info = error_details_pb2.ErrorInfo()
    assert status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details[0].Unpack(info)
    assert (info.reason, info.domain) == ("HISTORY_GONE", "footfall")
    assert dict(info.metadata) == {"earliest_resume_token": "Ad7Y-_w"}


async def test_a_good_batch_is_stored_before_it_is_answered(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory
) -> None:
    log.gate.clear()
    call = stub.WriteEvents(batch(writer_id="w", sequence=1))
    await log.entered.wait()
    assert not call.done()
    log.gate.set()
    answer = await call
    assert (answer.accepted, answer.committed_time_micros) == (1, NOW)
    ((raw, partition),) = log.appended
    assert RawBatch.FromString(raw).user_agent == ""  # a gRPC library is no browser
    assert partition in range(4)


async def test_a_batch_is_taken_in_part(stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory) -> None:
    message = batch(2)
    message.events[1].name = "not allowed"
    message.events[1].event_id = "e1"
    answer = await stub.WriteEvents(message)
    (rejected,) = answer.rejected
    assert answer.accepted == 1
    assert (rejected.index, rejected.event_id, rejected.field) == (1, "e1", "events[1].name")
    assert len(log.appended) == 1


async def test_validate_only_stores_nothing(stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory) -> None:
    answer = await stub.WriteEvents(batch(3, validate_only=True))
    assert (answer.accepted, answer.committed_time_micros, log.appended) == (3, 0, [])


async def test_1001_events_are_refused_and_the_propertys_owner_is_told(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory
) -> None:
    error = await refusal(stub.WriteEvents(batch(1001)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    bad = detail(error, error_details_pb2.BadRequest)
    assert [violation.field for violation in bad.field_violations] == ["events"]  # type: ignore[attr-defined]
    assert log.appended == []
    assert [error.property for error in log.reported] == ["properties/p"]


async def test_broken_protobuf_is_an_invalid_argument(channel: grpc.aio.Channel) -> None:
    raw = channel.unary_unary("/footfall.v1.IngestService/WriteEvents")
    assert (await refusal(raw(b"\xff\xff\xff"))).code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_5_mib_are_refused_without_a_promise_of_a_retry(channel: grpc.aio.Channel) -> None:
    raw = channel.unary_unary("/footfall.v1.IngestService/WriteEvents")
    error = await refusal(raw(b"\x0a" + bytes(5 * 1024 * 1024)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "grpc-retry-pushback-ms" not in dict(error.trailing_metadata())


async def test_a_deadline_in_the_past_stores_nothing(stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory) -> None:
    error = await refusal(stub.WriteEvents(batch(), timeout=-1))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert log.appended == []


async def test_a_log_that_is_away_answers_unavailable_with_a_time_to_retry(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory
) -> None:
    log.failure = TryAgain("The event log is away.", retry_after_seconds=2)
    error = await refusal(stub.WriteEvents(batch()))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert detail(error, error_details_pb2.RetryInfo).retry_delay.seconds == 2  # type: ignore[attr-defined]
    assert dict(error.trailing_metadata())["grpc-retry-pushback-ms"] == "2000"


async def test_an_unexpected_error_does_not_reach_the_caller(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory
) -> None:
    log.failure = RuntimeError("secret")
    error = await refusal(stub.WriteEvents(batch()))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in error.details()


async def test_a_drain_turns_unhealthy_and_answers_what_is_under_way(
    stub: ingest_pb2_grpc.IngestServiceStub, channel: grpc.aio.Channel, server: Server, log: LogInMemory
) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    watch = health.Watch(health_pb2.HealthCheckRequest())
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
    log.gate.clear()
    call = stub.WriteEvents(batch())
    await log.entered.wait()
    drain = asyncio.create_task(server.drain())
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
    log.gate.set()
    assert (await call).accepted == 1
    watch.cancel()
    await drain


async def test_many_wrong_fields_fit_into_what_a_client_reads(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogInMemory
) -> None:
    log.failure = InvalidRequest(*(FieldViolation(f"field[{i}]", "x" * 500) for i in range(100)))
    error = await refusal(stub.WriteEvents(batch()))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(detail(error, error_details_pb2.BadRequest).field_violations) == 10  # type: ignore[attr-defined]
    assert "characters in all" in error.details()


@pytest.mark.parametrize("address", ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "foo:bar", "127.0.0.1:-1"])
async def test_an_address_that_is_none_is_named_with_its_variable(address: str) -> None:
    with pytest.raises(OSError, match=r"^FOOTFALL_HOST_ADDRESS: .* is not HOST:PORT with a port of 0 to 65535$"):
        await Server([], HostSettings(address), everybody).start()


@pytest.mark.parametrize("requests", [0, 2])
async def test_a_call_without_a_request_is_told_so_and_of_two_the_first_counts(
    channel: grpc.aio.Channel, log: LogInMemory, requests: int
) -> None:
    call = channel.stream_unary("/footfall.v1.IngestService/WriteEvents")
    sent = call(iter([batch(writer_id="w", sequence=n + 1).SerializeToString() for n in range(requests)]), timeout=10)
    if requests:
        assert ingest_pb2.WriteEventsResponse.FromString(await sent).accepted == 1
        assert len(log.appended) == 1
        return
    error = await refusal(sent)
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "The call has no request.")
    assert details(error).details[1].Is(error_details_pb2.BadRequest.DESCRIPTOR)


async def test_a_stream_of_answers_without_a_request_is_told_so() -> None:
    async def never(request: bytes, call: Call) -> AsyncGenerator[bytes, None]:
        raise AssertionError("it has a request")
        yield b""

    server = Server(
        [Route("/footfall.v1.ErrorService/StreamErrors", never, Kind.SERVER_STREAM)],
        HostSettings(unready_seconds=0),
        everybody,
    )
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.stream_stream("/footfall.v1.ErrorService/StreamErrors")(timeout=10)
            await call.done_writing()
            assert (await call.code(), await call.details()) == (
                grpc.StatusCode.INVALID_ARGUMENT,
                "The call has no request.",
            )
    finally:
        await server.drain()

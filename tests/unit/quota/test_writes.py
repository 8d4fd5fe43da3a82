"""What a caller over its quota is told, through a real channel to a server on port 0, and what it costs the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from prometheus_client import REGISTRY

from footfall.v1 import ingest_pb2_grpc
from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import StreamEventsRequest, WriteEventsRequest
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_core.clock import Micros
from footfall_core.intake import Head, head_of
from footfall_core.kinds import EventKind
from footfall_core.quota.quota import Quota
from footfall_server.hosts.call import Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.ingest import batch_intake
from footfall_server.ingest.batch_intake import BatchIntake
from footfall_server.ingest.stream_events import IngestStreamSettings, StreamEvents
from footfall_server.ingest.write_events import WriteEvents
from footfall_server.quotas.quotas import WriteQuotas
from tests.gates import everybody

NOW = Micros(1_790_000_000_000_000)
# a thousand seconds' wait for the next event: nothing comes back while the test runs
TIGHT = Quota(events_per_second=0.001, bytes_per_second=10, burst_seconds=10_000)


class StoppedClock:
    def now(self) -> Micros:
        return NOW


class LogInMemory:
    def __init__(self) -> None:
        self.appended = 0
        self.commits = asyncio.Event()
        self.commits.set()
        self.reported: list[EventError] = []

    async def append(self, raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE) -> Micros:
        self.appended += 1
        await self.commits.wait()
        return NOW

    def report(self, error: EventError) -> bool:
        self.reported.append(error)
        return True


def batch(events: int = 1, property_id: str = "shop", **fields: Any) -> WriteEventsRequest:
    made = [Event(name="page_view", client_id=f"c{i}") for i in range(events)]
    return WriteEventsRequest(property=f"properties/{property_id}", events=made, **fields)


@asynccontextmanager
async def served(quota: Quota, log: LogInMemory) -> AsyncIterator[Any]:
    """Yield a stub of a server with these quotas for `shop`, and none for others."""
    quotas = WriteQuotas(MemoryBuckets(StoppedClock()), lambda name: quota if name == "shop" else Quota())
    intake = BatchIntake(log, 4, quotas, StoppedClock())
    service = "/footfall.v1.IngestService"
    routes = [
        Route(f"{service}/WriteEvents", WriteEvents(intake)),
        Route(f"{service}/StreamEvents", StreamEvents(intake, IngestStreamSettings()), Kind.BIDI_STREAM),
    ]
    server = Server(routes, HostSettings(unready_seconds=0, drain_seconds=1), everybody)
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
    finally:
        await server.drain()


@pytest.fixture
def log() -> LogInMemory:
    return LogInMemory()


@pytest.fixture
async def stub(log: LogInMemory) -> AsyncIterator[Any]:
    async with served(TIGHT, log) as stub:
        yield stub


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


def retry_seconds(error: grpc.aio.AioRpcError) -> float:
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    retry = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(retry) for detail in status.details)
    return float(retry.retry_delay.ToTimedelta().total_seconds())


async def test_over_the_quota_a_batch_is_told_which_one_and_when_to_come_again(stub: Any, log: LogInMemory) -> None:
    assert (await stub.WriteEvents(batch(12))).accepted == 12
    error = await refusal(stub.WriteEvents(batch(2)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(error.details()).startswith(
        "The property has used up its quota of 0.001 events a second (10 at once); try the batch of 2 events again in "
    )
    # two in debt, and one that has to be there
    assert retry_seconds(error) == pytest.approx(3_000, abs=10)
    assert int(dict(error.trailing_metadata())["grpc-retry-pushback-ms"]) == pytest.approx(3_000_000, abs=10_000)
    assert log.appended == 1


async def test_bytes_have_a_quota_of_their_own(log: LogInMemory) -> None:
    async with served(Quota(bytes_per_second=0.01, burst_seconds=1_000), log) as stub:
        await stub.WriteEvents(batch(5))
        error = await refusal(stub.WriteEvents(batch(1)))
    assert "0.01 bytes a second" in str(error.details())


async def test_a_batch_beyond_a_whole_burst_is_let_in_when_something_is_there(stub: Any) -> None:
    assert (await stub.WriteEvents(batch(500))).accepted == 500
    assert retry_seconds(await refusal(stub.WriteEvents(batch(1)))) == pytest.approx(491_000, abs=10)


async def test_validating_costs_what_storing_costs(stub: Any) -> None:
    await stub.WriteEvents(batch(10, validate_only=True))
    assert (await refusal(stub.WriteEvents(batch(1)))).code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_what_is_left_is_in_the_trailers_of_answers_and_of_refusals(stub: Any) -> None:
    call = stub.WriteEvents(batch(3))
    await call
    trailers = dict(await call.trailing_metadata())
    assert (
        trailers["ratelimit-policy"] == '"events";q=10;w=10000;qu="events", "bytes";q=100000;w=10000;qu="content-bytes"'
    )
    assert trailers["ratelimit"].startswith('"events";r=7;t=')
    await stub.WriteEvents(batch(7))
    refused = dict((await refusal(stub.WriteEvents(batch(1)))).trailing_metadata())
    assert refused["ratelimit"].startswith('"events";r=0;t=10000, "bytes";r=')


async def test_another_property_is_not_touched_and_without_a_quota_nothing_is_said(stub: Any) -> None:
    await stub.WriteEvents(batch(10))
    await refusal(stub.WriteEvents(batch(1)))
    call = stub.WriteEvents(batch(900, "other"))
    assert (await call).accepted == 900
    assert "ratelimit" not in dict(await call.trailing_metadata())


async def test_a_stream_goes_on_behind_a_refusal_and_its_answers_stay_in_order(stub: Any) -> None:
    await stub.WriteEvents(batch(10))
    call = stub.StreamEvents(timeout=30)
    sent = [
        batch(4, "other", writer_id="w", sequence=1),
        batch(1, writer_id="w", sequence=2),
        batch(4, "other", writer_id="w", sequence=3),
        batch(2, writer_id="w", sequence=4),
    ]
    for one in sent:
        await call.write(StreamEventsRequest(batch=one))
    await call.done_writing()
    answers = [answer async for answer in call]
    assert [answer.sequence for answer in answers] == [1, 2, 3, 4]
    assert [answer.WhichOneof("outcome") for answer in answers] == ["answer", "refusal", "answer", "refusal"]
    refused = answers[3].refusal
    assert refused.code == code_pb2.RESOURCE_EXHAUSTED
    assert "try the batch of 2 events again" in refused.message
    assert refused.retry_delay.ToTimedelta().total_seconds() == pytest.approx(1_000, abs=10)
    assert await call.code() is grpc.StatusCode.OK
    assert dict(await call.trailing_metadata())["ratelimit"].startswith('"events";r=0;')


async def test_refusals_are_counted_and_are_not_put_into_the_errors(stub: Any, log: LogInMemory) -> None:
    def counted(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0

    by_limit = counted("footfall_quota_refusals_total", limit="events")
    by_kind = counted("footfall_ingest_refusals_total", of="batch", code="OverQuota")
    await stub.WriteEvents(batch(10))
    for _ in range(3):
        await refusal(stub.WriteEvents(batch(1)))
    assert counted("footfall_quota_refusals_total", limit="events") == by_limit + 3
    assert counted("footfall_ingest_refusals_total", of="batch", code="OverQuota") == by_kind + 3
    assert log.reported == []


async def test_what_is_refused_is_not_parsed(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await stub.WriteEvents(batch(10))

    def parsed(*_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(batch_intake, "take", parsed)
    assert (await refusal(stub.WriteEvents(batch(500)))).code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_what_is_wrong_with_a_request_as_a_whole_is_said_as_before(stub: Any, log: LogInMemory) -> None:
    wrong = await refusal(stub.WriteEvents(WriteEventsRequest(property="shop", events=batch().events)))
    assert wrong.code() is grpc.StatusCode.INVALID_ARGUMENT
    empty = await refusal(stub.WriteEvents(batch(0)))
    assert empty.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(log.reported) == 1  # who names no property gets no further than the host
    # nothing is too wrong to be counted
    await stub.WriteEvents(batch(10))
    assert (await refusal(stub.WriteEvents(batch(0)))).code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_one_property_cannot_fill_what_waits_for_a_commit(log: LogInMemory) -> None:
    log.commits.clear()
    async with served(Quota(waiting_bytes=10_000), log) as stub:
        # one that is larger than the share waits alone
        waiting = stub.WriteEvents(batch(900))
        async with asyncio.timeout(20):
            while not log.appended:
                await asyncio.sleep(0.001)
        refused = await refusal(stub.WriteEvents(batch(1)))
        assert (refused.code(), refused.details()) == (
            grpc.StatusCode.UNAVAILABLE,
            "Too much of this property's is in flight.",
        )
        assert retry_seconds(refused) == 1
        others = stub.WriteEvents(batch(900, "other"))
        async with asyncio.timeout(20):
            while log.appended < 2:
                await asyncio.sleep(0.001)
        log.commits.set()
        assert [(await call).accepted for call in (waiting, others)] == [900, 900]
        assert (await stub.WriteEvents(batch(1))).accepted == 1


def test_a_head_is_read_wherever_its_fields_stand() -> None:
    request = batch(3, writer_id="w", sequence=7)
    assert head_of(request.SerializeToString()) == Head("shop", 7, 3)
    # a later value wins, as it does when the request itself is parsed
    tail = WriteEventsRequest(property="properties/other", sequence=8).SerializeToString()
    assert head_of(request.SerializeToString() + tail) == Head("other", 8, 3)
    assert head_of(WriteEventsRequest(property="no property").SerializeToString()) is None
    assert head_of(b"\xff") is None
    assert head_of(b"") is None

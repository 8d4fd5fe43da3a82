"""Streams of batches through the real committer into a real Kafka, each test with topics of its own."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2

from footfall.v1 import ingest_pb2_grpc
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import StreamEventsRequest, StreamEventsResponse, WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsSettings, ensure_topics
from footfall_core.clock import SystemClock
from footfall_core.partitioning import partition_of
from footfall_core.ports import EventLog
from footfall_core.wire.raw_pb2 import RawBatch
from footfall_local.stack import Stack
from footfall_server.hosts.call import Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.ingest.batch_intake import BatchIntake
from footfall_server.ingest.stream_events import IngestStreamSettings, StreamEvents
from tests.gates import everybody
from tests.integration.test_event_log import batches, committed, event_log
from tests.quotas import no_write_quotas

pytestmark = pytest.mark.stack

WRITERS = ("anna", "ben", "chloe")


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    ensure_topics(kafka, TopicsSettings())
    return kafka


@asynccontextmanager
async def serving(log: EventLog) -> AsyncIterator[tuple[Server, int]]:
    """Give a server of `StreamEvents` over a log, and its port."""
    handler = StreamEvents(BatchIntake(log, 4, no_write_quotas(), SystemClock()), IngestStreamSettings())
    server = Server(
        [Route("/footfall.v1.IngestService/StreamEvents", handler, Kind.BIDI_STREAM)],
        HostSettings(unready_seconds=0, drain_seconds=10),
        everybody,
    )
    port = await server.start()
    try:
        yield server, port
    finally:
        await server.drain()


@asynccontextmanager
async def stream(port: int) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield ingest_pb2_grpc.IngestServiceStub(channel).StreamEvents(timeout=60)  # type: ignore[no-untyped-call]


def batch(writer_id: str, sequence: int) -> WriteEventsRequest:
    event = Event(name="page_view", client_id=f"{writer_id}-{sequence}")
    return WriteEventsRequest(property="properties/shop", writer_id=writer_id, sequence=sequence, events=[event])


async def send(call: Any, *messages: WriteEventsRequest) -> None:
    for message in messages:
        await call.write(StreamEventsRequest(batch=message))


async def answers(call: Any) -> list[StreamEventsResponse]:
    """Return all answers up to the stream's end, whatever its status."""
    found = []
    try:
        while (answer := await call.read()) is not grpc.aio.EOF:
            found.append(answer)
    except grpc.aio.AioRpcError:
        pass
    return found


def stored(kafka: KafkaSettings) -> dict[str, list[int]]:
    """Return the sequences of each writer as they stand in its partition."""
    found: dict[str, list[int]] = {}
    for partition, raw_batches in batches(kafka).items():
        for raw_batch in raw_batches:
            request = WriteEventsRequest.FromString(RawBatch.FromString(raw_batch).request)
            assert partition == partition_of("shop", request.writer_id, 4)
            found.setdefault(request.writer_id, []).append(request.sequence)
    return found


async def test_each_batch_of_a_stream_lands_once_and_in_order_and_one_stream_fills_the_commits(
    kafka: KafkaSettings,
) -> None:
    sent = [batch(writer, sequence) for sequence in range(1, 201) for writer in WRITERS]
    async with event_log(kafka) as log, serving(log) as (_, port), stream(port) as call:
        reading = asyncio.create_task(answers(call))
        await send(call, *sent)
        await call.done_writing()
        got = await reading
        assert await call.code() is grpc.StatusCode.OK
    assert [a.sequence for a in got] == [b.sequence for b in sent]
    assert all(a.answer.accepted == 1 for a in got)
    assert stored(kafka) == {writer: list(range(1, 201)) for writer in WRITERS}
    # one at a time would be a record each; how many fit into one depends on the machine
    assert sum(map(len, committed(kafka, "events.raw").values())) < len(sent)


async def test_a_drain_amid_a_busy_stream_answers_all_that_was_stored(kafka: KafkaSettings) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def send_until_told(port: int) -> tuple[list[int], grpc.StatusCode]:
        # the blocking client: grpc.aio's makes INTERNAL of whatever status comes while it writes
        got = []
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            try:
                requests = (StreamEventsRequest(batch=batch("anna", sequence)) for sequence in itertools.count(1))
                for answer in stub.StreamEvents(requests, timeout=60):
                    assert answer.answer.accepted == 1
                    got.append(answer.sequence)
                    loop.call_soon_threadsafe(begun.set)
            except grpc.RpcError as error:
                return got, error.code()
        raise AssertionError("the stream ended with OK")

    async with event_log(kafka) as log, serving(log) as (server, port):
        sending = asyncio.create_task(asyncio.to_thread(send_until_told, port))
        await begun.wait()
        await server.drain()
        got, code = await sending
    assert code is grpc.StatusCode.UNAVAILABLE
    # what was answered is stored, and what was stored was answered: the rest was never read
    assert stored(kafka) == {"anna": got}
    assert got == list(range(1, len(got) + 1))


async def test_while_kafka_is_away_each_batch_is_told_when_to_come_again() -> None:
    nowhere = KafkaSettings("127.0.0.1:9", topic_prefix="")
    async with event_log(nowhere, reconnect_seconds=0.5) as log, serving(log) as (_, port), stream(port) as call:
        await send(call, batch("anna", 1), batch("anna", 2))
        await call.done_writing()
        got = await answers(call)
        assert [(a.sequence, a.refusal.code) for a in got] == [(1, code_pb2.UNAVAILABLE), (2, code_pb2.UNAVAILABLE)]
        assert all(a.refusal.retry_delay.seconds == 1 for a in got)
        assert await call.code() is grpc.StatusCode.OK

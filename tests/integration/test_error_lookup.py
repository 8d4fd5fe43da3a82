"""Errors listed and brought with their payloads, through the whole way to the stack's Kafka and Druid.

What is found is asked in `tests.contract.test_error_store`.

Rows are the stack's, and tests keep apart by property; query topics and the raw topic are the test run's own.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence

import grpc
import pytest
from confluent_kafka import Producer

from footfall.v1.errors_pb2 import (
    EventError,
    GetErrorRequest,
    ListErrorsRequest,
    ListErrorsResponse,
    PayloadPlace,
    Stage,
    StreamErrorsRequest,
)
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_adapters.kafka.raw_reader import RawReaderSettings, raw_reader
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import ERRORS
from footfall_core.errors.payload import ANOTHER, EXPIRED, NEVER_STORED
from footfall_core.errors.rows import error_row
from footfall_core.kinds import EventKind
from footfall_core.problems import TryAgain
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_local.stack import Stack
from footfall_server.errors.settings import ErrorServerSettings
from tests.again import answered
from tests.integration.error_log import cut_history, delete_topic, error_server, make_topic
from tests.integration.markers import ends_of
from tests.integration.query_path import QueryPath, free_address, query_path

pytestmark = pytest.mark.stack

MINUTE = 60_000
HOUR = 60 * MINUTE
NOON = (int(time.time()) // 86_400 - 1) * 86_400_000 + 12 * HOUR
"""Yesterday's, Unix milliseconds."""

LIVE, IMPORT = EventKind.LIVE, EventKind.IMPORT
DEDUPE, VALIDATION = Stage.STAGE_DEDUPE, Stage.STAGE_VALIDATION
REUSED, NAME = ErrorCode.ERROR_CODE_SEQUENCE_REUSED, ErrorCode.ERROR_CODE_NAME_INVALID


@pytest.fixture
def property_id() -> str:
    return f"errors-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def kafka(path: QueryPath) -> Iterator[KafkaSettings]:
    variables = path.variables
    kafka = KafkaSettings(
        variables["FOOTFALL_KAFKA_BOOTSTRAP_SERVERS"], topic_prefix=variables["FOOTFALL_KAFKA_TOPIC_PREFIX"]
    )
    for topic in ("errors", "events.raw", "imports.raw"):
        make_topic(kafka, topic)
    yield kafka
    for topic in ("errors", "events.raw", "imports.raw"):
        delete_topic(kafka, topic)


@pytest.fixture
async def stub(kafka: KafkaSettings) -> AsyncIterator[ErrorServiceStub]:
    async with error_server(kafka, "errors-lookup") as stub:
        yield stub


def error(property_id: str, error_id: str, time_ms: int, **fields: object) -> EventError:
    named = {"stage": VALIDATION, "code": NAME, "writer_id": "w1", **fields}
    made = EventError(error_id=error_id, property=f"properties/{property_id}", **named)  # type: ignore[arg-type]
    made.time.FromMilliseconds(time_ms)
    return made


def put(path: QueryPath, errors: Sequence[EventError]) -> None:
    names = [column.name for column in ERRORS.columns]
    path.put([dict(zip(names, error_row(each).split("\t"), strict=True)) for each in errors], ERRORS)


def request(property_id: str, **fields: object) -> ListErrorsRequest:
    wanted = ListErrorsRequest(property=f"properties/{property_id}", **fields)  # type: ignore[arg-type]
    if not wanted.HasField("start_time"):
        wanted.start_time.FromMilliseconds(NOON - 12 * HOUR)
        wanted.end_time.FromMilliseconds(NOON + 12 * HOUR)
    return wanted


async def listed(stub: ErrorServiceStub, wanted: ListErrorsRequest) -> ListErrorsResponse:
    found: ListErrorsResponse = await (await answered(lambda: stub.ListErrors(wanted, timeout=30)))
    return found


async def stored(path: QueryPath, stub: ErrorServiceStub, errors: Sequence[EventError]) -> None:
    """Write the rows of errors of one property, and wait until they can be seen."""
    await asyncio.to_thread(put, path, errors)
    property_id = errors[0].property.removeprefix("properties/")
    ids = {each.error_id for each in errors}
    async with asyncio.timeout(90):
        while {each.error_id for each in (await listed(stub, request(property_id, page_size=1_000))).errors} != ids:
            await asyncio.sleep(0.05)


async def refusal(call: grpc.aio.UnaryUnaryCall) -> grpc.aio.AioRpcError:  # type: ignore[type-arg]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


def write_raw(kafka: KafkaSettings, *requests: WriteEventsRequest, kind: EventKind = EventKind.LIVE) -> int:
    """Write a raw record of some requests to partition 2, and return its offset."""
    record = RawRecord(batches=[RawBatch(request=r.SerializeToString()).SerializeToString() for r in requests])
    offsets: list[int] = []
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    producer.produce(
        kafka.topic(kind.raw_topic),
        record.SerializeToString(),
        partition=2,
        on_delivery=lambda failure, message: offsets.append(message.offset()),
    )
    assert producer.flush(20) == 0
    return offsets[0]


async def test_an_error_comes_with_what_was_sent_as_long_as_that_is_kept(
    path: QueryPath, stub: ErrorServiceStub, kafka: KafkaSettings, property_id: str
) -> None:
    name = f"properties/{property_id}"
    mine = WriteEventsRequest(
        property=name, writer_id="w1", sequence=5, events=[Event(name="good"), Event(name="not a name")]
    )
    theirs = WriteEventsRequest(property="properties/somebody-else", events=[Event(name="secret")])
    await asyncio.to_thread(write_raw, kafka, theirs)
    offset = await asyncio.to_thread(write_raw, kafka, theirs, mine)
    await asyncio.to_thread(write_raw, kafka, theirs)
    imported = WriteEventsRequest(property=name, historical_import=True, events=[Event(name="not a name either")])
    beside = await asyncio.to_thread(write_raw, kafka, imported, kind=IMPORT)

    def place(batch_index: int, at: int = offset) -> PayloadPlace:
        return PayloadPlace(partition=2, offset=at, batch_index=batch_index)

    errors = [
        error(property_id, "of-event", NOON, payload=place(1), event_index=1),
        error(property_id, "of-batch", NOON, payload=place(1), stage=DEDUPE, code=REUSED),
        error(property_id, "of-somebody-else", NOON, payload=place(0)),
        error(property_id, "not-written-yet", NOON, payload=place(0, offset + 1_000)),
        error(property_id, "refused", NOON, stage=Stage.STAGE_INGEST),
        error(
            property_id,
            "of-an-import",
            NOON,
            payload=PayloadPlace(partition=2, offset=beside, batch_index=0, imported=True),
            event_index=0,
        ),
    ]
    await stored(path, stub, errors)

    async def get(error_id: str) -> tuple[EventError, object, str]:
        answer = await stub.GetError(GetErrorRequest(property=name, error_id=error_id), timeout=30)
        payload = answer.WhichOneof("payload")
        return answer.error, getattr(answer, payload) if payload else None, answer.payload_missing

    assert await get("of-event") == (errors[0], mine.events[1], "")
    assert await get("of-batch") == (errors[1], mine, "")
    assert await get("of-somebody-else") == (errors[2], None, ANOTHER)
    assert await get("not-written-yet") == (errors[3], None, EXPIRED)
    assert await get("refused") == (errors[4], None, NEVER_STORED)
    assert await get("of-an-import") == (errors[5], imported.events[0], "")
    # as many as a property may have at a time wait for each other
    at_once = ErrorServerSettings().payloads_at_once
    assert len(await asyncio.gather(*(get("of-event") for _ in range(at_once)))) == at_once

    unknown = await refusal(stub.GetError(GetErrorRequest(property=name, error_id="never"), timeout=30))
    assert unknown.code() is grpc.StatusCode.NOT_FOUND
    others = GetErrorRequest(property="properties/somebody-else", error_id="of-event")
    assert (await refusal(stub.GetError(others, timeout=30))).code() is grpc.StatusCode.NOT_FOUND

    await asyncio.to_thread(cut_history, kafka, "events.raw")
    assert await get("of-event") == (errors[0], None, EXPIRED)
    assert await get("of-an-import") == (errors[5], imported.events[0], "")


async def test_a_place_that_no_record_has_is_empty_whatever_comes_behind_it(kafka: KafkaSettings) -> None:
    def write() -> list[int]:
        offsets: list[int] = []
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": uuid.uuid4().hex})
        producer.init_transactions(30)
        for value in (b"one", b"two"):
            producer.begin_transaction()
            producer.produce(
                kafka.topic("events.raw"), value, partition=1, on_delivery=lambda _, m: offsets.append(m.offset())
            )
            producer.commit_transaction(30)
        ends_of(kafka, "events.raw")
        return offsets

    one, two = await asyncio.to_thread(write)
    async with raw_reader(kafka, RawReaderSettings()) as reader:
        assert [await reader.read(LIVE, 1, one), await reader.read(LIVE, 1, two)] == [b"one", b"two"]
        # a transaction's marker stands between them, and another behind them
        assert [await reader.read(LIVE, 1, one + 1), await reader.read(LIVE, 1, two + 1)] == [None, None]


async def test_only_so_many_payloads_are_read_at_a_time(kafka: KafkaSettings) -> None:
    offset = await asyncio.to_thread(write_raw, kafka, WriteEventsRequest())
    async with raw_reader(kafka, RawReaderSettings(max_waiting=2)) as reader:
        found = await asyncio.gather(*(reader.read(LIVE, 2, offset) for _ in range(5)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["TryAgain"] * 3 + ["bytes"] * 2
        assert await reader.read(LIVE, 2, offset) is not None


async def test_while_kafka_is_away_a_payload_is_to_be_asked_for_again() -> None:
    async with raw_reader(KafkaSettings(free_address()), RawReaderSettings(seconds=0.3)) as reader:
        with pytest.raises(TryAgain):
            await reader.read(LIVE, 0, 0)


async def test_an_id_is_never_read_as_anything_else(stub: ErrorServiceStub, property_id: str) -> None:
    for error_id in ("' OR 1=1 --", '"', "*"):
        wrong = GetErrorRequest(property=f"properties/{property_id}", error_id=error_id)
        assert (await refusal(stub.GetError(wrong, timeout=30))).code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_streams_go_on_while_the_store_is_away(stack: Stack, property_id: str) -> None:
    with query_path(stack.addresses, FOOTFALL_DRUID_BROKER_URL=f"http://{free_address()}") as path:
        kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=path.variables["FOOTFALL_KAFKA_TOPIC_PREFIX"])
        make_topic(kafka)
        try:
            async with error_server(kafka, "errors-away") as stub:
                away = await refusal(stub.ListErrors(request(property_id), timeout=30))
                assert away.code() is grpc.StatusCode.UNAVAILABLE
                call = stub.StreamErrors(StreamErrorsRequest(property=f"properties/{property_id}"), timeout=30)
                assert (await call.read()).heartbeat.live
                call.cancel()
        finally:
            delete_topic(kafka)

"""The error server on a real Kafka, as its clients see it: followers that are killed and come again."""

import asyncio
from collections.abc import Iterator

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from footfall.v1.errors_pb2 import StreamErrorsRequest, StreamErrorsResponse
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.errors.resume_token import position_of
from tests.integration.error_log import (
    Writer,
    cut_history,
    delete_topic,
    error_server,
    make_topic,
    shop,
    threads,
)
from tests.integration.markers import ends_of

pytestmark = pytest.mark.stack

Follower = grpc.aio.UnaryStreamCall[StreamErrorsRequest, StreamErrorsResponse]


@pytest.fixture
def kafka(kafka: KafkaSettings) -> Iterator[KafkaSettings]:
    topics = ("queries.requests", "queries.results")
    for topic in topics:
        make_topic(kafka, topic)
    yield kafka
    for topic in topics:
        delete_topic(kafka, topic)


def follow(stub: ErrorServiceStub, resume_token: str = "", property_id: str = "shop") -> Follower:
    request = StreamErrorsRequest(property=f"properties/{property_id}", resume_token=resume_token)
    call: Follower = stub.StreamErrors(request, timeout=60)
    return call


async def until_live(call: Follower) -> tuple[list[str], str]:
    """Return the ids of the errors that come before the stream is live, and the last token."""
    ids = []
    while not (message := await call.read()).heartbeat.live:
        if message.WhichOneof("message") == "error":
            ids.append(message.error.error_id)
    return ids, message.resume_token


async def test_what_is_committed_after_the_first_heartbeat_is_pushed(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    others = len(threads("kafka-polling"))
    async with error_server(kafka, "errors-1") as stub:
        call = follow(stub)
        assert (await call.read()).heartbeat.live
        await asyncio.to_thread(writer.write, "a1")
        while (message := await call.read()).WhichOneof("message") == "heartbeat":
            pass
        assert message.error.error_id == "a1"
        call.cancel()
    assert not threads("error-")
    assert not threads("raw-reader")
    assert len(threads("kafka-polling")) == others


async def test_a_follower_that_was_killed_misses_and_doubles_nothing(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    got, token = [], ""
    async with error_server(kafka, "errors-1") as first, error_server(kafka, "errors-2") as second:
        call = follow(first)
        await until_live(call)
        await asyncio.to_thread(writer.write, *(f"before{number}" for number in range(100)))
        while len(got) < 57:
            message = await call.read()
            token = message.resume_token
            if message.WhichOneof("message") == "error":
                got.append(message.error.error_id)
        call.cancel()
        for begin in range(0, 1_000, 100):
            ids = [f"meanwhile{number}" for number in range(begin, begin + 100)]
            await asyncio.to_thread(writer.write, *ids)
            await asyncio.to_thread(writer.write, "other1", property_id="busy")
        # it comes to another server, as the gateway likes
        again = follow(second, token)
        ids, _ = await until_live(again)
        again.cancel()
        got += ids
    expected = [*(f"before{number}" for number in range(100)), *(f"meanwhile{number}" for number in range(1_000))]
    assert sorted(got) == sorted(expected)
    print(f"\n{len(got)} errors in all, {len(ids)} after the resumption, each once")


async def test_a_quiet_property_does_not_fall_out_of_the_history_and_a_stale_token_is_told(
    kafka: KafkaSettings,
) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    async with error_server(kafka, "errors-1") as stub:
        call = follow(stub)
        _, stale = await until_live(call)
        await asyncio.to_thread(writer.write, *(f"busy{number}" for number in range(500)), property_id="busy")
        ends = await asyncio.to_thread(ends_of, kafka)
        bookmark = stale
        while position_of(bookmark, shop()) != ends:
            message = await call.read()
            assert message.WhichOneof("message") == "heartbeat"
            bookmark = message.resume_token
        call.cancel()
        await asyncio.to_thread(cut_history, kafka)
        await asyncio.to_thread(writer.write, "quiet1")
        await asyncio.to_thread(ends_of, kafka)

        resumed = follow(stub, bookmark)
        assert (await until_live(resumed))[0] == ["quiet1"]
        resumed.cancel()

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await until_live(follow(stub, stale))
        assert refused.value.code() is grpc.StatusCode.OUT_OF_RANGE
        trailers = dict(refused.value.trailing_metadata())
        earliest = str(trailers["footfall-earliest-resume-token"])
        info = error_details_pb2.ErrorInfo()
        assert status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details[0].Unpack(info)
        assert (info.reason, info.metadata["earliest_resume_token"]) == ("HISTORY_GONE", earliest)
        resumed = follow(stub, earliest)
        assert (await until_live(resumed))[0] == ["quiet1"]
        resumed.cancel()
        print(f"\nstale {stale}: {refused.value.details()}")
        print(f"earliest {earliest} goes on; bookmark {bookmark} goes on")


async def test_a_token_of_another_property_is_refused(kafka: KafkaSettings) -> None:
    async with error_server(kafka, "errors-1") as stub:
        call = follow(stub)
        _, token = await until_live(call)
        call.cancel()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await until_live(follow(stub, token, property_id="shop2"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "resume_token" in refused.value.details()

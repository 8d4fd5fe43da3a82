"""The feed of errors on a real Kafka, each test with a topic of its own."""

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import grpc
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from footfall.v1.errors_pb2 import EventError, StreamErrorsRequest
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall_adapters.kafka import error_feed, error_history, error_topic
from footfall_adapters.kafka.error_feed import ErrorFeedSettings, KafkaErrorFeed
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros, SystemClock
from footfall_core.errors.feed import ErrorStream
from footfall_core.errors.records import error_record
from footfall_core.problems import TooSlow, TryAgain
from footfall_local.settings import LocalSettings
from footfall_local.stack import Stack
from footfall_server.errors.main import routes
from footfall_server.hosts.grpc_aio import HostSettings, Server
from tests.conftest import ROOT

pytestmark = pytest.mark.stack

PARTITIONS = 4


class Writer:
    """Writes errors to the topic in transactions."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._topic = kafka.topic("errors")
        self._producer = Producer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "transactional.id": uuid.uuid4().hex,
                "linger.ms": 0,
                "log_level": 3,
            }
        )
        self._producer.init_transactions(30)

    def begin(self, *ids: str, property_id: str = "shop", time_ms: int = 0) -> None:
        """Write errors, each to the partition of its last digit, and leave the transaction open."""
        self._producer.begin_transaction()
        for each in ids:
            key, value = error_record(EventError(error_id=each, property=f"properties/{property_id}"))
            self._producer.produce(self._topic, value, key, int(each[-1]) % PARTITIONS, timestamp=time_ms)
        assert self._producer.flush(30) == 0

    def commit(self) -> None:
        self._producer.commit_transaction(30)

    def abort(self) -> None:
        self._producer.abort_transaction(30)

    def write(self, *ids: str, property_id: str = "shop", time_ms: int = 0) -> None:
        self.begin(*ids, property_id=property_id, time_ms=time_ms)
        self.commit()


def make_topic(kafka: KafkaSettings) -> KafkaSettings:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    topic = kafka.topic("errors")
    admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])[topic].result(30)
    return kafka


@pytest.fixture
def kafka(stack: Stack) -> Iterator[KafkaSettings]:
    kafka = make_topic(KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-"))
    yield kafka
    delete_topic(kafka)


def delete_topic(kafka: KafkaSettings) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    for deleted in admin.delete_topics([kafka.topic("errors")]).values():
        deleted.exception(30)


@asynccontextmanager
async def feed_of(
    kafka: KafkaSettings, *, history_readers: int = 4, queue: int = 1000
) -> AsyncIterator[KafkaErrorFeed]:
    settings = ErrorFeedSettings(queue_errors=queue, history_readers=history_readers)
    async with KafkaErrorFeed(kafka, settings, SystemClock()) as feed:
        yield feed


async def next_ids(stream: ErrorStream, count: int) -> list[str]:
    """Return the ids of the next errors; a message without one, `live`, counts too."""
    async with asyncio.timeout(30):
        messages = [await stream.next() for _ in range(count)]
    return [message.error_id if message else "live" for message in messages]


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def threads(name: str) -> Sequence[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]


def ago(seconds: float) -> int:
    """Return Unix milliseconds."""
    return int((time.time() - seconds) * 1000)


def micros(milliseconds: int) -> Micros:
    return Micros(milliseconds * 1000)


async def test_an_error_committed_after_the_stream_is_open_is_pushed_well_under_a_second(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    async with feed_of(kafka) as feed:
        with closing(await feed.open("shop", None)) as stream:
            assert await next_ids(stream, 1) == ["live"]
            await asyncio.to_thread(writer.begin, "a1")
            started = time.perf_counter()
            await asyncio.to_thread(writer.commit)
            assert await next_ids(stream, 1) == ["a1"]
            assert time.perf_counter() - started < 0.5


async def test_a_new_stream_begins_with_what_is_recorded_from_now_on(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, "old1", "old2")
    async with feed_of(kafka) as feed:
        with closing(await feed.open("shop", None)) as stream:
            await asyncio.to_thread(writer.write, "new1")
            assert await next_ids(stream, 2) == ["live", "new1"]


async def test_neither_aborted_errors_nor_another_propertys_are_pushed(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)

    def write() -> None:
        writer.begin("aborted1")
        writer.abort()
        writer.write("other1", property_id="shop2")
        writer.write("mine1")

    async with feed_of(kafka) as feed:
        with (
            closing(await feed.open("shop", None)) as mine,
            closing(await feed.open("shop", micros(ago(60)))) as mine_from_the_past,
            closing(await feed.open("shop2", None)) as other,
        ):
            for stream in (mine, mine_from_the_past, other):
                assert await next_ids(stream, 1) == ["live"]
            await asyncio.to_thread(write)
            assert await next_ids(mine, 1) == ["mine1"]
            assert await next_ids(mine_from_the_past, 1) == ["mine1"]
            assert await next_ids(other, 1) == ["other1"]
        with closing(await feed.open("shop", micros(ago(60)))) as stream:
            assert await next_ids(stream, 2) == ["mine1", "live"]


async def test_an_error_in_a_transaction_that_was_open_already_is_pushed_once_it_is_committed(
    kafka: KafkaSettings,
) -> None:
    hung, writer = await asyncio.to_thread(Writer, kafka), await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(hung.begin, "hung1")
    # behind the open transaction, on the same partition
    await asyncio.to_thread(writer.write, "behind1")
    async with feed_of(kafka) as feed:
        with (
            closing(await feed.open("shop", None)) as stream,
            closing(await feed.open("shop", micros(ago(60)))) as from_the_past,
        ):
            assert await next_ids(stream, 1) == ["live"]
            assert await next_ids(from_the_past, 1) == ["live"]
            await asyncio.to_thread(hung.commit)
            assert await next_ids(stream, 2) == ["hung1", "behind1"]
            assert await next_ids(from_the_past, 2) == ["hung1", "behind1"]


async def test_a_start_in_the_past_gives_the_errors_from_then_on_and_then_the_live_ones(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    times = [ago(50), ago(40), ago(30)]
    for number, time_ms in enumerate(times):
        await asyncio.to_thread(writer.write, f"past{number}", time_ms=time_ms)
    async with feed_of(kafka) as feed:
        with closing(await feed.open("shop", micros(times[1]))) as stream:
            assert sorted(await next_ids(stream, 2)) == ["past1", "past2"]
            await asyncio.to_thread(writer.write, "new1")
            assert await next_ids(stream, 2) == ["live", "new1"]
            # the past is read: its reader is given back while the stream lives on
            await eventually(lambda: not threads("error-history"))


async def test_what_was_recorded_before_the_call_comes_before_the_stream_is_live(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    start = micros(ago(60))
    async with feed_of(kafka) as feed:
        for number in range(20):
            await asyncio.to_thread(writer.write, f"e{number}")
            with closing(await feed.open("shop", start)) as stream:
                assert "live" not in await next_ids(stream, number + 1)
                assert await next_ids(stream, 1) == ["live"]


async def test_a_start_in_the_future_means_from_now_on(kafka: KafkaSettings) -> None:
    async with feed_of(kafka, history_readers=0) as feed:
        with closing(await feed.open("shop", micros(ago(-60)))) as stream:
            assert await next_ids(stream, 1) == ["live"]


async def test_streams_opened_amid_a_flood_have_neither_gap_nor_doubling(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    total, from_start = 2_000, ago(60)
    written = asyncio.Event()
    loop = asyncio.get_running_loop()

    def flood() -> None:
        for first in range(0, total, 10):
            writer.begin(*(f"e{number}" for number in range(first, first + 10)))
            # every third transaction is aborted first, so that markers and aborted records lie between
            if first % 3 == 0:
                writer.abort()
                writer.begin(*(f"e{number}" for number in range(first, first + 10)))
            writer.commit()
            if first == 200:
                loop.call_soon_threadsafe(written.set)

    async def follow(feed: KafkaErrorFeed) -> list[str]:
        with closing(await feed.open("shop", micros(from_start))) as stream:
            return [each for each in await next_ids(stream, total + 1) if each != "live"]

    async with feed_of(kafka, queue=total) as feed:
        flooding = asyncio.create_task(asyncio.to_thread(flood))
        await written.wait()
        got = await asyncio.gather(*(follow(feed) for _ in range(3)))
        await flooding
    expected = {f"e{number}" for number in range(total)}
    for ids in got:
        assert len(ids) == total
        assert set(ids) == expected


async def test_a_reader_that_is_too_slow_is_told_and_the_others_go_on(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    async with feed_of(kafka, queue=3) as feed:
        with closing(await feed.open("shop", None)) as slow, closing(await feed.open("shop", None)) as quick:
            assert await next_ids(slow, 1) == ["live"]
            assert await next_ids(quick, 1) == ["live"]
            for number in range(5):
                await asyncio.to_thread(writer.write, f"e{number}")
                assert await next_ids(quick, 1) == [f"e{number}"]
            with pytest.raises(TooSlow):
                await slow.next()


async def test_too_many_readers_of_the_past_are_told_to_try_again(kafka: KafkaSettings) -> None:
    async with feed_of(kafka, history_readers=1) as feed:
        first = await feed.open("shop", micros(ago(60)))
        with pytest.raises(TryAgain):
            await feed.open("shop", micros(ago(60)))
        first.close()
        await eventually(lambda: not threads("error-history"))
        with closing(await feed.open("shop", micros(ago(60)))) as stream:
            assert await next_ids(stream, 1) == ["live"]


async def test_a_stream_closed_while_it_reads_the_past_leaves_nothing_behind(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[Consumer] = []

    def new_reader(*given: object, **more: object) -> Consumer:
        readers.append(error_topic.new_reader(*given, **more))  # type: ignore[arg-type]
        return readers[-1]

    monkeypatch.setattr(error_feed, "new_reader", new_reader)
    monkeypatch.setattr(error_history, "new_reader", new_reader)
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, *(f"e{number}" for number in range(1_000)))
    async with feed_of(kafka) as feed:
        stream = await feed.open("shop", micros(ago(60)))
        reading = asyncio.create_task(stream.next())
        await eventually(lambda: bool(threads("error-history")))
        reading.cancel()
        stream.close()
        await eventually(lambda: not threads("error-history"))
    assert not threads("error-")
    assert len(readers) == 2
    for reader in readers:
        with pytest.raises(RuntimeError, match="closed"):
            reader.poll(0)


async def test_leaving_the_feed_ends_its_streams(kafka: KafkaSettings) -> None:
    async with AsyncExitStack() as around:
        feed = await around.enter_async_context(feed_of(kafka))
        present = await feed.open("shop", None)
        past = await feed.open("shop", micros(ago(60)))
        await around.aclose()
    for stream in (present, past):
        with pytest.raises(TryAgain):
            await stream.next()
    assert not threads("error-")


async def test_a_topic_that_is_made_anew_ends_the_streams_and_new_ones_follow_it(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, *(f"old{number}" for number in range(PARTITIONS)))
    async with feed_of(kafka) as feed:
        with closing(await feed.open("shop", None)) as stream:
            assert await next_ids(stream, 1) == ["live"]
            await asyncio.to_thread(delete_topic, kafka)
            await asyncio.to_thread(make_topic, kafka)
            with pytest.raises(TryAgain):
                await next_ids(stream, 1)
        with closing(await feed.open("shop", None)) as stream:
            again = await asyncio.to_thread(Writer, kafka)
            await asyncio.to_thread(again.write, "new1")
            assert await next_ids(stream, 2) == ["live", "new1"]


async def test_while_kafka_cannot_be_reached_a_new_stream_is_told_to_try_again() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        kafka = KafkaSettings(f"127.0.0.1:{nobody_listens.getsockname()[1]}")
        settings = ErrorFeedSettings(ready_seconds=0.1)
        async with KafkaErrorFeed(kafka, settings, SystemClock()) as feed:
            with pytest.raises(TryAgain):
                await feed.open("shop", None)
    assert not threads("error-")


async def test_a_live_stream_stays_while_kafka_is_away_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    own = Stack(tmp_path, ["kafka"], settings=LocalSettings(jars_dir=ROOT / ".footfall" / "jars"))
    await asyncio.to_thread(own.start)
    try:
        kafka = make_topic(KafkaSettings(own.addresses["kafka"]))
        writer = await asyncio.to_thread(Writer, kafka)
        async with feed_of(kafka) as feed:
            with closing(await feed.open("shop", None)) as stream:
                await asyncio.to_thread(writer.write, "before1")
                assert await next_ids(stream, 2) == ["live", "before1"]
                await asyncio.to_thread(stop, own)
                await asyncio.to_thread(own.start)
                assert own.addresses["kafka"] == kafka.bootstrap_servers
                again = await asyncio.to_thread(Writer, kafka)
                await asyncio.to_thread(again.write, "after1")
                assert await next_ids(stream, 1) == ["after1"]
    finally:
        await asyncio.to_thread(stop, own)


def stop(own: Stack) -> None:
    own.stop()
    if own._launched:
        # or its warning of a process that still runs comes in the middle of some other test
        own._launched.wait(30)


async def test_the_error_server_pushes_what_is_committed_after_its_first_heartbeat(kafka: KafkaSettings) -> None:
    variables = {
        "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "FOOTFALL_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
    }
    writer = await asyncio.to_thread(Writer, kafka)
    async with AsyncExitStack() as around:
        server = Server(await routes(around, variables), HostSettings(unready_seconds=0, drain_seconds=5))
        port = await server.start()
        around.push_async_callback(server.drain)
        channel = await around.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        call = ErrorServiceStub(channel).StreamErrors(StreamErrorsRequest(property="properties/shop"), timeout=60)  # type: ignore[no-untyped-call]
        assert (await call.read()).heartbeat.live
        await asyncio.to_thread(writer.write, "a1")
        assert (await call.read()).error.error_id == "a1"
        call.cancel()
    assert not threads("error-")

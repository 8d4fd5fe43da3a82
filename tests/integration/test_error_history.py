"""The errors of the past from a real Kafka, beyond what `tests.contract.test_error_feed` asks of every log."""

import asyncio
from contextlib import closing

import pytest
from confluent_kafka import Consumer

from footfall_adapters.kafka import error_history, error_reader, error_topic
from footfall_adapters.kafka.error_feed import KafkaErrorFeed
from footfall_adapters.kafka.error_history import ErrorHistory
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.sieve import Sieve
from footfall_core.problems import TooSlow, TryAgain
from tests.integration.error_log import Writer, ago, eventually, feed_of, micros, next_ids, shop, threads
from tests.integration.markers import ends_of

pytestmark = pytest.mark.stack


async def test_a_stream_that_has_read_the_past_gives_its_reader_back(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, "past1")
    await asyncio.to_thread(ends_of, kafka)
    async with feed_of(kafka) as feed:
        with closing(await feed.open(shop(), micros(ago(60)))) as stream:
            assert await next_ids(stream, 2) == ["past1", "live"]
            await eventually(lambda: not threads("error-history"))
            # while the stream lives on
            await asyncio.to_thread(writer.write, "new1")
            assert await next_ids(stream, 1) == ["new1"]


async def test_a_start_in_the_future_takes_no_reader_of_the_past(kafka: KafkaSettings) -> None:
    async with feed_of(kafka, history_readers=0) as feed:
        with closing(await feed.open(shop(), micros(ago(-60)))) as stream:
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
        with closing(await feed.open(shop(), micros(from_start))) as stream:
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


async def test_too_many_readers_of_the_past_are_told_to_try_again(kafka: KafkaSettings) -> None:
    async with feed_of(kafka, history_readers=1) as feed:
        first = await feed.open(shop(), micros(ago(60)))
        with pytest.raises(TryAgain):
            await feed.open(shop(), micros(ago(60)))
        first.close()
        await eventually(lambda: not feed._histories)
        with closing(await feed.open(shop(), micros(ago(60)))) as stream:
            assert await next_ids(stream, 1) == ["live"]


async def test_one_property_leaves_half_of_the_readers_to_the_others(kafka: KafkaSettings) -> None:
    async with feed_of(kafka, history_readers=4) as feed:
        first = await feed.open(shop(), micros(ago(60)))
        with closing(await feed.open(shop(), micros(ago(60)))):
            with pytest.raises(TryAgain, match="this property"):
                await feed.open(shop(), micros(ago(60)))
            with closing(await feed.open(ErrorSelection("shop2"), micros(ago(60)))) as other:
                assert await next_ids(other, 1) == ["live"]
            first.close()
            with closing(await feed.open(shop(), micros(ago(60)))) as stream:
                assert await next_ids(stream, 1) == ["live"]


async def test_a_client_that_leaves_the_past_unread_makes_room_for_others(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, *(f"e{number}" for number in range(1_000)))
    ends = await asyncio.to_thread(ends_of, kafka)
    async with feed_of(kafka, history_readers=1, patience=0.5) as feed:
        with closing(await feed.open(shop(), (0, 0, 0, 0))) as stuck:
            got = await next_ids(stuck, 1)
            await eventually(lambda: not feed._histories)
            with closing(await feed.open(shop(), ends)) as other:
                assert await next_ids(other, 1) == ["live"]
            with pytest.raises(TooSlow):
                await stuck.next()
        await eventually(lambda: not feed._histories)
        # its position goes on where the client stopped
        with closing(await feed.open(shop(), stuck.position)) as again:
            got += await next_ids(again, 999)
            assert sorted(got) == sorted(f"e{number}" for number in range(1_000))
            assert await next_ids(again, 1) == ["live"]


async def test_a_stream_closed_while_it_reads_the_past_leaves_nothing_behind(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[Consumer] = []

    def new_reader(*given: object, **more: object) -> Consumer:
        readers.append(error_topic.new_reader(*given, **more))  # type: ignore[arg-type]
        return readers[-1]

    monkeypatch.setattr(error_reader, "new_reader", new_reader)
    monkeypatch.setattr(error_history, "new_reader", new_reader)
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, *(f"e{number}" for number in range(1_000)))
    async with feed_of(kafka) as feed:
        stream = await feed.open(shop(), micros(ago(60)))
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


async def test_the_past_ends_where_the_topic_did_with_what_is_never_delivered(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)

    def write() -> None:
        writer.write("e1", "e2")
        writer.begin("aborted2")
        writer.abort()
        ends_of(kafka)

    await asyncio.to_thread(write)
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()
    history = ErrorHistory(
        kafka, shop(), Sieve(shop(), None), (0, 0, 0, 0), lambda _: loop.call_soon_threadsafe(closed.set)
    )
    assert await history.begin() == {0: 0, 1: 0, 2: 0, 3: 0}
    errors = []
    while past := await history.read():
        errors += [placed.error.error.error_id for placed in past.found.errors]
    assert sorted(errors) == ["e1", "e2"]
    assert history.until[2] > 2
    assert history._places == history.until
    history.close()
    await closed.wait()

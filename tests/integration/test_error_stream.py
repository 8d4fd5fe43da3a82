"""The errors of the present from a real Kafka, beyond what `tests.contract.test_error_feed` asks of every log."""

import asyncio
import socket
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from footfall_adapters.kafka.error_feed import ErrorFeedSettings, KafkaErrorFeed
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import SystemClock
from footfall_core.errors.selection import ErrorSelection
from footfall_core.problems import TooSlow, TryAgain
from footfall_local.settings import LocalSettings
from footfall_local.stack import Stack
from tests.conftest import ROOT
from tests.integration.error_log import (
    NO_STORM,
    PARTITIONS,
    Writer,
    ago,
    delete_topic,
    feed_of,
    make_topic,
    micros,
    next_ids,
    shop,
    threads,
)
from tests.integration.markers import ends_of

pytestmark = pytest.mark.stack


async def test_neither_aborted_errors_nor_another_propertys_are_pushed(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)

    def write() -> None:
        writer.begin("aborted1")
        writer.abort()
        writer.write("other1", property_id="shop2")
        writer.write("mine1")

    async with feed_of(kafka) as feed:
        with (
            closing(await feed.open(shop(), None)) as mine,
            closing(await feed.open(shop(), micros(ago(60)))) as mine_from_the_past,
            closing(await feed.open(ErrorSelection("shop2"), None)) as other,
        ):
            for stream in (mine, mine_from_the_past, other):
                assert await next_ids(stream, 1) == ["live"]
            await asyncio.to_thread(write)
            assert await next_ids(mine, 1) == ["mine1"]
            assert await next_ids(mine_from_the_past, 1) == ["mine1"]
            assert await next_ids(other, 1) == ["other1"]
        with closing(await feed.open(shop(), micros(ago(60)))) as stream:
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
            closing(await feed.open(shop(), None)) as stream,
            closing(await feed.open(shop(), micros(ago(60)))) as from_the_past,
        ):
            assert await next_ids(stream, 1) == ["live"]
            assert await next_ids(from_the_past, 1) == ["live"]
            await asyncio.to_thread(hung.commit)
            assert await next_ids(stream, 2) == ["hung1", "behind1"]
            assert await next_ids(from_the_past, 2) == ["hung1", "behind1"]


async def test_a_reader_that_is_too_slow_is_told_and_the_others_go_on(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    async with feed_of(kafka, queue=3) as feed:
        with closing(await feed.open(shop(), None)) as slow, closing(await feed.open(shop(), None)) as quick:
            assert await next_ids(slow, 1) == ["live"]
            assert await next_ids(quick, 1) == ["live"]
            for number in range(5):
                await asyncio.to_thread(writer.write, f"e{number}")
                assert await next_ids(quick, 1) == [f"e{number}"]
            with pytest.raises(TooSlow):
                await slow.next()


async def test_leaving_the_feed_ends_its_streams(kafka: KafkaSettings) -> None:
    async with AsyncExitStack() as around:
        feed = await around.enter_async_context(feed_of(kafka))
        present = await feed.open(shop(), None)
        past = await feed.open(shop(), micros(ago(60)))
        await around.aclose()
    for stream in (present, past):
        with pytest.raises(TryAgain):
            await stream.next()
    assert not threads("error-")


async def test_a_topic_that_is_made_anew_ends_the_streams_and_new_ones_follow_it(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, *(f"old{number}" for number in range(PARTITIONS)))
    await asyncio.to_thread(ends_of, kafka)
    async with feed_of(kafka) as feed:
        with closing(await feed.open(shop(), None)) as stream:
            assert await next_ids(stream, 1) == ["live"]
            await asyncio.to_thread(delete_topic, kafka)
            await asyncio.to_thread(make_topic, kafka)
            with pytest.raises(TryAgain):
                await next_ids(stream, 1)
        with closing(await feed.open(shop(), None)) as stream:
            again = await asyncio.to_thread(Writer, kafka)
            await asyncio.to_thread(again.write, "new1")
            assert await next_ids(stream, 2) == ["live", "new1"]


async def test_while_kafka_cannot_be_reached_a_new_stream_is_told_to_try_again() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        kafka = KafkaSettings(f"127.0.0.1:{nobody_listens.getsockname()[1]}")
        settings = ErrorFeedSettings(ready_seconds=0.1)
        async with KafkaErrorFeed(kafka, settings, NO_STORM, SystemClock()) as feed:
            with pytest.raises(TryAgain):
                await feed.open(shop(), None)
    assert not threads("error-")


async def test_a_live_stream_stays_while_kafka_is_away_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    own = Stack(tmp_path, ["kafka"], settings=LocalSettings(jars_dir=ROOT / ".footfall" / "jars"))
    await asyncio.to_thread(own.start)
    try:
        kafka = make_topic(KafkaSettings(own.addresses["kafka"]))
        writer = await asyncio.to_thread(Writer, kafka)
        async with feed_of(kafka) as feed:
            with closing(await feed.open(shop(), None)) as stream:
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

"""Streams that go on where one was, on a real Kafka, beyond what `tests.contract.test_error_feed` asks of every log."""

import asyncio
import random
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import Consumer

from footfall.v1.errors_pb2 import Stage
from footfall_adapters.kafka import error_history
from footfall_adapters.kafka.error_topic import watermarks
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.errors.feed import ErrorStream, OutOfHistoryError, Position
from footfall_core.problems import TooSlow
from tests.integration.error_log import (
    Writer,
    ago,
    cut_history,
    delete_topic,
    eventually,
    feed_of,
    make_topic,
    micros,
    next_ids,
    shop,
)
from tests.integration.markers import ends_of

pytestmark = pytest.mark.stack


async def at_the_end(stream: ErrorStream, kafka: KafkaSettings) -> Position:
    """Return the stream's position when it has moved on to the end of the topic."""
    ends = await asyncio.to_thread(ends_of, kafka)
    await eventually(lambda: stream.position == ends)
    return ends


async def test_a_stream_goes_on_behind_each_error_that_an_earlier_one_returned(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    total, from_start = 2_000, micros(ago(60))
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()
    draw = random.Random(5)

    def flood() -> None:
        for first in range(0, total, 10):
            # aborted errors and other properties' lie between
            writer.begin(*(f"aborted{number}" for number in range(3)))
            writer.abort()
            writer.begin(*(f"e{number}" for number in range(first, first + 10)))
            writer.commit()
            writer.write("other1", "other2", property_id="shop2")
            loop.call_soon_threadsafe(begun.set)

    got: list[str] = []

    async def follow(stream: ErrorStream, count: int) -> Position:
        try:
            while count and len(got) < total:
                if error := await stream.next():
                    got.append(error.error.error_id)
                    count -= 1
        except TooSlow:
            pass
        return stream.position

    # two servers, and queues so short that some streams end because of that
    async with feed_of(kafka, queue=40) as one, feed_of(kafka, queue=40) as other, asyncio.timeout(110):
        flooding = asyncio.create_task(asyncio.to_thread(flood))
        await begun.wait()
        place: Any = from_start
        while len(got) < total:
            with closing(await draw.choice([one, other]).open(shop(), place)) as stream:
                place = await follow(stream, draw.randrange(1, 200))
        await flooding
    assert len(got) == total
    assert set(got) == {f"e{number}" for number in range(total)}


async def test_a_position_moves_on_with_the_log_while_nothing_matches(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)

    def write() -> None:
        writer.write(*(f"busy{number}" for number in range(100)), property_id="busy")
        writer.write("mine1", stage=Stage.STAGE_DEDUPE)
        # a marker, and what was aborted, are never read but take offsets
        writer.begin("aborted1", "aborted2")
        writer.abort()

    async with feed_of(kafka) as feed:
        with (
            closing(await feed.open(shop(stages=frozenset({Stage.STAGE_INGEST})), None)) as filtered,
            closing(await feed.open(shop(), None)) as stream,
        ):
            for each in (filtered, stream):
                assert await next_ids(each, 1) == ["live"]
            await asyncio.to_thread(write)
            assert await next_ids(stream, 1) == ["mine1"]
            assert filtered.position != (0, 0, 0, 0)
            for each in (filtered, stream):
                assert await at_the_end(each, kafka) == each.position


async def test_what_a_filter_drops_does_not_wait_for_a_slow_reader(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    async with feed_of(kafka, queue=2) as feed:
        with closing(await feed.open(shop(writer_id="w1"), None)) as stream:
            await asyncio.to_thread(writer.write, *(f"e{number}" for number in range(50)))
            await asyncio.to_thread(writer.write, "mine1", writer_id="w1")
            assert await next_ids(stream, 2) == ["live", "mine1"]


async def test_the_earliest_position_is_as_far_back_as_the_log_reaches(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    async with feed_of(kafka) as feed:
        with closing(await feed.open(shop(), None)) as stream:
            stale = stream.position
        await asyncio.to_thread(writer.write, "lost1", "lost2")
        await asyncio.to_thread(cut_history, kafka)
        await asyncio.to_thread(writer.write, "kept1", "kept3")
        await asyncio.to_thread(ends_of, kafka)
        with pytest.raises(OutOfHistoryError) as gone:
            await feed.open(shop(), stale)
        # of partitions 0 and 3 nothing was ever cut away
        assert [at == 0 for at in gone.value.earliest] == [True, False, False, True]
        with closing(await feed.open(shop(), gone.value.earliest)) as stream:
            assert sorted(await next_ids(stream, 2)) == ["kept1", "kept3"]
            assert await next_ids(stream, 1) == ["live"]


async def test_a_stream_that_was_refused_leaves_its_place_to_others(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, "lost1")
    await asyncio.to_thread(cut_history, kafka)
    async with feed_of(kafka, history_readers=1) as feed:
        for _ in range(3):
            with pytest.raises(OutOfHistoryError):
                await feed.open(shop(), (0, 0, 0, 0))
            await eventually(lambda: not feed._histories)
        assert not feed._channels


async def test_what_retention_deletes_in_front_of_the_reader_is_not_passed_over(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, "lost1", "lost2")
    # or the last markers come when the history is cut already
    await asyncio.to_thread(ends_of, kafka)

    def then_retention_strikes(reader: Consumer, topic: str) -> tuple[Position, Position]:
        found = watermarks(reader, topic)
        cut_history(kafka)
        return found

    async with feed_of(kafka) as feed:
        monkeypatch.setattr(error_history, "watermarks", then_retention_strikes)
        with closing(await feed.open(shop(), (0, 0, 0, 0))) as stream, pytest.raises(OutOfHistoryError) as gone:
            await next_ids(stream, 1)
        assert gone.value.earliest == await asyncio.to_thread(ends_of, kafka)


async def test_a_position_in_a_topic_that_was_made_anew_is_out_of_its_history(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, *(f"old{number}" for number in range(8)))
    old = await asyncio.to_thread(ends_of, kafka)
    await asyncio.to_thread(delete_topic, kafka)
    await asyncio.to_thread(make_topic, kafka)
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, "new1")
    await asyncio.to_thread(ends_of, kafka)
    async with feed_of(kafka) as feed:
        with pytest.raises(OutOfHistoryError) as gone:
            await feed.open(shop(), old)
        assert gone.value.earliest == (0, 0, 0, 0)
        with closing(await feed.open(shop(), gone.value.earliest)) as stream:
            assert await next_ids(stream, 2) == ["new1", "live"]


async def test_a_partition_that_was_added_since_is_read_from_its_beginning(kafka: KafkaSettings) -> None:
    writer = await asyncio.to_thread(Writer, kafka)
    await asyncio.to_thread(writer.write, *(f"e{number}" for number in range(4)))
    ends = await asyncio.to_thread(ends_of, kafka)
    async with feed_of(kafka) as feed:
        with closing(await feed.open(shop(), ends[:3])) as stream:
            assert await next_ids(stream, 2) == ["e3", "live"]
        with pytest.raises(OutOfHistoryError):
            await feed.open(shop(), (*ends, 0))

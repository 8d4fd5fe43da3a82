"""What the port `RawRecords` promises, in SQLite and in Kafka."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.kinds import EventKind
from footfall_core.wire.raw_pb2 import RawRecord
from tests.contract.event_logs import KafkaLogPlace, LogPlace, SqliteLogPlace
from tests.integration.error_log import delete_topic, make_topic


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogPlace]:
    if request.param == "embedded":
        yield SqliteLogPlace(tmp_path / "log.sqlite")
        return
    stack = request.getfixturevalue("stack")
    kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    for kind in EventKind:
        make_topic(kafka, kind.raw_topic)
    yield KafkaLogPlace(kafka)
    for kind in EventKind:
        delete_topic(kafka, kind.raw_topic)


def record(batch: bytes) -> bytes:
    return RawRecord(batches=[batch]).SerializeToString()


async def test_the_record_at_a_place_is_read_in_any_order_and_as_often_as_one_likes(place: LogPlace) -> None:
    records = [record(b"one"), record(b"two" * 300_000), record(b"three")]
    offsets = [await place.put(each, 0) for each in records]
    async with place.reader() as reader:
        for index in (0, 2, 1, 0, 0):
            assert await reader.read(EventKind.LIVE, 0, offsets[index]) == records[index]


async def test_there_is_no_record_behind_the_last_one_until_it_is_stored(place: LogPlace) -> None:
    first = await place.put(record(b"one"), 0)
    async with place.reader() as reader:
        assert await reader.read(EventKind.LIVE, 0, first + 1_000) is None
        second = await place.put(record(b"two"), 0)
        assert await reader.read(EventKind.LIVE, 0, second) == record(b"two")
        assert await reader.read(EventKind.LIVE, 0, second + 1) is None


async def test_an_empty_log_has_no_record(place: LogPlace) -> None:
    async with place.reader() as reader:
        assert await reader.read(EventKind.LIVE, 0, 0) is None


async def test_another_partition_has_not_got_the_record(place: LogPlace) -> None:
    offset = await place.put(record(b"one"), 0)
    async with place.reader() as reader:
        assert await reader.read(EventKind.LIVE, 1, offset) is None
        assert await reader.read(EventKind.LIVE, 0, offset) == record(b"one")


async def test_many_may_read_at_a_time(place: LogPlace) -> None:
    records = [record(b"%d" % number) for number in range(3)]
    offsets = [await place.put(each, 0) for each in records]
    async with place.reader() as reader:
        found = await asyncio.gather(*(reader.read(EventKind.LIVE, 0, offset) for offset in offsets * 10))
    assert found == records * 10


async def test_a_reader_that_leaves_does_the_others_no_harm(place: LogPlace) -> None:
    offset = await place.put(record(b"one"), 0)
    async with place.reader() as reader:
        leaving = [asyncio.create_task(reader.read(EventKind.LIVE, 0, offset)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        await asyncio.wait(leaving)
        assert await reader.read(EventKind.LIVE, 0, offset) == record(b"one")


async def test_a_record_is_read_from_the_log_of_its_kind(place: LogPlace) -> None:
    # in one log of both kinds the second has another offset
    live = await place.put(record(b"live"), 0)
    imported = await place.put(record(b"imported"), 0, EventKind.IMPORT)
    async with place.reader() as reader:
        assert await reader.read(EventKind.LIVE, 0, live) == record(b"live")
        assert await reader.read(EventKind.IMPORT, 0, imported) == record(b"imported")

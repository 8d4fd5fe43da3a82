"""The event consumer's hard cases: poison, and lost state."""

from pathlib import Path

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.raw_reader import RawReaderSettings, raw_reader
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.kinds import EventKind
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_local.stack import Stack
from tests.integration.consumer_state import writers_on_disk
from tests.integration.event_consumer import consumer, event_ids, own_topics, put, read, record_of, view

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

PARTITION = 2


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack)


# ---- poison ----


async def test_a_poison_record_is_put_aside_with_its_bytes_and_its_partition_goes_on(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    good = RawRecord.FromString(record_of(view("good"))).batches[0]
    poison = [
        b"no protobuf",
        RawRecord(batches=[b"no protobuf", good]).SerializeToString(),
        RawRecord(batches=[RawBatch(request=b"no protobuf").SerializeToString()]).SerializeToString(),
    ]
    put(kafka, PARTITION, *poison, record_of(view("behind")))
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: event_ids(kafka).total() > 1, "the rows behind the poison")
        running.stop()
        assert running.lines("batch not processed") == len(poison)
    assert event_ids(kafka) == {"good-1": 1, "behind-1": 1}
    errors = [
        EventError.FromString(value)
        for values in read(kafka, "errors", committed=True).values.values()
        for value in values
    ]
    put_aside = [error.payload for error in errors if error.property == "properties/~unreadable"]
    assert [place.batch_index for place in put_aside] == [-1, 0, 0]
    async with raw_reader(kafka, RawReaderSettings()) as reader:
        assert [await reader.read(EventKind.LIVE, place.partition, place.offset) for place in put_aside] == poison


# ---- state ----


def test_state_that_was_lost_is_rebuilt_and_duplicates_stay_duplicates(kafka: KafkaSettings, tmp_path: Path) -> None:
    first = [view(f"writer-{number}") for number in range(200)]
    put(kafka, PARTITION, *map(record_of, first))
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: event_ids(kafka).total() == 200, "all rows")
        running.kill()
    put(kafka, PARTITION, *map(record_of, first), record_of(view("writer-0", 2)))
    with consumer(kafka, tmp_path / "another-state") as running:
        running.until(lambda: event_ids(kafka)["writer-0-2"] > 0, "the row behind the duplicates")
        running.stop()
    assert set(event_ids(kafka).values()) == {1}
    assert writers_on_disk(tmp_path / "another-state", PARTITION) == {f"writer-{number}" for number in range(200)}

"""What the port `EventLog` promises, in SQLite and in Kafka."""

import asyncio
import time
import uuid
from pathlib import Path

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsSettings, ensure_topics
from footfall_core.clock import SystemClock
from footfall_core.packing import MAX_RAW_BATCH_BYTES
from footfall_core.ports import EventLog
from footfall_core.problems import TooLarge, TryAgain
from tests.contract.event_logs import KafkaLogPlace, LogPlace, SqliteLogPlace, batches

CLOCK = SystemClock()


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> LogPlace:
    if request.param == "embedded":
        return SqliteLogPlace(tmp_path / "log.sqlite")
    stack = request.getfixturevalue("stack")
    kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    ensure_topics(kafka, TopicsSettings())
    return KafkaLogPlace(kafka)


def stored(place: LogPlace, prefix: bytes) -> list[bytes]:
    """Return the batches with a prefix, which all stand in one partition."""
    found = [with_prefix for each in batches(place).values() if (with_prefix := [b for b in each if prefix in b])]
    assert len(found) == 1, "not in one partition"
    return found[0]


async def append_all(log: EventLog, names: list[bytes], partition: int | None = 0) -> list[int]:
    return await asyncio.gather(*(log.append(name, partition) for name in names))


async def test_a_batch_can_be_read_when_it_is_acknowledged_while_the_log_goes_on(place: LogPlace) -> None:
    async with place.log() as log:
        for number in range(3):
            before = CLOCK.now()
            known = await log.append(b"batch-%d" % number, 0)
            assert before <= known <= CLOCK.now()
            found = await asyncio.to_thread(stored, place, b"batch-")
            assert found == [b"batch-%d" % each for each in range(number + 1)]


async def test_batches_that_arrive_together_share_records_and_stay_in_order_by_partition(place: LogPlace) -> None:
    async with place.log() as log:
        await asyncio.gather(*(log.append(b"to-%d-%03d" % (i % 4, i), i % 4) for i in range(200)))
    for partition in range(4):
        expected = [b"to-%d-%03d" % (partition, i) for i in range(partition, 200, 4)]
        assert await asyncio.to_thread(stored, place, b"to-%d-" % partition) == expected
    assert sum(map(len, place.records().values())) < 100


async def test_batches_that_arrive_together_share_commits(place: LogPlace) -> None:
    async with place.log() as log:
        times = await append_all(log, [b"batch-%d" % i for i in range(200)])
    # one commit may be under way when they arrive
    assert len(set(times)) <= 20


async def test_batches_for_any_partition_are_each_stored_once(place: LogPlace) -> None:
    names = [b"batch-%d" % i for i in range(20)]
    async with place.log() as log:
        await append_all(log, names, None)
    found = await asyncio.to_thread(batches, place)
    assert sorted(batch for each in found.values() for batch in each) == sorted(names)


async def test_a_batch_that_is_stored_twice_is_there_twice(place: LogPlace) -> None:
    async with place.log() as log:
        for _ in range(2):
            await log.append(b"batch", 1)
    assert await asyncio.to_thread(stored, place, b"batch") == [b"batch", b"batch"]


async def test_the_largest_batch_fits_and_one_that_is_larger_fails_no_neighbour(place: LogPlace) -> None:
    largest = bytes(MAX_RAW_BATCH_BYTES)
    async with place.log() as log:
        left, too_large, fits, right = await asyncio.gather(
            log.append(b"left", 0),
            log.append(bytes(MAX_RAW_BATCH_BYTES + 1), 0),
            log.append(largest, 0),
            log.append(b"right", 0),
            return_exceptions=True,
        )
    assert isinstance(too_large, TooLarge)
    assert [type(each) for each in (left, fits, right)] == [int] * 3
    assert await asyncio.to_thread(stored, place, b"") == [b"left", largest, b"right"]


async def test_beyond_a_number_of_bytes_callers_are_to_try_again_at_once_and_later_they_can(place: LogPlace) -> None:
    async with place.log(max_pending_bytes=1_000) as log:
        waiting = asyncio.create_task(log.append(b"waits" + bytes(900), 0))
        await asyncio.sleep(0)
        with pytest.raises(TryAgain, match="Too much is in flight"):
            await log.append(bytes(1_001), 0)
        await waiting
        await log.append(b"later" + bytes(900), 0)
    assert [batch[:5] for batch in await asyncio.to_thread(stored, place, b"")] == [b"waits", b"later"]


async def test_what_waits_goes_in_commits_of_a_bounded_size(place: LogPlace) -> None:
    async with place.log(max_commit_bytes=1_000) as log:
        times = await append_all(log, [b"%d" % i + bytes(600) for i in range(5)])
    assert [batch[:1] for batch in await asyncio.to_thread(stored, place, b"")] == [b"0", b"1", b"2", b"3", b"4"]
    assert len(set(times)) >= 4


async def test_a_caller_that_leaves_does_its_neighbours_no_harm(place: LogPlace) -> None:
    async with place.log() as log:
        tasks = [asyncio.create_task(log.append(b"batch-%d" % i, 0)) for i in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
        await log.append(b"batch-after", 0)
    found = await asyncio.to_thread(stored, place, b"batch-")
    # whether one that left is stored is not known
    assert [each for each in found if each in {b"batch-%d" % i for i in range(1, 10, 2)}] == [
        b"batch-%d" % i for i in range(1, 10, 2)
    ]
    assert found[-1] == b"batch-after"


async def test_what_waits_when_the_log_is_left_is_stored_and_what_comes_then_is_to_be_tried_again(
    place: LogPlace,
) -> None:
    async with place.log() as log:
        waiting = [asyncio.create_task(log.append(b"batch-%d" % i, 0)) for i in range(5)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    with pytest.raises(TryAgain):
        await log.append(b"batch-late", 0)
    assert not log.report(EventError(error_id="late", property="properties/shop"))
    assert await asyncio.to_thread(stored, place, b"batch-") == [b"batch-%d" % i for i in range(5)]
    assert await asyncio.to_thread(place.errors) == []


async def test_a_log_that_is_opened_again_goes_on_behind_what_it_has(place: LogPlace) -> None:
    for number in range(3):
        async with place.log() as log:
            await log.append(b"batch-%d" % number, 0)
    assert await asyncio.to_thread(stored, place, b"batch-") == [b"batch-0", b"batch-1", b"batch-2"]


@pytest.mark.parametrize("with_a_batch", [True, False])
async def test_an_error_of_a_request_comes_to_the_errors_and_holds_nobody_up(
    place: LogPlace, with_a_batch: bool
) -> None:
    errors = [
        EventError(error_id=f"e{number}", property="properties/shop", message="Refused.", field="events")
        for number in range(100)
    ]
    async with place.log() as log:
        started = time.perf_counter()
        for error in errors:
            assert log.report(error)
        assert time.perf_counter() - started < 1
        if with_a_batch:
            await log.append(b"batch", 0)
    found = await asyncio.to_thread(place.errors)
    assert sorted(found, key=lambda error: error.error_id) == sorted(errors, key=lambda error: error.error_id)

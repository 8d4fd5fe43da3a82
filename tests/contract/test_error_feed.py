"""What the ports `ErrorFeed` and `ErrorStream` promise, in SQLite and in Kafka.

The last digit of an id is its partition in Kafka, and errors are in order by partition only.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from footfall.v1.errors_pb2 import Stage
from footfall_core.errors.feed import ErrorStream, OutOfHistoryError, Position
from footfall_core.errors.selection import ErrorSelection
from footfall_core.problems import TooSlow, TryAgain
from tests.contract.error_logs import LOGS, ErrorLog, error_log, next_ids, past_ids
from tests.integration.error_log import NO_STORM, ago, eventually, micros, shop

SHOP = shop()


@pytest.fixture(params=LOGS)
def errors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ErrorLog]:
    with error_log(request, tmp_path, NO_STORM) as log:
        yield log


async def test_a_new_stream_begins_with_what_is_recorded_from_now_on(errors: ErrorLog) -> None:
    await errors.write("old1", "old2")
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, None)) as stream:
            await errors.write("new1")
            # a client is told so: it is the stream's first message
            assert await next_ids(stream, 2) == ["live", "new1"]


async def test_an_error_is_pushed_well_under_a_second_after_it_was_recorded(errors: ErrorLog) -> None:
    await errors.write("first1")
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, None)) as stream:
            assert await next_ids(stream, 1) == ["live"]
            took = []
            for number in range(5):  # the quickest of them: a machine may stand still for a moment
                waiting = asyncio.create_task(next_ids(stream, 1))
                await errors.write(f"a{number}", wait=False)
                started = time.perf_counter()
                assert await waiting == [f"a{number}"]
                took.append(time.perf_counter() - started)
            assert min(took) < 0.5


async def test_an_error_comes_as_it_was_recorded(errors: ErrorLog) -> None:
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, None)) as stream:
            assert await stream.next() is None
            await errors.write("a1", stage=Stage.STAGE_DEDUPE, writer_id="w1", sequence=7, message="Used before.")
            found = await stream.next()
    assert found is not None
    error = found.error
    assert (error.error_id, error.property, error.stage) == ("a1", "properties/shop", Stage.STAGE_DEDUPE)
    assert (error.writer_id, error.sequence, error.message) == ("w1", 7, "Used before.")


async def test_no_stream_has_another_propertys_errors(errors: ErrorLog) -> None:
    other = ErrorSelection("shop2")
    async with errors.feed() as feed:
        with (
            closing(await feed.open(SHOP, None)) as mine,
            closing(await feed.open(SHOP, micros(ago(60)))) as mine_from_the_past,
            closing(await feed.open(other, None)) as others,
        ):
            for stream in (mine, mine_from_the_past, others):
                assert await next_ids(stream, 1) == ["live"]
            await errors.write("other1", property_id="shop2")
            await errors.write("mine1")
            assert await next_ids(mine, 1) == ["mine1"]
            assert await next_ids(mine_from_the_past, 1) == ["mine1"]
            assert await next_ids(others, 1) == ["other1"]
        with closing(await feed.open(SHOP, micros(ago(60)))) as again:
            assert await past_ids(again) == ["mine1"]


async def test_a_start_in_the_past_gives_the_errors_from_then_on_and_then_the_live_ones(errors: ErrorLog) -> None:
    times = [ago(50), ago(40), ago(30)]
    for number, time_ms in enumerate(times):
        await errors.write(f"past{number}", time_ms=time_ms)
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, micros(times[1]))) as stream:
            assert sorted(await past_ids(stream)) == ["past1", "past2"]
            await errors.write("new1")
            assert await next_ids(stream, 1) == ["new1"]
        with closing(await feed.open(SHOP, micros(times[1] + 1))) as stream:
            assert sorted(await past_ids(stream)) == ["new1", "past2"]


async def test_a_start_before_all_errors_gives_all_of_them_and_one_in_the_future_none(errors: ErrorLog) -> None:
    await errors.write("e1")
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, micros(0))) as stream:
            assert await past_ids(stream) == ["e1"]
        with closing(await feed.open(SHOP, micros(ago(-60)))) as stream:
            assert await next_ids(stream, 1) == ["live"]
            await errors.write("e2")
            assert await next_ids(stream, 1) == ["e2"]


async def test_what_was_recorded_before_the_call_comes_before_the_stream_has_caught_up(errors: ErrorLog) -> None:
    start = micros(ago(60))
    async with errors.feed() as feed:
        for number in range(15):
            await errors.write(f"e{number}")
            with closing(await feed.open(SHOP, start)) as stream:
                assert sorted(await past_ids(stream)) == sorted(f"e{each}" for each in range(number + 1))


async def test_streams_opened_amid_a_flood_have_neither_gap_nor_doubling(errors: ErrorLog) -> None:
    total, start = 1_000, micros(ago(60))
    ends = {f"end{partition}" for partition in range(4)}
    begun = asyncio.Event()

    async def flood() -> None:
        for first in range(0, total, 10):
            await errors.write(*(f"e{number}" for number in range(first, first + 10)), wait=False)
            await errors.write(f"other-{first}1", property_id="shop2", wait=False)
            if first == 200:
                begun.set()
        # the last one of each partition
        await errors.write(*ends)

    async def follow(stream: ErrorStream) -> list[str]:
        found: list[str] = []
        with closing(stream):
            # a feed that could not look at its log at first may have caught up only behind the last errors
            while not {*ends, "live"} <= set(found):
                found += await next_ids(stream, 1)
        assert found.count("live") == 1
        return [each for each in found if each != "live" and each not in ends]

    async with errors.feed() as feed, errors.feed() as another:
        flooding = asyncio.create_task(flood())
        await begun.wait()
        streams = [await feed.open(SHOP, start), await another.open(SHOP, start), await feed.open(SHOP, None)]
        *whole, from_now = await asyncio.gather(*map(follow, streams))
        await flooding
    for found in whole:
        assert sorted(found) == sorted(f"e{number}" for number in range(total))
    for partition in range(4):
        numbers = [int(each[1:]) for each in from_now if int(each[-1]) % 4 == partition]
        first = numbers[0]
        assert numbers == [number for number in range(first, total) if number % 10 % 4 == partition]


async def test_a_stream_says_that_it_has_caught_up_also_while_errors_keep_coming(errors: ErrorLog) -> None:
    await errors.write("old1")
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, micros(ago(60)))) as stream:
            found: list[str] = []
            for number in range(20):
                await errors.write(f"new-{number}1", wait=False)
                found += await next_ids(stream, 1)
            assert found.count("live") == 1
            assert found.index("old1") < found.index("live")


async def test_a_stream_goes_on_behind_each_error_that_an_earlier_one_returned(errors: ErrorLog) -> None:
    total = 1_000
    begun = asyncio.Event()
    draw = random.Random(5)

    async def flood() -> None:
        for first in range(0, total, 10):
            await errors.write(*(f"e{number}" for number in range(first, first + 10)), wait=False)
            await errors.write(f"other-{first}1", f"other-{first}2", property_id="shop2", wait=False)
            begun.set()

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

    place: Any = micros(ago(60))
    async with errors.feed() as one, errors.feed() as other, asyncio.timeout(90):
        flooding = asyncio.create_task(flood())
        await begun.wait()
        while len(got) < total:
            with closing(await draw.choice([one, other]).open(SHOP, place)) as stream:
                place = await follow(stream, draw.randrange(1, 200))
        await flooding
    assert sorted(got) == sorted(f"e{number}" for number in range(total))


async def test_an_error_that_waits_holds_the_position_back(errors: ErrorLog) -> None:
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, None)) as stream, closing(await feed.open(SHOP, None)) as witness:
            assert await next_ids(stream, 1) == ["live"]
            await errors.write("a1", "b1", "c1")
            assert sorted(await next_ids(witness, 4)) == ["a1", "b1", "c1", "live"]
            place, first = stream.position, await next_ids(stream, 1)
            with closing(await feed.open(SHOP, place)) as again:
                assert await past_ids(again) == ["a1", "b1", "c1"]
            with closing(await feed.open(SHOP, stream.position)) as again:
                assert [*first, *await past_ids(again)] == ["a1", "b1", "c1"]


async def test_a_position_moves_on_while_nothing_matches_so_that_it_stays_in_the_history(errors: ErrorLog) -> None:
    wanted = shop(stages=frozenset({Stage.STAGE_INGEST}))
    async with errors.feed() as feed:
        with closing(await feed.open(wanted, None)) as quiet:
            assert await next_ids(quiet, 1) == ["live"]
            stale, waiting = quiet.position, asyncio.create_task(quiet.next())
            await errors.write(*(f"busy{digit}" for digit in range(4)), property_id="busy")
            await errors.write(*(f"mine{digit}" for digit in range(4)), stage=Stage.STAGE_DEDUPE)
            end = await errors.end()
            await eventually(lambda: quiet.position == end)
            assert not waiting.done()
            waiting.cancel()
        await errors.forget()
        await errors.write("wanted1", stage=Stage.STAGE_INGEST)
        with closing(await feed.open(wanted, end)) as again:
            assert await past_ids(again) == ["wanted1"]
        with pytest.raises(OutOfHistoryError):
            await feed.open(wanted, stale)


async def test_a_filter_holds_for_the_past_and_for_the_present(errors: ErrorLog) -> None:
    wanted = shop(stages=frozenset({Stage.STAGE_DEDUPE}), writer_id="w1")

    async def write(suffix: str) -> None:
        await errors.write(f"no{suffix}1", stage=Stage.STAGE_DEDUPE, writer_id="w2")
        await errors.write(f"no-{suffix}1", stage=Stage.STAGE_INGEST, writer_id="w1")
        await errors.write(f"yes{suffix}1", stage=Stage.STAGE_DEDUPE, writer_id="w1")

    await write("past")
    async with errors.feed() as feed:
        with closing(await feed.open(wanted, micros(ago(60)))) as stream:
            assert await next_ids(stream, 2) == ["yespast1", "live"]
            await write("now")
            assert await next_ids(stream, 1) == ["yesnow1"]


async def test_the_earliest_position_is_as_far_back_as_the_log_reaches(errors: ErrorLog) -> None:
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, None)) as stream:
            stale = stream.position
        await errors.write("lost1", "lost2")
        await errors.forget()
        await errors.write("kept1", "kept3")
        with pytest.raises(OutOfHistoryError) as gone:
            await feed.open(SHOP, stale)
        with closing(await feed.open(SHOP, gone.value.earliest)) as stream:
            assert sorted(await past_ids(stream)) == ["kept1", "kept3"]
        with closing(await feed.open(SHOP, micros(0))) as stream:
            assert sorted(await past_ids(stream)) == ["kept1", "kept3"]


async def test_a_position_behind_the_end_is_out_of_the_history(errors: ErrorLog) -> None:
    await errors.write("e0", "e1", "e2", "e3")
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, None)) as stream:
            ahead = tuple(at + 100 for at in stream.position)
        with pytest.raises(OutOfHistoryError) as gone:
            await feed.open(SHOP, ahead)
        with closing(await feed.open(SHOP, gone.value.earliest)) as stream:
            assert sorted(await past_ids(stream)) == ["e0", "e1", "e2", "e3"]


async def test_partitions_that_a_position_does_not_name_are_read_from_their_beginning(errors: ErrorLog) -> None:
    await errors.write("e0", "e3")
    async with errors.feed() as feed:
        with closing(await feed.open(SHOP, None)) as stream:
            here = stream.position
        with closing(await feed.open(SHOP, here[:-1])) as stream:
            assert "e3" in await past_ids(stream)
        with pytest.raises(OutOfHistoryError):
            await feed.open(SHOP, (*here, 0))


async def test_streams_of_the_same_errors_have_each_all_of_them(errors: ErrorLog) -> None:
    async with errors.feed() as feed:
        streams = [await feed.open(SHOP, None) for _ in range(5)]
        await errors.write("a1", "b1")
        for stream in streams:
            with closing(stream):
                assert sorted(await next_ids(stream, 3)) == ["a1", "b1", "live"]


async def test_a_stream_may_be_closed_at_any_time_and_more_than_once(errors: ErrorLog) -> None:
    async with errors.feed() as feed:
        stream = await feed.open(SHOP, micros(ago(60)))
        reading = asyncio.create_task(next_ids(stream, 2))
        await asyncio.sleep(0)
        stream.close()
        reading.cancel()
        await asyncio.wait({reading})
        stream.close()
        (await feed.open(SHOP, None)).close()
        with closing(await feed.open(SHOP, None)) as another:
            await errors.write("a1")
            assert sorted(await next_ids(another, 2)) == ["a1", "live"]


async def test_leaving_the_feed_ends_its_streams(errors: ErrorLog) -> None:
    async with errors.feed() as feed:
        present = await feed.open(SHOP, None)
        past = await feed.open(SHOP, micros(ago(60)))
        waiting, looking = await feed.open(SHOP, None), await feed.open(SHOP, None)
        assert await next_ids(waiting, 1) == ["live"]
        waits = asyncio.create_task(waiting.next())
        await asyncio.sleep(0.1)
        # this one may be amid its first look
        looks = asyncio.create_task(past_ids(looking))
        await asyncio.sleep(0)
    for ended in (waits, present.next(), past.next()):
        with pytest.raises(TryAgain):
            async with asyncio.timeout(20):
                await ended
    await asyncio.wait({looks}, timeout=20)
    assert not looks.cancelled()
    assert isinstance(looks.exception(), TryAgain | None)

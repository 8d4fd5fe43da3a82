"""What the ports `ErrorFeed` and `ErrorStream` promise of storms, in SQLite and in Kafka."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from footfall.v1.errors_pb2 import Stage
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.errors.feed import ErrorStream, Position
from footfall_core.errors.storms import Kind, StormRule
from tests.contract.error_logs import LOGS, ErrorLog, error_log, next_ids
from tests.integration.error_log import ago, eventually, micros, shop

RULE = StormRule(first=20, window_ms=24 * 3_600_000, one_in=10)
NAME = {"stage": Stage.STAGE_VALIDATION, "code": ErrorCode.ERROR_CODE_NAME_INVALID}
VALUE = {"stage": Stage.STAGE_VALIDATION, "code": ErrorCode.ERROR_CODE_VALUE_INVALID}
NAME_KIND: Kind = (Stage.STAGE_VALIDATION, ErrorCode.ERROR_CODE_NAME_INVALID)

# all on one partition of Kafka, as all errors of a property are
STORM = [f"e{number}1" for number in range(300)]
SAMPLE = {each for each in STORM if zlib.crc32(each.encode()) % 10 == 0}


@pytest.fixture(params=LOGS)
def errors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ErrorLog]:
    with error_log(request, tmp_path, RULE) as log:
        yield log


class Follower:
    """Takes what a stream pushes and counts, and remembers what a client would: the last place that it was told."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.counted: Counter[Kind] = Counter()
        self.place: Position = ()

    @property
    def total(self) -> int:
        return len(self.ids) + self.counted.total()

    def look(self, stream: ErrorStream) -> None:
        self.place = stream.position
        self.counted.update(dict(stream.left_out().counts()))

    async def follow(self, stream: ErrorStream, until: int) -> None:
        """Follow until so many errors were pushed or counted, in this stream and the ones before.

        It looks when the stream says that there is something, and not otherwise.
        """
        left_out = asyncio.Event()
        stream.tell(left_out.set)
        self.look(stream)
        async with asyncio.timeout(30):
            while self.total < until:
                reading, hearing = asyncio.ensure_future(stream.next()), asyncio.ensure_future(left_out.wait())
                await asyncio.wait({reading, hearing}, return_when=asyncio.FIRST_COMPLETED)
                hearing.cancel()
                left_out.clear()
                if not reading.done():
                    reading.cancel()
                with suppress(asyncio.CancelledError):
                    if found := await reading:
                        self.ids.append(found.error.error_id)
                self.look(stream)


async def test_the_first_ones_and_a_sample_are_pushed_and_the_others_counted(errors: ErrorLog) -> None:
    follower = Follower()
    async with errors.feed() as feed:
        with closing(await feed.open(shop(), None)) as stream:
            assert await next_ids(stream, 1) == ["live"]
            for first in range(0, 300, 50):
                await errors.write(*STORM[first : first + 50], **NAME)
            await follower.follow(stream, 300)
    assert set(follower.ids) == {*STORM[:20], *SAMPLE}
    assert follower.counted == {NAME_KIND: 300 - len(follower.ids)}


async def test_who_reads_is_told_that_errors_are_left_out_though_none_is_pushed(errors: ErrorLog) -> None:
    passed_over = [each for each in STORM[20:] if each not in SAMPLE][:30]
    left_out, counted = asyncio.Event(), 0
    async with errors.feed() as feed:
        with closing(await feed.open(shop(), None)) as stream:
            assert await next_ids(stream, 1) == ["live"]
            await errors.write(*STORM[:20], **NAME)
            assert await next_ids(stream, 20) == STORM[:20]
            stream.tell(left_out.set)
            reading = asyncio.create_task(stream.next())
            for first in range(0, 30, 10):
                await errors.write(*passed_over[first : first + 10], **NAME)
            async with asyncio.timeout(30):
                while counted < 30:
                    await left_out.wait()
                    left_out.clear()
                    counted += sum(count for _, count in stream.left_out().counts())
            assert not reading.done()
            reading.cancel()
    assert counted == 30


async def test_past_and_present_of_a_storm_have_the_same_sample_and_add_up(errors: ErrorLog) -> None:
    start, follower, other = micros(ago(60)), Follower(), Follower()
    await errors.write(*STORM[:150], **NAME)
    async with errors.feed() as feed, errors.feed() as another:
        with closing(await feed.open(shop(), start)) as stream, closing(await another.open(shop(), start)) as same:
            await errors.write(*STORM[150:], **NAME)
            await follower.follow(stream, 300)
            await other.follow(same, 300)
    for each in (follower, other):
        assert each.total == 300
        assert {*STORM[:20], *SAMPLE} <= set(each.ids)
        assert len(set(each.ids)) == len(each.ids)


async def test_a_stream_that_is_resumed_in_a_storm_neither_misses_nor_doubles_a_count(errors: ErrorLog) -> None:
    follower = Follower()
    place: Position | int = micros(ago(60))
    async with errors.feed() as feed, errors.feed() as another:
        for turn, until in enumerate(range(30, 301, 30)):
            await errors.write(*STORM[until - 30 : until], **NAME)
            with closing(await (feed, another)[turn % 2].open(shop(), place)) as stream:  # type: ignore[arg-type]
                # most of the time it leaves while something waits
                await follower.follow(stream, until - 7 if turn % 3 else until)
            place = follower.place
        with closing(await feed.open(shop(), place)) as stream:  # type: ignore[arg-type]
            await follower.follow(stream, 300)
    assert follower.total == 300
    assert len(set(follower.ids)) == len(follower.ids)
    assert set(follower.ids) >= SAMPLE


async def test_a_rare_kind_and_another_writer_are_not_crowded_out(errors: ErrorLog) -> None:
    follower = Follower()
    async with errors.feed() as feed:
        with (
            closing(await feed.open(shop(), None)) as stream,
            closing(await feed.open(shop(writer_id="w1"), None)) as of_one_writer,
        ):
            await next_ids(stream, 1)
            await errors.write(*STORM, writer_id="w2", **NAME)
            await errors.write("rare1", writer_id="w2", **VALUE)
            await errors.write("mine1", writer_id="w1", **NAME)
            await follower.follow(stream, 302)
            assert await next_ids(of_one_writer, 2) == ["live", "mine1"]
    assert "rare1" in follower.ids


async def test_whoever_asks_for_every_error_is_pushed_every_error(errors: ErrorLog) -> None:
    await errors.write(*STORM[:150], **NAME)
    follower = Follower()
    async with errors.feed() as feed:
        with closing(await feed.open(shop(), micros(ago(60)), every_error=True)) as stream:
            await errors.write(*STORM[150:], **NAME)
            await follower.follow(stream, 300)
    assert sorted(follower.ids) == sorted(STORM)
    assert not follower.counted


async def test_what_was_counted_moves_the_position_on(errors: ErrorLog) -> None:
    follower = Follower()
    async with errors.feed() as feed:
        with closing(await feed.open(shop(), None)) as stream:
            await errors.write(*STORM, **NAME)
            await follower.follow(stream, 300)
            # the markers of transactions have places too
            end = await errors.end()
            await eventually(lambda: stream.position == end)
            follower.look(stream)
        with closing(await feed.open(shop(), follower.place)) as stream:
            assert await next_ids(stream, 1) == ["live"]
            assert not stream.left_out()

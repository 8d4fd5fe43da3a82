"""The bookkeeping of one stream, with a history and a feed that the test holds still."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import cast

import pytest

from footfall.v1.errors_pb2 import EventError, Stage
from footfall_adapters.kafka.error_channel import Channel, Stretch
from footfall_adapters.kafka.error_feed import ErrorFeedSettings, KafkaErrorFeed
from footfall_adapters.kafka.error_history import ErrorHistory, Past
from footfall_adapters.kafka.error_reader import Beginning
from footfall_adapters.kafka.error_stream import KafkaErrorStream
from footfall_adapters.kafka.recent_errors import RecordedError
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import SystemClock
from footfall_core.errors.feed import PushedError
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.sieve import Sieve
from footfall_core.errors.storms import StormRule
from footfall_core.problems import TooSlow, TryAgain


def error(number: int, **fields: str) -> EventError:
    return EventError(error_id=f"e{number}", **fields)  # type: ignore[arg-type]


RULE = StormRule(first=1_000, window_ms=10_000, one_in=1_000)


def past(*offsets: int) -> Stretch:
    """Return errors of partition 0: `e1`, `e2` and so on, or `e101` at 101."""
    numbers = offsets if len(offsets) == 1 and offsets[0] > 100 else range(1, len(offsets) + 1)
    return Stretch.of((0, offset, PushedError.of(error(n))) for offset, n in zip(offsets, numbers, strict=True))


class History:
    """Begins somewhere and gives out pages."""

    def __init__(self, begins: Mapping[int, int], until: Mapping[int, int], *pages: Past) -> None:
        self._begins = begins
        self._pages = [*pages, None]
        self.until = until
        self.closed = False

    async def begin(self) -> Mapping[int, int]:
        await asyncio.sleep(0)
        return self._begins

    async def read(self) -> Past | None:
        await asyncio.sleep(0)
        return self._pages.pop(0)

    def close(self) -> Future[None]:
        self.closed = True
        return Future()


class Feed:
    """The places of a feed, and one stream of it."""

    def __init__(
        self,
        *places: int,
        longest: int = 10,
        patience: float = 60,
        selection: ErrorSelection | None = None,
        rule: StormRule | None = None,
    ) -> None:
        self.places = dict(enumerate(places))
        self.forgotten = 0
        wanted = selection or ErrorSelection("shop")
        self.stream = KafkaErrorStream(wanted, longest, patience, self.places, self._forget)
        self.channel = Channel(Sieve(wanted, rule))
        self.channel.streams.add(self.stream)

    def _forget(self, stream: KafkaErrorStream) -> None:
        self.forgotten += 1
        self.channel.streams.discard(stream)

    def read(self, partition: int, offset: int, found: EventError | None = None) -> None:
        """Read a record: an error of the stream's property, or something else."""
        if found:
            self.channel.hand_out([(RecordedError(partition, offset, 0, "shop", b""), found)])
        self.places[partition] = offset + 1

    async def begin_with(self, history: History) -> None:
        await self.stream.begin_with(cast("ErrorHistory", history))

    async def ids(self, count: int) -> list[str]:
        async with asyncio.timeout(5):
            found = [await self.stream.next() for _ in range(count)]
        return [each.error.error_id if each else "live" for each in found]


async def test_a_stream_of_the_present_is_where_its_feed_is() -> None:
    feed = Feed(5, 7)
    assert feed.stream.position == (5, 7)
    assert await feed.ids(1) == ["live"]
    feed.read(0, 5)
    feed.read(1, 20)
    assert feed.stream.position == (6, 21)


async def test_what_waits_holds_the_position_back_in_its_partition_and_all_behind_it_in_the_others() -> None:
    feed = Feed(0, 0)
    assert await feed.ids(1) == ["live"]
    feed.read(1, 40)
    feed.read(0, 3, error(1))
    feed.read(1, 50)
    feed.read(0, 9, error(2))
    # as far as the feed was when the first error came
    assert feed.stream.position == (0, 41)
    assert await feed.ids(1) == ["e1"]
    assert feed.stream.position == (4, 41)
    assert await feed.ids(1) == ["e2"]
    assert feed.stream.position == (10, 51)


async def test_before_its_past_is_read_a_stream_is_where_it_began() -> None:
    feed = Feed(100, 100)
    await feed.begin_with(History({0: 3, 1: 4}, {0: 100, 1: 100}))
    feed.read(0, 100)
    assert feed.stream.position == (3, 4)


async def test_the_past_moves_the_position_on_by_what_was_delivered_and_by_what_was_passed_over() -> None:
    feed = Feed(100, 100)
    found = past(10, 20)
    await feed.begin_with(
        History({0: 3, 1: 4}, {0: 100, 1: 100}, Past(found, {0: 60, 1: 30}), Past(past(), {0: 90, 1: 95}))
    )
    assert await feed.ids(1) == ["e1"]
    assert feed.stream.position == (11, 4)
    assert await feed.ids(1) == ["e2"]
    assert feed.stream.position == (60, 30)
    feed.read(1, 105)
    assert await feed.ids(1) == ["live"]
    assert feed.stream.position == (100, 106)


async def test_a_position_ahead_of_this_feed_is_neither_missed_nor_doubled() -> None:
    # another server had read up to 100, this one's feed is at 90
    feed = Feed(90)
    await feed.begin_with(History({0: 100}, {0: 102}, Past(past(101), {0: 102})))
    for offset in range(90, 105):
        feed.read(0, offset, error(offset) if offset % 2 else None)
    assert await feed.ids(3) == ["e101", "live", "e103"]
    assert feed.stream.position == (105,)


class SlowHistory(History):
    """Begins when it is told to."""

    def __init__(self, begins: Mapping[int, int], until: Mapping[int, int], *pages: Past) -> None:
        super().__init__(begins, until, *pages)
        self.may_begin = asyncio.Event()

    async def begin(self) -> Mapping[int, int]:
        await self.may_begin.wait()
        return await super().begin()


async def test_what_the_past_has_is_dropped_of_all_that_came_before_it_was_known_where_the_past_ends() -> None:
    feed = Feed(90)
    history = SlowHistory({0: 80}, {0: 97}, Past(past(), {0: 97}))
    beginning = asyncio.create_task(feed.begin_with(history))
    await asyncio.sleep(0)
    for offset in range(90, 100):
        feed.read(0, offset, error(offset))
    history.may_begin.set()
    await beginning
    feed.read(0, 100, error(100))
    assert await feed.ids(5) == ["live", "e97", "e98", "e99", "e100"]


async def test_of_a_storm_the_present_counts_from_where_the_past_ends() -> None:
    feed = Feed(90, rule=StormRule(first=0, window_ms=1_000, one_in=10**9))
    history = SlowHistory({0: 80}, {0: 97}, Past(past(), {0: 97}))
    beginning = asyncio.create_task(feed.begin_with(history))
    await asyncio.sleep(0)
    for offset in range(90, 110):
        feed.read(0, offset, error(offset))
    history.may_begin.set()
    await beginning
    assert await feed.ids(1) == ["live"]
    assert feed.stream.position == (110,)
    assert dict(feed.stream.left_out().counts()) == {(0, 0): 13}
    assert not feed.stream.left_out()


async def test_what_is_left_out_in_front_of_an_error_is_counted_when_that_is_returned() -> None:
    feed = Feed(0, rule=StormRule(first=1, window_ms=1_000, one_in=10**9))
    assert await feed.ids(1) == ["live"]
    for offset in range(5):
        feed.read(0, offset, error(offset))
    rare = error(5)
    rare.stage = Stage.STAGE_DEDUPE
    feed.read(0, 5, rare)
    assert feed.stream.position == (0,)
    assert not feed.stream.left_out()
    assert await feed.ids(1) == ["e0"]
    assert feed.stream.position == (1,)
    assert not feed.stream.left_out()
    assert await feed.ids(1) == ["e5"]
    assert dict(feed.stream.left_out().counts()) == {(0, 0): 4}
    assert feed.stream.position == (6,)


async def test_what_a_page_of_the_past_left_out_is_counted_with_the_first_error_of_the_next_page() -> None:
    kind = (0, 0)
    left_out = Stretch.of((0, offset, kind) for offset in range(3))
    errors = Stretch.of((0, offset, PushedError.of(error(offset))) for offset in (3, 4))
    feed = Feed(5)
    await feed.begin_with(History({0: 0}, {0: 5}, Past(left_out, {0: 3}), Past(errors, {0: 5})))
    assert await feed.ids(1) == ["e3"]
    assert feed.stream.position == (4,)
    assert dict(feed.stream.left_out().counts()) == {kind: 3}


async def test_a_stream_from_memory_is_live_when_the_feed_has_come_to_the_end_of_the_log() -> None:
    feed = Feed(90)
    feed.stream.begin_behind({0: 95}, past(), {0: 98})
    for offset in range(90, 97):
        feed.read(0, offset, error(offset))
    assert await feed.ids(2) == ["e95", "e96"]
    assert not feed.stream.moved()
    feed.read(0, 97, error(97))
    feed.read(0, 98, error(98))
    assert feed.stream.moved()
    assert (await feed.ids(3))[0] == "e97"
    assert feed.stream.position == (99,)


async def test_a_feed_that_is_behind_does_not_take_the_position_back() -> None:
    feed = Feed(90)
    await feed.begin_with(History({0: 100}, {0: 100}))
    assert await feed.ids(1) == ["live"]
    feed.read(0, 95)
    assert feed.stream.position == (100,)


async def test_what_does_not_match_neither_waits_nor_holds_back() -> None:
    feed = Feed(0, longest=1, selection=ErrorSelection("shop", writer_id="w1"))
    assert await feed.ids(1) == ["live"]
    for offset in range(5):
        feed.read(0, offset, error(offset, writer_id="w2"))
    assert feed.stream.position == (5,)
    feed.read(0, 5, error(5, writer_id="w1"))
    assert await feed.ids(1) == ["e5"]


async def test_a_stream_that_ends_keeps_the_position_of_what_was_delivered() -> None:
    feed = Feed(0, longest=2)
    assert await feed.ids(1) == ["live"]
    feed.read(0, 0, error(0))
    assert await feed.ids(1) == ["e0"]
    for offset in range(1, 5):
        feed.read(0, offset, error(offset))
    with pytest.raises(TooSlow, match="resume token"):
        await feed.stream.next()
    assert feed.stream.position == (1,)
    assert feed.forgotten == 1


async def test_a_past_that_waits_too_long_for_its_client_ends_the_stream_and_is_closed() -> None:
    feed = Feed(100, patience=0.05)
    found = past(10, 20)
    history = History({0: 3}, {0: 100}, Past(found, {0: 60}))
    await feed.begin_with(history)
    assert await feed.ids(1) == ["e1"]
    assert not history.closed
    async with asyncio.timeout(5):
        while not history.closed:
            await asyncio.sleep(0.01)
    with pytest.raises(TooSlow, match="resume token"):
        await feed.stream.next()
    assert feed.stream.position == (11,)
    assert feed.forgotten == 1


async def test_a_past_whose_first_message_nobody_takes_is_closed_too() -> None:
    feed = Feed(100, patience=0.05)
    history = History({0: 3}, {0: 100})
    await feed.begin_with(history)
    async with asyncio.timeout(5):
        while not history.closed:
            await asyncio.sleep(0.01)
    assert feed.stream.position == (3,)


class LongHistory(History):
    """Takes its time to read."""

    async def read(self) -> Past | None:
        await asyncio.sleep(0.2)
        return await super().read()


async def test_a_client_is_not_to_blame_for_a_past_that_is_read_slowly_nor_for_a_quiet_present() -> None:
    feed = Feed(100, patience=0.1)
    await feed.begin_with(LongHistory({0: 3}, {0: 100}, Past(past(10), {0: 60})))
    assert await feed.ids(2) == ["e1", "live"]
    await asyncio.sleep(0.2)
    feed.read(0, 100, error(2))
    assert await feed.ids(1) == ["e2"]


async def test_what_came_while_the_past_was_read_may_wait_until_it_is_read_too() -> None:
    feed = Feed(100, longest=10)
    await feed.begin_with(History({0: 3}, {0: 100}, Past(past(10), {0: 60})))
    for number in range(30):
        feed.read(0, 100 + number, error(number))
    assert await feed.ids(2) == ["e1", "live"]
    feed.read(0, 130, error(30))
    assert await feed.ids(21) == [f"e{number}" for number in range(21)]
    feed.read(0, 131, error(31))
    with pytest.raises(TooSlow, match="More than 10 errors"):
        await feed.ids(1)


async def test_a_stream_that_fails_while_its_past_begins_says_so() -> None:
    feed = Feed(0)
    history = History({0: 0}, {0: 5})
    beginning = asyncio.create_task(feed.begin_with(history))
    await asyncio.sleep(0)
    feed.stream.fail(TryAgain("away"))
    await beginning
    assert history.closed
    with pytest.raises(TryAgain):
        await feed.stream.next()


class Record:
    """A record as Kafka's consumer gives it out."""

    def __init__(self, partition: int, offset: int, property_id: str, found: EventError) -> None:
        self._at = (partition, offset)
        self._key, self._value = property_id.encode(), found.SerializeToString()

    def partition(self) -> int:
        return self._at[0]

    def offset(self) -> int:
        return self._at[1]

    def key(self) -> bytes:
        return self._key

    def value(self) -> bytes:
        return self._value

    def timestamp(self) -> tuple[int, int]:
        return 1, 0

    def error(self) -> None:
        return None


async def test_a_feed_that_never_comes_to_the_end_of_the_log_takes_its_quiet_streams_along() -> None:
    feed = KafkaErrorFeed(KafkaSettings("nowhere"), ErrorFeedSettings(), RULE, SystemClock())
    feed._begin(Beginning({0: 0, 1: 0}, {}, {}))
    stream = await feed.open(ErrorSelection("shop"), None)
    assert await stream.next() is None
    feed._hand_out([Record(0, 10, "busy", error(1)), Record(1, 20, "shop", error(2)), Record(0, 11, "busy", error(3))])
    assert stream.position == (0, 0)
    found = await stream.next()
    assert found
    assert found.error == error(2)
    assert stream.position == (12, 21)
    stream.close()


async def test_an_error_is_looked_at_by_channels_of_its_writer_and_of_all_alone() -> None:
    feed = KafkaErrorFeed(KafkaSettings("nowhere"), ErrorFeedSettings(), RULE, SystemClock())
    feed._begin(Beginning({0: 0}, {}, {}))
    everyones = await feed.open(ErrorSelection("shop"), None)
    writers = {name: await feed.open(ErrorSelection("shop", writer_id=name), None) for name in ("w1", "w2", "w3")}
    for stream in (everyones, *writers.values()):
        assert await stream.next() is None
    handed = dict.fromkeys(writers, 0)
    for channel in feed._channels["shop"]:
        (stream,) = channel.streams
        if name := stream.selection.writer_id:
            channel._sieve = Counting(handed, name)  # type: ignore[assignment]
    feed._hand_out([Record(0, 1, "shop", error(1, writer_id="w1")), Record(0, 2, "shop", error(2))])
    assert handed == {"w1": 1, "w2": 0, "w3": 0}
    assert [found.error.error_id for _ in range(2) if (found := await everyones.next())] == ["e1", "e2"]
    for stream in (everyones, *writers.values()):
        assert stream.position == (3,)
        stream.close()
    assert not feed._channels


class Counting:
    """A sieve that counts what it is asked, and lets nothing by."""

    def __init__(self, asked: dict[str, int], name: str) -> None:
        self._asked, self._name = asked, name

    def sift(self, *_: object) -> None:
        self._asked[self._name] += 1

"""The errors of all properties from Kafka: one reader of the topic for all live streams of a server.

    reader's thread   reads committed records, hands them to the event loop, and waits until it took them
    event loop        keeps what was recorded last, and offers each channel its property's errors: a channel is all
                      streams of the same property and filter, for which each error is looked at once

The reader begins some minutes before the end, so that a server that was just started has them too. A stream that
begins where an earlier one was, or at a time, is given what is kept of it; Kafka is asked only where the log ends, once
for all streams that ask together. What is older it reads from Kafka itself: it is registered first, so that it is
offered all that is recorded from then on, then its history asks for the end of the topic and reads up to there, and
what was offered from before that end is dropped. Either way there is no gap, nothing comes twice, and when the past is
read, all that could be read before the call was pushed; what a transaction before it hides that is still open comes
when that has ended. It makes no difference whether the past begins at a time or where an earlier stream was, nor which
server that was: another one's reader may be ahead of this one's, and its streams' places with it.

The reader asks Kafka to say when it reaches the end of a partition: its place moves on then behind what is never
delivered, transactions' markers and what was aborted, which retention takes away like everything else.

While Kafka is away live streams stay, and go on where they were when it is back; new ones are told to try again. If the
place is no more, because the topic was made anew or retention was faster than the reader, live streams are told to try
again too, so that nobody waits in front of a gap without knowing.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import structlog
from confluent_kafka import Message

from footfall_adapters.kafka.error_channel import Channel, ChannelKey, PropertyChannels, sifted
from footfall_adapters.kafka.error_ends import ErrorEnds
from footfall_adapters.kafka.error_history import ErrorHistory
from footfall_adapters.kafka.error_reader import Beginning, ErrorReader
from footfall_adapters.kafka.error_stream import KafkaErrorStream
from footfall_adapters.kafka.error_topic import parsed, property_of, recorded_ms_of
from footfall_adapters.kafka.recent_errors import RecentErrors, RecordedError
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.errors.feed import Position
from footfall_core.errors.position import go_on_from
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.sieve import Sieve
from footfall_core.errors.storms import StormRule
from footfall_core.problems import TryAgain
from footfall_core.properties import REDRIVEN_PREFIX

log = structlog.get_logger()


@dataclass(frozen=True)
class ErrorFeedSettings:
    """How the errors are handed out."""

    queue_errors: int = 4_000
    """How many errors may wait for one client that reads slowly, before its stream ends. More than what a storm of
    several kinds pushes at once: the first 1,000 of each."""
    history_readers: int = 4
    """How many streams may read the past at once, and half as many of one property; more are told to try again."""
    history_patience_seconds: float = 10.0
    """How long a stream that reads the past waits for its client to take a message, before it ends and makes room."""
    ready_seconds: float = 5.0
    """How long a new stream waits for Kafka before it is told to try again."""
    recent_seconds: float = 120.0
    """How far back a server that starts reads errors into memory before it takes streams, as far as the bounds below
    allow: streams that were away for less go on without a reader of their own. 0: nothing is kept."""
    recent_bytes: int = 64 * 1024 * 1024
    """Bytes of errors that are kept in memory."""
    recent_errors_of_property: int = 2_000
    """Errors of one property that are kept in memory."""
    start_errors: int = 20_000
    """How many errors of each partition a server that starts reads at most."""


class KafkaErrorFeed:
    """An `ErrorFeed`; an async context manager, whose thread lives from its entry to its exit."""

    def __init__(self, kafka: KafkaSettings, settings: ErrorFeedSettings, rule: StormRule, clock: Clock) -> None:
        self._kafka = kafka
        self._settings = settings
        self._clock = clock
        self._rule = rule
        self._reader = ErrorReader(
            kafka,
            settings.recent_seconds,
            settings.start_errors,
            clock,
            begin=self._begin,
            hand_out=self._hand_out,
            lose=self._lose,
        )
        self._ends = ErrorEnds(kafka)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = asyncio.Event()
        self._channels: dict[str, PropertyChannels] = {}
        self._behind: set[KafkaErrorStream] = set()
        """Streams that are to be told when the feed moves, whether there is an error for them or not."""
        self._histories: set[ErrorHistory] = set()
        self._places: dict[int, int] = {}
        self._start_until: Mapping[int, int] = {}
        """Up to where the feed has to come before it is ready."""
        kept = settings.recent_bytes if settings.recent_seconds > 0 else 0
        self._recent = RecentErrors(kept, settings.recent_errors_of_property)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._reader.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.stop()
        self._end_streams("This server is about to stop; call again.")
        await asyncio.gather(*(asyncio.wrap_future(history.close()) for history in self._histories))
        await asyncio.to_thread(self._reader.join)
        await self._ends.close()

    async def open(
        self, selection: ErrorSelection, start: Micros | Position | None, *, every_error: bool = False
    ) -> KafkaErrorStream:
        """See `ErrorFeed`."""
        try:
            async with asyncio.timeout(self._settings.ready_seconds):
                await self._ready.wait()
        except TimeoutError as error:
            raise TryAgain("The log of errors is away; call again.") from error
        if start is None or (isinstance(start, int) and start > self._clock.now()):
            return self._registered(selection, every_error=every_error)
        if self._has_recent(selection, start):
            places = self._places
            lows, ends = await self._ends.now()
            if places is not self._places or not self._ready.is_set():
                raise TryAgain("The log of errors cannot be followed at the moment; call again.")
            # nothing is awaited from here on: the stream is offered what comes behind what it is given now
            if self._has_recent(selection, start):
                return self._behind_recent(selection, start, lows, ends, every_error=every_error)
        return await self._behind_history(selection, start, every_error=every_error)

    def _registered(self, selection: ErrorSelection, *, every_error: bool) -> KafkaErrorStream:
        """Return a stream that is offered all that comes from now on."""
        key = (selection, every_error)
        channels = self._channels.setdefault(selection.property_id, PropertyChannels())
        channel = channels.get_or_add(key, lambda: Channel(self._sieve(*key)))
        stream = KafkaErrorStream(
            selection,
            self._settings.queue_errors,
            self._settings.history_patience_seconds,
            self._places,
            lambda stream: self._forget(key, stream),
        )
        channel.streams.add(stream)
        return stream

    def _has_recent(self, selection: ErrorSelection, start: Micros | Position) -> bool:
        """Return whether all that a stream from there on needs was kept, as far as the feed has come."""
        if isinstance(start, tuple):
            return len(start) == len(self._places) and self._recent.has_all_behind(selection.property_id, start)
        return self._recent.has_all_since(selection.property_id, start // 1000)

    def _behind_recent(
        self,
        selection: ErrorSelection,
        start: Micros | Position,
        lows: Position,
        ends: Position,
        *,
        every_error: bool,
    ) -> KafkaErrorStream:
        # one whose bytes lack the writer is another's: thousands of streams come at once, and would each parse them all
        writer = selection.writer_id.encode()
        records = (each for each in self._recent.of(selection.property_id) if writer in each.record)
        if isinstance(start, tuple):
            places = dict(enumerate(go_on_from(start, lows, ends)))
            wanted = [each for each in records if each.offset >= places[each.partition]]
        else:
            start_ms, places = start // 1000, dict(self._places)
            wanted = [each for each in records if each.recorded_ms >= start_ms and each.offset >= lows[each.partition]]
            for each in reversed(wanted):
                places[each.partition] = each.offset
        recent = sifted(self._sieve(selection, every_error), parsed(wanted))
        stream = self._registered(selection, every_error=every_error)
        stream.begin_behind(places, recent, dict(enumerate(ends)))
        if not stream.moved():
            self._behind.add(stream)
        return stream

    async def _behind_history(
        self, selection: ErrorSelection, start: Micros | Position, *, every_error: bool
    ) -> KafkaErrorStream:
        stream = self._registered(selection, every_error=every_error)
        try:
            await stream.begin_with(self._new_history(selection, start, every_error=every_error))
        except BaseException:
            stream.close()
            raise
        return stream

    def _sieve(self, selection: ErrorSelection, every_error: bool) -> Sieve:
        return Sieve(selection, None if every_error else self._rule)

    def _new_history(self, selection: ErrorSelection, start: Micros | Position, *, every_error: bool) -> ErrorHistory:
        if len(self._histories) >= self._settings.history_readers:
            raise TryAgain(
                "Too many streams read past errors at the moment; call again a little later.", retry_after_seconds=5
            )
        # a history that is closing counts above, as long as its consumer is there, and no longer for its property
        properties = [history.selection.property_id for history in self._histories if not history.closing]
        if properties.count(selection.property_id) >= max(1, self._settings.history_readers // 2):
            raise TryAgain(
                "Too many streams of this property read past errors at the moment; call again a little later.",
                retry_after_seconds=5,
            )
        telemetry.HISTORIES.inc()
        sieve = self._sieve(selection, every_error)
        history = ErrorHistory(self._kafka, selection, sieve, start, self._forget_history)
        self._histories.add(history)
        return history

    def _forget(self, key: ChannelKey, stream: KafkaErrorStream) -> None:
        self._behind.discard(stream)
        property_id = stream.selection.property_id
        channels = self._channels.get(property_id)
        if channels and not channels.without(key, stream):
            del self._channels[property_id]

    def _forget_history(self, history: ErrorHistory) -> None:
        """Free the history's place among the readers; called on its own thread when its consumer is closed."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._histories.discard, history)

    def _end_streams(self, why: str) -> None:
        streams = [stream for channels in self._channels.values() for channel in channels for stream in channel.streams]
        for stream in streams:
            stream.fail(TryAgain(why))

    def _begin(self, beginning: Beginning) -> None:
        """Begin anew where the reader does; nobody is served before it has come to where the topic ends now."""
        self._places, self._start_until = dict(beginning.places), beginning.ends
        self._recent.begin(beginning.places, beginning.since_ms)
        self._look_whether_ready()

    def _look_whether_ready(self) -> None:
        if not self._ready.is_set() and all(self._places[each] >= end for each, end in self._start_until.items()):
            self._ready.set()
            log.info("following the errors", partitions=len(self._places))

    def _lose(self) -> None:
        self._ready.clear()
        self._end_streams("The log of errors cannot be followed at the moment; call again.")

    def _hand_out(self, messages: list[Message]) -> None:
        """Keep what was read, and offer it to whom it may concern, each property's together."""
        arrived: dict[str, list[RecordedError]] = {}
        places: dict[int, int] = {}
        for message in messages:
            partition, offset = message.partition(), message.offset()
            if message.error() is not None:
                # the end of the partition, of which the message tells the offset
                places[partition] = offset
                continue
            places[partition] = offset + 1
            property_id = property_of(message)
            found = RecordedError(partition, offset, recorded_ms_of(message), property_id, message.value() or b"")
            if not property_id.startswith(REDRIVEN_PREFIX):  # nobody follows marks
                self._recent.add(found)
            if property_id in self._channels:
                arrived.setdefault(property_id, []).append(found)
        for property_id, records in arrived.items():
            self._channels[property_id].hand_out(list(parsed(records)))
        self._places |= places
        self._look_whether_ready()
        self._behind -= {stream for stream in self._behind if stream.moved()}

"""The errors of all properties from Kafka: one reader of the topic for all live streams of a server.

    reader's thread   reads committed records from the end, hands them to the event loop, and waits until it took them
    event loop        keeps the streams by property, and offers each of them its errors

A stream that begins in the past is registered first, so that it is offered all that is recorded from then on. After
that its history asks Kafka for the end of the topic and reads up to there, and what was offered from before that end is
dropped. So there is no gap, nothing comes twice, and when the past is read, all that was recorded before the call was
pushed. It makes no difference whether the past begins at a time or where an earlier stream was, nor which server that
was: another one's reader may be ahead of this one's, and its streams' places with it.

The reader asks Kafka to say when it reaches the end of a partition: its place moves on then behind what is never
delivered, transactions' markers and what was aborted, which retention takes away like everything else.

While Kafka is away live streams stay, and go on where they were when it is back; new ones are told to try again. If the
place is no more, because the topic was made anew or retention was faster than the reader, live streams are told to try
again too, so that nobody waits in front of a gap without knowing.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Self

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from footfall_adapters.kafka.error_history import ErrorHistory
from footfall_adapters.kafka.error_stream import KafkaErrorStream
from footfall_adapters.kafka.error_topic import TOPIC, error_of, new_reader, property_of, watermarks
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.errors.feed import Position
from footfall_core.errors.selection import ErrorSelection
from footfall_core.problems import TryAgain

log = structlog.get_logger()

_POLL_SECONDS = 0.2
_AGAIN_SECONDS = 1.0
_BATCH = 500
_LOST = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001
"""What says that the place in the topic is no more."""


@dataclass(frozen=True)
class ErrorFeedSettings:
    """How the errors are handed out."""

    queue_errors: int = 1_000
    """How many errors may wait for one client that reads slowly, before its stream ends."""
    history_readers: int = 4
    """How many streams may read the past at once, and half as many of one property; more are told to try again."""
    history_patience_seconds: float = 10.0
    """How long a stream that reads the past waits for its client to take a message, before it ends and makes room."""
    ready_seconds: float = 5.0
    """How long a new stream waits for Kafka before it is told to try again."""


class KafkaErrorFeed:
    """An `ErrorFeed`; an async context manager, whose thread lives from its entry to its exit."""

    def __init__(self, kafka: KafkaSettings, settings: ErrorFeedSettings, clock: Clock) -> None:
        self._kafka = kafka
        self._settings = settings
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="error-feed", daemon=True)
        # what follows belongs to the event loop's thread
        self._ready = asyncio.Event()
        self._streams: defaultdict[str, set[KafkaErrorStream]] = defaultdict(set)
        self._histories: set[ErrorHistory] = set()
        self._places: dict[int, int] = {}

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        self._end_streams("This server is about to stop; call again.")
        await asyncio.gather(*(asyncio.wrap_future(history.close()) for history in self._histories))
        await asyncio.to_thread(self._thread.join)

    async def open(self, selection: ErrorSelection, start: Micros | Position | None) -> KafkaErrorStream:
        """See `ErrorFeed`."""
        try:
            async with asyncio.timeout(self._settings.ready_seconds):
                await self._ready.wait()
        except TimeoutError as error:
            raise TryAgain("The log of errors is away; call again.") from error
        stream = KafkaErrorStream(
            selection,
            self._settings.queue_errors,
            self._settings.history_patience_seconds,
            self._places,
            self._forget,
        )
        self._streams[selection.property_id].add(stream)
        try:
            if isinstance(start, tuple) or (start is not None and start <= self._clock.now()):
                await stream.begin_with(self._new_history(selection, start))
        except BaseException:
            stream.close()
            raise
        return stream

    def _new_history(self, selection: ErrorSelection, start: Micros | Position) -> ErrorHistory:
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
        history = ErrorHistory(self._kafka, selection, start, self._forget_history)
        self._histories.add(history)
        return history

    def _forget(self, stream: KafkaErrorStream) -> None:
        streams = self._streams[stream.selection.property_id]
        streams.discard(stream)
        if not streams:
            del self._streams[stream.selection.property_id]

    def _forget_history(self, history: ErrorHistory) -> None:
        """Free the history's place among the readers; called on its own thread when its consumer is closed."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._histories.discard, history)

    def _end_streams(self, why: str) -> None:
        for stream in [stream for streams in self._streams.values() for stream in streams]:
            stream.fail(TryAgain(why))

    def _begin(self, places: dict[int, int]) -> None:
        self._places = places
        self._ready.set()
        log.info("following the errors", partitions=len(places))

    def _lose(self) -> None:
        self._ready.clear()
        self._end_streams("The log of errors cannot be followed at the moment; call again.")

    def _hand_out(self, messages: list[Message]) -> None:
        for message in messages:
            partition, offset = message.partition(), message.offset()
            if message.error() is not None:
                # the end of the partition, of which the message tells the offset
                self._places[partition] = offset
                continue
            streams = self._streams.get(property_of(message))
            if streams and (error := error_of(message)):
                for stream in tuple(streams):
                    stream.offer(partition, offset, error)
            self._places[partition] = offset + 1

    # ---- from here on: the reader's thread ----

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with closing(new_reader(self._kafka, **{"enable.partition.eof": True})) as reader:
                    self._follow_with(reader)
            except KafkaException as error:
                log.warning("the errors cannot be followed", reason=error.args[0].str())
            except Exception:
                log.exception("the errors cannot be followed")
            if not self._stop.is_set():
                self._on_loop(self._lose)
                self._stop.wait(_AGAIN_SECONDS)

    def _follow_with(self, reader: Consumer) -> None:
        topic = self._kafka.topic(TOPIC)
        _, ends = watermarks(reader, topic)
        reader.assign([TopicPartition(topic, *place) for place in enumerate(ends)])
        self._on_loop(self._begin, dict(enumerate(ends)))
        while not self._stop.is_set():
            # consume() alone would wait for its whole number of records, or for its whole time-out
            first = reader.poll(_POLL_SECONDS)
            if first is None:
                continue
            records = []
            for message in (first, *reader.consume(_BATCH - 1, timeout=0)):
                failure = message.error()
                if failure is None or failure.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                    records.append(message)
                elif failure.fatal() or failure.code() in _LOST:
                    raise KafkaException(failure)
                else:
                    log.warning("the errors come late", reason=failure.str())
            self._on_loop(self._hand_out, records)

    def _on_loop(self, act: Callable[..., None], *arguments: object) -> None:
        """Let the event loop do something, and wait until it is done: nothing piles up in front of a busy loop."""
        assert self._loop is not None
        done = threading.Event()

        def run() -> None:
            try:
                act(*arguments)
            finally:
                done.set()

        self._loop.call_soon_threadsafe(run)
        while not done.wait(_POLL_SECONDS) and not self._stop.is_set():
            pass

"""Reads the topic of errors for all streams of a server, on a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from footfall_adapters.kafka.error_topic import KAFKA_SECONDS, TOPIC, new_reader, watermarks
from footfall_adapters.kafka.fatal import is_fatal
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Clock
from footfall_core.errors.feed import Position

log = structlog.get_logger()

_POLL_SECONDS = 0.2
_AGAIN_SECONDS = 1.0
_BATCH = 500
_LOST = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001
"""What says that the place in the topic is no more."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a reader begins, by partition."""

    places: Mapping[int, int]
    """The offset of the first record that is read."""
    since_ms: Mapping[int, int]
    """The time, Unix milliseconds, from which on nothing was recorded before that."""
    ends: Mapping[int, int]
    """Where the topic ended then."""


class ErrorReader:
    """Begins some time before the end, and anew whenever its place in the topic is no more.

    What it is given is called on the event loop's thread, and nothing more is read before it returns: nothing piles up
    in front of a busy loop.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        back_seconds: float,
        most: int,
        clock: Clock,
        *,
        begin: Callable[[Beginning], None],
        hand_out: Callable[[list[Message]], None],
        lose: Callable[[], None],
    ) -> None:
        """Read nothing yet.

        Args:
            kafka: where the topic is.
            back_seconds: how long before now it begins; 0 begins at the end.
            most: how many records of a partition may come before its end.
            clock: tells what now is.
            begin: is told where it begins.
            hand_out: takes records as they come, and the ends of partitions, which are messages with an error.
            lose: is told that what follows may begin elsewhere.
        """
        self._kafka = kafka
        self._back_seconds = back_seconds
        self._most = most
        self._clock = clock
        self._begin, self._hand_out, self._lose = begin, hand_out, lose
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="error-feed", daemon=True)

    def start(self) -> None:
        """Begin to read, on behalf of the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end soon."""
        self._stop.set()

    def join(self) -> None:
        """Wait until it has ended; not on the event loop's thread."""
        self._thread.join()

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
        lows, ends = watermarks(reader, topic)
        places, since_ms = self._where_to_begin(reader, topic, lows, ends)
        reader.assign([TopicPartition(topic, *place) for place in places.items()])
        self._on_loop(self._begin, Beginning(places, since_ms, dict(enumerate(ends))))
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
                elif is_fatal(failure) or failure.code() in _LOST:
                    raise KafkaException(failure)
                else:
                    log.warning("the errors come late", reason=failure.str())
            self._on_loop(self._hand_out, records)

    def _where_to_begin(
        self, reader: Consumer, topic: str, lows: Position, ends: Position
    ) -> tuple[dict[int, int], dict[int, int]]:
        """Return the offset to begin with in each partition, and the time from which on nothing is before it."""
        now_ms = self._clock.now() // 1000
        places, since = dict(enumerate(ends)), dict.fromkeys(range(len(ends)), now_ms)
        if self._back_seconds <= 0:
            return places, since
        since_ms = now_ms - round(self._back_seconds * 1000)
        asked = [TopicPartition(topic, partition, max(0, since_ms)) for partition in places]
        for found in reader.offsets_for_times(asked, timeout=KAFKA_SECONDS):
            partition, end = found.partition, ends[found.partition]
            # a negative offset means that nothing so recent is in the partition
            begin = min(found.offset, end) if found.offset >= 0 else end
            first = max(begin, end - self._most, lows[partition])
            places[partition] = first
            if first == begin:
                since[partition] = since_ms
        return places, since

    def _on_loop(self, act: Callable[..., None], *arguments: object) -> None:
        """Let the event loop do something, and wait until it is done: nothing piles up in front of a busy loop.

        What it raises is raised here: who has not taken what was read must not be handed what comes behind it.
        """
        assert self._loop is not None
        done: Future[None] = Future()

        def run() -> None:
            try:
                act(*arguments)
            except Exception as error:  # noqa: BLE001 - for the reader's thread
                done.set_exception(error)
            else:
                done.set_result(None)

        self._loop.call_soon_threadsafe(run)
        while not self._stop.is_set() and not wait([done], _POLL_SECONDS).done:
            pass
        if done.done():
            done.result()

"""Reads the errors of the past, up to the end of the topic as it is when the reading begins."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from footfall_adapters.kafka.error_channel import Entry, Stretch
from footfall_adapters.kafka.error_topic import (
    KAFKA_SECONDS,
    TOPIC,
    error_of,
    new_reader,
    property_of,
    recorded_ms_of,
    watermarks,
)
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros
from footfall_core.errors.feed import OutOfHistoryError, Position, PushedError
from footfall_core.errors.position import go_on_from
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.sieve import Sieve
from footfall_core.problems import TryAgain

T = TypeVar("T")

_POLL_SECONDS = 0.1
_READ_SECONDS = 1.0
_READ_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Past:
    """Some errors of the past."""

    found: Stretch
    places: Mapping[int, int]
    """How far the topic is read with them: the offset of each partition's next record."""


class ErrorHistory:
    """Some errors of one property, from a time or a position up to the present; a storm's as its sieve lets them by.

    Its consumer lives on a thread of its own, which works only while `begin` or `read` is awaited or `close` goes on;
    so a slow client slows its own reader down and no other.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        selection: ErrorSelection,
        sieve: Sieve,
        start: Micros | Position,
        on_closed: Callable[["ErrorHistory"], None],
    ) -> None:
        self._kafka = kafka
        self.selection = selection
        self._sieve = sieve
        self._start = start
        self.until: Mapping[int, int] = {}
        """The offset of each partition up to, and without, which it reads; known after `begin`."""
        self._places: dict[int, int] = {}
        self._left: set[int] = set()
        self._consumer: Consumer | None = None
        self._on_closed = on_closed
        self._failure: KafkaError | None = None
        self._stop = threading.Event()
        self._closed: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="error-history")

    @property
    def closing(self) -> bool:
        """Whether `close` was called; the consumer may still be there."""
        return self._closed is not None

    async def begin(self) -> Mapping[int, int]:
        """Find out where the past begins and ends, and return where it begins.

        Raises:
            OutOfHistoryError: the topic does not have all that was recorded from the start on.
            TryAgain: Kafka is away.
        """
        return await self._on_thread(self._begin)

    async def read(self) -> Past | None:
        """Return the next errors, perhaps none yet; None when there are no more.

        A call that is cancelled loses what it has read: close the history then.

        Raises:
            OutOfHistoryError: what was to be read next is gone.
            TryAgain: Kafka is away.
        """
        return await self._on_thread(self._read)

    def close(self) -> "Future[None]":
        """Close the consumer as soon as a read under way ends, and end the thread; the result tells when.

        Never blocks; may be called more than once. `on_closed` is called on the thread that ends.
        """
        if self._closed is None:
            self._stop.set()
            self._closed = self._thread.submit(self._close)
            self._thread.shutdown(wait=False)
        return self._closed

    async def _on_thread(self, action: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, action)
        except KafkaException as error:
            raise TryAgain("The log of errors is away; nothing can be read from it now.") from error

    def _begin(self) -> Mapping[int, int]:
        consumer = self._consumer = new_reader(
            self._kafka,
            **{
                "enable.partition.eof": True,
                # the broker says that the end is reached only when it has waited this long for more
                "fetch.wait.max.ms": 20,
                # retention may delete the first records meanwhile: who asked from a time gets what there is
                "auto.offset.reset": "error" if isinstance(self._start, tuple) else "earliest",
                "queued.max.messages.kbytes": 8_192,
            },
        )
        topic = self._kafka.topic(TOPIC)
        lows, ends = watermarks(consumer, topic)
        self.until = dict(enumerate(ends))
        if isinstance(self._start, tuple):
            begins = go_on_from(self._start, lows, ends)
        else:
            begins = _at_time(consumer, topic, self._start, ends)
        self._places = dict(enumerate(begins))
        self._left = {partition for partition, begin in self._places.items() if begin < self.until[partition]}
        consumer.assign([TopicPartition(topic, partition, self._places[partition]) for partition in self._left])
        return dict(self._places)

    def _read(self) -> Past | None:
        assert self._consumer is not None
        if self._failure is not None:
            raise self._gone(self._consumer)
        entries: list[Entry] = []
        pushed = 0
        give_up = time.monotonic() + _READ_SECONDS
        while self._left and pushed < _READ_ERRORS and not self._stop.is_set() and time.monotonic() < give_up:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is None:
                if entries:
                    break
                continue
            partition, offset = message.partition(), message.offset()
            if (failure := message.error()) is not None:
                if failure.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the name that librdkafka gave it
                    # what was found before it is delivered first
                    self._failure = failure
                    break
                if failure.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
                    raise KafkaException(failure)
                # what a transaction's marker takes up is never delivered: the end may be all that says so
                self._end(partition)
            elif offset >= self.until[partition]:
                self._end(partition)
            else:
                self._places[partition] = offset + 1
                if property_of(message) == self.selection.property_id:
                    error = error_of(message)
                    found = error and self._sieve.sift(partition, recorded_ms_of(message), error)
                    if found:
                        entries.append((partition, offset, found))
                        pushed += isinstance(found, PushedError)
        return Past(Stretch.of(entries), dict(self._places)) if entries or self._left else None

    def _end(self, partition: int) -> None:
        self._places[partition] = self.until[partition]
        self._left.discard(partition)

    def _gone(self, consumer: Consumer) -> OutOfHistoryError:
        """Return what tells that retention was faster than the reading."""
        lows, _ = watermarks(consumer, self._kafka.topic(TOPIC))
        places = (self._places.get(partition, 0) for partition in range(len(lows)))
        return OutOfHistoryError(tuple(map(max, places, lows)))

    def _close(self) -> None:
        try:
            if self._consumer is not None:
                self._consumer.close()
        finally:
            self._on_closed(self)


def _at_time(consumer: Consumer, topic: str, start: Micros, ends: Position) -> Position:
    """Return the offset of the first record of each partition that was recorded at or after a time."""
    asked = [TopicPartition(topic, partition, start // 1000) for partition in range(len(ends))]
    found = {at.partition: at.offset for at in consumer.offsets_for_times(asked, timeout=KAFKA_SECONDS)}
    # a negative offset means that nothing so recent is in the partition
    return tuple(min(found[p], end) if found[p] >= 0 else end for p, end in enumerate(ends))

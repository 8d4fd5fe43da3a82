"""Reads the errors of the past, up to the end of the topic as it is when the reading begins."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.error_topic import KAFKA_SECONDS, TOPIC, ends, error_of, new_reader, property_of
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.problems import TryAgain

_POLL_SECONDS = 0.1
_READ_SECONDS = 1.0
_READ_ERRORS = 500


class ErrorHistory:
    """One property's errors from an instant up to the present.

    Its consumer lives on a thread of its own, which works only while `read` is awaited or `close` goes on; so a slow
    client slows its own reader down and no other.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        property_id: str,
        start_ms: int,
        on_closed: Callable[["ErrorHistory"], None],
    ) -> None:
        self._kafka = kafka
        self._property_id = property_id
        self._start_ms = start_ms
        self.until: Mapping[int, int] = {}
        """The offset of each partition up to, and without, which it reads; known after the first `read`."""
        self._left: dict[int, int] = {}
        self._consumer: Consumer | None = None
        self._on_closed = on_closed
        self._stop = threading.Event()
        self._closed: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="error-history")

    async def read(self) -> list[EventError] | None:
        """Return the next errors, perhaps none yet; None when there are no more.

        A call that is cancelled loses what it has read: close the history then.

        Raises:
            TryAgain: Kafka is away.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
        except KafkaException as error:
            raise TryAgain("The log of errors is away; nothing can be read from it now.") from error

    def close(self) -> "Future[None]":
        """Close the consumer as soon as a read under way ends, and end the thread; the result tells when.

        Never blocks; may be called more than once. `on_closed` is called on the thread that ends.
        """
        if self._closed is None:
            self._stop.set()
            self._closed = self._thread.submit(self._close)
            self._thread.shutdown(wait=False)
        return self._closed

    def _read(self) -> list[EventError] | None:
        if self._consumer is None:
            self._begin()
        assert self._consumer is not None
        found: list[EventError] = []
        give_up = time.monotonic() + _READ_SECONDS
        while self._left and len(found) < _READ_ERRORS and not self._stop.is_set() and time.monotonic() < give_up:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is None:
                if found:
                    break
                continue
            partition = message.partition()
            if (failure := message.error()) is not None:
                if failure.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the name that librdkafka gave it
                    raise KafkaException(failure)
                # what a transaction's marker takes up is never delivered: the end may be all that says so
                self._left.pop(partition, None)
            elif message.offset() >= self._left.get(partition, 0):
                self._left.pop(partition, None)
            elif property_of(message) == self._property_id and (error := error_of(message)):
                found.append(error)
        return found if found or self._left else None

    def _begin(self) -> None:
        self._consumer = new_reader(
            self._kafka,
            **{
                "enable.partition.eof": True,
                # the broker says that the end is reached only when it has waited this long for more
                "fetch.wait.max.ms": 20,
                # retention may delete the first records meanwhile
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": 8_192,
            },
        )
        topic = self._kafka.topic(TOPIC)
        self.until = ends(self._consumer, topic)
        starts = self._consumer.offsets_for_times(
            [TopicPartition(topic, partition, self._start_ms) for partition in self.until], timeout=KAFKA_SECONDS
        )
        # a negative offset means that nothing so recent is in the partition
        todo = [start for start in starts if 0 <= start.offset < self.until[start.partition]]
        self._left = {start.partition: self.until[start.partition] for start in todo}
        self._consumer.assign(todo)

    def _close(self) -> None:
        try:
            if self._consumer is not None:
                self._consumer.close()
        finally:
            self._on_closed(self)

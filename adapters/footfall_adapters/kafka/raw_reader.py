"""Reads single records of the raw topics, for whoever wants to see what an error is about."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from footfall_adapters.kafka.error_topic import new_reader
from footfall_adapters.kafka.fatal import is_fatal
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.kinds import EventKind
from footfall_core.problems import TryAgain

log = structlog.get_logger()

_AWAY = "The raw topic cannot be read at the moment; please try again."
_POLL_SECONDS = 0.1
_NOTHING_THERE = frozenset({KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET})  # noqa: SLF001 - librdkafka's names
"""What says that a place is behind the last record, or that its record is gone."""


@dataclass(frozen=True)
class RawReaderSettings:
    """How single raw records are read."""

    max_waiting: int = 32
    """Reads that may wait for each other; beyond, callers are told to try again."""
    seconds: float = 5.0
    """How long one read may take before the caller is told to try again."""


class KafkaRawReader:
    """The port `RawRecords`: one consumer on a thread of its own, and one read at a time."""

    def __init__(self, kafka: KafkaSettings, settings: RawReaderSettings) -> None:
        self._kafka = kafka
        self._settings = settings
        self._waiting = 0
        self._consumer: Consumer | None = None
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="raw-reader")

    async def read(self, kind: EventKind, partition: int, offset: int) -> bytes | None:
        """Return the record at a place: see the port."""
        if self._waiting >= self._settings.max_waiting:
            raise TryAgain("Too many payloads are being read at the moment; please try again.")
        self._waiting += 1
        try:
            place = TopicPartition(self._kafka.topic(kind.raw_topic), partition, offset)
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, place)
        except KafkaException as error:
            log.warning("raw record not read", reason=error.args[0].str())
            raise TryAgain(_AWAY) from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the read under way, drop those that wait, and close the consumer. Blocks for a moment."""
        self._stop.set()
        self._thread.shutdown(cancel_futures=True)
        if self._consumer is not None:
            self._consumer.close()

    # ---- from here on: the reader's thread ----

    def _read(self, place: TopicPartition) -> bytes | None:
        if self._consumer is None:
            self._consumer = new_reader(
                self._kafka,
                **{
                    "enable.partition.eof": True,
                    # a read begins when the fetch of the one before has come back, which may wait for new records
                    "fetch.wait.max.ms": 20,
                    # a record is of some MiB at most, and only one is wanted
                    "queued.max.messages.kbytes": 8_192,
                },
            )
        self._consumer.assign([place])
        try:
            return self._value_at(self._consumer, place)
        finally:
            # or it would go on fetching what comes behind
            self._consumer.unassign()

    def _value_at(self, consumer: Consumer, place: TopicPartition) -> bytes | None:
        give_up = time.monotonic() + self._settings.seconds
        while time.monotonic() < give_up and not self._stop.is_set():
            message: Message | None = consumer.poll(_POLL_SECONDS)
            if message is None:
                continue
            failure = message.error()
            if failure is None:
                is_elsewhere = (message.topic(), message.partition()) != (place.topic, place.partition)
                if is_elsewhere or message.offset() < place.offset:
                    # it can only be left over from an assignment before
                    continue
                # a later one says that this is gone
                return message.value() if message.offset() == place.offset else None
            if failure.code() in _NOTHING_THERE:
                return None
            if is_fatal(failure):
                raise KafkaException(failure)
        raise TryAgain(_AWAY)


@asynccontextmanager
async def raw_reader(kafka: KafkaSettings, settings: RawReaderSettings) -> AsyncIterator[KafkaRawReader]:
    """Yield a reader, and close it at the end."""
    reader = KafkaRawReader(kafka, settings)
    try:
        yield reader
    finally:
        await asyncio.to_thread(reader.close)

"""Event logs that keep the port `EventLog`, in SQLite and in the stack's Kafka, and what is in them."""

import uuid
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, closing, suppress
from pathlib import Path
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.committer import CommitterSettings, KafkaEventLog
from footfall_adapters.kafka.raw_reader import RawReaderSettings, raw_reader
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.sqlite.event_log import SqliteEventLog, SqliteLogSettings
from footfall_adapters.sqlite.raw_records import SqliteRawRecords
from footfall_core.clock import SystemClock
from footfall_core.errors.ports import RawRecords
from footfall_core.kinds import EventKind
from footfall_core.ports import EventLog
from footfall_core.wire.raw_pb2 import RawRecord
from tests.contract.closing import closed_at_the_end
from tests.integration.markers import ends_of

MIB = 1024 * 1024


class LogPlace(Protocol):
    """Where a log is kept, whether or not somebody writes it."""

    def log(
        self, *, max_pending_bytes: int = 64 * MIB, max_commit_bytes: int = 8 * MIB
    ) -> AbstractAsyncContextManager[EventLog]:
        """Return the log, not begun yet."""
        ...

    def records(self) -> dict[int, list[bytes]]:
        """Return all raw records by partition, as a reader beside the log finds them."""
        ...

    def errors(self) -> list[EventError]:
        """Return the errors of requests that never reached the log."""
        ...

    async def put(self, record: bytes, partition: int, kind: EventKind = EventKind.LIVE) -> int:
        """Store a raw record of one batch, and return its offset."""
        ...

    def reader(self) -> AbstractAsyncContextManager[RawRecords]:
        """Return what reads single records."""
        ...


def batches(place: LogPlace) -> dict[int, list[bytes]]:
    """Return all batches by partition."""
    return {
        partition: [batch for record in records for batch in RawRecord.FromString(record).batches]
        for partition, records in place.records().items()
    }


class SqliteLogPlace:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._errors: list[EventError] = []

    def log(self, *, max_pending_bytes: int = 64 * MIB, max_commit_bytes: int = 8 * MIB) -> SqliteEventLog:
        settings = SqliteLogSettings(max_pending_bytes=max_pending_bytes, max_commit_bytes=max_commit_bytes)
        return SqliteEventLog(self._file, settings, SystemClock(), self._put_errors)

    def _put_errors(self, errors: Sequence[EventError]) -> None:
        self._errors += errors

    def records(self) -> dict[int, list[bytes]]:
        with closing(SqliteRawRecords(self._file)) as reader:
            return {0: [stored.record for stored in reader.after(0, 1 << 40)]}

    def errors(self) -> list[EventError]:
        return list(self._errors)

    async def put(self, record: bytes, partition: int, kind: EventKind = EventKind.LIVE) -> int:
        (batch,) = RawRecord.FromString(record).batches
        async with self.log() as log:
            await log.append(batch, partition, kind)
            return log.end - 1

    def reader(self) -> AbstractAsyncContextManager[RawRecords]:
        return closed_at_the_end(SqliteRawRecords(self._file))


class KafkaLogPlace:
    """Topics of a prefix of their own, which are there."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    def log(self, *, max_pending_bytes: int = 64 * MIB, max_commit_bytes: int = 8 * MIB) -> KafkaEventLog:
        settings = CommitterSettings(
            max_pending_bytes=max_pending_bytes, max_transaction_bytes=max_commit_bytes, reconnect_seconds=30
        )
        return KafkaEventLog(self._kafka, settings, "ingest-1", SystemClock())

    def records(self) -> dict[int, list[bytes]]:
        return committed(self._kafka, EventKind.LIVE.raw_topic)

    def errors(self) -> list[EventError]:
        return [
            EventError.FromString(record) for records in committed(self._kafka, "errors").values() for record in records
        ]

    async def put(self, record: bytes, partition: int, kind: EventKind = EventKind.LIVE) -> int:
        offsets: list[int] = []
        producer = Producer(
            {"bootstrap.servers": self._kafka.bootstrap_servers, "transactional.id": uuid.uuid4().hex, "log_level": 3}
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        producer.produce(
            self._kafka.topic(kind.raw_topic),
            record,
            partition=partition,
            on_delivery=lambda _, message: offsets.append(message.offset()),
        )
        producer.commit_transaction(30)
        ends_of(self._kafka, kind.raw_topic)
        return offsets[0]

    def reader(self) -> AbstractAsyncContextManager[RawRecords]:
        return raw_reader(self._kafka, RawReaderSettings())


def committed(kafka: KafkaSettings, topic: str) -> dict[int, list[bytes]]:
    """Return what a reader of committed records finds in a topic, by partition."""
    with suppress(AssertionError):  # a transaction that nobody ends is none that was committed
        ends_of(kafka, topic, seconds=5)
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": "test",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
    found: dict[int, list[bytes]] = {partition: [] for partition in range(kafka.raw_partitions)}
    with closing(Consumer(config)) as consumer:
        consumer.assign([TopicPartition(kafka.topic(topic), partition, 0) for partition in found])
        open_ends = set(found)
        while open_ends:
            message = consumer.poll(30)
            assert message is not None, "Kafka says nothing"
            if message.error() is None:
                found[message.partition()].append(message.value())
            elif message.error().code() == KafkaError._PARTITION_EOF:
                open_ends.discard(message.partition())
    return found

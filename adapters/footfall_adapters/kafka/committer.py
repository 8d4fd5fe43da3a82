"""The event log in Kafka: batches that arrive together share a transaction.

One thread owns one transactional producer. What arrives while a transaction is under way goes into the next one. The
transactional id is the instance's own and stable, so a restarted server fences what its predecessor left open.
"""

import asyncio
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from confluent_kafka import KafkaException, Producer

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.group_commit import Gathered, WaitingBatches, count_commit
from footfall_adapters.kafka.fences import Fences
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.columns import ERRORS
from footfall_core.errors.records import error_record
from footfall_core.errors.rows import error_row
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records, tick_record
from footfall_core.problems import TryAgain

log = structlog.get_logger()

UNCONFIRMED = "The event log did not confirm the batch; it may or may not be stored."

INGEST, REDRIVE = "ingest", "redrive"
"""What transactional ids begin with: servers of both kinds may have one instance's name."""

ANOTHER = "another server runs under this one's name."


@dataclass(frozen=True)
class CommitterSettings:
    """How batches are committed."""

    transaction_timeout_ms: int = 5_000
    """After this long the broker aborts a transaction whose server is gone; until then it stops every reader of the
    partitions that it spans. Milliseconds."""
    max_pending_bytes: int = 64 * 1024 * 1024
    """Bytes of batches that may wait for a commit; beyond it, callers are told to try again."""
    max_transaction_bytes: int = 8 * 1024 * 1024
    """Bytes of batches in one transaction, or one larger batch: what waited while Kafka was away must not come at once
    and miss its time again."""
    reconnect_seconds: float = 3.0
    """How long one attempt to reach Kafka may take. Meanwhile callers are told to try again at once, if the transaction
    that failed took longer than `patience_seconds`."""
    patience_seconds: float = 1.0
    """A transaction that failed after this long is taken for a Kafka that is away: whoever came during it has waited
    enough, and is told to try again together with its own callers."""
    reconnect_pause_seconds: float = 0.5
    """How long to wait after an attempt that failed."""


class KafkaEventLog:
    """`footfall_core.ports.EventLog` in Kafka. Enter it to start, leave it to commit what waits and stop.

    Args:
        kafka: where the log is.
        settings: how batches are committed.
        instance: name of the server.
        clock: stamps ticks and commits.
        role: what the server is, since one name may stand for an ingest server and another one.
    """

    def __init__(
        self, kafka: KafkaSettings, settings: CommitterSettings, instance: str, clock: Clock, role: str = INGEST
    ) -> None:
        self._kafka = kafka
        self._settings = settings
        self._clock = clock
        self._transactional_id = f"{kafka.topic_prefix}{role}.{instance}"
        self._raw_topics = {kind: kafka.topic(kind.raw_topic) for kind in EventKind}
        self._error_topic = kafka.topic("errors")
        self._error_row_topic = kafka.topic(ERRORS.topic)
        self._waiting = WaitingBatches(
            settings.max_pending_bytes, settings.max_transaction_bytes, away="Kafka has not been reached yet."
        )
        self._turn = 0
        self._fences = Fences(settings.transaction_timeout_ms / 1000)
        self._connected_at = 0.0
        self._stopping = threading.Event()
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    async def __aenter__(self) -> Self:
        self._thread.start()
        # a server that loses Kafka just now starts all the same, and tells its callers to try again
        await asyncio.to_thread(self._connected.wait, self._settings.reconnect_seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.stop()
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)

    async def append(self, raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE) -> Micros:
        """Store a batch; see the port."""
        return await self._waiting.append(raw_batch, partition, kind)

    def report(self, error: EventError) -> bool:
        """Store an error with the next commit; see the port."""
        return self._waiting.report(error)

    def tick(self) -> bool:
        """Commit a tick to all partitions of both logs soon; return whether the one before was. From any thread."""
        return self._waiting.tick()

    def is_away(self) -> bool:
        """Return whether nothing can be stored at the moment. Called from any thread."""
        return self._waiting.is_away

    def _run(self) -> None:
        producer: Producer | None = None
        while True:
            if producer is None:
                producer = self._connect()
                if producer is None:
                    if self._waiting.stopping:
                        return
                    self._stopping.wait(self._settings.reconnect_pause_seconds)
                    continue
            gathered = self._waiting.take()
            if gathered is None:
                return
            began = time.perf_counter()
            try:
                self._commit(producer, gathered)
            except Exception as error:  # noqa: BLE001 - see below; and no caller may wait for a thread that is gone
                # Whatever it was, an ambiguous commit included: a new producer under the same id fences what is still
                # in flight, so a late request cannot land in a later transaction (librdkafka #5423).
                count_commit(gathered, "failed", began)
                self._waiting.settle(gathered, TryAgain(UNCONFIRMED))
                self._waiting.report_again(gathered)
                with suppress(KafkaException):
                    producer.purge()
                producer = None
                log.warning("transaction failed", error=str(error), batches=len(gathered.batches))
                if time.perf_counter() - began > self._settings.patience_seconds:
                    self._went_away("it did not confirm a transaction in time.")
                if isinstance(error, KafkaException):
                    self._leave_name_to_another(error, began)
            else:
                count_commit(gathered, "committed", began)
                self._waiting.settle(gathered, self._clock.now())
                producer.poll(0)  # has what the client library logs written

    def _connect(self) -> Producer | None:
        config = {
            "bootstrap.servers": self._kafka.bootstrap_servers,
            "transactional.id": self._transactional_id,
            "transaction.timeout.ms": self._settings.transaction_timeout_ms,
            "delivery.timeout.ms": self._settings.transaction_timeout_ms,
            "linger.ms": 0,  # the committer gathers by itself
            "compression.type": "lz4",
            "message.max.bytes": 6 * 1024 * 1024,
            "log_level": 3,
            "logger": LIBRDKAFKA,
        }
        producer: Producer | None = None
        try:
            producer = Producer(config)  # it needs threads, and a descriptor or two
            producer.init_transactions(self._settings.reconnect_seconds)
        except KafkaException as error:
            if producer is not None:
                producer.poll(0)  # has what the client library logs written
            self._went_away(str(error.args[0].str()))
            return None
        self._waiting.came_back()
        telemetry.EVENT_LOG_CONNECTED.set(1)
        self._connected_at = time.perf_counter()
        self._connected.set()
        log.info("event log connected", transactional_id=self._transactional_id)
        return producer

    def _leave_name_to_another(self, error: KafkaException, began: float) -> None:
        """Stay away for a while if another server of this name has fenced this one; see `fences`."""
        now = time.perf_counter()
        pause = self._fences.pause(error.args[0], transaction_age=now - began, connection_age=now - self._connected_at)
        if not pause:
            return
        telemetry.EVENT_LOG_FENCES.inc()
        log.error(
            "another server of this kind runs under this one's name; give each a FOOTFALL_INSTANCE_NAME of its own, or"
            " stop the one that is not to be there",
            transactional_id=self._transactional_id,
            pause_seconds=pause,
        )
        self._went_away(ANOTHER)
        self._stopping.wait(pause)

    def _went_away(self, reason: str) -> None:
        telemetry.EVENT_LOG_CONNECTED.set(0)
        log.warning("event log away", reason=reason)
        self._waiting.went_away(reason)

    def _commit(self, producer: Producer, gathered: Gathered) -> None:
        by_place: dict[tuple[EventKind, int], list[bytes]] = defaultdict(list)
        self._turn = (self._turn + 1) % self._kafka.raw_partitions
        for pending in gathered.batches:
            partition = self._turn if pending.partition is None else pending.partition
            by_place[pending.kind, partition].append(pending.raw_batch)
        producer.begin_transaction()
        for (kind, partition), batches in by_place.items():
            for record in raw_records(batches):
                self._produce(producer, record, kind, partition)
        if gathered.tick:
            # stamped here: whatever was acknowledged before now stands before it in the log
            record = tick_record(self._clock.now())
            for kind in EventKind:
                for partition in range(self._kafka.raw_partitions):
                    self._produce(producer, record, kind, partition)
        for error in gathered.reports:
            key, record = error_record(error)
            producer.produce(self._error_topic, record, key)
            producer.produce(self._error_row_topic, error_row(error), key)
        producer.commit_transaction(self._settings.transaction_timeout_ms / 1000)

    def _produce(self, producer: Producer, record: bytes, kind: EventKind, partition: int) -> None:
        # the key names the partition, so that the consumer's state lives where the batches arrive
        producer.produce(self._raw_topics[kind], record, str(partition), partition)

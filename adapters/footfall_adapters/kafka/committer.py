"""The event log in Kafka: batches that arrive together share a transaction.

One thread owns one transactional producer. What arrives while a transaction is under way goes into the next one. The
transactional id is the instance's own and stable, so a restarted server fences what its predecessor left open.
"""

import asyncio
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import structlog
from confluent_kafka import KafkaException, Producer

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.columns import ERRORS
from footfall_core.errors.records import error_record
from footfall_core.errors.rows import error_row
from footfall_core.packing import MAX_RAW_BATCH_BYTES, raw_records, tick_record
from footfall_core.problems import TooLarge, TryAgain

log = structlog.get_logger()

MAX_REPORTS = 10_000
"""Errors that may wait for a commit."""

UNCONFIRMED = "The event log did not confirm the batch; it may or may not be stored."


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
    reconnect_seconds: float = 5.0
    """How long one attempt to reach Kafka may take. Callers are told to try again meanwhile."""
    reconnect_pause_seconds: float = 0.5
    """How long to wait after an attempt that failed."""


@dataclass(frozen=True, slots=True)
class _Pending:
    raw_batch: bytes
    partition: int | None
    done: "asyncio.Future[Micros]"


@dataclass(slots=True)
class _Gathered:
    """What goes into one transaction."""

    batches: list[_Pending] = field(default_factory=list)
    reports: list[EventError] = field(default_factory=list)
    tick: bool = False


class KafkaEventLog:
    """`footfall_core.ports.EventLog` in Kafka. Enter it to start, leave it to commit what waits and stop."""

    def __init__(self, kafka: KafkaSettings, settings: CommitterSettings, instance: str, clock: Clock) -> None:
        self._kafka = kafka
        self._settings = settings
        self._clock = clock
        self._transactional_id = f"{kafka.topic_prefix}ingest.{instance}"
        self._raw_topic = kafka.topic("events.raw")
        self._error_topic = kafka.topic("errors")
        self._error_row_topic = kafka.topic(ERRORS.topic)
        self._wake = threading.Condition()
        self._waiting = _Gathered()
        self._pending_bytes = 0
        self._turn = 0
        self._away: str | None = "Kafka has not been reached yet."
        self._stopping = False
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        # a server that loses Kafka just now starts all the same, and tells its callers to try again
        await asyncio.to_thread(self._connected.wait, self._settings.reconnect_seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    async def append(self, raw_batch: bytes, partition: int | None) -> Micros:
        """Store a batch; see the port."""
        if len(raw_batch) > MAX_RAW_BATCH_BYTES:
            # it would fail the whole transaction, its neighbours with it
            raise TooLarge(f"With its verdicts the batch takes {len(raw_batch):,} bytes; send fewer events at once.")
        pending = _Pending(raw_batch, partition, self._loop.create_future())
        with self._wake:
            if self._away is not None:
                raise TryAgain(f"The event log cannot be written: {self._away}")
            if self._stopping:
                raise TryAgain("The server is stopping.")
            if self._pending_bytes + len(raw_batch) > self._settings.max_pending_bytes:
                raise TryAgain("Too much is in flight.")
            self._pending_bytes += len(raw_batch)
            self._waiting.batches.append(pending)
            self._wake.notify()
        telemetry.COMMIT_WAITING_BATCHES.inc()
        telemetry.COMMIT_WAITING_BYTES.inc(len(raw_batch))
        return await pending.done

    def report(self, error: EventError) -> None:
        """Store an error with the next commit; see the port."""
        with self._wake:
            if self._away is None and len(self._waiting.reports) < MAX_REPORTS:
                self._waiting.reports.append(error)
                self._wake.notify()
            else:
                log.warning("error given up: the caller was told, the error stream will not show it")

    def tick(self) -> bool:
        """Commit a tick to every partition soon, and return whether that can be. Called from any thread."""
        with self._wake:
            self._waiting.tick = self._away is None
            self._wake.notify()
            return self._waiting.tick

    def _run(self) -> None:
        producer: Producer | None = None
        while True:
            if producer is None:
                producer = self._connect()
                if producer is None:
                    if self._stopping:
                        return
                    time.sleep(self._settings.reconnect_pause_seconds)
                    continue
            gathered = self._take()
            if gathered is None:
                return
            began = time.perf_counter()
            try:
                self._commit(producer, gathered)
            except Exception as error:  # noqa: BLE001 - see below; and no caller may wait for a thread that is gone
                # Whatever it was, an ambiguous commit included: a new producer under the same id fences what is still
                # in flight, so a late request cannot land in a later transaction (librdkafka #5423).
                _count(gathered, "failed", began)
                self._settle(gathered, TryAgain(UNCONFIRMED))
                self._report_again(gathered)
                with suppress(KafkaException):
                    producer.purge()
                producer = None
                log.warning("transaction failed", error=str(error), batches=len(gathered.batches))
            else:
                _count(gathered, "committed", began)
                self._settle(gathered, self._clock.now())
                producer.poll(0)  # has what the client library logs written

    def _connect(self) -> Producer | None:
        producer = Producer(
            {
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
        )
        try:
            producer.init_transactions(self._settings.reconnect_seconds)
        except KafkaException as error:
            producer.poll(0)  # has what the client library logs written
            self._went_away(str(error.args[0].str()))
            return None
        with self._wake:
            self._away = None
        telemetry.EVENT_LOG_CONNECTED.set(1)
        self._connected.set()
        log.info("event log connected", transactional_id=self._transactional_id)
        return producer

    def _went_away(self, reason: str) -> None:
        """Tell everyone who waits; nobody waits for a log that is away."""
        with self._wake:
            self._away = reason
            gathered, self._waiting = self._waiting, _Gathered()
        telemetry.EVENT_LOG_CONNECTED.set(0)
        log.warning("event log away", reason=reason)
        self._settle(gathered, TryAgain(f"The event log cannot be written: {reason}"))

    def _take(self) -> _Gathered | None:
        with self._wake:
            while not (self._waiting.batches or self._waiting.reports or self._waiting.tick):
                if self._stopping:
                    return None
                self._wake.wait()
            gathered, self._waiting = self._waiting, _Gathered()
            size, batches = 0, gathered.batches
            for index, pending in enumerate(batches):
                size += len(pending.raw_batch)
                if index and size > self._settings.max_transaction_bytes:
                    gathered.batches, self._waiting.batches = batches[:index], batches[index:]
                    break
            return gathered

    def _report_again(self, gathered: _Gathered) -> None:
        """Keep errors for the next commit: their ids are stable, so that one may come twice."""
        with self._wake:
            self._waiting.reports = (gathered.reports + self._waiting.reports)[:MAX_REPORTS]

    def _commit(self, producer: Producer, gathered: _Gathered) -> None:
        by_partition: dict[int, list[bytes]] = defaultdict(list)
        self._turn = (self._turn + 1) % self._kafka.raw_partitions
        for pending in gathered.batches:
            by_partition[self._turn if pending.partition is None else pending.partition].append(pending.raw_batch)
        producer.begin_transaction()
        for partition, batches in by_partition.items():
            for record in raw_records(batches):
                self._produce(producer, record, partition)
        if gathered.tick:
            # stamped here: whatever was acknowledged before now stands before it in the log
            record = tick_record(self._clock.now())
            for partition in range(self._kafka.raw_partitions):
                self._produce(producer, record, partition)
        for error in gathered.reports:
            key, record = error_record(error)
            producer.produce(self._error_topic, record, key)
            producer.produce(self._error_row_topic, error_row(error), key)
        producer.commit_transaction(self._settings.transaction_timeout_ms / 1000)

    def _produce(self, producer: Producer, record: bytes, partition: int) -> None:
        # the key names the partition, so that the consumer's state lives where the batches arrive
        producer.produce(self._raw_topic, record, str(partition), partition)

    def _settle(self, gathered: _Gathered, result: Micros | TryAgain) -> None:
        size = sum(len(pending.raw_batch) for pending in gathered.batches)
        with self._wake:
            self._pending_bytes -= size
        telemetry.COMMIT_WAITING_BATCHES.dec(len(gathered.batches))
        telemetry.COMMIT_WAITING_BYTES.dec(size)
        if gathered.batches:
            self._loop.call_soon_threadsafe(_resolve, gathered.batches, result)


def _count(gathered: _Gathered, outcome: str, began: float) -> None:
    telemetry.COMMIT_TRANSACTIONS.labels(outcome).inc()
    telemetry.COMMIT_SECONDS.observe(time.perf_counter() - began)
    telemetry.COMMIT_BATCHES.observe(len(gathered.batches))
    if gathered.tick and outcome == "committed":
        telemetry.TICKS.inc()


def _resolve(batches: list[_Pending], result: Micros | TryAgain) -> None:
    for pending in batches:
        if pending.done.done():
            continue  # the caller's deadline passed meanwhile
        if isinstance(result, TryAgain):
            pending.done.set_exception(TryAgain(result.message, retry_after_seconds=result.retry_after_seconds))
        else:
            pending.done.set_result(result)

"""Drives the processing of raw records in Quix Streams: exactly once, with the windows in RocksDB.

    first stage     events.raw        windows by writer, origins of redriven events; rows but those of purchases,
                                      which it hands on
    second stage    events.purchases  transactions that were counted; rows of purchases

Both are data frames of one application, so the offsets of what was read, the rows of events and items, the errors, what
is handed on and the new state (as its changelog) are one Kafka transaction.
"""

import threading
import time
from contextlib import suppress
from typing import Any

import structlog
from confluent_kafka import KafkaException
from quixstreams import State, message_context
from quixstreams.models import Topic

from footfall_adapters.kafka.application import ORIGIN_TTL, StateSettings, StreamSettings, exactly_once
from footfall_adapters.kafka.event_lag import EventLag
from footfall_adapters.kafka.membership import LONGEST_ABSENCE, Membership
from footfall_adapters.kafka.partitions import PURCHASES
from footfall_adapters.kafka.row_writer import RowWriter
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.processing.figures import count_purchases, count_record
from footfall_core.processing.purchase_records import passed_tick, purchase_records
from footfall_core.processing.record import Outcome, Place, Process
from footfall_core.processing.second_stage import CountPurchases
from footfall_core.processing.window import WINDOW_KEPT

log = structlog.get_logger()


def group_of(settings: StreamSettings, kind: EventKind) -> str:
    """Return the name of the consumer group of a kind of events, without the prefix."""
    return settings.group if kind is EventKind.LIVE else f"{settings.group}-imports"


def topics_of(kind: EventKind) -> tuple[str, ...]:
    """Return the topics that the stream of a kind reads, without the prefix."""
    return (kind.raw_topic, PURCHASES) if kind is EventKind.LIVE else (kind.raw_topic,)


LONGEST_SILENCE = 30.0
"""Seconds without a record after which a partition's reader hangs: ticks come twice a second."""


def does_its_part(*, is_member: bool, partitions: int, silent: float | None) -> bool:
    """Return whether a consumer is well: it reads what it is assigned, or is a member of which nothing is asked.

    Args:
        is_member: whether it is in the group.
        partitions: how many it is assigned.
        silent: seconds since its last record; None before the first.
    """
    if partitions:
        return silent is not None and silent < LONGEST_SILENCE
    return is_member


_TRANSACTIONS = {EventKind.LIVE: "events", EventKind.IMPORT: "imports"}
"""What transactional ids begin with: two kinds' consumers may have one instance's name."""


class EventStream:
    """Reads the raw topic of one kind of events, and writes what `process` makes of it; a `Stream`.

    That of live events also reads what both kinds' streams handed on, and writes what `count` makes of it: a purchase
    counts once over both.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: StreamSettings,
        state: StateSettings,
        instance: str,
        *,
        process: Process,
        count: CountPurchases,
        kind: EventKind,
        stop: threading.Event,
    ) -> None:
        """Make one that has not begun.

        Args:
            kafka: where it reads and writes.
            settings: how.
            state: where its state is.
            instance: this process's name.
            process: what becomes of a raw record.
            count: what becomes of a record of purchases.
            kind: which events.
            stop: set when the process is told to end, by whoever handles its signals or by Quix Streams, which handles
                SIGTERM and SIGINT itself while it runs.

        Raises:
            StreamBroken, StreamUnmendableError: see the port; it asks Kafka for topics, and makes those of its state.
        """
        self._process = process
        self._count = count
        self._kind = kind
        # the second stage is the live stream's, and heeds what its group's streams of both kinds wrote
        self._group = settings.group
        # a static member is one again when all others have joined too, or their sessions have ended
        self._longest_absence = settings.session_timeout_ms / 1000 + LONGEST_ABSENCE
        self._partitions = kafka.raw_partitions
        self._purchases_topic = kafka.topic(PURCHASES)
        self._last_record: float | None = None
        self._lag = EventLag(kafka.topic(kind.raw_topic), kind)
        self._app = exactly_once(
            kafka,
            settings,
            state.dir,
            group=group_of(settings, kind),
            # -2: it has read a topic more than the first members did
            member=f"{instance}-2",
            transactions=f"{_TRANSACTIONS[kind]}.{instance}",
            commit_seconds=settings.commit_interval_seconds,
            stop=stop,
        )
        with self._app.errors_told_apart():
            self._frame = self._app.dataframe(self._topic(kafka, kind.raw_topic))
            self._frame.update(self._take, stateful=True, metadata=True)
            if PURCHASES in topics_of(kind):
                purchases = self._app.dataframe(self._topic(kafka, PURCHASES))
                purchases.update(self._take_purchases, stateful=True, metadata=True)
        self._producer = self._frame.processing_context.producer
        self._rows = RowWriter(kafka, self._producer)

    def _topic(self, kafka: KafkaSettings, name: str) -> Topic:
        return self._app.topic(kafka.topic(name), value_deserializer="bytes", key_deserializer="bytes")

    def run(self) -> None:
        """Process until SIGTERM or SIGINT; call it once, in the main thread, whose signals it handles.

        An outcome that is not known needs no guess. State is written to the disk when its transaction was confirmed,
        and not before; the next producer of this instance's name has the brokers end what this one left open, and the
        next consumer begins at the offsets that were committed, with the state of the changelog up to there.

        Raises:
            StreamBroken, StreamUnmendableError: see the port.
        """
        try:
            self._app.run_until_told(Membership(self._frame.processing_context.consumer, self._longest_absence))
        finally:
            if self._producer.instantiated:
                with suppress(KafkaException):
                    # what it still has is void, and would keep it alive
                    self._producer.purge()  # type: ignore[no-untyped-call]

    def is_ready(self) -> bool:
        """Return whether this instance does its part of the work; called from any thread."""
        if self._app.has_ended:
            return False
        consumer = self._frame.processing_context.consumer
        silent = None if self._last_record is None else time.monotonic() - self._last_record
        return does_its_part(is_member=bool(consumer.memberid()), partitions=len(consumer.assignment()), silent=silent)

    def measure_lag(self, now: Micros) -> None:
        """Set the figures that say how far this instance is behind the log; called from any thread."""
        if self._app.has_ended:
            return
        self._lag.measure(self._frame.processing_context.consumer, now)

    def _take(self, value: bytes, key: bytes, timestamp: int, headers: Any, state: State[str, Any]) -> None:
        del key, headers
        began = time.perf_counter()
        context = message_context()
        place = Place(context.partition, context.offset, timestamp, self._kind)
        outcome = self._process(value, place, state.get_bytes)
        handed_on = self._purchases_of(outcome, place)
        # everything is worked out: from here on nothing but writing
        for window_key, window in outcome.windows.items():
            # for space alone: what is this old is removed, from the disk and the changelog, with a later commit
            state.set_bytes(window_key, window, ttl=WINDOW_KEPT)
        for origin_key, counted in outcome.origins.items():
            state.set_bytes(origin_key, counted, ttl=ORIGIN_TTL)
        self._rows.put(self._kind, outcome.lines, outcome.item_lines, outcome.errors, place.partition)
        for partition, record in handed_on:
            self._producer.produce(self._purchases_topic, record, str(partition).encode(), partition=partition)
        for failure in outcome.failures:
            log.error("batch not processed", partition=place.partition, offset=place.offset, exc_info=failure)
        self._last_record = time.monotonic()
        self._lag.processed(place.partition, place.log_time_ms)
        count_record(outcome, time.perf_counter() - began)
        if outcome.batches:
            log.info(
                "record",
                partition=place.partition,
                offset=place.offset,
                batches=outcome.batches,
                duplicates=outcome.duplicates,
                rows=len(outcome.lines),
                item_rows=len(outcome.item_lines),
                purchases=len(outcome.purchases),
                errors=len(outcome.errors),
            )

    def _purchases_of(self, outcome: Outcome, place: Place) -> list[tuple[int, bytes]]:
        """Return what the second stage is told of a raw record: partition and record."""
        if outcome.tick_micros is not None:
            tick = passed_tick(self._group, place.partition, outcome.tick_micros, self._kind)
            return [(partition, tick) for partition in range(self._partitions)]
        return list(purchase_records(self._group, outcome.purchases, self._partitions, self._kind))

    def _take_purchases(self, value: bytes, key: bytes, timestamp: int, headers: Any, state: State[str, Any]) -> None:
        del key, timestamp, headers
        partition = message_context().partition
        counted = self._count(value, partition, state.get_bytes)
        for state_key, content in counted.state.items():
            state.set_bytes(state_key, content)  # for ever: an order's number is used once
        self._rows.put(counted.log, counted.lines, counted.item_lines, counted.errors, partition)
        self._last_record = time.monotonic()
        count_purchases(counted)

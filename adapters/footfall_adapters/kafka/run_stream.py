"""Drives the processing of a run's hours in Quix Streams: exactly once, as that of live events.

    first stage     both raw topics        windows by writer; rows but those of purchases, which it hands on
    second stage    the run's purchases    puts them in the log's order, and counts them

All of it is one application and one process, with a group, topics and state that are the run's own.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from confluent_kafka import TopicPartition
from quixstreams import State, message_context
from quixstreams.models import Topic

from footfall_adapters.kafka.application import ORIGIN_TTL, StreamSettings, exactly_once
from footfall_adapters.kafka.membership import LONGEST_ABSENCE, Membership
from footfall_adapters.kafka.row_writer import RowWriter
from footfall_adapters.kafka.run_topics import purchases_of_run
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.kinds import EventKind
from footfall_core.processing.in_order import handed_on
from footfall_core.processing.purchase_records import passed_tick, purchase_records
from footfall_core.processing.record import Place
from footfall_core.processing.run_stages import RunOutcome, RunStage, failed_batches, run_purchases, run_record
from footfall_core.processing.window import WINDOW_KEPT
from footfall_core.runs.work import Made, RawPlace

log = structlog.get_logger()

LONGEST_REST = 0.5
"""Seconds of one rest."""


@dataclass(frozen=True)
class RunStreamSettings:
    """How a reprocessing processes the log."""

    commit_interval_seconds: float = 0.25
    """How much is gathered into one transaction; rows can be read when it commits."""
    share: float = 0.5
    """Of the time of one processor, how much at most: the rest is left to what is live. 1: all it can get."""


class RunStream:
    """Reads both raw topics within a run's hours, and writes what its version makes of them to its own topics."""

    def __init__(
        self,
        kafka: KafkaSettings,
        stream: StreamSettings,
        settings: RunStreamSettings,
        folder: Path,
        *,
        stage: RunStage,
        end: Mapping[RawPlace, int] | None,
        stop: threading.Event,
    ) -> None:
        """Process nothing yet.

        Args:
            kafka: where the log is.
            stream: what is the same as in the live run.
            settings: what is not.
            folder: of the run's state.
            stage: the run.
            end: the first offsets behind its end by raw partition; None: it has no end.
            stop: set when the processing is to end, by whoever handles signals, by `stop` or by Quix Streams.

        Raises:
            StreamBroken, StreamUnmendableError: see `footfall_core.streams.Stream`.
        """
        self.made = Made()
        self._stop = stop
        self._stage = stage
        self._end = end
        self._share = min(1.0, max(0.01, settings.share))
        self._partitions = kafka.raw_partitions
        self._longest_absence = stream.session_timeout_ms / 1000 + LONGEST_ABSENCE
        run_id = stage.run.id
        self._app = exactly_once(
            kafka,
            stream,
            folder,
            group=stage.group,
            member=run_id,
            transactions=f"run.{run_id}",
            commit_seconds=settings.commit_interval_seconds,
            stop=stop,
        )
        self._kinds = {kafka.topic(kind.raw_topic): kind for kind in EventKind}
        self._purchases_topic = kafka.topic(purchases_of_run(run_id))
        with self._app.errors_told_apart():
            for topic in self._kinds:
                self._app.dataframe(self._topic(topic)).update(self._take, stateful=True, metadata=True)
            purchases = self._app.dataframe(self._topic(self._purchases_topic))
            purchases.update(self._take_purchases, stateful=True, metadata=True)
        self._context = purchases.processing_context
        self._producer = self._context.producer
        self._rows = RowWriter(kafka, self._producer, run_id)

    def _topic(self, name: str) -> Topic:
        return self._app.topic(name, value_deserializer="bytes", key_deserializer="bytes")

    def run(self) -> None:
        """Process until `stop`, SIGTERM or SIGINT; call it in the main thread, whose signals it handles.

        Raises:
            StreamBroken, StreamUnmendableError: see `footfall_core.streams.Stream`.
        """
        self._app.run_until_told(Membership(self._context.consumer, self._longest_absence))

    def stop(self) -> None:
        """Commit what was processed and end `run`, however far it has come with beginning; called from any thread."""
        self._stop.set()

    def _take(self, value: bytes, key: bytes, timestamp: int, headers: Any, state: State[str, Any]) -> None:
        del key, headers
        began = time.perf_counter()
        context = message_context()
        kind = self._kinds[context.topic]
        place = Place(context.partition, context.offset, timestamp, kind)
        end = None if self._end is None else self._end[kind, place.partition]
        found = run_record(self._stage, value, place, state.get_bytes, end)
        told = self._told(found, place)
        failed = self.made.failed_batches.get((kind, place.partition))
        failed = failed_batches(state.get_bytes) if failed is None else failed
        # everything is worked out: from here on nothing but writing
        outcome = found.outcome
        # all of it expires: a store that begins without times would be made anew when the first one comes
        for state_key, content in (outcome.windows | found.marks).items():
            state.set_bytes(state_key, content, ttl=WINDOW_KEPT)
        for kept_key, content in (outcome.origins | found.kept).items():
            state.set_bytes(kept_key, content, ttl=ORIGIN_TTL)
        self._rows.put(kind, outcome.lines, outcome.item_lines, (), place.partition)
        for partition, record in told:
            self._producer.produce(self._purchases_topic, record, str(partition).encode(), partition=partition)
        for failure in outcome.failures:
            log.error("batch not processed", partition=place.partition, offset=place.offset, exc_info=failure)
        self.made.rows += len(outcome.lines) + len(outcome.item_lines)
        self.made.failed_batches[kind, place.partition] = failed + len(outcome.failures)
        if end is not None and place.offset >= end:
            self._context.consumer.pause([TopicPartition(context.topic, place.partition)])
        self._rest(time.perf_counter() - began)

    def _told(self, found: RunOutcome, place: Place) -> list[tuple[int, bytes]]:
        """Return what the second stage is told of a raw record: partition and record."""
        outcome, group = found.outcome, self._stage.group
        if outcome.tick_micros is not None:
            tick = passed_tick(group, place.partition, outcome.tick_micros, place.log)
            told = [(partition, tick) for partition in range(self._partitions)]
        else:
            told = list(purchase_records(group, outcome.purchases, self._partitions, place.log))
        return [(partition, handed_on(record, place, last=found.last)) for partition, record in told]

    def _take_purchases(self, value: bytes, key: bytes, timestamp: int, headers: Any, state: State[str, Any]) -> None:
        del key, timestamp, headers
        began = time.perf_counter()
        partition = message_context().partition
        found = run_purchases(self._stage, value, partition, state.get_bytes)
        for state_key, content in found.state.items():
            if content is None:
                state.delete(state_key)
            else:
                state.set_bytes(state_key, content)
        for counted in found.counted:
            # behind the partitions of the first stage
            self._rows.put(counted.log, counted.lines, counted.item_lines, (), self._partitions + partition)
            self.made.rows += len(counted.lines) + len(counted.item_lines)
            if counted.tick_micros is not None:
                self.made.passed[counted.log, partition] = counted.tick_micros
        self._rest(time.perf_counter() - began)

    def _rest(self, worked: float) -> None:
        """Leave the processor to others for as long as this one's share says."""
        if self._share < 1:
            time.sleep(min(LONGEST_REST, worked * (1 - self._share) / self._share))

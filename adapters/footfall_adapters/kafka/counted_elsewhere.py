"""Tells a run's second stage which transactions count in hours that other runs serve, before it sees any purchase.

What a run has counted is in the changelog of its second stage: a compacted topic that names each transaction of all
times, by partition of `events.purchases`. A transaction's partition is the same in every run.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import orjson
import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from footfall_adapters.kafka.error_topic import new_reader
from footfall_adapters.kafka.fatal import is_fatal
from footfall_adapters.kafka.marks import end_of
from footfall_adapters.kafka.run_topics import purchases_of_run, transactions_of_run
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.kinds import EventKind
from footfall_core.processing.second_stage import TICKS_KEYS
from footfall_core.runs.elsewhere import Elsewhere
from footfall_core.runs.run import Run
from footfall_core.streams import StreamUnmendableError
from footfall_core.wire.run_purchases_pb2 import CountedElsewhere, RunPurchasesRecord
from footfall_core.wire.state_pb2 import CountedTransaction, PassedTicks

log = structlog.get_logger()

STAMPED, STAMP_BYTES = "__ttl_stamped__", 8
"""The header by which Quix Streams says that a time stands before a value, and that time's length."""

STANDS_STILL_SECONDS = 120.0
"""How long a run that is waited for may process nothing. Longer than its worker takes to be started anew."""

_MAX_KEYS, _POLL_SECONDS, _FLUSH_SECONDS, _KAFKA_SECONDS = 2_000, 1.0, 60.0, 30.0


def tell_what_counts_elsewhere(
    kafka: KafkaSettings, group: str, run: Run, parts: Sequence[Elsewhere], raw_partitions: int
) -> int:
    """Write what other runs have counted in their hours to a run's topic of purchases; waits until it is final.

    Idempotent: the second stage may be told the same again. Nothing of it may be processed yet.

    Args:
        kafka: where all of it is.
        group: the live run's consumer group, without the prefix.
        run: the run.
        parts: the others' hours.
        raw_partitions: of each log.

    Returns:
        The number of transactions.

    Raises:
        KafkaException: Kafka cannot be reached.
        StreamUnmendableError: another run has stopped before it was final.
    """
    telling = _Telling(kafka, run)
    for part in parts:
        topic = transactions_of_run(kafka, group, part.served.run_id)
        more = {"enable.partition.eof": True, "auto.offset.reset": "earliest"}
        with closing(new_reader(kafka, **more)) as reader:
            failure = reader.list_topics(topic, timeout=10).topics[topic].error
            if failure is not None:
                if failure.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise KafkaException(failure)
                log.warning("nobody has counted", run=part.served.run_id, topic=topic)
                continue
            _Reading(reader, topic, part, raw_partitions).read_into(telling)
    telling.finish()
    return telling.count


class _Telling:
    """Writes keys to the partitions of a run's topic of purchases."""

    def __init__(self, kafka: KafkaSettings, run: Run) -> None:
        self._topic = kafka.topic(purchases_of_run(run.id))
        self._waiting: dict[int, CountedElsewhere] = defaultdict(CountedElsewhere)
        self._failed: list[KafkaError] = []
        self._producer = Producer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "message.max.bytes": 6 * 1024 * 1024,
                "log_level": 3,
                "logger": LIBRDKAFKA,
            }
        )
        self.count = 0

    def put(self, partition: int, key: str, log_hour: int) -> None:
        self.count += 1
        waiting = self._waiting[partition]
        waiting.keys.append(key)
        waiting.log_hours.append(log_hour)
        if len(waiting.keys) >= _MAX_KEYS:
            self._write(partition)

    def _write(self, partition: int) -> None:
        record = RunPurchasesRecord(counted_elsewhere=self._waiting.pop(partition)).SerializeToString()
        self._producer.produce(self._topic, record, str(partition), partition, on_delivery=self._delivered)
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failed.append(error)

    def finish(self) -> None:
        for partition in tuple(self._waiting):
            self._write(partition)
        left = self._producer.flush(_FLUSH_SECONDS)
        if self._failed or left:
            raise KafkaException(self._failed[0] if self._failed else KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001


class _Reading:
    """Reads one run's changelog until all of its partitions have come far enough."""

    def __init__(self, reader: Consumer, topic: str, part: Elsewhere, raw_partitions: int) -> None:
        self._reader = reader
        self._topic = topic
        self._part = part
        self._partitions = raw_partitions
        self._ticks: dict[tuple[int, EventKind], int] = {}
        self._moved = time.monotonic()

    def read_into(self, telling: _Telling) -> None:
        self._reader.assign(
            [TopicPartition(self._topic, partition, OFFSET_BEGINNING) for partition in range(self._partitions)]
        )
        ends: dict[int, int] = {}
        waiting = set(range(self._partitions))
        here = {partition: self._end_of(partition) for partition in waiting}
        while waiting:
            message = self._reader.poll(_POLL_SECONDS)
            self._refuse_if_it_stands_still()
            if message is None:
                continue
            failure, partition = message.error(), message.partition()
            if failure is None:
                before = self._newest(partition)
                self._take(message, telling)
                if message.offset() < here[partition] or self._newest(partition) > before:
                    self._moved = time.monotonic()
                if partition not in ends and self._newest(partition) >= self._part.until:
                    ends[partition] = self._end_of(partition)
            elif failure.code() == KafkaError.UNKNOWN_TOPIC_OR_PART or is_fatal(failure):
                raise KafkaException(failure)
            # what was committed together with the tick may stand behind it
            is_at_end = failure is not None and failure.code() == KafkaError._PARTITION_EOF  # noqa: SLF001
            if partition in ends and (is_at_end or (failure is None and message.offset() + 1 >= ends[partition])):
                waiting.discard(partition)

    def _newest(self, partition: int) -> int:
        """Return the older one of a partition's newest ticks of both kinds."""
        return min(self._ticks.get((partition, kind), 0) for kind in EventKind)

    def _end_of(self, partition: int) -> int:
        """Return the first offset of a partition that is not committed yet."""
        return end_of(self._reader, self._topic, partition, _KAFKA_SECONDS)

    def _refuse_if_it_stands_still(self) -> None:
        if time.monotonic() - self._moved > STANDS_STILL_SECONDS:
            raise StreamUnmendableError(
                f"What {self._part.served.run_id} counts has to be known first, and it has not been processed any "
                f"further for {STANDS_STILL_SECONDS:.0f} s."
            )

    def _take(self, message: Message, telling: _Telling) -> None:
        key, value = _entry(message)
        if value is None:
            return
        for kind, ticks_key in TICKS_KEYS.items():
            if key == ticks_key:
                newest = PassedTicks.FromString(value).newest_micros
                if len(newest) == self._partitions:
                    self._ticks[message.partition(), kind] = min(newest)
                return
        if key.startswith("~"):
            return
        hour, served = CountedTransaction.FromString(value).log_hour, self._part.served
        if served.start_hour <= hour and (served.end_hour is None or hour < served.end_hour):
            telling.put(message.partition(), key, hour)


def _entry(message: Message) -> tuple[str, bytes | None]:
    """Return the key and the value of a state's entry as they were set; a value of None: it was deleted."""
    _, _, name = (message.key() or b"").partition(b"|")
    headers: dict[str, Any] = dict(message.headers() or [])
    if headers.get("__column_family__", b"default") != b"default":
        return "~", None
    value = message.value()
    if value is not None and STAMPED in headers:
        value = value[STAMP_BYTES:]
    return orjson.loads(name), value

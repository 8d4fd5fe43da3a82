"""The event consumer as a process of its own, on a real Kafka with topics of the test's own."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsSettings, make_topics, topic_plans
from footfall_core.columns import EVENTS, Table
from footfall_core.intake import Arrival, Taken, take
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records
from footfall_local.stack import Stack


def own_topics(stack: Stack, *, stamped_by_hand: bool = False) -> KafkaSettings:
    """Make topics that nobody else has.

    Args:
        stack: where.
        stamped_by_hand: raw records have the times that they are written with, which are the broker's to say otherwise.
            Topics are made so: a broker may stamp records for a while yet when the controller has taken a change of it.
    """
    kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    raw = {kind.raw_topic for kind in EventKind} if stamped_by_hand else set()
    by_hand = {"message.timestamp.type": "CreateTime"}
    plans = [
        replace(plan, settings={**plan.settings, **by_hand}) if plan.name in raw else plan
        for plan in topic_plans(kafka, TopicsSettings())
    ]
    make_topics(kafka, TopicsSettings(), plans)
    return kafka


@dataclass(frozen=True)
class Found:
    """What a reader finds in a topic, by partition."""

    values: dict[int, list[bytes]]
    markers: dict[int, int]
    """Ends of transactions: offsets that hold no record."""

    @property
    def count(self) -> int:
        return sum(map(len, self.values.values()))

    def lines(self, *partitions: int) -> list[str]:
        """Return the rows of some partitions; of all of them if none is named."""
        records = [record for partition in partitions or self.values for record in self.values[partition]]
        return [line for record in records for line in record.decode().split("\n")]


def read(kafka: KafkaSettings, topic: str, *, committed: bool = True) -> Found:
    """Return all that is in a topic now."""
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": "test",
        "isolation.level": "read_committed" if committed else "read_uncommitted",
        "enable.partition.eof": True,
    }
    values: dict[int, list[bytes]] = {partition: [] for partition in range(kafka.raw_partitions)}
    markers = {}
    with closing(Consumer(config)) as consumer:
        consumer.assign([TopicPartition(kafka.topic(topic), partition, 0) for partition in values])
        while len(markers) < len(values):
            message = consumer.poll(30)
            assert message is not None, "Kafka says nothing"
            if message.error() is None:
                values[message.partition()].append(message.value())
            elif message.error().code() == KafkaError._PARTITION_EOF:
                markers[message.partition()] = message.offset() - len(values[message.partition()])
    return Found(values, markers)


def put(kafka: KafkaSettings, partition: int, *records: bytes) -> None:
    """Write raw records to a partition of the raw topic, as an ingest server does."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    for record in records:
        producer.produce(kafka.topic("events.raw"), record, str(partition), partition)
    assert producer.flush(90) == 0  # a Kafka that was frozen takes its time


class EventConsumer:
    """A consumer that runs, and what it logs."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 120, pause: float = 0.1) -> None:
        """Look again and again until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"the consumer has ended:\n{self._log.read_text()[-5000:]}"
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
            time.sleep(pause)

    def lines(self, text: str) -> int:
        """Return how many lines of the log hold a text."""
        return sum(text in line for line in self._log.read_text().splitlines())

    def records(self) -> list[dict[str, Any]]:
        """Return what the log says of each raw record that was processed."""
        lines = self._log.read_text().splitlines()
        # one that was killed may have left half a line
        return [orjson.loads(line) for line in lines if '"event": "record"' in line and line.endswith("}")]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self._log.read_text()[-5000:]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


@contextmanager
def consumer(kafka: KafkaSettings, state: Path, **settings: str) -> Iterator[EventConsumer]:
    """Run an event consumer; it is killed if the block leaves it running."""
    environment = os.environ | {
        "FOOTFALL_INSTANCE_NAME": "events-1",
        "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "FOOTFALL_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
        "FOOTFALL_STATE_DIR": str(state),
        # a consumer that takes the place of one that was killed waits this long for it
        "FOOTFALL_STREAM_SESSION_TIMEOUT_MS": "6000",
        **settings,
    }
    command = [sys.executable, "-m", "footfall_cli.main", "consume", "events"]
    log = state.parent / "consumer.log"
    with (
        log.open("ab") as file,
        subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        yield EventConsumer(process, log)


def record_of(*requests: WriteEventsRequest) -> bytes:
    """Return the raw record that an ingest server makes of batches."""
    arrival = Arrival(int(time.time() * 1e6), peer_address="192.0.2.1", user_agent="", trace_parent="")
    taken = [take(request.SerializeToString(), arrival) for request in requests]
    (record,) = raw_records([each.raw_batch for each in taken if isinstance(each, Taken)])
    return record


def columns(table: Table, line: str) -> dict[str, str]:
    """Return a row's fields by name."""
    return dict(zip([column.name for column in table.columns], line.split("\t"), strict=True))


def view(writer: str, sequence: int = 1) -> WriteEventsRequest:
    """Return a batch of one event, which is named after its writer and number."""
    event = Event(name="page_view", client_id="c1", event_id=f"{writer}-{sequence}")
    return WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=sequence, events=[event])


def event_ids(kafka: KafkaSettings) -> Counter[str]:
    """Return how often each event is in the committed rows."""
    return Counter(columns(EVENTS, line)["event_id"] for line in read(kafka, "events.rows").lines())

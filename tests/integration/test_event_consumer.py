"""The event consumer as a process of its own, on a real Kafka with topics of the test's own."""

import os
import signal
import subprocess
import sys
import time
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsSettings, ensure_topics
from footfall_core.columns import ERRORS, EVENTS, ITEMS, Table
from footfall_core.intake import Arrival, Taken, take
from footfall_core.packing import raw_records, tick_record
from footfall_local.stack import Stack

pytestmark = pytest.mark.stack

OUTPUTS = ("events.rows", "items.rows", "errors", "errors.rows")
PARTITION = 2
WRITER = "till-7"


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    ensure_topics(kafka, TopicsSettings())
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

    def lines(self, partition: int = PARTITION) -> list[str]:
        return [line for record in self.values[partition] for line in record.decode().split("\n")]


def read(kafka: KafkaSettings, topic: str, *, committed: bool) -> Found:
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


def put(kafka: KafkaSettings, *records: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    for record in records:
        producer.produce(kafka.topic("events.raw"), record, str(PARTITION), PARTITION)
    assert producer.flush(30) == 0


class EventConsumer:
    """A consumer that runs, and what it logs."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 60, pause: float = 0.1) -> None:
        """Look again and again until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"the consumer has ended:\n{self._log.read_text()[-5000:]}"
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
            time.sleep(pause)

    def lines(self, text: str) -> int:
        """Return how many lines of the log hold a text."""
        return sum(text in line for line in self._log.read_text().splitlines())

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


def orders(sequence: int = 1, order: str = "T1") -> WriteEventsRequest:
    """Return a batch of a page view, a purchase of two items, and two events that are refused."""
    return WriteEventsRequest(
        property="properties/shop",
        writer_id=WRITER,
        sequence=sequence,
        events=[
            Event(name="page_view", client_id="c1", ip_override="141.76.2.4", language="de-DE"),
            Event(
                name="purchase",
                client_id="c1",
                currency="EUR",
                value=30.5,
                transaction_id=order,
                ip_override="141.76.2.4",
                items=[Item(item_id="s1", price=10.25, quantity=2), Item(item_id="s2", price=10)],
            ),
            Event(name="not a name", client_id="c1"),
            Event(name="page_view"),
        ],
    )


def columns(table: Table, line: str) -> dict[str, str]:
    return dict(zip([column.name for column in table.columns], line.split("\t"), strict=True))


def test_rows_item_rows_errors_and_their_rows_are_one_transaction(kafka: KafkaSettings, tmp_path: Path) -> None:
    tick = 1_790_000_000_000_000
    put(kafka, record_of(orders(), orders(order="T2")), tick_record(tick))
    # it commits when it is told to stop, and not before
    waiting = {"FOOTFALL_STREAM_COMMIT_INTERVAL_SECONDS": "3600", "FOOTFALL_STREAM_TRANSACTION_TIMEOUT_MS": "60000"}
    with consumer(kafka, tmp_path / "state", **waiting) as running:
        written = partial(read, kafka, committed=False)
        running.until(lambda: all(written(topic).count for topic in OUTPUTS), "something in every topic")
        # the tick's rows are its last words
        running.until(lambda: len(written("items.rows").lines()) == 3, "all item rows")
        assert [read(kafka, topic, committed=True).count for topic in OUTPUTS] == [0, 0, 0, 0]
        running.stop()
    found = {topic: read(kafka, topic, committed=True) for topic in OUTPUTS}
    for topic in ("events.rows", "items.rows", "errors.rows"):
        assert {p for p, values in found[topic].values.items() if values} == {PARTITION}
        assert found[topic].markers == {p: int(p == PARTITION) for p in range(kafka.raw_partitions)}, topic

    view, purchase, last = (columns(EVENTS, line) for line in found["events.rows"].lines())
    assert (view["event_name"], view["country"], view["language_name"]) == ("page_view", "Germany", "German")
    assert (purchase["event_name"], purchase["transaction_id"]) == ("purchase", "T1")
    assert (last["property"], last["tick_time_micros"]) == ("~tick", str(tick))
    shoes, socks, last = (columns(ITEMS, line) for line in found["items.rows"].lines())
    assert [(row["item_id"], row["amount"]) for row in (shoes, socks)] == [("s1", "20.5"), ("s2", "10.0")]
    assert (shoes["transaction_id"], shoes["country_id"]) == ("T1", "DE")
    assert (last["property"], last["raw_partition"]) == ("~tick", str(PARTITION))

    errors = [EventError.FromString(value) for values in found["errors"].values.values() for value in values]
    assert [(error.code, error.event_index) for error in errors] == [
        (ErrorCode.ERROR_CODE_NAME_INVALID, 2),
        (ErrorCode.ERROR_CODE_VALUE_REQUIRED, 3),
        (ErrorCode.ERROR_CODE_SEQUENCE_REUSED, 0),
    ]
    rows = [columns(ERRORS, line) for line in found["errors.rows"].lines()]
    assert [EventError.FromString(b64decode(row["error"])) for row in rows] == errors
    assert {(row["property"], row["writer_id"]) for row in rows} == {("shop", WRITER)}


def test_what_a_killed_consumer_had_not_committed_is_there_once(kafka: KafkaSettings, tmp_path: Path) -> None:
    put(kafka, record_of(orders()))
    waiting = {"FOOTFALL_STREAM_COMMIT_INTERVAL_SECONDS": "3600"}
    with consumer(kafka, tmp_path / "state", **waiting) as running:
        written = partial(read, kafka, committed=False)
        running.until(lambda: all(written(topic).count for topic in OUTPUTS), "an open transaction")
        running.kill()
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: read(kafka, "items.rows", committed=True).count > 0, "the item rows, committed")
        running.stop()
    found = {topic: read(kafka, topic, committed=True) for topic in OUTPUTS}
    assert [len(found[topic].lines()) for topic in ("events.rows", "items.rows", "errors.rows")] == [2, 2, 2]
    assert found["errors"].count == 2

"""The event consumer's hard cases: poison, lost state, and partitions that change hands."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupState, Producer
from confluent_kafka.admin import AdminClient
from rocksdict import AccessType, Options, Rdict

from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.kafka.raw_reader import RawReaderSettings, raw_reader
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import EVENTS
from footfall_core.kinds import EventKind
from footfall_core.partitioning import partition_of
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_local.stack import Stack
from tests.e2e.processes import frozen
from tests.integration.event_consumer import EventConsumer, columns, consumer, own_topics, put, read, record_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

PARTITION = 2
DRAIN_SECONDS = 20.0
"""A consumer that is told to stop ends within this time, whatever goes on in its group."""


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack)


def view(writer: str, sequence: int = 1) -> WriteEventsRequest:
    event = Event(name="page_view", client_id="c1", event_id=f"{writer}-{sequence}")
    return WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=sequence, events=[event])


def event_ids(kafka: KafkaSettings) -> Counter[str]:
    """Return how often each event is in the committed rows."""
    return Counter(columns(EVENTS, line)["event_id"] for line in read(kafka, "events.rows").lines())


# ---- poison ----


async def test_a_poison_record_is_put_aside_with_its_bytes_and_its_partition_goes_on(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    good = RawRecord.FromString(record_of(view("good"))).batches[0]
    poison = [
        b"no protobuf",
        RawRecord(batches=[b"no protobuf", good]).SerializeToString(),
        RawRecord(batches=[RawBatch(request=b"no protobuf").SerializeToString()]).SerializeToString(),
    ]
    put(kafka, PARTITION, *poison, record_of(view("behind")))
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: event_ids(kafka).total() > 1, "the rows behind the poison")
        running.stop()
        assert running.lines("batch not processed") == len(poison)
    assert event_ids(kafka) == {"good-1": 1, "behind-1": 1}
    errors = [
        EventError.FromString(value)
        for values in read(kafka, "errors", committed=True).values.values()
        for value in values
    ]
    put_aside = [error.payload for error in errors if error.property == "properties/~unreadable"]
    assert [place.batch_index for place in put_aside] == [-1, 0, 0]
    async with raw_reader(kafka, RawReaderSettings()) as reader:
        assert [await reader.read(EventKind.LIVE, place.partition, place.offset) for place in put_aside] == poison


# ---- state ----


def live_on_disk(state: Path) -> set[str]:
    """Return the writers whose windows are in RocksDB."""
    (folder,) = [path for path in state.rglob(f"*events.raw/**/{PARTITION}") if (path / "CURRENT").exists()]
    families = dict.fromkeys(Rdict.list_cf(str(folder)), Options(raw_mode=True))
    with closing(
        Rdict(str(folder), Options(raw_mode=True), column_families=families, access_type=AccessType.read_only())
    ) as database:
        return {writer_in(key) for key in list(database.keys()) if b"shop/" in key}


def writer_in(key: bytes) -> str:
    return key.decode(errors="replace").split("shop/")[-1].strip('"')


def test_state_that_was_lost_is_rebuilt_and_duplicates_stay_duplicates(kafka: KafkaSettings, tmp_path: Path) -> None:
    first = [view(f"writer-{number}") for number in range(200)]
    put(kafka, PARTITION, *map(record_of, first))
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: event_ids(kafka).total() == 200, "all rows")
        running.kill()
    put(kafka, PARTITION, *map(record_of, first), record_of(view("writer-0", 2)))
    with consumer(kafka, tmp_path / "another-state") as running:
        running.until(lambda: event_ids(kafka)["writer-0-2"] > 0, "the row behind the duplicates")
        running.stop()
    assert set(event_ids(kafka).values()) == {1}
    assert live_on_disk(tmp_path / "another-state") == {f"writer-{number}" for number in range(200)}


# ---- partitions that change hands ----


class Writing:
    """A thread that puts records into all partitions until it is told to stop, and everything twice."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.written: set[str] = set()

    def __enter__(self) -> "Writing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        producer = Producer({"bootstrap.servers": self._kafka.bootstrap_servers, "log_level": 3, "linger.ms": 0})
        before: list[WriteEventsRequest] = []
        sequence = 0
        while True:
            sequence += 1
            stopping = self._stop.wait(0.1)
            batches = [view(f"writer-{number}", sequence) for number in range(8)]
            for each in before + batches:
                partition = partition_of("shop", each.writer_id, self._kafka.raw_partitions)
                producer.produce(self._kafka.topic("events.raw"), record_of(each), str(partition), partition)
            self.written.update(event.event_id for each in batches for event in each.events)
            assert producer.flush(30) == 0
            if stopping:
                return
            before = batches if sequence % 2 else []


@contextmanager
def instance(kafka: KafkaSettings, folder: Path, name: str) -> Iterator[EventConsumer]:
    """Run one of several consumers."""
    (folder / name).mkdir(exist_ok=True)
    with consumer(kafka, folder / name / "state", FOOTFALL_INSTANCE_NAME=name) as running:
        yield running


def works(running: EventConsumer) -> None:
    """Wait until a consumer processes records."""
    running.until(lambda: running.lines('"event": "record"') > 0, "a record of its own")


def is_rebalancing(kafka: KafkaSettings) -> bool:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    group = kafka.topic("event-consumers")
    state = admin.describe_consumer_groups([group])[group].result(10).state
    return state in (ConsumerGroupState.PREPARING_REBALANCING, ConsumerGroupState.COMPLETING_REBALANCING)


def test_sigterm_in_the_middle_of_a_rebalance_ends_a_consumer_in_its_time(kafka: KafkaSettings, tmp_path: Path) -> None:
    with Writing(kafka) as writing, instance(kafka, tmp_path, "one") as one:
        works(one)
        with instance(kafka, tmp_path, "two") as two:
            one.until(lambda: is_rebalancing(kafka), "a rebalance", pause=0.002)
            told = time.monotonic()
            one.process.send_signal(signal.SIGTERM)
            one.process.wait(60)
            assert time.monotonic() - told < DRAIN_SECONDS
            works(two)
        # both are gone, one of them killed: a third finds all that they left
        writing.__exit__()
        with instance(kafka, tmp_path, "three") as three:
            three.until(lambda: event_ids(kafka).total() >= len(writing.written), "all rows")
            three.stop()
    found = event_ids(kafka)
    assert set(found) == writing.written
    assert set(found.values()) == {1}


# ---- Kafka does not answer ----

FROZEN_DRAIN_SECONDS = 30.0
"""What the processes of a local stack are given to end; what waits for Kafka then is the last commit's time-out."""


LONG_TRANSACTIONS = {"FOOTFALL_STREAM_COMMIT_INTERVAL_SECONDS": "6"}
"""So that a test can see that one is open, and freeze Kafka before it is over."""


def begun(
    running: EventConsumer, kafka: KafkaSettings, before: WriteEventsRequest, *batches: WriteEventsRequest
) -> None:
    """Have a consumer commit one batch, and begin a transaction of others."""
    put(kafka, PARTITION, record_of(before))
    running.until(lambda: event_ids(kafka).total() == 1, "a committed row")
    put(kafka, PARTITION, *map(record_of, batches))
    running.until(lambda: read(kafka, "events.rows", committed=False).count > 1, "an open transaction")
    assert event_ids(kafka).total() == 1


@pytest.mark.parametrize("broken", [False, True], ids=["with a transaction open", "between two streams"])
def test_sigterm_while_kafka_is_frozen_ends_a_consumer_in_its_time(
    stack: Stack, kafka: KafkaSettings, tmp_path: Path, broken: bool
) -> None:
    with consumer(kafka, tmp_path / "state", **LONG_TRANSACTIONS) as running:
        begun(running, kafka, view("writer-1"), view("writer-2"))
        with frozen(stack, "kafka"):
            if broken:
                running.until(lambda: running.lines("stream broken") > 0, "a broken stream", seconds=90)
            told = time.monotonic()
            running.stop()
            assert time.monotonic() - told < FROZEN_DRAIN_SECONDS


def test_a_stream_that_breaks_is_followed_by_another_and_each_event_counts_once(
    stack: Stack, kafka: KafkaSettings, tmp_path: Path
) -> None:
    first = [view(f"writer-{number}") for number in range(300)]
    with consumer(kafka, tmp_path / "state", **LONG_TRANSACTIONS) as running:
        begun(running, kafka, view("writer-before"), *first)
        with frozen(stack, "kafka"):
            running.until(lambda: running.lines("stream broken") > 0, "a broken stream", seconds=90)
        # duplicates of what stood in the transaction that broke, and of what came before: the state holds both
        put(kafka, PARTITION, *map(record_of, first), record_of(view("writer-before")), record_of(view("writer-last")))
        running.until(lambda: event_ids(kafka)["writer-last-1"] > 0, "the row behind the duplicates", seconds=90)
        assert running.process.poll() is None
        running.stop()
    assert set(event_ids(kafka).values()) == {1}
    assert event_ids(kafka).total() == 302

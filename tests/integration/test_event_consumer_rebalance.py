"""Event consumers of one group whose partitions change hands: each event counts once, whoever had the window before."""

import shutil
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupState, KafkaError, Producer
from confluent_kafka.admin import AdminClient

from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.partitioning import partition_of
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_local.stack import Stack
from tests.integration.event_consumer import EventConsumer, consumer, event_ids, own_topics, read, record_of, view

pytestmark = [pytest.mark.stack, pytest.mark.timeout(480)]

WRITERS = [f"writer-{number}" for number in (10, 11, 9, 12, 0, 1, 4, 6)]
"""Two for each partition."""
DRAIN_SECONDS = 20.0
"""A consumer that is told to stop ends within this time, whatever goes on in its group."""


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack)


class Writing:
    """A thread that writes new batches into all partitions, and old ones again when it is asked to."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._topic, self._partitions = kafka.topic("events.raw"), kafka.raw_partitions
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3, "linger.ms": 0})
        self._stop, self._again = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._records: list[tuple[int, bytes]] = []
        self.written: set[str] = set()
        """Ids of events that Kafka has acknowledged."""

    def __enter__(self) -> "Writing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def again(self) -> None:
        """Have all that was written so far written once more, in front of what is new."""
        self._again.set()

    def finish(self) -> None:
        """Write everything once more, then the last new batches behind it."""
        self.again()
        self.__exit__()

    def _run(self) -> None:
        sequence, stopping = 0, False
        while not stopping:
            stopping = self._stop.wait(0.25)
            if self._again.is_set():
                self._again.clear()
                for partition, record in self._records:
                    self._producer.produce(self._topic, record, str(partition), partition)
                assert self._producer.flush(30) == 0
            sequence += 1
            for writer in WRITERS:
                self._write(view(writer, sequence))
            assert self._producer.flush(30) == 0

    def _write(self, request: WriteEventsRequest) -> None:
        record, partition = record_of(request), partition_of("shop", request.writer_id, self._partitions)
        (event,) = request.events

        def delivered(error: KafkaError | None, _: object) -> None:
            if error is None:
                self.written.add(event.event_id)

        self._producer.produce(self._topic, record, str(partition), partition, on_delivery=delivered)
        self._records.append((partition, record))


@contextmanager
def instance(kafka: KafkaSettings, folder: Path, name: str) -> Iterator[EventConsumer]:
    """Run one of several consumers, with a disk of its own."""
    (folder / name).mkdir(exist_ok=True)
    with consumer(kafka, folder / name / "state", FOOTFALL_INSTANCE_NAME=name) as running:
        yield running


def works(running: EventConsumer, seen: int = 0) -> None:
    """Wait until a consumer has processed more records than it was seen to."""
    running.until(lambda: len(running.records()) > seen, "a record of its own", seconds=120)


def works_on_all(running: EventConsumer, kafka: KafkaSettings) -> None:
    """Wait until there are new rows in all partitions."""

    def rows() -> list[int]:
        return [len(values) for values in read(kafka, "events.rows").values.values()]

    before = rows()
    running.until(
        lambda: all(now > was for was, now in zip(before, rows(), strict=True)), "rows of all partitions", seconds=120
    )


def event_in(record: bytes) -> str:
    (batch,) = RawRecord.FromString(record).batches
    (event,) = WriteEventsRequest.FromString(RawBatch.FromString(batch).request).events
    return event.event_id


def partitions_whose_windows_moved(kafka: KafkaSettings, instances: list[EventConsumer]) -> set[int]:
    """Return where an instance took for a duplicate what it had never seen itself: another one had counted it."""
    raw = read(kafka, "events.raw").values
    counted, repeated = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    partitions = {}
    for number, each in enumerate(instances):
        for line in each.records():
            event = event_in(raw[line["partition"]][line["offset"]])
            (repeated if line["duplicates"] else counted)[event].add(number)
            partitions[event] = line["partition"]
    return {partitions[event] for event, by in repeated.items() if by - counted[event] and len(counted[event]) == 1}


def test_each_event_counts_once_while_three_consumers_come_and_go(kafka: KafkaSettings, tmp_path: Path) -> None:
    with Writing(kafka) as writing, ExitStack() as running:

        def start(name: str) -> EventConsumer:
            started = running.enter_context(instance(kafka, tmp_path, name))
            works(started, len(started.records()))
            writing.again()
            return started

        one = start("one")
        two = start("two")
        three = start("three")
        one.stop()
        two.kill()
        works_on_all(three, kafka)  # once the sessions of the others have ended
        writing.again()
        shutil.rmtree(tmp_path / "one" / "state")
        one = start("one")
        two = start("two")
        three.kill()
        three = start("three")  # in time: its partitions are still its own
        works_on_all(three, kafka)
        writing.finish()
        three.until(lambda: event_ids(kafka).total() >= len(writing.written), "all rows", seconds=120)
        for each in (one, two, three):
            each.stop()
    found = event_ids(kafka)
    assert set(found) == writing.written
    assert set(found.values()) == {1}
    assert partitions_whose_windows_moved(kafka, [one, two, three]) == set(range(kafka.raw_partitions))


def is_rebalancing(admin: AdminClient, group: str) -> bool:
    state = admin.describe_consumer_groups([group])[group].result(10).state
    return state in (ConsumerGroupState.PREPARING_REBALANCING, ConsumerGroupState.COMPLETING_REBALANCING)


def sees_rebalance(admin: AdminClient, group: str, joining: EventConsumer) -> bool:
    """Return as soon as a group is in a rebalance, or as one that joins it has partitions, and so none was seen."""
    deadline = time.monotonic() + 60
    while not joining.records():
        if is_rebalancing(admin, group):
            return True
        assert time.monotonic() < deadline, "it has no part in the group after 60 s"
        time.sleep(0.002)
    return False


def test_sigterm_in_the_middle_of_a_rebalance_ends_a_consumer_in_its_time(kafka: KafkaSettings, tmp_path: Path) -> None:
    # connected beforehand: a rebalance may be over in a tenth of a second
    admin, group = AdminClient({"bootstrap.servers": kafka.bootstrap_servers}), kafka.topic("event-consumers")
    with Writing(kafka) as writing, instance(kafka, tmp_path, "one") as one:
        works(one)
        assert not is_rebalancing(admin, group)
        writing.again()
        with ExitStack() as others:
            for attempt in range(5):
                two = others.enter_context(instance(kafka, tmp_path, f"two-{attempt}"))
                if sees_rebalance(admin, group, two):
                    break
                two.stop()  # it was over too soon to be seen
            else:
                pytest.fail("no rebalance was seen")
            told = time.monotonic()
            one.process.send_signal(signal.SIGTERM)
            one.process.wait(60)
            assert time.monotonic() - told < DRAIN_SECONDS
            works(two)
        # both are gone, one of them killed: a third finds all that they left
        writing.finish()
        with instance(kafka, tmp_path, "three") as three:
            three.until(lambda: event_ids(kafka).total() >= len(writing.written), "all rows")
            three.stop()
    found = event_ids(kafka)
    assert set(found) == writing.written
    assert set(found.values()) == {1}

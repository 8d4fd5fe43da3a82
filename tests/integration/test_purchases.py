"""The event consumer's second stage on a real Kafka: a transaction counts once, whichever writers send it and when."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer

from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros
from footfall_core.columns import EVENTS
from footfall_core.packing import tick_record
from footfall_core.partitioning import partition_of
from footfall_core.processing.purchase_records import purchase_records
from footfall_core.wire.purchase_pb2 import Purchase
from footfall_local.stack import Stack
from tests.integration.event_consumer import Found, columns, consumer, own_topics, put, read, record_of

pytestmark = pytest.mark.stack

TICK = Micros(1_790_000_000_000_000)


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack)


def order(number: str, writer: str) -> WriteEventsRequest:
    """Return a batch of a purchase of two items."""
    items = [Item(item_id="s1", price=10.25, quantity=2), Item(item_id="s2", price=10)]
    purchase = Event(name="purchase", client_id="c1", currency="EUR", value=30.5, transaction_id=number, items=items)
    return WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=1, events=[purchase])


def rows(kafka: KafkaSettings, of: str = "shop") -> list[dict[str, str]]:
    """Return the rows of a property's events that are committed."""
    found = [columns(EVENTS, line) for line in read(kafka, "events.rows").lines()]
    return [row for row in found if row["property"] == of]


def errors(kafka: KafkaSettings) -> list[EventError]:
    return [EventError.FromString(value) for values in read(kafka, "errors").values.values() for value in values]


def has(kafka: KafkaSettings, topic: str, count: int) -> Callable[[], bool]:
    return lambda: read(kafka, topic).count >= count


def test_of_two_writers_copies_in_two_partitions_one_counts_and_one_is_an_error(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    put(kafka, 0, record_of(order("t1", "till-1")))
    put(kafka, 3, record_of(order("t1", "till-2")))
    with consumer(kafka, tmp_path / "state") as running:
        running.until(has(kafka, "errors.rows", 1), "the later copy's error")
        running.stop()
    (row,) = rows(kafka)
    (error,) = errors(kafka)
    assert (row["transaction_id"], row["value"]) == ("t1", "30.5")
    assert error.code == ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION
    # each copy is one or the other
    assert {int(row["raw_partition"]), error.payload.partition} == {0, 3}
    home = partition_of("shop", "t1", kafka.raw_partitions)
    for topic in ("events.rows", "items.rows", "errors.rows"):
        assert {p for p, values in read(kafka, topic).values.items() if values} == {home}, topic
    assert len(read(kafka, "items.rows").lines()) == 2


@pytest.mark.timeout(300)
@pytest.mark.parametrize("state_is_lost", [False, True])
def test_a_transaction_counts_once_when_the_consumer_is_killed_between_its_stages(
    kafka: KafkaSettings, tmp_path: Path, *, state_is_lost: bool
) -> None:
    numbers = [f"t{n}" for n in range(20)]
    for writer, partition in (("till-1", 0), ("till-2", 3)):
        put(kafka, partition, *(record_of(order(number, f"{writer}-{number}")) for number in numbers))
    with consumer(kafka, tmp_path / "state") as running:
        # handed on, committed: the second stage is at work, or about to be
        running.until(has(kafka, "events.purchases", 1), "a purchase that was handed on")
        running.kill()
    state = tmp_path / ("anew" if state_is_lost else "state")
    with consumer(kafka, state) as running:
        running.until(lambda: len(rows(kafka)) + len(errors(kafka)) >= 40, "a row or an error of each copy", 120)
        running.kill()
    put(kafka, 1, *(record_of(order(number, f"till-3-{number}")) for number in numbers))
    with consumer(kafka, tmp_path / "again" if state_is_lost else state) as running:
        running.until(lambda: len(errors(kafka)) >= 40, "an error of each third copy", 120)
        running.stop()
    assert sorted(row["transaction_id"] for row in rows(kafka)) == sorted(numbers)
    assert len({error.error_id for error in errors(kafka)}) == len(errors(kafka)) == 40


def test_a_consumer_of_the_version_before_leaves_the_second_stage_to_the_new_one(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    """Brokers give a static member that comes back what it had before, however many topics it asks for now."""
    before = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": kafka.topic("event-consumers"),
        "group.instance.id": "events-1",
        "session.timeout.ms": 6_000,
        "partition.assignment.strategy": "range",
    }
    with closing(Consumer(before)) as old:
        old.subscribe([kafka.topic("events.raw")])
        deadline = time.monotonic() + 60
        while not old.assignment():
            old.poll(0.1)
            assert time.monotonic() < deadline, "the version before gets no partitions"
    put(kafka, 0, record_of(order("t1", "till-1")))
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: len(rows(kafka)) == 1, "the purchase's row")
        running.stop()


def test_a_transaction_is_known_after_ten_days_of_record_time(kafka: KafkaSettings, tmp_path: Path) -> None:
    """A writer's window would be gone after seven: state expires by the time of the record that asks for it."""
    now_ms = int(time.time() * 1000)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    for writer, time_ms in (("till-1", now_ms - 10 * 24 * 3_600_000), ("till-2", now_ms)):
        purchase = Purchase(
            property_id="shop", transaction_id="t1", row=f"{time_ms}\tshop", writer_id=writer, log_time_ms=time_ms
        )
        ((partition, record),) = purchase_records("event-consumers", [purchase], kafka.raw_partitions)
        producer.produce(
            kafka.topic("events.purchases"), record, str(partition), partition, timestamp=purchase.log_time_ms
        )
    assert producer.flush(30) == 0
    with consumer(kafka, tmp_path / "state") as running:
        running.until(has(kafka, "errors", 1), "the later copy's error")
        running.stop()
    assert read(kafka, "events.rows").count == 1
    assert [error.writer_id for error in errors(kafka)] == ["till-2"]


def test_the_second_stages_tick_waits_for_those_of_all_raw_partitions(kafka: KafkaSettings, tmp_path: Path) -> None:
    def direct(found: Found) -> int:
        return sum("~tick\t" in line for line in found.lines())

    for partition in (0, 1, 3):
        put(kafka, partition, tick_record(Micros(TICK + partition)))
    with consumer(kafka, tmp_path / "state") as running:
        running.until(has(kafka, "events.purchases", 12), "three ticks in each of four partitions")
        running.until(lambda: direct(read(kafka, "events.rows")) == 3, "three ticks that are rows at once")
        running.stop()
    assert rows(kafka, "~tick-purchases") == []
    put(kafka, 2, record_of(order("t1", "till-1")), tick_record(Micros(TICK + 2)))
    # what it knew of the others it keeps: they do not tick again
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: len(rows(kafka, "~tick-purchases")) == 4, "a tick of each partition")
        running.stop()
    ticks = rows(kafka, "~tick-purchases")
    assert {int(tick["raw_partition"]) for tick in ticks} == {0, 1, 2, 3}
    assert {int(tick["tick_time_micros"]) for tick in ticks} == {TICK}
    home = partition_of("shop", "t1", kafka.raw_partitions)
    purchase, tick = (columns(EVENTS, line) for line in read(kafka, "events.rows").lines(home) if "~tick\t" not in line)
    assert (purchase["transaction_id"], tick["property"]) == ("t1", "~tick-purchases")


def test_a_group_that_processes_the_log_anew_counts_each_transaction_of_its_own(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    put(kafka, 0, record_of(order("t1", "till-1")))
    for group in ("event-consumers", "event-consumers-2"):
        before = len(rows(kafka))
        with consumer(kafka, tmp_path / group, FOOTFALL_STREAM_GROUP=group) as running:
            running.until(lambda before=before: len(rows(kafka)) > before, "the purchase's row")
            running.stop()
    assert [row["transaction_id"] for row in rows(kafka)] == ["t1", "t1"]
    assert errors(kafka) == []

"""What was committed, and cannot be read yet since a transaction before it is open: nobody takes it for nothing."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from footfall_adapters.kafka.log_lag import KafkaLog
from footfall_adapters.kafka.run_bounds import is_drained
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import SystemClock
from footfall_core.kinds import EventKind
from footfall_local.stack import Stack
from tests.integration.consumer_state import changelog_of, writers_on_disk
from tests.integration.event_consumer import consumer, event_ids, own_topics, put, record_of, view
from tests.integration.markers import ends_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

PARTITION = 2
WRITERS = 20
CLOCK = SystemClock()


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack)


@contextmanager
def open_transaction(kafka: KafkaSettings, topic: str) -> Iterator[None]:
    """Have nothing be read behind the end that a partition has now, as if its broker had yet to hear of a commit."""
    producer = Producer(
        {"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": f"{topic}-late", "log_level": 3}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"never committed", b"key", PARTITION)
    assert producer.flush(30) == 0
    try:
        yield
    finally:
        producer.abort_transaction(30)


def test_a_state_is_not_whole_before_all_of_its_changelog_can_be_read(kafka: KafkaSettings, tmp_path: Path) -> None:
    batches = [record_of(view(f"writer-{number}")) for number in range(WRITERS)]
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    put(kafka, PARTITION, record_of(view("before")))
    with ExitStack() as transaction:
        with consumer(kafka, first / "state") as running:
            running.until(lambda: event_ids(kafka).total() == 1, "a row, and with it a changelog")
            transaction.enter_context(open_transaction(kafka, changelog_of(kafka)))
            put(kafka, PARTITION, *batches)
            running.until(lambda: event_ids(kafka).total() == 1 + WRITERS, "all rows")
            running.kill()  # Kafka ends a transaction by itself after a minute
        put(kafka, PARTITION, *batches, record_of(view("behind")))
        with consumer(kafka, second / "state") as other:
            other.until(lambda: other.lines("Beginning recovery check") > 0, "a state to be rebuilt")
            # while it waits, it says so every 10 s
            other.until(lambda: other.lines("Recovery progress") + other.lines("Recovery process complete") > 0, "more")
            assert other.lines("Recovery process complete") == 0
            assert event_ids(kafka).total() == 1 + WRITERS
            transaction.close()
            other.until(lambda: event_ids(kafka)["behind-1"] > 0, "the row behind the duplicates")
            other.stop()
    assert set(event_ids(kafka).values()) == {1}
    assert writers_on_disk(second / "state", PARTITION) == {
        "before",
        "behind",
        *(f"writer-{number}" for number in range(WRITERS)),
    }


def test_a_topic_is_not_drained_as_long_as_something_in_it_cannot_be_read(kafka: KafkaSettings) -> None:
    topic = kafka.topic("events.purchases")
    assert is_drained(kafka, topic, {})
    with open_transaction(kafka, topic):
        assert not is_drained(kafka, topic, {})
    ends_of(kafka, "events.purchases")
    assert is_drained(kafka, topic, {})


async def test_what_stands_behind_an_open_transaction_is_not_said_to_be_processed(kafka: KafkaSettings) -> None:
    log = KafkaLog(kafka, {EventKind.LIVE: "event-consumers"}, CLOCK)
    began = CLOCK.now()
    before = (await log.lag())[EventKind.LIVE]
    assert before.records == 0
    assert began <= (before.until or 0)
    with open_transaction(kafka, kafka.topic("events.raw")):
        opened = CLOCK.now()
        await asyncio.to_thread(put, kafka, PARTITION, record_of(view("acknowledged")))
        waiting = (await log.lag())[EventKind.LIVE]
    assert (waiting.records, waiting.until is not None and began - 1_000 <= waiting.until <= opened) == (2, True)
    await asyncio.to_thread(ends_of, kafka, "events.raw")
    readable = (await log.lag())[EventKind.LIVE]
    assert readable.until is not None
    assert opened - 1_000 <= readable.until <= CLOCK.now()

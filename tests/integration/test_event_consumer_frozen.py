"""The event consumer while Kafka does not answer: it stays, or ends in its time, and each event counts once."""

import time
from pathlib import Path

import pytest

from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_local.stack import Stack
from tests.e2e.processes import frozen
from tests.integration.event_consumer import EventConsumer, consumer, event_ids, own_topics, put, read, record_of, view

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600), pytest.mark.usefixtures("whole_again")]

PARTITION = 2
FROZEN_DRAIN_SECONDS = 30.0
"""What the processes of a local stack are given to end; what waits for Kafka then is the last commit's time-out."""

LONG_TRANSACTIONS = {"FOOTFALL_STREAM_COMMIT_INTERVAL_SECONDS": "6"}
"""So that a test can see that one is open, and freeze Kafka before it is over."""


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack)


def begun(
    running: EventConsumer, kafka: KafkaSettings, before: WriteEventsRequest, *batches: WriteEventsRequest
) -> int:
    """Have a consumer commit one batch, and be amid a transaction; return how many it was given beyond those named."""
    more = 0

    def is_open() -> bool:
        nonlocal more
        written = read(kafka, "events.rows", committed=False).count
        if written > read(kafka, "events.rows").count:
            return True
        # it was committed already, or has not begun
        more += 1
        put(kafka, PARTITION, record_of(view(f"more-{more}")))
        return False

    put(kafka, PARTITION, record_of(before))
    running.until(lambda: event_ids(kafka).total() == 1, "a committed row")
    put(kafka, PARTITION, *map(record_of, batches))
    running.until(is_open, "an open transaction")
    return more


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
        more = begun(running, kafka, view("writer-before"), *first)
        with frozen(stack, "kafka"):
            running.until(lambda: running.lines("stream broken") > 0, "a broken stream", seconds=90)
        # duplicates of what stood in the transaction that broke, and of what came before: the state holds both
        again = [*first, *(view(f"more-{number + 1}") for number in range(more)), view("writer-before")]
        put(kafka, PARTITION, *map(record_of, again), record_of(view("writer-last")))
        running.until(lambda: event_ids(kafka)["writer-last-1"] > 0, "the row behind the duplicates", seconds=90)
        assert running.process.poll() is None
        running.stop()
    assert set(event_ids(kafka).values()) == {1}
    assert event_ids(kafka).total() == 302 + more

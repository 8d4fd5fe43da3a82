"""The event consumer on a real Kafka: its first stage, and what of it is one transaction."""

from base64 import b64decode
from functools import partial
from pathlib import Path

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.columns import ERRORS, EVENTS, ITEMS
from footfall_core.packing import tick_record
from footfall_local.stack import Stack
from tests.integration.event_consumer import columns, consumer, own_topics, put, read, record_of

pytestmark = pytest.mark.stack

OUTPUTS = ("events.rows", "items.rows", "errors", "errors.rows", "events.purchases")
PARTITION = 2
WRITER = "till-7"


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    return own_topics(stack)


def orders(sequence: int = 1, order: str = "T1") -> WriteEventsRequest:
    """Return a batch of a page view, a refund of two items, two events that are refused, and a purchase."""
    return WriteEventsRequest(
        property="properties/shop",
        writer_id=WRITER,
        sequence=sequence,
        events=[
            Event(name="page_view", client_id="c1", ip_override="141.76.2.4", language="de-DE"),
            Event(
                name="refund",
                client_id="c1",
                currency="EUR",
                value=30.5,
                transaction_id=order,
                ip_override="141.76.2.4",
                items=[Item(item_id="s1", price=10.25, quantity=2), Item(item_id="s2", price=10)],
            ),
            Event(name="not a name", client_id="c1"),
            Event(name="page_view"),
            Event(name="purchase", client_id="c1", currency="EUR", value=30.5, transaction_id=order),
        ],
    )


def test_rows_item_rows_errors_and_their_rows_are_one_transaction(kafka: KafkaSettings, tmp_path: Path) -> None:
    tick = 1_790_000_000_000_000
    put(kafka, PARTITION, record_of(orders(), orders(order="T2")), tick_record(tick))
    # it commits when it is told to stop, and not before
    waiting = {"FOOTFALL_STREAM_COMMIT_INTERVAL_SECONDS": "3600", "FOOTFALL_STREAM_TRANSACTION_TIMEOUT_MS": "60000"}
    with consumer(kafka, tmp_path / "state", **waiting) as running:
        written = partial(read, kafka, committed=False)
        running.until(lambda: all(written(topic).count for topic in OUTPUTS), "something in every topic")
        # the tick's rows are its last words
        running.until(lambda: len(written("items.rows").lines(PARTITION)) == 3, "all item rows")
        assert [read(kafka, topic, committed=True).count for topic in OUTPUTS] == [0] * len(OUTPUTS)
        running.stop()
    found = {topic: read(kafka, topic, committed=True) for topic in OUTPUTS}
    # the purchase is on its way to the second stage, and the tick on all of its ways
    purchases = found["events.purchases"]
    assert sorted(map(len, purchases.values.values())) == [1, 1, 1, 2]
    assert purchases.markers == dict.fromkeys(purchases.values, 1)
    for topic in ("events.rows", "items.rows", "errors.rows"):
        assert {p for p, values in found[topic].values.items() if values} == {PARTITION}
        assert found[topic].markers == {p: int(p == PARTITION) for p in range(kafka.raw_partitions)}, topic

    view, refund, last = (columns(EVENTS, line) for line in found["events.rows"].lines(PARTITION))
    assert (view["event_name"], view["country"], view["language_name"]) == ("page_view", "Germany", "German")
    assert (refund["event_name"], refund["transaction_id"]) == ("refund", "T1")
    assert (last["property"], last["tick_time_micros"]) == ("~tick", str(tick))
    shoes, socks, last = (columns(ITEMS, line) for line in found["items.rows"].lines(PARTITION))
    assert [(row["item_id"], row["amount"]) for row in (shoes, socks)] == [("s1", "20.5"), ("s2", "10.0")]
    assert (shoes["transaction_id"], shoes["country_id"]) == ("T1", "DE")
    assert (last["property"], last["raw_partition"]) == ("~tick", str(PARTITION))

    errors = [EventError.FromString(value) for values in found["errors"].values.values() for value in values]
    assert [(error.code, error.event_index) for error in errors] == [
        (ErrorCode.ERROR_CODE_NAME_INVALID, 2),
        (ErrorCode.ERROR_CODE_VALUE_REQUIRED, 3),
        (ErrorCode.ERROR_CODE_SEQUENCE_REUSED, 0),
    ]
    rows = [columns(ERRORS, line) for line in found["errors.rows"].lines(PARTITION)]
    assert [EventError.FromString(b64decode(row["error"])) for row in rows] == errors
    assert {(row["property"], row["writer_id"]) for row in rows} == {("shop", WRITER)}


def test_what_a_killed_consumer_had_not_committed_is_there_once(kafka: KafkaSettings, tmp_path: Path) -> None:
    put(kafka, PARTITION, record_of(orders()))
    waiting = {"FOOTFALL_STREAM_COMMIT_INTERVAL_SECONDS": "3600"}
    with consumer(kafka, tmp_path / "state", **waiting) as running:
        written = partial(read, kafka, committed=False)
        running.until(lambda: all(written(topic).count for topic in OUTPUTS), "an open transaction")
        running.kill()
    with consumer(kafka, tmp_path / "state") as running:
        running.until(lambda: len(read(kafka, "events.rows").lines()) > 2, "the purchase's row, committed")
        running.stop()
    found = {topic: read(kafka, topic, committed=True) for topic in OUTPUTS}
    assert [len(found[topic].lines()) for topic in ("events.rows", "items.rows", "errors.rows")] == [3, 2, 2]
    assert found["errors"].count == 2

"""A purchase that two writers send is one order in the reports and one error, on the stack and embedded alike."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import grpc
import pytest

from footfall.channel import open_channel
from footfall.v1 import query_pb2
from footfall.v1.errors_pb2 import EventError, GetErrorRequest, ListErrorsRequest, StreamErrorsRequest
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall.v1.ingest_pb2_grpc import IngestServiceStub
from footfall.v1.query_pb2_grpc import QueryServiceStub
from footfall_core.partitioning import partition_of
from tests.again import patient_channel
from tests.e2e.embedded import embedded_in

T = TypeVar("T")
DUPLICATE = ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION


@pytest.fixture(params=[pytest.param("stack", marks=pytest.mark.stack), "embedded"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[grpc.Channel]:
    if request.param == "stack":
        with patient_channel(request.getfixturevalue("endpoint")) as channel:
            yield channel
    else:
        with embedded_in(tmp_path / "data") as process, open_channel(process.start()) as channel:
            yield channel


def eventually(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + 60
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"{what}: not within 60 s"
        time.sleep(0.05)
    return found


def writers_of_two_partitions(property_id: str) -> tuple[str, str]:
    names = [f"till-{n}" for n in range(100)]
    other = next(name for name in names if partition_of(property_id, name, 4) != partition_of(property_id, names[0], 4))
    return names[0], other


def test_an_order_that_two_writers_send_counts_once(channel: grpc.Channel) -> None:
    property_id = f"orders-{uuid.uuid4().hex[:8]}"
    ingest = IngestServiceStub(channel)  # type: ignore[no-untyped-call]
    queries, found_errors = QueryServiceStub(channel), ErrorServiceStub(channel)  # type: ignore[no-untyped-call]
    property_name = f"properties/{property_id}"

    for number, writer in enumerate(writers_of_two_partitions(property_id)):
        items = [Item(item_id="hat", item_name="Hat", price=20.0, quantity=2)]
        purchase = Event(name="purchase", event_id=f"e{number}", client_id="ann", transaction_id="t-1", items=items)
        purchase.currency, purchase.value = "EUR", 39.9
        batch = WriteEventsRequest(property=property_name, writer_id=writer, sequence=1, events=[purchase])
        assert not ingest.WriteEvents(batch, timeout=30).rejected
    acknowledged = int(time.time() * 1e6)

    def complete(metrics: tuple[str, ...], dimension: str) -> query_pb2.RunReportResponse | None:
        report: query_pb2.RunReportResponse = queries.RunReport(
            query_pb2.RunReportRequest(
                property=property_name,
                dimensions=[query_pb2.Dimension(name=dimension)],
                metrics=[query_pb2.Metric(name=name) for name in metrics],
                date_ranges=[query_pb2.DateRange(start_date="yesterday", end_date="today")],
            ),
            timeout=30,
        )
        return report if report.metadata.data_complete_until.ToMicroseconds() > acknowledged else None

    # the first report that promises to have both has what is right
    report = eventually(lambda: complete(("eventCount", "purchaseRevenue", "transactions"), "eventName"), "events")
    (row,) = report.rows
    count, revenue, transactions = row.metric_values
    assert (count.integer_value, revenue.double_value, transactions.integer_value) == (1, 39.9, 1)
    report = eventually(lambda: complete(("itemRevenue", "itemsPurchased"), "itemName"), "items")
    (row,) = report.rows
    assert (row.metric_values[0].double_value, row.metric_values[1].integer_value) == (40.0, 2)

    def listed() -> EventError | None:
        errors = found_errors.ListErrors(ListErrorsRequest(property=property_name), timeout=30).errors
        assert len(errors) <= 1
        return errors[0] if errors else None

    error = eventually(listed, "the later copy's error")
    assert (error.code, error.field) == (DUPLICATE, "events[0].transaction_id")
    since = StreamErrorsRequest(property=property_name)
    since.start_time.FromSeconds(int(acknowledged // 1_000_000) - 60)
    stream = found_errors.StreamErrors(since, timeout=60)
    assert next(answer.error for answer in stream if answer.HasField("error")) == error
    stream.cancel()
    brought = found_errors.GetError(GetErrorRequest(property=property_name, error_id=error.error_id), timeout=30)
    assert (brought.event.transaction_id, brought.event.event_id) == ("t-1", error.event_id)

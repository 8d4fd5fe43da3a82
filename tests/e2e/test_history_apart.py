"""Live events and imported history: apart on their way, and one in reports."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from footfall.client import Client
from footfall.report import Report
from footfall.v1 import errors_pb2, errors_pb2_grpc, ingest_pb2_grpc
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest, WriteEventsResponse
from footfall_core.columns import EVENTS, IMPORTED_EVENTS, IMPORTED_ITEMS, ITEMS, Table
from footfall_local.stack import Stack
from tests.again import patient_channel
from tests.e2e.processes import frozen, wait_for
from tests.integration.query_path import rows_in

NOW = int(datetime.now(UTC).timestamp() * 1e6)


class Shop:
    """One property of a running stack, as its client sees it."""

    def __init__(self, endpoint: str, property_id: str) -> None:
        self.property_id = property_id
        self.client = Client(endpoint, property_id)
        self._channel = patient_channel(endpoint)
        self._ingest = ingest_pb2_grpc.IngestServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.errors = errors_pb2_grpc.ErrorServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self.client.close()
        self._channel.close()

    def write(self, *events: Event, sequence: int = 1, imported: bool) -> datetime:
        """Send a batch of the one writer, and return when it was known to be durable."""
        answer: WriteEventsResponse = self._ingest.WriteEvents(
            WriteEventsRequest(
                property=f"properties/{self.property_id}",
                writer_id="writer",
                sequence=sequence,
                events=events,
                historical_import=imported,
            )
        )
        return datetime.fromtimestamp(answer.committed_time_micros / 1e6, UTC)

    def report(
        self,
        metrics: list[str],
        dimensions: tuple[str, ...] = (),
        *,
        live: datetime | None = None,
        imported: datetime | None = None,
    ) -> Report:
        return self.client.report(
            dimensions,
            metrics,
            "yesterday",
            "today",
            min_data_complete_until=live,
            min_imported_data_complete_until=imported,
        )

    def complete(self, metrics: list[str], dimensions: tuple[str, ...] = (), *, until: datetime) -> Report:
        """Return a report that has all live events and imports of before an instant."""

        def found() -> Report | None:
            report = self.report(metrics, dimensions, live=until, imported=until)
            known = (report.metadata.data_complete_until, report.metadata.imported_data_complete_until)
            return report if all(instant is not None and instant >= until for instant in known) else None

        return wait_for("a report that is complete", found)


@pytest.fixture
def shop(endpoint: str, property_id: str) -> Iterator[Shop]:
    shop = Shop(endpoint, property_id)
    yield shop
    shop.close()


def view(client_id: str, **fields: object) -> Event:
    return Event(name="page_view", client_id=client_id, timestamp_micros=NOW - 1_000_000, **fields)  # type: ignore[arg-type]


def order(number: str) -> Event:
    hat = Item(item_id="hat", item_name="Hat", price=10, quantity=2)
    return Event(
        name="purchase",
        client_id=f"client-{number}",
        timestamp_micros=NOW - 1_000_000,
        currency="EUR",
        value=20,
        transaction_id=number,
        items=[hat],
    )


def test_a_number_counts_once_live_and_once_as_an_import_and_reports_have_the_sum(stack: Stack, shop: Shop) -> None:
    live = [view("ann"), view("ben"), order("t-1")]
    history = [view("ben"), view("cleo"), view("cleo"), order("t-2")]
    for _ in range(2):
        shop.write(*live, imported=False)
        wrote = shop.write(*history, imported=True)
    total = shop.complete(["eventCount", "totalUsers", "transactions", "purchaseRevenue"], until=wrote).totals
    assert total == {"eventCount": 7, "totalUsers": 5, "transactions": 2, "purchaseRevenue": 40.0}
    rows = shop.complete(["eventCount", "totalUsers"], ("eventName",), until=wrote).rows
    assert [tuple(row.values()) for row in rows] == [("page_view", 5, 3), ("purchase", 2, 2)]
    items = shop.complete(["itemsPurchased", "itemRevenue"], ("itemName",), until=wrote)
    assert [tuple(row.values()) for row in items.rows] == [("Hat", 4, 40.0)]

    def stored(table: Table) -> int:
        return wait_for("what Druid has", lambda: rows_in(stack.addresses, table, shop.property_id))

    assert [stored(table) for table in (EVENTS, IMPORTED_EVENTS, ITEMS, IMPORTED_ITEMS)] == [3, 4, 1, 1]


def test_an_order_counts_once_over_live_events_and_imports(stack: Stack, shop: Shop) -> None:
    for imported in (True, False):
        wrote = shop.write(view("ann"), order("t-1"), imported=imported)
    total = shop.complete(["eventCount", "transactions", "purchaseRevenue"], until=wrote).totals
    assert total == {"eventCount": 3, "transactions": 1, "purchaseRevenue": 20.0}
    assert shop.complete(["itemsPurchased"], until=wrote).totals == {"itemsPurchased": 2}

    def found() -> list[errors_pb2.EventError] | None:
        asked = errors_pb2.ListErrorsRequest(property=f"properties/{shop.property_id}")
        return list(shop.errors.ListErrors(asked, timeout=20).errors) or None

    (error,) = wait_for("the later copy's error", found)
    assert error.code == ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION
    # whichever way was faster: the row stands in its kind's tables, and the error's payload in the other kind's log
    tables = (ITEMS, IMPORTED_ITEMS) if error.payload.imported else (IMPORTED_ITEMS, ITEMS)
    stored = [
        wait_for("what Druid has", lambda table=table: rows_in(stack.addresses, table, shop.property_id))  # type: ignore[misc]
        for table in tables
    ]
    assert stored == [1, 0]
    asked = errors_pb2.GetErrorRequest(property=error.property, error_id=error.error_id)
    assert shop.errors.GetError(asked, timeout=20).event == order("t-1")


def test_the_error_of_an_imported_event_comes_with_what_was_sent(shop: Shop) -> None:
    wrong = Event(name="not a name", client_id="ann", event_id=uuid.uuid4().hex)
    for imported in (False, True):
        shop.write(view("ann"), wrong, imported=imported)

    def found() -> list[errors_pb2.EventError] | None:
        name = f"properties/{shop.property_id}"
        errors = shop.errors.ListErrors(errors_pb2.ListErrorsRequest(property=name), timeout=20).errors
        return list(errors) if len(errors) == 2 else None

    errors = wait_for("both errors", found)
    assert sorted(error.payload.imported for error in errors) == [False, True]
    for error in errors:
        asked = errors_pb2.GetErrorRequest(property=error.property, error_id=error.error_id)
        assert shop.errors.GetError(asked, timeout=20).event == wrong


def test_imports_that_nobody_processes_hold_no_live_event_back(stack: Stack, shop: Shop) -> None:
    before = shop.write(view("ann"), imported=True)
    assert shop.complete(["eventCount"], until=before).totals == {"eventCount": 1}
    with frozen(stack, "imports-1"):
        late = shop.write(view("ben"), sequence=2, imported=True)

        def live_is_shown(sequence: int) -> Report | None:
            wrote = shop.write(view("cleo"), sequence=sequence, imported=False)

            def found() -> Report | None:
                report = shop.report(["eventCount"], live=wrote)
                until = report.metadata.data_complete_until
                return report if until is not None and until >= wrote else None

            return wait_for("the live event in a report", found)

        first = live_is_shown(1)
        stands = first.metadata.imported_data_complete_until
        # what was under way when it was frozen is in by the time that seconds of live events are
        for sequence in range(2, 6):
            last = live_is_shown(sequence)
        assert last.totals == {"eventCount": 6}
        assert last.metadata.data_complete_until is not None
        assert last.metadata.data_complete_until - late > timedelta(seconds=0)
        assert stands is not None
        assert last.metadata.imported_data_complete_until is not None
        assert last.metadata.imported_data_complete_until <= late
    assert shop.complete(["eventCount"], until=late).totals == {"eventCount": 7}

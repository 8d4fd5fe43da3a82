"""What is in the reports and in the errors, to be held against the journals."""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import grpc

from footfall.channel import open_channel
from footfall.v1 import errors_pb2, errors_pb2_grpc, query_pb2, query_pb2_grpc
from tests.faults.journals import Journal

PATIENCE_SECONDS = 600.0
"""How long anything is waited for. An indexer of Druid that was killed reads anew all that it had not stored yet, up to
an hour of the load of all rounds."""
ERRORS_SECONDS = 60.0
"""How long errors may come behind the reports' being complete: the next fault may have frozen what shows them."""
PAGE = 100_000


@dataclass(frozen=True)
class Verdict:
    """How what is found differs from what was told."""

    lost: int
    """Acknowledged events, and orders, that are in no report."""
    doubled: int
    """Events that are in the reports more than once, and copies of orders beyond the first."""
    strangers: int
    """Events in the reports that nobody was told of."""
    unexplained: int
    """Refused events, and copies of orders that do not count, that are not in the errors."""
    seconds: float
    """From the last acknowledgement until the reports were complete."""

    @property
    def is_good(self) -> bool:
        """Whether the promise was kept."""
        return not (self.lost or self.doubled or self.strangers or self.unexplained)


def verdict(address: str, property_id: str, journal: Journal) -> Verdict:
    """Read everything back, once reports are complete until now, and hold it against the journal."""
    began = time.monotonic()
    with open_channel(address) as channel:
        counts = _events(query_pb2_grpc.QueryServiceStub(channel), property_id)  # type: ignore[no-untyped-call]
        complete = time.monotonic() - began
        orders = [Counter({one: counts[one] for one in copies}) for copies in journal.orders.values()]
        refused = journal.refused | {copy for order in orders for copy, count in order.items() if not count}
        errors = _errors(errors_pb2_grpc.ErrorServiceStub(channel), property_id, len(refused))  # type: ignore[no-untyped-call]
    copies = set[str]().union(*orders)
    return Verdict(
        lost=len(journal.acknowledged - counts.keys()) + sum(not order.total() for order in orders),
        doubled=sum(count > 1 for one, count in counts.items() if one not in copies)
        + sum(max(0, order.total() - 1) for order in orders),
        strangers=len(counts.keys() - journal.acknowledged - copies),
        unexplained=len(refused - errors),
        seconds=round(complete, 1),
    )


def _events(stub: query_pb2_grpc.QueryServiceStub, property_id: str) -> Counter[str]:
    """Return how often each event is in the reports."""
    request = query_pb2.RunReportRequest(
        property=f"properties/{property_id}",
        metrics=[query_pb2.Metric(name="eventCount")],
        date_ranges=[query_pb2.DateRange(start_date="yesterday", end_date="today")],
        limit=PAGE,
    )
    request.min_data_complete_until.GetCurrentTime()
    request.min_imported_data_complete_until.CopyFrom(request.min_data_complete_until)
    _complete(stub, request)  # of one row, so that Druid is not kept busy by whoever waits for it
    request.dimensions.add(name="event.id")
    found: Counter[str] = Counter()
    while True:
        answer = _complete(stub, request)
        found.update({row.dimension_values[0]: row.metric_values[0].integer_value for row in answer.rows})
        request.offset += len(answer.rows)
        if request.offset >= answer.row_count:
            return found


def _complete(
    stub: query_pb2_grpc.QueryServiceStub, request: query_pb2.RunReportRequest
) -> query_pb2.RunReportResponse:
    """Return a report once it is as complete as it is asked for."""
    wish = request.min_data_complete_until
    told: object = None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer: query_pb2.RunReportResponse = stub.RunReport(request, timeout=60)
        except grpc.RpcError as error:
            told = error
            continue
        known = (answer.metadata.data_complete_until, answer.metadata.imported_data_complete_until)
        if min(instant.ToNanoseconds() for instant in known) >= wish.ToNanoseconds():
            return answer
        told = answer.metadata
    raise AssertionError(f"the reports were never complete until {wish.ToJsonString()}; last: {told}")


def _errors(stub: errors_pb2_grpc.ErrorServiceStub, property_id: str, count: int) -> set[str]:
    """Return the ids of the events in the errors, once there are so many or they do not come."""
    deadline, soon = time.monotonic() + PATIENCE_SECONDS, time.monotonic() + ERRORS_SECONDS
    while time.monotonic() < deadline:
        found: set[str] = set()
        token = ""
        with suppress(grpc.RpcError):
            while True:
                request = errors_pb2.ListErrorsRequest(
                    property=f"properties/{property_id}", page_size=1_000, page_token=token
                )
                answer = stub.ListErrors(request, timeout=30)
                found |= {error.event_id for error in answer.errors}
                token = answer.next_page_token
                if not token:
                    break
            if len(found) >= count or time.monotonic() > soon:
                return found
    return found

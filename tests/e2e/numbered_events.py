"""Events that have a number each, as they are found in reports."""

from collections import Counter
from contextlib import suppress

import grpc

from footfall.channel import open_channel
from footfall.v1 import query_pb2, query_pb2_grpc


def numbers_in_reports(address: str, property_id: str) -> Counter[str]:
    """Return how often each number is in the reports, when all that was acknowledged before is in them."""
    with open_channel(address) as channel:
        stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        request = query_pb2.RunReportRequest(
            property=f"properties/{property_id}",
            dimensions=[query_pb2.Dimension(name="event.number")],
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[query_pb2.DateRange(start_date="yesterday", end_date="today")],
            limit=250_000,
        )
        request.min_data_complete_until.GetCurrentTime()
        wanted = request.min_data_complete_until.ToNanoseconds()
        while True:
            with suppress(grpc.RpcError):
                answer = stub.RunReport(request, timeout=20)
                if answer.metadata.data_complete_until.ToNanoseconds() >= wanted:
                    break
    return Counter({row.dimension_values[0]: row.metric_values[0].integer_value for row in answer.rows})

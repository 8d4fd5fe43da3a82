"""Writers that retry until they are answered OK, and know which events were."""

import threading
import uuid
from collections import Counter
from contextlib import suppress

import grpc

from footfall.v1 import query_pb2, query_pb2_grpc
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall.v1.ingest_pb2_grpc import IngestServiceStub

EVENTS_A_BATCH = 20
RETRIED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNKNOWN}


class Writers:
    """Some threads that write batch after batch, each as a writer of its own; every event has a number of its own."""

    def __init__(self, address: str, property_id: str, count: int = 3) -> None:
        self._address = address
        self._property_id = property_id
        self._stop = threading.Event()
        self._told = threading.Condition()
        self.acknowledged: set[str] = set()
        self.retries = 0
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a writer was never answered"

    def await_acknowledged(self, more: int) -> None:
        """Wait until so many events more were answered OK."""
        with self._told:
            wanted = len(self.acknowledged) + more
            assert self._told.wait_for(lambda: len(self.acknowledged) >= wanted, 60), "the writers do not get on"

    def _write(self, number: int) -> None:
        writer_id = uuid.uuid4().hex
        options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
        with grpc.insecure_channel(self._address, options=options) as channel:
            stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            sequence = 0
            while not self._stop.is_set():
                sequence += 1
                numbers = [f"{number}-{sequence}-{index}" for index in range(EVENTS_A_BATCH)]
                request = WriteEventsRequest(
                    property=f"properties/{self._property_id}", writer_id=writer_id, sequence=sequence
                )
                for one in numbers:
                    event = request.events.add(name="page_view", client_id=f"client-{number}")
                    event.params["number"].string_value = one
                self._send(stub, request)
                with self._told:
                    self.acknowledged.update(numbers)
                    self._told.notify_all()

    def _send(self, stub: IngestServiceStub, request: WriteEventsRequest) -> None:
        while True:
            try:
                # wait_for_ready: while nobody listens there is nothing to retry
                answer = stub.WriteEvents(request, timeout=5, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in RETRIED:  # type: ignore[attr-defined]
                    raise
                self.retries += 1
                continue
            assert answer.accepted == len(request.events), answer
            return


def numbers_in_reports(address: str, property_id: str) -> Counter[str]:
    """Return how often each number is in the reports, when all that was acknowledged before is in them."""
    with grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)]) as channel:
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

"""Writers at load that keep a journal: what was acknowledged, and what was refused, each event by its id.

Most send live events and one imports history; each batch has an order that all the others send too.
"""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc

from footfall.channel import open_channel
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall.v1.ingest_pb2_grpc import IngestServiceStub

EVENTS_A_BATCH = 20
BAD = 7
"""Index of the event in each batch that is to be refused."""
ORDER = 11
"""Index of the purchase in each batch: that of a writer's n-th batch is the n-th order, whoever sends it."""
IMPORTED_SECONDS = 3_600
"""How old imported events are."""
RETRIED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNKNOWN}
PAUSE_SECONDS = 0.02
"""How long a writer rests behind each batch: what is to be read back must not become the load itself."""
CALL_SECONDS = 10.0
PATIENCE_SECONDS = 180.0
"""How long a fault may hold everything up."""


@dataclass
class Journal:
    """What the writers were told."""

    acknowledged: set[str] = field(default_factory=set)
    """Ids of events that are to be in the reports, once."""
    refused: set[str] = field(default_factory=set)
    """Ids of events that are to be in the errors."""
    orders: Mapping[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By transaction, the ids of its acknowledged copies: one is to be in the reports, the others in the errors."""
    retries: int = 0

    def note(self, request: WriteEventsRequest) -> None:
        """Note what an acknowledged batch of `batch_of` is to become."""
        for index, event in enumerate(request.events):
            if index == BAD:
                self.refused.add(event.event_id)
            elif event.transaction_id:
                self.orders[event.transaction_id].add(event.event_id)
            else:
                self.acknowledged.add(event.event_id)


def batch_of(
    property_id: str, number: int, writer_id: str, sequence: int, *, imported: bool = False
) -> WriteEventsRequest:
    """Return a batch of good events, a bad one and an order; its events' ids are of its writer's number."""
    request = WriteEventsRequest(
        property=f"properties/{property_id}", writer_id=writer_id, sequence=sequence, historical_import=imported
    )
    for index in range(EVENTS_A_BATCH):
        name = "no name" if index == BAD else "purchase" if index == ORDER else "page_view"
        event = request.events.add(name=name, client_id=f"client-{number}", event_id=f"{number}-{sequence}-{index}")
        event.params["id"].string_value = event.event_id
        if imported:
            event.timestamp_micros = int((time.time() - IMPORTED_SECONDS) * 1e6)
    request.events[ORDER].transaction_id = f"order-{sequence}"
    return request


class Writers:
    """Threads that write batch after batch, each as a writer of its own, until they are told to stop.

    A batch whose outcome is not known goes out again under its number, as the client library does it; so when the
    writers have stopped, every event that was ever sent is in the journal.
    """

    def __init__(self, address: str, property_id: str, live: int = 4, importing: int = 1) -> None:
        self._address = address
        self._property_id = property_id
        self._stop = threading.Event()
        self._told = threading.Condition()
        self.journal = Journal()
        self._failure: BaseException | None = None
        kinds = [False] * live + [True] * importing
        self._threads = [
            threading.Thread(target=self._run, args=(number, imported), daemon=True)
            for number, imported in enumerate(kinds)
        ]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), "a writer was never answered"
        if self._failure is not None:
            raise self._failure

    def await_acknowledged(self, more: int) -> None:
        """Wait until so many events more were acknowledged."""
        with self._told:
            wanted = len(self.journal.acknowledged) + more
            done = self._told.wait_for(
                lambda: len(self.journal.acknowledged) >= wanted or self._failure is not None, PATIENCE_SECONDS
            )
        assert done, "the writers do not get on"

    def _run(self, number: int, imported: bool) -> None:
        try:
            self._write(number, imported)
        except BaseException as failure:  # noqa: BLE001 - whoever waits for the writers is to raise it
            with self._told:
                self._failure = failure
                self._told.notify_all()

    def _write(self, number: int, imported: bool) -> None:
        writer_id = uuid.uuid4().hex
        with open_channel(self._address) as channel:
            stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            sequence = 0
            while True:
                sequence += 1
                request = batch_of(self._property_id, number, writer_id, sequence, imported=imported)
                self._send(stub, request)
                with self._told:
                    self.journal.note(request)
                    self._told.notify_all()
                if self._stop.wait(PAUSE_SECONDS):
                    return

    def _send(self, stub: IngestServiceStub, request: WriteEventsRequest) -> None:
        while True:
            try:
                answer = stub.WriteEvents(request, timeout=CALL_SECONDS, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in RETRIED:  # type: ignore[attr-defined]
                    raise
                self.journal.retries += 1
                continue
            assert [one.index for one in answer.rejected] == [BAD], answer
            return

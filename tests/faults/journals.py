"""Writers at load that keep a journal: what was acknowledged, and what was refused, each event by its id."""

import threading
import uuid
from dataclasses import dataclass, field

import grpc

from footfall.channel import open_channel
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall.v1.ingest_pb2_grpc import IngestServiceStub

EVENTS_A_BATCH = 20
BAD = 7
"""Index of the event in each batch that is to be refused."""
RETRIED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNKNOWN}
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
    retries: int = 0


def batch_of(property_id: str, number: int, writer_id: str, sequence: int) -> WriteEventsRequest:
    """Return a batch of one good event after another, and a bad one; its events' ids are of its writer's number."""
    request = WriteEventsRequest(property=f"properties/{property_id}", writer_id=writer_id, sequence=sequence)
    for index in range(EVENTS_A_BATCH):
        name = "no name" if index == BAD else "page_view"
        event = request.events.add(name=name, client_id=f"client-{number}", event_id=f"{number}-{sequence}-{index}")
        event.params["id"].string_value = event.event_id
    return request


class Writers:
    """Threads that write batch after batch, each as a writer of its own, until they are told to stop.

    A batch whose outcome is not known goes out again under its number, as the client library does it; so when the
    writers have stopped, every event that was ever sent is in the journal.
    """

    def __init__(self, address: str, property_id: str, count: int = 4) -> None:
        self._address = address
        self._property_id = property_id
        self._stop = threading.Event()
        self._told = threading.Condition()
        self.journal = Journal()
        self._failure: BaseException | None = None
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(count)]

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

    def _run(self, number: int) -> None:
        try:
            self._write(number)
        except BaseException as failure:  # noqa: BLE001 - whoever waits for the writers is to raise it
            with self._told:
                self._failure = failure
                self._told.notify_all()

    def _write(self, number: int) -> None:
        writer_id = uuid.uuid4().hex
        with open_channel(self._address) as channel:
            stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            sequence = 0
            while not self._stop.is_set():
                sequence += 1
                request = batch_of(self._property_id, number, writer_id, sequence)
                ids = [event.event_id for event in request.events]
                self._send(stub, request)
                with self._told:
                    self.journal.acknowledged.update(one for index, one in enumerate(ids) if index != BAD)
                    self.journal.refused.add(ids[BAD])
                    self._told.notify_all()

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

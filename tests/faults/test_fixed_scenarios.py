"""Faults that come in every run of the tests; `make faults` plays random ones, and what it finds comes here."""

import itertools
import threading
import time
import uuid
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from footfall.channel import open_channel
from footfall.v1 import query_pb2, query_pb2_grpc
from footfall_local.stack import Stack
from tests.e2e.processes import frozen, wait_for
from tests.faults.faults import Fault, is_healthy
from tests.faults.found import verdict
from tests.faults.journals import Writers
from tests.faults.rounds import judge, play

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("events-1", "killed", after_events=700, seconds=0),
        Fault("ingest-1", "killed", after_events=1_100, seconds=0),
        Fault("kafka", "frozen", after_events=900, seconds=5),
    ],
    ids=lambda fault: f"{fault.part} {fault.how}",
)
def test_nothing_is_lost_or_doubled_or_unexplained(stack: Stack, fault: Fault) -> None:
    played = judge(stack, play(stack, fault))
    print(played)  # for `pytest -s`
    assert played.acknowledged > fault.after_events
    assert played.verdict.is_good, played


ABOUT_A_SESSION = (9.6, 9.9, 10.2, 9.5)
"""Seconds. ZooKeeper waits for one of Druid's processes for 10, then the others take it for gone with all that it has.
The indexer should be back when that happens, so that what was asked before is still answered."""


def test_a_report_that_says_it_is_complete_is_so_while_druid_loses_its_indexer_and_finds_it_again(stack: Stack) -> None:
    """Found by `make faults`: all imports were missing from a report, a moment after their ticks had been seen."""
    address, property_id = stack.addresses["grpc"], f"lost-{uuid.uuid4().hex[:10]}"
    with Writers(address, property_id) as writers:
        writers.await_acknowledged(300)
    journal = writers.journal
    assert verdict(address, property_id, journal).is_good
    events = len(journal.acknowledged) + len(journal.orders)
    wish = Timestamp()
    wish.GetCurrentTime()
    with open_channel(address) as channel, Polling(channel, property_id, wish) as polling:
        for seconds in ABOUT_A_SESSION:
            polling.await_more()
            with frozen(stack, "druid-indexer"):
                time.sleep(seconds)  # it is the fault itself, not a wait for something
            wait_for("druid-indexer to be healthy", lambda: is_healthy(stack, "druid-indexer") or None, seconds=60)
        polling.await_more()
    assert set(polling.counts) == {events}


class Polling:
    """Asks for a report all the time, and keeps what those count that say they are complete until an instant."""

    def __init__(self, channel: grpc.Channel, property_id: str, wish: Timestamp) -> None:
        self._stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        self._property_id = property_id
        self._wish = wish.ToNanoseconds()
        self.counts: list[int] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(4)]

    def __enter__(self) -> "Polling":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def await_more(self) -> None:
        """Wait for some complete reports more."""
        before = len(self.counts)
        wait_for("complete reports", lambda: len(self.counts) > before + 5 or None, seconds=120)

    def _run(self, number: int) -> None:
        for request in self._requests(number):
            if self._stop.is_set():
                return
            try:
                answer = self._stub.RunReport(request, timeout=30)
            except grpc.RpcError:
                continue
            known = (answer.metadata.data_complete_until, answer.metadata.imported_data_complete_until)
            if min(instant.ToNanoseconds() for instant in known) >= self._wish:
                self.counts.append(answer.totals[0].integer_value)

    def _requests(self, number: int) -> Iterator[query_pb2.RunReportRequest]:
        for turn in itertools.count(1):
            yield query_pb2.RunReportRequest(
                property=f"properties/{self._property_id}",
                metrics=[query_pb2.Metric(name="eventCount")],
                date_ranges=[query_pb2.DateRange(start_date="yesterday", end_date="today")],
                # another limit is another report, which no cache has an answer to
                limit=1 + 4 * turn + number,
            )

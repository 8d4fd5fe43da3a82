"""What a client dropped itself is in the errors of its property, once, however often it was reported."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from footfall import Client
from footfall.channel import open_channel
from footfall.discards import Discards
from footfall.error_list import ErrorList
from footfall.names import reason_name
from footfall.v1.ingest_pb2 import DiscardReason
from footfall.v1.ingest_pb2_grpc import IngestServiceStub
from tests.e2e.embedded import embedded_in


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with embedded_in(tmp_path / "data") as process:
        yield process.start()


def listed(client: Client, number: int) -> ErrorList:
    """Return the errors when there are so many."""
    deadline = time.monotonic() + 30
    while (found := client.list_errors(stages=["CLIENT"])).total_count < number:
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.05)
    return found


def test_what_a_client_dropped_stands_in_the_errors(address: str) -> None:
    with Client(address, "shop") as dropping:
        dropping.connect(30)  # its last report has a second when it is closed
        for _ in range(3):
            with pytest.raises(TypeError):
                dropping.track("page_view", client_id=7)  # type: ignore[arg-type]
    with Client(address, "shop") as client:
        (error,) = listed(client, 1)
        assert (reason_name(error.discarded.reason), error.discarded.count) == ("INVALID", 3)
        assert (error.writer_id, error.sequence) == (dropping.writer_id, 0)
        assert "dropped 3 events itself" in error.message
        found = client.get_error(error.error_id)
        assert (found.event, found.batch) == (None, None)
        assert "nothing of them came here" in found.payload_missing
        since = datetime(2026, 1, 1, tzinfo=UTC)
        assert [e.error_id for e in client.errors(since, follow=False, stages=["CLIENT"])] == [error.error_id]


def test_a_report_that_is_sent_again_counts_once(address: str) -> None:
    discards = Discards("shop", "w1")
    discards.add(DiscardReason.DISCARD_REASON_QUEUE_FULL, 40)
    first = discards.report()
    discards.acknowledge()
    discards.add(DiscardReason.DISCARD_REASON_QUEUE_FULL, 2)
    with open_channel(address) as channel, Client(address, "shop") as client:
        report = IngestServiceStub(channel).ReportDiscardedEvents  # type: ignore[no-untyped-call]
        for request in (first, first, first, discards.report()):
            report(request, timeout=20)
        found = listed(client, 2)
        assert sorted(error.discarded.count for error in found) == [2, 40]
        assert [(count.code, count.count) for count in found.counts] == [("CLIENT_DISCARDED", 2)]

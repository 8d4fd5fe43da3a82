"""Errors in the embedded process: reports count them, and a storm is counted in the stream and whole in the list."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall import Client, Event
from footfall.channel import open_channel
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall.v1.ingest_pb2_grpc import IngestServiceStub
from tests.e2e.embedded import embedded_in

BATCHES, SIZE = 4, 500
TOTAL = BATCHES * SIZE


def send_bad(address: str, *, batches: int, size: int) -> None:
    writer = uuid.uuid4().hex
    bad = [Event(name="not a name", client_id="ann")] * size
    with open_channel(address) as channel:
        write = IngestServiceStub(channel).WriteEvents  # type: ignore[no-untyped-call]
        for sequence in range(1, batches + 1):
            batch = WriteEventsRequest(property="properties/shop", writer_id=writer, sequence=sequence, events=bad)
            assert len(write(batch, timeout=20).rejected) == size


def test_a_storm_is_counted_in_the_stream_and_every_error_is_in_the_list_and_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_ERROR_STORM_FIRST", "100")
    monkeypatch.setenv("FOOTFALL_ERROR_STORM_WINDOW_SECONDS", "3600")
    with embedded_in(tmp_path / "data") as process:
        address = process.start()
        send_bad(address, batches=BATCHES, size=SIZE)
        with Client(address, "shop", late_errors=False) as client:
            deadline = time.monotonic() + 30
            while client.list_errors().total_count < TOTAL:
                assert time.monotonic() < deadline, "not within 30 s"
            report = client.report(
                ["errorStage", "errorCode", "errorField"], ["errorCount"], start="yesterday", end="today"
            )
            assert [tuple(row.values()) for row in report.rows] == [("VALIDATION", "NAME_INVALID", "name", TOTAL)]

            since = datetime.now(UTC) - timedelta(minutes=5)
            some = client.errors(since, follow=False, every_error=False, on_left_out=lambda _: None)
            told = [error.error_id for error in some]
            assert some.left_out == {("VALIDATION", "NAME_INVALID"): TOTAL - len(told)}
            assert 100 <= len(told) < 150
            assert len({error.error_id for error in client.errors(since, follow=False)}) == TOTAL

"""The client tells a server that answers as told what it dropped itself; for threads and asyncio."""

import asyncio
import threading
import time

import grpc
import pytest

from footfall import BatchPolicy, Client, RetryPolicy, discards
from footfall import aio as footfall_aio
from footfall.v1.ingest_pb2 import DiscardReason
from tests.unit.scripted_server import Fails, Hangs, ScriptedServer

C = grpc.StatusCode
ONE = BatchPolicy(max_events=1, held_events=1, when_full="refuse")


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(discards, "GATHER_SECONDS", 0.02)


def _counts(report):
    return {DiscardReason.Name(d.reason).removeprefix("DISCARD_REASON_"): d.count for d in report.discarded}


def _until(found):
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _fill(server, client):
    """Let a queue of one be full."""
    server.writes_script.append(Hangs())
    client.track("a", client_id="c")
    assert server.arrived.wait(10)


@pytest.mark.usefixtures("soon")
def test_what_found_no_room_is_reported_in_the_background(server):
    client = Client(server.endpoint, "shop", batching=ONE, on_error=lambda loss: None)
    _fill(server, client)
    client.track("b", client_id="c")
    client.track("c", client_id="c")

    _until(lambda: sum(_counts(report)["QUEUE_FULL"] for report in server.discards) == 2)
    assert {report.writer_id for report in server.discards} == {client.writer_id}
    client.close(timeout=0)


def test_closing_reports_what_is_left_once(server):
    client = Client(server.endpoint, "shop", batching=ONE, on_error=lambda loss: None)
    _fill(server, client)
    client.track("b", client_id="c")
    client.close(timeout=0)

    (report,) = server.discards
    assert _counts(report) == {"QUEUE_FULL": 1, "GIVEN_UP": 1}


@pytest.mark.usefixtures("soon")
def test_a_report_that_was_not_acknowledged_is_sent_again_under_its_number_and_the_rest_under_the_next(server):
    server.discards_script += [Fails(C.UNAVAILABLE), Fails(C.UNAVAILABLE)]
    retries = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)
    client = Client(server.endpoint, "shop", batching=ONE, retries=retries, on_error=lambda loss: None)
    _fill(server, client)
    client.track("b", client_id="c")
    assert server.discard_arrived.wait(10)
    client.track("c", client_id="c")
    _until(lambda: len({report.report_number for report in server.discards}) == 2)
    client.close(timeout=0)

    first, again, taken = server.discards[:3]
    assert first == again == taken
    by_number = {report.report_number: _counts(report) for report in server.discards}
    assert sum(counts.get("QUEUE_FULL", 0) for counts in by_number.values()) == 2
    assert sum(counts.get("GIVEN_UP", 0) for counts in by_number.values()) == 1


def test_a_server_that_does_not_answer_holds_closing_up_for_a_second_at_most(server):
    server.discards_script += [Hangs(), Hangs()]
    client = Client(server.endpoint, "shop", batching=ONE, on_error=lambda loss: None)
    _fill(server, client)
    client.track("b", client_id="c")
    started = time.monotonic()
    client.close(timeout=0)
    assert time.monotonic() - started < 5  # of which one is the report's
    assert server.discards


def test_what_nobody_could_send_is_reported_and_raised(server):
    with Client(server.endpoint, "shop") as client:
        with pytest.raises(TypeError):
            client.track("a", client_id=7)
        with pytest.raises(ValueError, match="finite"):
            client.track("a", client_id="c", value=float("nan"))

    assert [_counts(report) for report in server.discards] == [{"INVALID": 2}]


def test_a_batch_that_was_refused_for_good_is_reported(server):
    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "bad property"))
    with Client(server.endpoint, "shop", on_error=lambda loss: None) as client:
        client.track("a", client_id="c")
        client.flush(10)

    assert [_counts(report) for report in server.discards] == [{"REFUSED": 1}]


def test_a_client_that_drops_nothing_reports_nothing_and_starts_no_thread_for_it(server):
    with Client(server.endpoint, "shop") as client:
        client.track("a", client_id="c")
        assert client.flush(10)
        assert "footfall-discards" not in {thread.name for thread in threading.enumerate()}

    assert server.discards == []


def test_reports_can_be_left_out(server):
    client = Client(server.endpoint, "shop", batching=ONE, report_discards=False, on_error=lambda loss: None)
    _fill(server, client)
    client.track("b", client_id="c")
    client.close(timeout=0)

    assert server.discards == []


@pytest.mark.usefixtures("soon")
def test_on_asyncio_what_found_no_room_is_reported_and_the_rest_at_the_end(server):
    async def run():
        client = footfall_aio.Client(server.endpoint, "shop", batching=ONE, on_error=lambda loss: None)
        server.writes_script.append(Hangs())
        await client.track("a", client_id="c")
        assert await asyncio.to_thread(server.arrived.wait, 10)
        await client.track("b", client_id="c")
        assert await asyncio.to_thread(server.discard_arrived.wait, 10)
        with pytest.raises(TypeError):
            await client.track("a", client_id=7)
        await client.close(timeout=0)

    asyncio.run(run())
    told = [_counts(report) for report in server.discards]
    assert told[0] == {"QUEUE_FULL": 1}
    assert sum(report.get("INVALID", 0) for report in told) == 1
    assert sum(report.get("GIVEN_UP", 0) for report in told) == 1


def test_on_asyncio_a_server_that_does_not_answer_holds_closing_up_for_a_second_at_most(server):
    server.discards_script += [Hangs(), Hangs()]

    async def run():
        client = footfall_aio.Client(server.endpoint, "shop")
        with pytest.raises(TypeError):
            await client.track("a", client_id=7)
        started = time.monotonic()
        await client.close()
        return time.monotonic() - started

    assert asyncio.run(run()) < 5

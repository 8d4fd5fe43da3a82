"""Over the quota, a client comes again when the server said, under the same number; told no time, it never does."""

import asyncio
import time

import grpc
import pytest

from footfall import BatchPolicy, Client, GivenUpError, RefusedError, RetryPolicy, aio
from footfall.aio.channel import open_channel as open_aio_channel
from footfall.channel import open_channel
from footfall.stream_writer import StreamWriter
from footfall.v1.event_pb2 import Event
from footfall.v1.query_pb2 import RunReportResponse
from footfall.writer import Writer
from tests.unit.scripted_server import Fails, ScriptedServer

C = grpc.StatusCode
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)
WAIT = 0.6
OVER = Fails(C.RESOURCE_EXHAUSTED, "over the quota", pushback_ms="600")
TOO_LARGE = Fails(C.RESOURCE_EXHAUSTED, "too large")
DAYS = {"start": "2026-01-01", "end": "2026-01-02"}


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


def _sequences(server):
    return [write.sequence for write in server.writes]


def test_a_writer_waits_as_long_as_it_was_told(server):
    server.writes_script.append(OVER)
    with open_channel(server.endpoint) as channel:
        began = time.monotonic()
        outcome = Writer(channel, "shop", retries=QUICK).write([Event(name="a")])
    assert time.monotonic() - began >= WAIT
    assert (outcome.accepted, outcome.attempts, _sequences(server)) == (1, 2, [1, 1])


def test_on_a_stream_the_batch_waits_and_those_behind_it_do_not(server):
    server.writes_script.append(OVER)
    with open_channel(server.endpoint) as channel, StreamWriter(channel, "shop", retries=QUICK) as writer:
        began = time.monotonic()
        first, second = (writer.send([Event(name=name)]) for name in ("a", "b"))
        assert second.result(20).attempts == 1
        outcome = first.result(20)
    assert time.monotonic() - began >= WAIT
    assert (outcome.accepted, outcome.attempts, _sequences(server)) == (1, 2, [1, 2, 1])
    assert set(server.ways) == {"stream 1"}


async def test_the_stream_writer_for_asyncio_does_the_same(server):
    server.writes_script.append(OVER)
    async with (
        open_aio_channel(server.endpoint) as channel,
        aio.StreamWriter(channel, "shop", retries=QUICK) as writer,
    ):
        began = time.monotonic()
        sent = [await writer.send([Event(name=name)]) for name in ("a", "b")]
        outcomes = await asyncio.wait_for(asyncio.gather(*sent), 20)
    assert time.monotonic() - began >= WAIT
    assert [outcome.attempts for outcome in outcomes] == [2, 1]
    assert _sequences(server) == [1, 2, 1]


@pytest.mark.parametrize("streaming", [True, False])
def test_a_client_loses_nothing_over_its_quota(server, streaming):
    losses = []
    server.writes_script.extend([OVER, OVER])
    with Client(
        server.endpoint, "shop", retries=QUICK, streaming=streaming, on_error=losses.append, late_errors=False
    ) as client:
        client.track("page_view", client_id="ann")
        client.flush(20)
        assert client.statistics().stored == 1
    assert (_sequences(server), losses) == ([1, 1, 1], [])


@pytest.mark.parametrize("streaming", [True, False])
async def test_nor_does_the_one_for_asyncio(server, streaming):
    losses = []
    server.writes_script.extend([OVER, OVER])
    async with aio.Client(
        server.endpoint, "shop", retries=QUICK, streaming=streaming, on_error=losses.append, late_errors=False
    ) as client:
        await client.track("page_view", client_id="ann")
        await client.flush(20)
        assert client.statistics().stored == 1
    assert (_sequences(server), losses) == ([1, 1, 1], [])


def test_reports_wait_too_and_not_beyond_their_time(server):
    server.reports_script.extend([OVER, RunReportResponse(row_count=3)])
    with Client(server.endpoint, "shop", retries=QUICK) as client:
        assert client.report(["date"], ["eventCount"], **DAYS).row_count == 3
        server.reports_script.append(Fails(C.RESOURCE_EXHAUSTED, "over the quota", pushback_ms="60000"))
        with pytest.raises(GivenUpError) as given_up:
            client.report(["date"], ["eventCount"], timeout=30, **DAYS)
    assert given_up.value.code == "RESOURCE_EXHAUSTED"
    assert len(server.reports) == 3


async def test_reports_of_the_client_for_asyncio_wait_too(server):
    server.reports_script.extend([OVER, RunReportResponse(row_count=3)])
    async with aio.Client(server.endpoint, "shop", retries=QUICK) as client:
        assert (await client.report(["date"], ["eventCount"], **DAYS)).row_count == 3
    assert len(server.reports) == 2


def test_without_a_time_to_wait_nothing_is_tried_again(server):
    server.writes_script.extend([TOO_LARGE, TOO_LARGE])
    server.reports_script.append(TOO_LARGE)
    with open_channel(server.endpoint) as channel, StreamWriter(channel, "shop", retries=QUICK) as streamed:
        with pytest.raises(RefusedError):
            Writer(channel, "shop", retries=QUICK).write([Event(name="a")])
        with pytest.raises(RefusedError):
            streamed.send([Event(name="a")]).result(20)
    with Client(server.endpoint, "shop", retries=QUICK) as client, pytest.raises(RefusedError):
        client.report(["date"], ["eventCount"], **DAYS)
    assert (len(server.writes), len(server.reports)) == (2, 1)


async def test_nor_by_the_client_for_asyncio(server):
    losses = []
    server.writes_script.append(TOO_LARGE)
    server.reports_script.append(TOO_LARGE)
    async with aio.Client(
        server.endpoint, "shop", retries=QUICK, batching=BatchPolicy(max_events=1), on_error=losses.append
    ) as client:
        await client.track("page_view", client_id="ann")
        await client.flush(20)
        with pytest.raises(RefusedError):
            await client.report(["date"], ["eventCount"], **DAYS)
    assert [loss.code for loss in losses] == ["RESOURCE_EXHAUSTED"]
    assert (len(server.writes), len(server.reports)) == (1, 1)

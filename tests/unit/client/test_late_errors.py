"""What the error stream tells of a client's own batches goes to `on_error`, and what became of events is counted."""

import asyncio
import threading

import grpc
import pytest

from footfall import BatchPolicy, Client, RetryPolicy
from footfall.aio import Client as AsyncClient
from footfall.v1.errors_pb2 import EventError, Stage, StreamErrorsResponse
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsResponse
from tests.unit.scripted_server import Fails, Hangs, ScriptedServer, accept_all

C = grpc.StatusCode
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


class Losses:
    """Gathers what `on_error` is told, and lets a test wait for it."""

    def __init__(self):
        self.all = []
        self.told = threading.Event()

    def __call__(self, loss):
        self.all.append(loss)
        self.told.set()


def _reused(error_id="e1", token="t1"):
    error = EventError(
        error_id=error_id,
        stage=Stage.STAGE_DEDUPE,
        code=ErrorCode.ERROR_CODE_SEQUENCE_REUSED,
        message="used before",
        sequence=7,
    )
    return StreamErrorsResponse(error=error, resume_token=token)


def test_what_is_found_after_ok_goes_to_on_error(server):
    losses = Losses()
    server.streams_script.append([_reused(), Hangs()])
    with Client(server.endpoint, "shop", on_error=losses) as client:
        client.track("a", client_id="c")
        assert losses.told.wait(10)
        assert client.statistics().late == {"SEQUENCE_REUSED": 1}

    (loss,) = losses.all
    assert (loss.code, loss.sequence, loss.error_id, loss.events) == ("SEQUENCE_REUSED", 7, "e1", ())
    (request,) = server.streams
    assert request.filter.writer_id == client.writer_id
    assert list(request.filter.stages) == [Stage.STAGE_DEDUPE, Stage.STAGE_PROCESSING]
    assert request.HasField("start_time")


def test_with_a_spool_they_are_followed_without_a_gap_over_a_restart(server, tmp_path):
    losses = Losses()
    server.streams_script.append([_reused(token="behind"), Hangs()])
    with Client(server.endpoint, "shop", spool=tmp_path / "spool", on_error=losses) as client:
        client.track("a", client_id="c")
        assert losses.told.wait(10)
        assert client.flush(10)
    losses.told.clear()
    server.streams_script.append([_reused("e2"), Hangs()])
    with Client(server.endpoint, "shop", spool=tmp_path / "spool", on_error=losses) as client:
        client.track("a", client_id="c")
        assert losses.told.wait(10)

    assert [request.resume_token for request in server.streams] == ["", "behind"]
    assert [loss.error_id for loss in losses.all] == ["e1", "e2"]


async def test_for_asyncio_too(server, tmp_path):
    losses = Losses()
    for step in ([_reused(token="behind"), Hangs()], [Hangs()]):
        server.streams_script.append(step)
    async with AsyncClient(server.endpoint, "shop", spool=tmp_path / "spool", on_error=losses) as client:
        await client.track("a", client_id="c")
        assert await client.flush(10)
        async with asyncio.timeout(20):
            while not losses.all:
                await asyncio.sleep(0.01)  # flush returns at once, and would let nobody else go on
    async with AsyncClient(server.endpoint, "shop", spool=tmp_path / "spool", on_error=losses) as client:
        await client.track("a", client_id="c")
        assert await client.flush(10)

    assert [loss.code for loss in losses.all] == ["SEQUENCE_REUSED"]
    assert (tmp_path / "spool" / "errors.token").read_text() == "behind"


def test_no_stream_is_opened_if_nobody_wants_it(server):
    with Client(server.endpoint, "shop", late_errors=False) as client:
        client.track("a", client_id="c")
        assert client.flush(10)
    assert server.streams == []


def test_a_server_that_shows_nobody_its_errors_takes_events_all_the_same(server, caplog):
    server.streams_script.append([Fails(C.PERMISSION_DENIED, "not yours")])
    with Client(server.endpoint, "shop") as client:
        client.track("a", client_id="c")
        assert client.flush(10)
        client._late._thread.join(10)
    assert "late errors are not followed any more: PERMISSION_DENIED: not yours" in caplog.text


def test_statistics_account_for_every_event(server):
    def reject_first(request):
        answer = WriteEventsResponse(accepted=len(request.events) - 1)
        answer.rejected.add(index=0, code=ErrorCode.ERROR_CODE_NAME_INVALID)
        return answer

    server.writes_script.extend(
        [Fails(C.UNAVAILABLE, pushback_ms="1"), reject_first, Fails(C.INVALID_ARGUMENT), accept_all, Hangs()]
    )
    batching = BatchPolicy(max_events=2, max_age_seconds=3600, held_events=2, when_full="refuse")
    client = Client(server.endpoint, "shop", retries=QUICK, batching=batching, on_error=lambda _: None)
    for _ in range(3):
        client.track("a", client_id="c")
        client.track("b", client_id="c")
        assert client.flush(10)
    client.track("c", client_id="c")
    client.track("c", client_id="c")
    assert server.arrived.wait(10)
    client.track("d", client_id="c")
    before = client.statistics()
    client.close(timeout=0)
    after = client.statistics()

    assert (before.tracked, before.stored, before.held_events, before.batches, before.attempts) == (9, 3, 2, 3, 4)
    assert before.rejected == {"NAME_INVALID": 1, "INVALID_ARGUMENT": 2}
    assert before.dropped == {"QUEUE_FULL": 1}
    assert after.dropped == {"QUEUE_FULL": 1, "CANCELLED": 2}
    for told in (before, after):
        lost = sum(told.rejected.values()) + sum(told.dropped.values())
        assert told.tracked + told.taken_over == told.stored + lost + told.held_events

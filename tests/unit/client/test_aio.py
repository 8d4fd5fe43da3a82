"""The client for asyncio against a server that answers as told."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial

import grpc
import pytest

from footfall import BatchPolicy, GivenUpError, HistoryLostError, RefusedError, RetryPolicy, StreamPolicy
from footfall.aio import Client, StreamWriter
from footfall.aio.channel import open_channel
from footfall.v1.errors_pb2 import GetErrorResponse, ListErrorsResponse, StreamErrorsResponse
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode, StreamEventsResponse, WriteEventsResponse
from footfall.v1.query_pb2 import GetMetadataResponse, RunReportResponse
from tests.unit.scripted_server import Ends, Fails, Hangs, Says, ScriptedServer, Silent, accept_all

C = grpc.StatusCode
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
async def channel(server):
    async with open_channel(server.endpoint) as channel:
        await asyncio.wait_for(channel.channel_ready(), 30)
        yield channel


@pytest.fixture
async def writer(channel):
    async with StreamWriter(channel, "shop", retries=QUICK) as writer:
        yield writer


@pytest.fixture
def losses():
    return []


@pytest.fixture
async def client(server, losses):
    async with Client(server.endpoint, "shop", retries=QUICK, on_error=losses.append) as client:
        yield client


async def _send(writer, number):
    return [await writer.send([Event(name=f"e{index}")]) for index in range(number)]


async def _stored(outcomes):
    return [outcome.sequence for outcome in await asyncio.wait_for(asyncio.gather(*outcomes), 20)]


async def test_batches_go_over_one_stream_which_is_ended_in_order(server, writer):
    assert await _stored(await _send(writer, 40)) == list(range(1, 41))

    assert [w.sequence for w in server.writes] == list(range(1, 41))
    assert {(w.writer_id, w.property) for w in server.writes} == {(writer.writer_id, "properties/shop")}
    await writer.close()
    assert (set(server.ways), server.half_closed) == ({"stream 1"}, 1)


@pytest.mark.parametrize("answers_first", [0, 3])
@pytest.mark.parametrize("code", [C.UNAVAILABLE, C.CANCELLED, C.DEADLINE_EXCEEDED])
async def test_a_stream_that_dies_with_batches_unanswered_goes_on_elsewhere(server, writer, code, answers_first):
    server.writes_script.append(Ends(code, pushback_ms="5", answers_first=answers_first))

    assert await _stored(await _send(writer, 16)) == list(range(1, 17))
    again = [w.sequence for w, way in zip(server.writes, server.ways, strict=True) if way != "stream 1"]
    # gRPC may drop an answer that came just before the end, if a batch was being written
    assert again[-16 + answers_first :] == list(range(answers_first + 1, 17))


class _Torn:
    """A stream that answers one batch, and then ends while another is being written: gRPC hides why."""

    def __init__(self):
        self._answers = [StreamEventsResponse(sequence=1, answer=WriteEventsResponse(accepted=1))]
        self._written = asyncio.Event()

    async def write(self, _):
        self._written.set()

    async def read(self):
        await self._written.wait()
        if self._answers:
            return self._answers.pop()
        raise grpc.aio.AioRpcError(
            C.INTERNAL, grpc.aio.Metadata(), grpc.aio.Metadata(), details="Internal error from Core"
        )

    def cancel(self):
        pass


async def test_a_stream_that_was_torn_while_a_batch_was_written_is_no_refusal(server, writer, monkeypatch):
    streams = [_Torn(), writer._stream_events()]
    monkeypatch.setattr(writer, "_stream_events", partial(streams.pop, 0))

    assert await _stored(await _send(writer, 3)) == [1, 2, 3]
    assert server.ways == ["stream 1"] * 2


async def test_refusals_are_of_one_batch_alone(server, writer):
    server.writes_script.extend([Fails(C.UNAVAILABLE, pushback_ms="10"), Fails(C.INVALID_ARGUMENT, "no"), accept_all])

    first, second, third = await _send(writer, 3)

    assert await _stored([first, third]) == [1, 3]
    with pytest.raises(RefusedError, match="no"):
        await second
    assert server.opened == 1


async def test_an_answer_out_of_nowhere_ends_the_stream_and_what_was_on_it_is_sent_by_calls(server, writer):
    server.writes_script.append(Says(StreamEventsResponse(sequence=9, answer=WriteEventsResponse(accepted=7))))

    assert await _stored(await _send(writer, 3)) == [1, 2, 3]
    assert next(w.sequence for w, way in zip(server.writes, server.ways, strict=True) if way == "call") == 1


async def test_a_batch_to_which_the_server_always_answers_out_of_step_keeps_no_other_from_being_stored(server, writer):
    out_of_step = Says(StreamEventsResponse(answer=WriteEventsResponse(accepted=1)))
    server.writes_script.extend([accept_all, out_of_step, Fails(C.RESOURCE_EXHAUSTED, "too large")])

    await _stored(await _send(writer, 1))
    with pytest.raises(RefusedError, match="too large"):
        await _stored(await _send(writer, 1))

    assert await _stored(await _send(writer, 1)) == [3]
    assert server.ways == ["stream 1", "stream 1", "call", "stream 2"]


async def test_a_server_that_owes_answers_for_too_long_is_left(server, channel):
    server.writes_script.extend([accept_all, Silent()])
    retries = RetryPolicy(attempt_seconds=1, first_delay_seconds=0.001)
    async with StreamWriter(channel, "shop", retries=retries) as writer:
        outcomes = await _send(writer, 3)
        assert await _stored(outcomes) == [1, 2, 3]

    assert [outcome.result().attempts for outcome in outcomes] == [1, 2, 2]


async def test_a_gateway_without_streams_gets_calls_from_then_on(server, writer):
    server.opens_script.extend([Ends(C.UNIMPLEMENTED)] * 100)
    server.writes_script.append(Fails(C.ABORTED))

    for first in range(1, 30, 3):
        assert await _stored(await _send(writer, 3)) == [first, first + 1, first + 2]
    assert server.ways == ["call"] * 31
    assert server.opened < 10, "gRPC may hide the status once or twice"


async def test_room_is_waited_for(server, channel):
    server.writes_script.append(Silent())
    async with StreamWriter(channel, "shop", policy=StreamPolicy(under_way_batches=1)) as writer:
        first = await writer.send([Event()])
        second = asyncio.create_task(writer.send([Event()]))
        await asyncio.to_thread(server.arrived.wait, 10)
        assert not second.done()
        server.release()

        assert await _stored([first, await second]) == [1, 2]


async def test_a_stream_without_batches_is_ended_in_order(server, channel):
    async with StreamWriter(channel, "shop", policy=StreamPolicy(idle_seconds=0.02)) as writer:
        await _stored(await _send(writer, 1))
        while server.half_closed == 0:
            await asyncio.sleep(0.01)
        await _stored(await _send(writer, 1))

    assert server.ways == ["stream 1", "stream 2"]


async def test_a_half_closed_stream_that_the_server_does_not_end_holds_up_neither_batches_nor_closing(server, channel):
    server.ends_streams = False
    retries = RetryPolicy(attempt_seconds=0.5, first_delay_seconds=0.001)
    writer = StreamWriter(channel, "shop", policy=StreamPolicy(idle_seconds=0.05), retries=retries)
    await _stored(await _send(writer, 1))
    await asyncio.to_thread(server.arrived.wait, 10)
    outcomes = await _send(writer, 1)
    assert await _stored(outcomes) == [2]
    assert (outcomes[0].result().attempts, server.ways) == (1, ["stream 1", "stream 2"])

    await asyncio.wait_for(writer.close(), 10)


async def test_closing_in_time_gives_up_what_is_under_way(server, channel):
    server.writes_script.extend([accept_all, Silent()])
    writer = StreamWriter(channel, "shop")
    first, second = await _send(writer, 2)
    assert await _stored([first]) == [1]
    await asyncio.to_thread(server.arrived.wait, 10)
    await writer.close(timeout=0)

    assert isinstance(second.exception(), GivenUpError)
    with pytest.raises(RuntimeError, match="closed"):
        await writer.send([Event()])


async def test_an_outcome_that_nobody_waits_for_any_more_harms_nothing(server, channel):
    server.writes_script.append(Silent())
    async with StreamWriter(channel, "shop") as writer:
        first, second = await _send(writer, 2)
        await asyncio.to_thread(server.arrived.wait, 10)
        first.cancel()
        server.release()
        assert await _stored([second]) == [2]


async def test_events_tracked_together_travel_together(server, client, losses):
    for index in range(3):
        await client.track("page_view", client_id=f"c{index}")

    assert await client.flush(10)
    assert [e.client_id for w in server.writes for e in w.events] == ["c0", "c1", "c2"]
    assert (len(server.writes), losses) == (1, [])


async def test_a_rejected_event_and_a_refused_batch_go_to_on_error(server, client, losses):
    def reject_first(request):
        answer = WriteEventsResponse()
        answer.rejected.add(field="events[0].name", code=ErrorCode.ERROR_CODE_NAME_INVALID, message="no")
        return answer

    server.writes_script.extend([reject_first, Fails(C.INVALID_ARGUMENT, "bad")])
    await client.track("bad name", client_id="c")
    await client.flush(10)
    await client.track("b", client_id="c")

    assert await client.flush(10)
    assert [(loss.code, loss.field) for loss in losses] == [
        ("NAME_INVALID", "events[0].name"),
        ("INVALID_ARGUMENT", ""),
    ]


async def test_an_on_error_that_fails_is_logged_and_the_next_batch_is_sent(server, caplog):
    def on_error(_):
        raise KeyError("oops")

    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "bad property"))
    async with Client(server.endpoint, "shop", on_error=on_error) as client:
        await client.track("a", client_id="c")
        await client.flush(10)
        await client.track("b", client_id="c")
        assert await client.flush(10)

    assert "bad property" in caplog.text


async def test_a_full_queue_makes_track_wait_or_tells_on_error(server, losses):
    server.writes_script.append(Silent())
    held = BatchPolicy(max_events=1, held_events=1)
    async with Client(server.endpoint, "shop", batching=held) as client:
        await client.track("a", client_id="c")
        waiting = asyncio.create_task(client.track("b", client_id="c"))
        await asyncio.to_thread(server.arrived.wait, 10)
        assert not waiting.done()
        server.release()
        await waiting

    server.writes_script.append(Hangs())
    refusing = BatchPolicy(max_events=1, held_events=1, when_full="refuse")
    client = Client(server.endpoint, "shop", batching=refusing, on_error=losses.append)
    await client.track("a", client_id="c")
    await client.track("b", client_id="c")
    assert [(loss.events[0].name, loss.code) for loss in losses] == [("b", "QUEUE_FULL")]
    await client.close(timeout=0)


async def test_closing_tells_of_all_that_is_left(server, losses):
    server.writes_script.append(Hangs())
    one = StreamPolicy(under_way_batches=1)
    client = Client(server.endpoint, "shop", batching=BatchPolicy(max_events=1), under_way=one, on_error=losses.append)
    for name in "abc":
        await client.track(name, client_id="c")
    await asyncio.to_thread(server.arrived.wait, 10)
    await client.close(timeout=0)

    assert {(loss.events[0].name, loss.code, loss.outcome_known) for loss in losses} == {
        ("a", "CANCELLED", False),
        ("b", "CLOSED", True),
        ("c", "CLOSED", True),
    }
    with pytest.raises(RuntimeError, match="closed"):
        await client.track("d", client_id="c")


async def test_reports_are_asked_for_again_while_the_store_is_away(server, client):
    server.reports_script.extend([Fails(C.UNAVAILABLE), RunReportResponse(row_count=3), Fails(C.INVALID_ARGUMENT, "x")])

    assert (await client.report([], ["eventCount"], "2026-01-01", "2026-01-01")).row_count == 3
    with pytest.raises(RefusedError):
        await client.report([], ["x"], "2026-01-01", "2026-01-01")


async def test_metadata_lists_and_single_errors(server, client):
    answer = GetMetadataResponse()
    answer.dimensions.add(api_name="date")
    server.metadata_script.append(answer)
    assert (await client.metadata()).dimensions[0].name == "date"

    first, second = ListErrorsResponse(next_page_token="p", total_count=2), ListErrorsResponse()
    first.errors.add(error_id="a")
    second.errors.add(error_id="b")
    server.lists_script.extend([first, second])
    listed = await client.list_errors(START)
    assert (listed.total_count, len(server.lists)) == (2, 1)
    assert [e.error_id async for e in listed] == ["a", "b"]

    server.gets_script.append(GetErrorResponse(payload_missing="It is gone."))
    assert (await client.get_error("a")).payload_missing == "It is gone."


def _error(error_id):
    message = StreamErrorsResponse(resume_token=f"behind {error_id}")
    message.error.error_id = error_id
    return message


def _live(token=""):
    message = StreamErrorsResponse(resume_token=token)
    message.heartbeat.live = True
    return message


async def test_errors_go_on_by_token_through_lost_and_silent_streams(server, client):
    server.streams_script.append([_error("a"), Fails(C.UNAVAILABLE, pushback_ms="1")])
    server.streams_script.append([_error("b"), Fails(C.CANCELLED)])
    server.streams_script.append([_error("b"), _error("c"), Hangs()])
    server.streams_script.append([_error("d"), _live("end")])

    stream = client.errors(START, silence_seconds=3)
    found = [(await anext(stream)).error_id for _ in range(4)]

    assert found == ["a", "b", "c", "d"]
    assert stream.resume_token == "behind d"
    assert [s.resume_token for s in server.streams] == ["", "behind a", "behind b", "behind c"]
    await stream.aclose()


async def test_without_following_it_ends_when_all_is_told(server, client):
    server.streams_script.append([_error("a"), _live("end"), _error("b")])

    stream = client.errors(START, follow=False)

    assert [e.error_id async for e in stream] == ["a"]
    assert stream.resume_token == "end"


async def test_history_that_is_lost_raises_or_is_told(server, client):
    lost = Fails(C.OUT_OF_RANGE, "too old", earliest_resume_token="e")
    server.streams_script.extend([[lost], [lost], [_error("a")]])

    with pytest.raises(HistoryLostError):
        await anext(client.errors(resume_token="t"))
    gaps = []
    assert (await anext(client.errors(resume_token="t", on_gap=gaps.append))).error_id == "a"
    assert gaps[0].earliest_resume_token == server.streams[-1].resume_token == "e"


async def test_closing_the_client_ends_the_iterator(server):
    server.streams_script.append([_error("a"), Hangs()])
    client = Client(server.endpoint, "shop", retries=QUICK)
    stream = client.errors(START)
    assert (await anext(stream)).error_id == "a"
    following = asyncio.create_task(anext(stream, None))
    await asyncio.to_thread(server.arrived.wait, 10)
    await client.close()

    assert await asyncio.wait_for(following, 10) is None


async def test_connect_says_that_nobody_answers():
    async with Client("127.0.0.1:9", "shop") as client:
        with pytest.raises(GivenUpError, match="nobody answered"):
            await client.connect(0.1)


def test_without_a_loop_it_says_so():
    with pytest.raises(RuntimeError, match="no running event loop"):
        Client("127.0.0.1:9", "shop")


def test_the_client_for_threads_loads_neither_its_twin_nor_pandas():  # gRPC loads asyncio by itself
    program = (
        "import sys, footfall; footfall.Client('127.0.0.1:9', 'shop').close(); footfall.ecommerce; footfall.filters; "
        "loaded = {'footfall.aio', 'pandas', 'pyarrow'} & set(sys.modules); sys.exit(', '.join(loaded) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.track("a", client_id="c"),
        lambda client: client.connect(),
        lambda client: client.report(["date"], ["eventCount"], "today", "today"),
        lambda client: client.metadata(),
        lambda client: anext(aiter(client.errors())),
        lambda client: client.list_errors(),
        lambda client: client.get_error("e"),
    ],
)
async def test_a_closed_client_says_that_it_is_closed(server, call):
    client = Client(server.endpoint, "shop")
    await client.close()
    await client.close()
    with pytest.raises(RuntimeError, match=r"^the client is closed$"):
        await call(client)


async def test_a_client_that_is_closed_before_anything_came_to_its_turn_ends_in_order(server):
    client = Client(server.endpoint, "shop")
    await client.track("a", client_id="c")
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "footfall-errors")
    await client.close()

    assert [e.name for w in server.writes for e in w.events] == ["a"]
    assert task.cancelled() or task.exception() is None


def test_a_loop_that_ends_before_its_client_is_closed_is_said(server, caplog):
    async def forget():
        client = Client(server.endpoint, "shop", batching=BatchPolicy(max_age_seconds=3600))
        await client.track("a", client_id="c")
        await asyncio.sleep(0)

    asyncio.run(forget())

    assert "what was tracked and not sent is lost" in caplog.text

"""Many batches over one stream, against a server that answers as told.

Whatever happens: nothing is lost, nothing comes under two numbers, and each batch has one end.
"""

import contextlib
import threading

import grpc
import pytest

from footfall.channel import open_channel
from footfall.failures import GivenUpError, RefusedError
from footfall.outbox import StreamPolicy
from footfall.retry import RetryPolicy
from footfall.stream_writer import StreamWriter
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import StreamEventsResponse, WriteEventsResponse
from tests.unit.scripted_server import Ends, Fails, Hangs, Says, ScriptedServer, Silent, accept_all

C = grpc.StatusCode
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def channel(server):
    with open_channel(server.endpoint) as channel:
        # what is measured is not how long it takes to connect
        grpc.channel_ready_future(channel).result(30)
        yield channel


@pytest.fixture
def writer(channel):
    with StreamWriter(channel, "shop", retries=QUICK) as writer:
        yield writer


def _send(writer, number):
    return [writer.send([Event(name=f"e{index}", client_id="c")]) for index in range(number)]


def _stored(outcomes):
    """Wait for all, and return the numbers in order."""
    return [outcome.result(20).sequence for outcome in outcomes]


def test_batches_go_over_one_stream_in_order_under_one_writer(server, writer):
    assert _stored(_send(writer, 40)) == list(range(1, 41))

    assert [w.sequence for w in server.writes] == list(range(1, 41))
    assert {(w.writer_id, w.property) for w in server.writes} == {(writer.writer_id, "properties/shop")}
    assert set(server.ways) == {"stream 1"}
    writer.close()
    assert server.half_closed == 1, "the stream was ended in order"


def test_several_batches_are_under_way_at_once_and_no_more_than_allowed(server, channel):
    server.writes_script.append(Silent())
    with StreamWriter(channel, "shop", policy=StreamPolicy(under_way_batches=3)) as writer:
        outcomes = _send(writer, 3)
        fourth = []
        thread = threading.Thread(target=lambda: fourth.append(_send(writer, 1)[0]))
        thread.start()
        assert server.arrived.wait(10)
        _until(lambda: len(server.writes) == 3)

        assert thread.is_alive(), "the fourth waits for room"
        assert not any(outcome.done() for outcome in outcomes)
        server.release()
        thread.join(10)
        assert _stored([*outcomes, *fourth]) == [1, 2, 3, 4]


@pytest.mark.parametrize("answers_first", [0, 3])
@pytest.mark.parametrize("code", [C.UNAVAILABLE, C.CANCELLED, C.DEADLINE_EXCEEDED, C.ABORTED, C.UNKNOWN])
def test_a_stream_that_dies_with_batches_unanswered_goes_on_elsewhere_under_the_same_numbers(
    server, writer, code, answers_first
):
    server.writes_script.append(Ends(code, pushback_ms="5", answers_first=answers_first))

    outcomes = _send(writer, 16)

    assert _stored(outcomes) == list(range(1, 17))
    again = [w.sequence for w, way in zip(server.writes, server.ways, strict=True) if way == "stream 2"]
    assert again == list(range(answers_first + 1, 17))
    once = {w.sequence: w.events[0].name for w in server.writes}
    assert all(w.events[0].name == once[w.sequence] for w in server.writes)
    assert outcomes[answers_first].result().attempts == 2


def test_each_attempt_states_anew_when_it_was_sent(server, writer):
    server.writes_script.append(Ends(C.UNAVAILABLE, pushback_ms="5"))

    _stored(_send(writer, 1))

    first, second = server.writes
    assert 0 < first.sent_time_micros < second.sent_time_micros


def test_a_batch_refused_for_now_is_sent_again_and_the_others_are_not(server, writer):
    server.writes_script.extend([accept_all, Fails(C.UNAVAILABLE, "Kafka is away", pushback_ms="500"), accept_all])

    outcomes = _send(writer, 3)

    assert _stored(outcomes) == [1, 2, 3]
    assert [w.sequence for w in server.writes] == [1, 2, 3, 2]
    assert [outcome.result().attempts for outcome in outcomes] == [1, 2, 1]
    assert server.opened == 1


def test_a_batch_refused_for_good_fails_alone(server, writer):
    server.writes_script.extend([accept_all, Fails(C.INVALID_ARGUMENT, "property: no"), accept_all])

    first, second, third = _send(writer, 3)

    assert _stored([first, third]) == [1, 3]
    with pytest.raises(RefusedError, match="property: no"):
        second.result(10)
    assert (len(server.writes), server.opened) == (3, 1)


@pytest.mark.parametrize("sequence", [2, 99])
def test_an_answer_out_of_nowhere_ends_the_stream_and_what_was_on_it_is_sent_by_calls(server, writer, sequence):
    wrong = StreamEventsResponse(sequence=sequence, answer=WriteEventsResponse(accepted=7))
    server.writes_script.append(Says(wrong))

    outcomes = _send(writer, 3)

    assert _stored(outcomes) == [1, 2, 3]
    assert [outcome.result().accepted for outcome in outcomes] == [1, 1, 1]
    assert next(w.sequence for w, way in zip(server.writes, server.ways, strict=True) if way == "call") == 1


def test_a_batch_to_which_the_server_always_answers_out_of_step_keeps_no_other_from_being_stored(server, writer):
    out_of_step = Says(StreamEventsResponse(answer=WriteEventsResponse(accepted=1)))
    server.writes_script.extend([accept_all, out_of_step, Fails(C.RESOURCE_EXHAUSTED, "too large")])

    _stored(_send(writer, 1))
    with pytest.raises(RefusedError, match="too large"):
        _send(writer, 1)[0].result(10)

    assert _stored(_send(writer, 1)) == [3]
    assert server.ways == ["stream 1", "stream 1", "call", "stream 2"]


def test_a_server_that_owes_answers_for_too_long_is_left(server, channel):
    server.writes_script.extend([accept_all, Silent()])
    retries = RetryPolicy(attempt_seconds=1, first_delay_seconds=0.001)
    with StreamWriter(channel, "shop", retries=retries) as writer:
        outcomes = _send(writer, 3)

        assert _stored(outcomes) == [1, 2, 3]

    assert [outcome.result().attempts for outcome in outcomes] == [1, 2, 2]


def test_a_stream_on_which_nothing_is_owed_is_left_alone(server, channel):
    retries = RetryPolicy(attempt_seconds=1)
    with StreamWriter(channel, "shop", retries=retries) as writer:
        _stored(_send(writer, 1))
        threading.Event().wait(2.5)  # longer than the patience
        _stored(_send(writer, 1))

    assert server.ways == ["stream 1", "stream 1"]


def test_a_stream_without_batches_is_ended_in_order_and_a_new_one_opened_when_there_is_one(server, channel):
    with StreamWriter(channel, "shop", policy=StreamPolicy(idle_seconds=0.05)) as writer:
        _stored(_send(writer, 1))
        _until(lambda: server.half_closed == 1)
        assert writer.send([Event()]).result(10).sequence == 2

    assert server.ways == ["stream 1", "stream 2"]


def test_a_half_closed_stream_that_the_server_does_not_end_holds_up_neither_batches_nor_closing(server, channel):
    server.ends_streams = False
    retries = RetryPolicy(attempt_seconds=2, first_delay_seconds=0.001)
    writer = StreamWriter(channel, "shop", policy=StreamPolicy(idle_seconds=0.05), retries=retries)
    _stored(_send(writer, 1))
    _until(lambda: server.half_closed == 1)
    (second,) = _send(writer, 1)
    assert (second.result(10).attempts, server.ways) == (1, ["stream 1", "stream 2"])

    closing = threading.Thread(target=writer.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()


def test_a_gateway_without_streams_gets_calls_from_then_on(server, writer):
    server.opens_script.append(Ends(C.UNIMPLEMENTED, "no streams here"))

    assert _stored(_send(writer, 5)) == [1, 2, 3, 4, 5]
    assert _stored(_send(writer, 1)) == [6]

    assert (server.opened, server.ways) == (1, ["call"] * 6)


def test_a_stream_refused_for_good_gives_each_batch_a_verdict_of_its_own(server, writer):
    server.writes_script.extend([Ends(C.RESOURCE_EXHAUSTED, "too large"), Fails(C.RESOURCE_EXHAUSTED, "too large")])

    first, second = _send(writer, 2)

    with pytest.raises(RefusedError, match="too large"):
        first.result(10)
    assert _stored([second]) == [2]


def test_a_server_that_ends_streams_in_order_and_answers_nothing_is_tried_again(server, writer):
    server.writes_script.append(Ends(C.OK))

    assert _stored(_send(writer, 2)) == [1, 2]


def test_without_streams_each_batch_is_a_call_and_is_tried_again(server, channel):
    server.writes_script.extend([Hangs(), Fails(C.ABORTED), accept_all])
    retries = RetryPolicy(attempt_seconds=1, first_delay_seconds=0.001)
    with StreamWriter(channel, "shop", streaming=False, retries=retries) as writer:
        outcomes = _send(writer, 2)
        assert _stored(outcomes) == [1, 2]

    assert sum(outcome.result().attempts for outcome in outcomes) == 4
    assert (server.opened, server.ways) == (0, ["call"] * 4)


def test_one_deadline_ends_all_attempts(server, channel):
    server.writes_script.append(Ends(C.UNAVAILABLE, "Kafka is away", pushback_ms="60000"))
    with StreamWriter(channel, "shop", retries=RetryPolicy(give_up_after_seconds=30)) as writer:
        failure = writer.send([Event()]).exception(10)

    assert isinstance(failure, GivenUpError)
    assert (failure.code, failure.message, failure.attempts) == ("UNAVAILABLE", "Kafka is away", 1)


def test_a_batch_that_is_owed_its_answer_when_its_time_is_up_is_given_up(server, channel):
    server.writes_script.append(Silent())
    with StreamWriter(channel, "shop", retries=RetryPolicy(give_up_after_seconds=0.2)) as writer:
        failure = writer.send([Event()]).exception(10)

    assert isinstance(failure, GivenUpError)
    assert failure.code == "DEADLINE_EXCEEDED"


def test_closing_waits_for_the_answers_and_takes_nothing_more(server, channel):
    writer = StreamWriter(channel, "shop")
    outcomes = _send(writer, 10)
    writer.close()

    assert all(outcome.done() for outcome in outcomes)
    with pytest.raises(RuntimeError, match="closed"):
        writer.send([Event()])


def test_closing_in_time_gives_up_what_is_under_way_and_tells_each(server, channel):
    server.writes_script.extend([accept_all, Silent()])
    writer = StreamWriter(channel, "shop")
    first, second = _send(writer, 2)
    assert _stored([first]) == [1]
    assert server.arrived.wait(10)
    writer.close(timeout=0.05)

    with pytest.raises(GivenUpError, match="CANCELLED"):
        second.result(0)


def test_a_ctrl_c_as_the_lock_is_taken_leaves_nothing_behind_that_closing_waits_for(server, channel, monkeypatch):
    writer = StreamWriter(channel, "shop", retries=QUICK)
    assert _stored(_send(writer, 1)) == [1]
    enter = threading.Condition.__enter__

    def interrupted(condition):
        enter(condition)
        if threading.current_thread() is user:
            raise KeyboardInterrupt

    def close_twice():
        monkeypatch.setattr(threading.Condition, "__enter__", interrupted)
        with contextlib.suppress(KeyboardInterrupt):
            writer.close(10)
        monkeypatch.undo()
        writer.close(10)

    user = threading.Thread(target=close_twice, daemon=True)
    user.start()
    user.join(30)

    assert not user.is_alive()


def test_a_block_that_fails_does_not_wait(server, channel):
    server.writes_script.append(Silent())
    outcomes = []

    def fail():
        with StreamWriter(channel, "shop") as writer:
            outcomes.append(writer.send([Event()]))
            assert server.arrived.wait(10)
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert isinstance(outcomes[0].exception(0), GivenUpError)


def test_a_channel_that_was_closed_before_tells_every_batch(server, caplog):
    channel = open_channel(server.endpoint)
    writer = StreamWriter(channel, "shop")
    channel.close()

    with pytest.raises(RefusedError, match="INTERNAL"):
        writer.send([Event()]).result(10)
    writer.close()


def test_a_number_that_is_under_way_is_refused(server, channel):
    server.writes_script.append(Silent())
    writer = StreamWriter(channel, "shop")
    writer.send([Event()], sequence=5)
    with pytest.raises(ValueError, match="sequence 5"):
        writer.send([Event()], sequence=5)
    writer.close(timeout=0)


def test_a_callback_that_fails_harms_no_other_batch(server, writer):
    def fail(_):
        raise KeyError("oops")

    outcome = writer.send([Event()])
    outcome.add_done_callback(fail)

    assert _stored([outcome, *_send(writer, 3)]) == [1, 2, 3, 4]


def _until(holds):
    deadline = threading.Event()
    for _ in range(1000):
        if holds():
            return
        deadline.wait(0.01)
    raise AssertionError("never")

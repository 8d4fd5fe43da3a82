"""Which batches are sent again, when, and what becomes of each. Time is the tests' own."""

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.failures import FootfallError, GivenUpError, RefusedError
from footfall.outbox import MAX_AHEAD, Outbox, OutOfStepError, StreamPolicy
from footfall.results import Outcome
from footfall.retry import RetryPolicy, Setback
from footfall.v1.ingest_pb2 import StreamEventsRequest, StreamEventsResponse, WriteEventsResponse

C = grpc.StatusCode
AWAY = Setback(C.UNAVAILABLE, "away")


def _outbox(retries=None, **policy):
    return Outbox(StreamPolicy(**policy), retries or RetryPolicy(), draw=lambda low, high: low)


def _message(sequence):
    message = StreamEventsRequest()
    message.batch.sequence = sequence
    return message


def _add(outbox, *sequences, now=0.0):
    for sequence in sequences:
        outbox.add(_message(sequence), 10, now)


def _send(outbox, now=0.0):
    """Send all that is due; return the numbers."""
    sent = []
    while (parcel := outbox.next_for_stream(now)) is not None:
        sent.append(parcel.sequence)
    return sent


def _answer(sequence):
    return StreamEventsResponse(sequence=sequence, answer=WriteEventsResponse(accepted=1))


def _refusal(sequence, code=C.UNAVAILABLE, delay_ms=None):
    message = StreamEventsResponse(sequence=sequence)
    message.refusal.code, message.refusal.message = code.value[0], "no"
    if delay_ms is not None:
        message.refusal.retry_delay.FromMilliseconds(delay_ms)
    return message


def test_what_has_no_answer_is_sent_again_in_order_on_the_next_stream():
    outbox = _outbox()
    _add(outbox, *range(1, 12))
    assert _send(outbox) == list(range(1, 12))
    (first,) = outbox.answered(_answer(1), 0)
    assert (first.sequence, first.end) == (1, Outcome(1, 1, (), 0, 1))

    assert outbox.stream_ended(AWAY, 1) == []
    _add(outbox, 12)

    assert outbox.wants_stream(1)
    assert _send(outbox, 1) == list(range(2, 13))
    (second,) = outbox.answered(_answer(2), 1)
    assert second.end.attempts == 2


def test_a_server_that_drains_is_not_asked_again_before_the_delay_it_asks_for():
    outbox = _outbox()
    _add(outbox, 1)
    _send(outbox)
    outbox.stream_ended(Setback(C.UNAVAILABLE, "draining", 2.5), 10)

    assert not outbox.wants_stream(12.4)
    assert outbox.seconds_until_due(12.0) == 0.5
    assert outbox.wants_stream(12.5)


def test_streams_that_end_one_after_the_other_are_opened_ever_more_slowly_until_an_answer_comes():
    retries = RetryPolicy(first_delay_seconds=1, longest_delay_seconds=3)
    outbox = Outbox(StreamPolicy(), retries, draw=lambda low, high: high)
    _add(outbox, 1, 2)
    pauses, now = [], 0.0
    for _ in range(4):
        _send(outbox, now)
        outbox.stream_ended(AWAY, now)
        pauses.append(outbox.seconds_until_due(now))
        now += pauses[-1]
    _send(outbox, now)
    outbox.answered(_answer(1), now)
    outbox.stream_ended(AWAY, now)

    assert pauses == [1, 2, 3, 3]
    assert outbox.seconds_until_due(now) == 1


def test_a_batch_that_is_refused_for_now_waits_and_the_others_go_on():
    outbox = _outbox()
    _add(outbox, 1, 2, 3)
    _send(outbox)

    assert outbox.answered(_refusal(1, delay_ms=500), 0) == []
    assert [s.sequence for s in outbox.answered(_answer(2), 0)] == [2]
    _add(outbox, 4)
    assert _send(outbox, 0.4) == [4]
    assert _send(outbox, 0.5) == [1]
    assert [s.sequence for m in (3, 4, 1) for s in outbox.answered(_answer(m), 1)] == [3, 4, 1]
    assert outbox.is_empty


@pytest.mark.parametrize("code", [C.INVALID_ARGUMENT, C.RESOURCE_EXHAUSTED, C.UNAVAILABLE, C.UNKNOWN])
def test_a_refusal_without_a_delay_is_final_for_that_batch_alone(code):
    outbox = _outbox()
    _add(outbox, 1, 2)
    _send(outbox)

    (settled,) = outbox.answered(_refusal(1, code), 0)

    assert isinstance(settled.end, RefusedError)
    assert (settled.end.code, settled.end.message, settled.end.attempts) == (code.name, "no", 1)
    assert [s.sequence for s in outbox.answered(_answer(2), 0)] == [2]


def test_an_unknown_code_of_a_refusal_is_unknown():
    outbox = _outbox()
    _add(outbox, 1)
    _send(outbox)
    message = _refusal(1)
    message.refusal.code = 99

    (settled,) = outbox.answered(message, 0)
    assert settled.end.code == "UNKNOWN"


@pytest.mark.parametrize("message", [_answer(2), _answer(7), StreamEventsResponse(sequence=1)])
def test_an_answer_that_is_nobodys_settles_nothing(message):
    outbox = _outbox()
    _add(outbox, 1, 2)
    _send(outbox)

    with pytest.raises(OutOfStepError):
        outbox.answered(message, 0)
    assert outbox.stream_ended(Setback(C.UNKNOWN), 0) == []

    assert not outbox.is_empty


def test_what_was_on_a_stream_that_is_out_of_step_is_sent_by_calls_and_its_neighbours_go_on():
    outbox = _outbox()
    _add(outbox, 1, 2)
    _send(outbox)
    _add(outbox, 3)
    with pytest.raises(OutOfStepError):
        outbox.answered(_answer(0), 0)
    outbox.stream_ended(Setback(C.UNKNOWN), 0)

    assert _send(outbox) == [3]
    assert outbox.next_call(0)[0].sequence == 1
    (refused,) = outbox.call_failed(Setback(C.RESOURCE_EXHAUSTED, "too large"), 0)
    assert outbox.next_call(0)[0].sequence == 2
    outbox.call_answered(WriteEventsResponse())
    assert (refused.sequence, refused.end.code) == (1, "RESOURCE_EXHAUSTED")

    outbox.stream_ended(AWAY, 0)
    assert _send(outbox) == [3], "the next stream is in step"


def test_a_stream_that_is_out_of_step_before_it_took_a_batch_makes_the_next_one_a_call():
    outbox = _outbox()
    _add(outbox, 1, 2)
    with pytest.raises(OutOfStepError):
        outbox.answered(_answer(0), 0)
    outbox.stream_ended(Setback(C.UNKNOWN), 0)

    assert outbox.next_call(0)[0].sequence == 1
    assert _send(outbox) == [2]


def test_a_batch_that_goes_by_a_call_is_not_given_up_for_the_pause_of_the_streams():
    outbox = _outbox(RetryPolicy(give_up_after_seconds=10))
    _add(outbox, 1)
    _send(outbox)
    outbox.stream_ended(Setback(C.INTERNAL), 0)
    _add(outbox, 2)
    _send(outbox)

    given_up = outbox.stream_ended(Setback(C.UNAVAILABLE, "away", 11.0), 0)

    assert [s.sequence for s in given_up] == [2]
    assert outbox.next_call(0)[0].sequence == 1


def test_an_answer_out_of_nowhere_is_none():
    with pytest.raises(OutOfStepError, match="no answer is owed"):
        _outbox().answered(_answer(1), 0)


def test_a_server_without_streams_gets_calls_for_good_one_at_a_time_in_order():
    outbox = _outbox()
    _add(outbox, 1, 2)
    _send(outbox)
    outbox.stream_ended(Setback(C.UNIMPLEMENTED, "no such method"), 0)

    assert not outbox.wants_stream(99)
    for sequence in (1, 2):
        parcel, _ = outbox.next_call(0)
        assert parcel.sequence == sequence
        (settled,) = outbox.call_answered(WriteEventsResponse(accepted=1))
        assert (settled.sequence, settled.end.attempts) == (sequence, 2)
    assert outbox.next_call(0) is None


def test_a_stream_refused_for_good_gives_each_of_its_batches_a_verdict_of_its_own():
    outbox = _outbox()
    _add(outbox, 1, 2, 3)
    sent = [outbox.next_for_stream(0), outbox.next_for_stream(0)]
    outbox.stream_ended(Setback(C.INVALID_ARGUMENT, "one of them"), 0)

    parcel, seconds = outbox.next_call(0)
    assert (parcel, seconds) == (sent[0], 30)
    (refused,) = outbox.call_failed(Setback(C.INVALID_ARGUMENT, "this one"), 0)
    outbox.next_call(0)
    (stored,) = outbox.call_answered(WriteEventsResponse())

    assert (refused.sequence, refused.end.code, stored.sequence) == (1, "INVALID_ARGUMENT", 2)
    assert outbox.next_call(0) is None
    assert _send(outbox) == [3]


def test_a_stream_refused_for_good_before_it_took_a_batch_gives_the_next_one_a_verdict():
    outbox = _outbox()
    _add(outbox, 1, 2)
    outbox.stream_ended(Setback(C.UNAUTHENTICATED, "who are you"), 0)

    assert outbox.next_call(0)[0].sequence == 1
    (refused,) = outbox.call_failed(Setback(C.UNAUTHENTICATED, "who are you"), 0)
    assert refused.end.code == "UNAUTHENTICATED"
    assert outbox.next_call(0) is None


def test_a_stream_refused_for_good_leaves_alone_what_waits_for_a_later_instant():
    outbox = _outbox()
    _add(outbox, 1)
    _send(outbox)
    outbox.answered(_refusal(1, delay_ms=5000), 0)
    _add(outbox, 2)
    outbox.stream_ended(Setback(C.INTERNAL), 0)

    assert outbox.next_call(0)[0].sequence == 2
    assert _send(outbox, 5) == [1], "whatever stream is open then"


def test_a_call_that_may_end_otherwise_goes_back_to_the_stream():
    outbox = _outbox()
    _add(outbox, 1)
    _send(outbox)
    outbox.stream_ended(Setback(C.INTERNAL), 0)
    outbox.next_call(0)

    assert outbox.call_failed(Setback(C.UNAVAILABLE, "", 1.0), 0) == []
    assert not outbox.wants_stream(0.9)
    assert _send(outbox, 1) == [1]


def test_one_deadline_ends_all_attempts_of_a_batch_whatever_it_waits_for():
    outbox = _outbox(RetryPolicy(give_up_after_seconds=10))
    _add(outbox, 1)
    _add(outbox, 2, now=5)
    _send(outbox, 5)

    given_up = outbox.stream_ended(Setback(C.UNAVAILABLE, "away", 6.0), 5)

    assert [(s.sequence, s.end.code, s.end.attempts) for s in given_up] == [(1, "UNAVAILABLE", 1)]
    assert _send(outbox, 11) == [2]
    (second,) = outbox.answered(_refusal(2, delay_ms=4001), 11)
    assert isinstance(second.end, GivenUpError)


def test_answers_are_overdue_by_the_patience_with_one_attempt_since_the_last_one():
    outbox = _outbox(RetryPolicy(attempt_seconds=30))
    outbox.stream_began(0)
    assert outbox.seconds_until_overdue(100) == 30, "nothing is owed"
    _add(outbox, 1, 2, now=100)
    _send(outbox, 100)
    assert outbox.seconds_until_overdue(110) == 20
    outbox.answered(_answer(1), 120)
    assert outbox.seconds_until_overdue(149) == 1
    assert outbox.seconds_until_overdue(150) == 0


def test_a_stream_that_was_half_closed_is_overdue_by_the_patience_since_then_or_since_the_last_answer():
    outbox = _outbox(RetryPolicy(attempt_seconds=30))
    outbox.stream_began(0)
    _add(outbox, 1)
    _send(outbox)
    outbox.stream_half_closed(10)
    assert outbox.seconds_until_overdue(10) == 20, "an answer is owed"
    outbox.answered(_answer(1), 20)
    assert outbox.seconds_until_overdue(49) == 1
    assert outbox.seconds_until_overdue(50) == 0
    outbox.stream_ended(None, 50)

    outbox.stream_began(50)
    assert outbox.seconds_until_overdue(99) == 30, "this one is not half-closed"
    outbox.stream_half_closed(100)
    assert outbox.seconds_until_overdue(129) == 1


def test_a_batch_whose_time_is_up_on_a_stream_makes_the_stream_overdue():
    outbox = _outbox(RetryPolicy(give_up_after_seconds=10, attempt_seconds=30))
    _add(outbox, 1)
    _send(outbox, 1)

    assert outbox.seconds_until_overdue(1) == 9
    assert [s.sequence for s in outbox.stream_ended(Setback(C.DEADLINE_EXCEEDED), 10)] == [1]


def test_what_is_under_way_is_bounded_by_number_by_bytes_and_by_the_servers_memory():
    assert not _full(_outbox(under_way_batches=2), [1], 2)
    assert _full(_outbox(under_way_batches=2), [1, 2], 3)
    assert not _full(_outbox(under_way_bytes=20), [1], 2)
    assert _full(_outbox(under_way_bytes=20), [1, 2], 3)
    assert not _full(_outbox(under_way_bytes=1), [], 1), "a batch larger than all the room there is must not wait"
    assert not _full(_outbox(), [1], MAX_AHEAD)
    assert _full(_outbox(), [1], MAX_AHEAD + 1)


def _full(outbox, held, sequence):
    _add(outbox, *held)
    _send(outbox)
    return not outbox.has_room(sequence, 10)


def test_what_is_given_up_at_the_end_says_how_far_it_came():
    outbox = _outbox(under_way_batches=9)
    _add(outbox, 1, 2)
    _send(outbox)
    outbox.answered(_refusal(1, delay_ms=9000), 0)
    _add(outbox, 3)

    settled = outbox.abandon()

    assert [(s.sequence, s.end.code, s.end.attempts) for s in settled] == [
        (1, "UNAVAILABLE", 1),
        (2, "CANCELLED", 1),
        (3, "CLOSED", 0),
    ]
    assert outbox.is_empty


@pytest.mark.parametrize("wrong", [{"under_way_batches": 0}, {"under_way_batches": 1001}, {"under_way_bytes": 0}])
def test_bounds_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="under_way_"):
        StreamPolicy(**wrong)


STEPS = st.lists(st.sampled_from(["add", "send", "answer", "delay", "refuse", "end", "final", "call", "time"]))


@given(STEPS)
def test_whatever_happens_each_batch_ends_once_and_no_stream_carries_one_twice(steps):
    now, added, settled = 0.0, 0, []
    outbox = _outbox(RetryPolicy(give_up_after_seconds=1e6), under_way_batches=1000)
    on_stream = []
    for step in [*steps, *["time", "call", "send", "answer"] * (2 * len(steps))]:
        if step == "add":
            added += 1
            _add(outbox, added, now=now)
        elif step == "send":
            if outbox.wants_stream(now):
                on_stream += _send(outbox, now)
        elif step in {"answer", "delay", "refuse"} and on_stream:
            sequence = on_stream.pop(0)
            message = _answer(sequence)
            if step != "answer":
                message = _refusal(sequence, delay_ms=100 if step == "delay" else None)
            settled += outbox.answered(message, now)
        elif step in {"end", "final"}:
            settled += outbox.stream_ended(AWAY if step == "end" else Setback(C.INTERNAL), now)
            on_stream = []
        elif step == "call" and outbox.next_call(now):
            settled += outbox.call_answered(WriteEventsResponse())
        elif step == "time":
            now += 1
        assert len(set(on_stream)) == len(on_stream)

    assert sorted(s.sequence for s in settled) == list(range(1, added + 1))
    assert outbox.is_empty
    assert all(isinstance(s.end, Outcome | FootfallError) for s in settled)

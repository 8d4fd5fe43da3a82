"""Which calls are tried again, with the same number, and when."""

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from footfall.channel import open_channel
from footfall.failures import GivenUpError, RefusedError
from footfall.retry import RetryPolicy, Setback
from footfall.v1.event_pb2 import Event
from footfall.writer import Writer
from tests.unit.scripted_server import Fails, Hangs, ScriptedServer

C = grpc.StatusCode
RETRIED = {C.UNAVAILABLE, C.DEADLINE_EXCEEDED, C.ABORTED, C.CANCELLED, C.UNKNOWN}
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)


def pause_before_retry(error, attempts, policy, **options):
    return Setback.of(error).pause(attempts, policy, **options)


class _Error(grpc.RpcError):
    def __init__(self, code, pushback=None, details=None):
        self._code, self._pushback, self._details = code, pushback, details

    def code(self):
        return self._code

    def details(self):
        return None

    def trailing_metadata(self):
        if self._details is not None:
            return (("grpc-status-details-bin", self._details),)
        return None if self._pushback is None else (("other", "1"), ("grpc-retry-pushback-ms", self._pushback))


@pytest.mark.parametrize("code", [code for code in C if code is not C.OK])
def test_only_what_may_end_otherwise_is_tried_again(code):
    pause = pause_before_retry(_Error(code), 1, RetryPolicy())

    assert (pause is not None) == (code in RETRIED)


def test_too_large_is_never_tried_again_and_over_quota_is_when_the_server_says_so():
    assert pause_before_retry(_Error(C.RESOURCE_EXHAUSTED), 1, RetryPolicy()) is None
    assert pause_before_retry(_Error(C.RESOURCE_EXHAUSTED, "1500"), 1, RetryPolicy()) >= 1.5


@pytest.mark.parametrize("pushback", ["-1", "soon", ""])
def test_a_server_that_says_not_to_try_again_is_obeyed(pushback):
    assert pause_before_retry(_Error(C.UNAVAILABLE, pushback), 1, RetryPolicy()) is None


def test_a_delay_in_the_details_alone_is_taken_too():
    status = status_pb2.Status(code=8, message="over quota")
    for detail in (error_details_pb2.ErrorInfo(reason="X"), error_details_pb2.RetryInfo()):
        if isinstance(detail, error_details_pb2.RetryInfo):
            detail.retry_delay.FromMilliseconds(2_500)
        status.details.add().Pack(detail)
    error = _Error(C.RESOURCE_EXHAUSTED, details=status.SerializeToString())

    assert pause_before_retry(error, 1, RetryPolicy(), draw=lambda low, high: low) == 2.5


@pytest.mark.parametrize("details", [b"", b"\xff\xff", status_pb2.Status(code=8).SerializeToString()])
def test_details_that_say_nothing_are_no_delay(details):
    assert pause_before_retry(_Error(C.RESOURCE_EXHAUSTED, details=details), 1, RetryPolicy()) is None


def test_the_pause_is_drawn_from_nothing_to_a_doubling_bound_on_top_of_the_servers_delay():
    policy = RetryPolicy(first_delay_seconds=0.1, longest_delay_seconds=1.0)

    bounds = [
        pause_before_retry(_Error(C.ABORTED), n, policy, draw=lambda low, high: high) for n in (1, 2, 3, 4, 5, 999)
    ]
    least = pause_before_retry(_Error(C.ABORTED), 5, policy, draw=lambda low, high: low)
    asked = pause_before_retry(_Error(C.UNAVAILABLE, "2000"), 2, policy, draw=lambda low, high: high)

    assert bounds == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert least == 0.0
    assert asked == 2.2


def _writer(server, channel, **options):
    return Writer(channel, "shop", **{"retries": QUICK} | options)


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def channel(server):
    with open_channel(server.endpoint) as channel:
        yield channel


def test_each_attempt_carries_the_same_number_and_events_and_its_own_time(server, channel):
    server.writes_script.extend([Fails(C.UNAVAILABLE), Fails(C.UNKNOWN), Fails(C.ABORTED)])
    writer = _writer(server, channel)

    outcome = writer.write([Event(name="a")])
    following = writer.write([Event(name="b")])

    assert (outcome.attempts, outcome.accepted, outcome.sequence, following.sequence) == (4, 1, 1, 2)
    assert [w.sequence for w in server.writes] == [1, 1, 1, 1, 2]
    assert len({w.writer_id for w in server.writes}) == 1
    assert {w.events[0].name for w in server.writes[:4]} == {"a"}
    sent = [w.sent_time_micros for w in server.writes]
    assert sorted(set(sent)) == sent


def test_a_number_that_was_handed_out_is_the_batchs_number_whatever_was_sent_before(server, channel):
    writer = _writer(server, channel)
    first, second = writer.next_sequence(), writer.next_sequence()

    assert writer.write([Event()], sequence=second).sequence == second == 2
    assert writer.write([Event()], sequence=first).sequence == first == 1
    assert [w.sequence for w in server.writes] == [2, 1]
    assert writer.write([Event()]).sequence == 3


def test_two_writers_never_share_an_id(channel):
    assert Writer(channel, "shop").writer_id != Writer(channel, "shop").writer_id


def test_the_servers_delay_is_waited_for(server, channel):
    server.writes_script.append(Fails(C.RESOURCE_EXHAUSTED, pushback_ms="1234"))
    pauses = []

    _writer(server, channel, pause=pauses.append).write([Event()])

    assert len(pauses) == 1
    assert 1.234 <= pauses[0] <= 1.236


def test_a_refused_batch_is_sent_once(server, channel):
    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "property: no"))

    with pytest.raises(RefusedError, match="property: no") as refused:
        _writer(server, channel).write([Event()])

    assert (refused.value.code, refused.value.attempts, len(server.writes)) == ("INVALID_ARGUMENT", 1, 1)


def test_an_attempt_without_an_answer_ends_at_its_deadline_and_is_tried_again(server, channel):
    server.writes_script.append(Hangs())
    policy = RetryPolicy(attempt_seconds=0.05, first_delay_seconds=0.001)

    assert _writer(server, channel, retries=policy).write([Event()]).attempts >= 2  # more on a busy machine


def test_one_deadline_ends_all_attempts(server, channel):
    server.writes_script.extend([Fails(C.UNAVAILABLE, "Kafka is away", pushback_ms="60000")])
    policy = RetryPolicy(give_up_after_seconds=30)

    with pytest.raises(GivenUpError, match="Kafka is away"):
        _writer(server, channel, retries=policy, pause=lambda _: pytest.fail("waited in vain")).write([Event()])


def test_a_pause_that_was_ended_gives_up(server, channel):
    server.writes_script.append(Fails(C.UNAVAILABLE))

    with pytest.raises(GivenUpError):
        _writer(server, channel, pause=lambda _: True).write([Event()])

    assert len(server.writes) == 1

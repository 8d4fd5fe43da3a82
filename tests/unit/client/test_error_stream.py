"""Following errors across lost connections."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest

from footfall import Client, GivenUpError, RefusedError, RetryPolicy
from footfall.v1.errors_pb2 import StreamErrorsResponse
from tests.unit.scripted_server import Fails, Hangs, ScriptedServer

C = grpc.StatusCode
START = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)


def _error(error_id, seconds):
    message = StreamErrorsResponse()
    message.error.error_id = error_id
    message.error.time.FromDatetime(START + timedelta(seconds=seconds))
    return message


def _beat(seconds, *, live=True):
    message = StreamErrorsResponse()
    message.heartbeat.live = live
    message.heartbeat.time.FromDatetime(START + timedelta(seconds=seconds))
    return message


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(server):
    with Client(server.endpoint, "shop", retries=QUICK) as client:
        yield client


def _start_times(server):
    return [
        (s.start_time.ToDatetime(tzinfo=UTC) - START).total_seconds() if s.HasField("start_time") else None
        for s in server.streams
    ]


def test_without_following_it_ends_at_the_first_live_heartbeat(server, client):
    server.streams_script.append([_error("a", 1), _beat(2, live=False), _error("b", 3), _beat(4), _error("c", 5)])

    assert [e.error_id for e in client.errors(START, follow=False)] == ["a", "b"]
    assert _start_times(server) == [0]


def test_a_lost_stream_goes_on_with_an_overlap_and_tells_nothing_twice(server, client):
    told = []
    server.streams_script.append([_error("a", 100), _error("b", 101), Fails(C.UNAVAILABLE, "draining")])
    server.streams_script.append([_error("a", 100), _error("late", 90), _error("b", 101), _error("c", 102), _beat(103)])

    found = list(client.errors(START, follow=False, on_reconnect=told.append))

    assert [e.error_id for e in found] == ["a", "b", "late", "c"]
    assert _start_times(server) == [0, 71]
    assert [why.code for why in told] == ["UNAVAILABLE"]


def test_the_overlap_never_reaches_before_what_was_asked_for(server, client):
    server.streams_script.append([_error("a", 5), Fails(C.CANCELLED)])
    server.streams_script.append([_beat(6)])

    list(client.errors(START, follow=False))

    assert _start_times(server) == [0, 0]


def test_a_heartbeat_moves_the_position_of_a_quiet_property_only_when_it_is_live(server, client):
    server.streams_script.append([_beat(500, live=False), Fails(C.UNAVAILABLE)])
    server.streams_script.append([_beat(600), Fails(C.UNAVAILABLE)])
    server.streams_script.append([_error("a", 601)])

    assert next(client.errors(START)).error_id == "a"
    assert _start_times(server) == [0, 0, 570]


def test_from_now_on_states_no_time(server, client):
    server.streams_script.append([_beat(1), _error("a", 2)])

    assert next(client.errors()).error_id == "a"
    assert _start_times(server) == [None]


def test_a_client_that_read_too_slowly_and_a_stream_that_just_ended_go_on(server, client):
    server.streams_script.append([_error("a", 50), Fails(C.RESOURCE_EXHAUSTED, "too slow")])
    server.streams_script.append([_error("b", 60)])
    server.streams_script.append([_beat(61)])

    assert [e.error_id for e in client.errors(START, follow=False)] == ["a", "b"]


def test_a_refused_stream_raises(server, client):
    server.streams_script.append([Fails(C.INVALID_ARGUMENT, "property: no")])

    with pytest.raises(RefusedError, match="property: no"):
        next(client.errors())


def test_a_silent_stream_is_opened_anew(server, client):
    server.streams_script.append([_beat(1), Hangs()])
    server.streams_script.append([_error("a", 2)])

    assert next(client.errors(START, silence_seconds=0.1)).error_id == "a"


def test_a_server_that_never_catches_up_is_given_up(server, client):
    server.streams_script.append([_beat(1, live=False), Hangs()])

    with pytest.raises(GivenUpError, match="didn't catch up"):
        list(client.errors(START, follow=False, silence_seconds=0.1))


def test_a_server_that_stays_away_is_given_up(server):
    server.streams_script.append([Fails(C.UNAVAILABLE, "away", pushback_ms="60000")])
    policy = RetryPolicy(give_up_after_seconds=30)

    with Client(server.endpoint, "shop", retries=policy) as client, pytest.raises(GivenUpError, match="away"):
        next(client.errors())


def test_closing_the_client_ends_the_iterator(server):
    server.streams_script.append([_error("a", 1), Hangs()])
    client = Client(server.endpoint, "shop", retries=QUICK)
    stream = client.errors(START)
    assert next(stream).error_id == "a"
    client.close()

    assert list(stream) == []

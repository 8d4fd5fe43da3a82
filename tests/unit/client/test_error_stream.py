"""Following errors across lost connections."""

import gc
import threading
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from footfall import Client, GivenUpError, HistoryLostError, RefusedError, RetryPolicy
from footfall.error_position import ErrorPosition, error_filter
from footfall.left_out import LeftOutTally
from footfall.v1.errors_pb2 import (
    STAGE_VALIDATION,
    GetErrorResponse,
    ListErrorsResponse,
    StreamErrorsResponse,
)
from footfall.v1.ingest_pb2 import ErrorCode
from tests.unit.scripted_server import Fails, Hangs, ScriptedServer

C = grpc.StatusCode
START = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = RetryPolicy(first_delay_seconds=0.001, longest_delay_seconds=0.002)


def _error(error_id, seconds=0, token=""):
    message = StreamErrorsResponse(resume_token=token)
    message.error.error_id = error_id
    message.error.time.FromDatetime(START + timedelta(seconds=seconds))
    return message


def _beat(seconds, *, live=True, token=""):
    message = StreamErrorsResponse(resume_token=token)
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


def test_without_tokens_a_lost_stream_goes_on_with_an_overlap_and_tells_nothing_twice(server, client):
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


def test_a_stream_that_is_cut_off_goes_on_and_a_server_that_only_makes_mistakes_is_believed(server, client):
    server.streams_script.append([_error("a", 1, "t1"), Fails(C.INTERNAL, "Received RST_STREAM with error code 2")])
    server.streams_script.append([_error("b", 2, "t2"), _beat(3)])
    assert [e.error_id for e in client.errors(START, follow=False)] == ["a", "b"]

    server.streams_script.append([Fails(C.INTERNAL, "a mistake")])
    with pytest.raises(RefusedError, match="a mistake"):
        next(client.errors(START))


def test_a_silent_stream_is_opened_anew(server, client):
    server.streams_script.append([_beat(1), Hangs()])
    server.streams_script.append([_error("a", 2)])

    assert next(client.errors(START, silence_seconds=3)).error_id == "a"


def test_a_server_that_never_catches_up_is_given_up(server, client):
    server.streams_script.append([_beat(1, live=False), Hangs()])

    with pytest.raises(GivenUpError, match="didn't catch up"):
        list(client.errors(START, follow=False, silence_seconds=0.1))


def test_a_heartbeat_brings_on_whoever_is_behind_if_its_token_is_another_one():
    nothing = error_filter((), (), "")
    position = ErrorPosition("shop", START, "", nothing, every_error=False, left_out=LeftOutTally(None))
    assert position.is_moved_by(_beat(1, live=False, token="t1"))
    position.take(_beat(1, live=False, token="t1"))
    assert not position.is_moved_by(_beat(2, live=False, token="t1"))
    assert not position.is_moved_by(_beat(2, live=False))
    assert position.is_moved_by(_beat(2, live=False, token="t2"))


def test_a_stream_that_nobody_has_any_more_leaves_no_thread_behind(server, client):
    server.streams_script.append([_error("a", 1), Hangs()])
    for _ in client.errors(START):
        break
    gc.collect()

    for thread in threading.enumerate():
        if thread.name == "footfall-watch":
            thread.join(10)
            assert not thread.is_alive()


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


def _tokens(server):
    return [(s.resume_token, s.HasField("start_time")) for s in server.streams]


def test_a_lost_stream_goes_on_behind_the_newest_token_and_states_no_time(server, client):
    server.streams_script.append([_error("a", 1, "t1"), _beat(9, live=False, token="t2"), Fails(C.UNAVAILABLE)])
    server.streams_script.append([_error("b", 2, "t3"), _beat(3, token="t4")])

    stream = client.errors(START, follow=False)

    assert [e.error_id for e in stream] == ["a", "b"]
    assert _tokens(server) == [("", True), ("t2", False)]
    assert stream.resume_token == "t4"


def test_the_token_is_that_of_the_error_handed_over_last(server, client):
    server.streams_script.append([_error("a", 1, "t1"), _error("b", 2, "t2"), _beat(3, token="t3"), Hangs()])

    stream = client.errors(START)
    seen = [(stream.resume_token, next(stream).error_id, stream.resume_token) for _ in range(2)]

    assert seen == [("", "a", "t1"), ("t1", "b", "t2")]
    stream.close()
    assert list(stream) == []


def test_an_error_that_comes_again_is_handed_over_once_and_moves_the_token(server, client):
    server.streams_script.append([_error("a", 1, "t1"), _error("a", 1, "t2"), _beat(3)])

    stream = client.errors(START, follow=False)

    assert [e.error_id for e in stream] == ["a"]
    assert stream.resume_token == "t2"


def test_it_begins_where_it_is_told_to_and_asks_for_what_is_wanted(server, client):
    server.streams_script.append([_beat(1)])

    list(client.errors(resume_token="t", stages=["VALIDATION"], codes=["NAME_INVALID"], writer_id="w", follow=False))

    (request,) = server.streams
    assert (request.resume_token, request.HasField("start_time")) == ("t", False)
    assert list(request.filter.stages) == [STAGE_VALIDATION]
    assert list(request.filter.codes) == [ErrorCode.ERROR_CODE_NAME_INVALID]
    assert request.filter.writer_id == "w"


def test_history_that_is_lost_raises_and_names_where_it_begins(server, client):
    server.streams_script.append([Fails(C.OUT_OF_RANGE, "too old", earliest_resume_token="e")])

    with pytest.raises(HistoryLostError, match="too old") as lost:
        next(client.errors(resume_token="t"))

    assert lost.value.earliest_resume_token == "e"


def test_history_that_is_lost_is_told_and_it_goes_on_from_the_earliest(server, client):
    gaps = []
    server.streams_script.append([Fails(C.OUT_OF_RANGE, "too old", earliest_resume_token="e")])
    server.streams_script.append([_error("a", 1, "t1"), _beat(2)])

    assert [e.error_id for e in client.errors(resume_token="t", on_gap=gaps.append, follow=False)] == ["a"]
    assert [gap.earliest_resume_token for gap in gaps] == ["e"]
    assert _tokens(server) == [("t", False), ("e", False)]


def test_whoever_takes_his_time_over_an_error_is_not_the_servers_silence(server, client):
    server.streams_script.append([_error("a", 1, "t1"), _error("b", 2, "t2"), _beat(3)])
    stream = client.errors(START, follow=False, silence_seconds=2)

    assert next(stream).error_id == "a"
    threading.Event().wait(3)

    assert [e.error_id for e in stream] == ["b"]
    assert len(server.streams) == 1


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"since": START, "resume_token": "t"}, ValueError),
        ({"since": datetime(2026, 1, 1)}, ValueError),  # noqa: DTZ001
        ({"stages": ["MOON"]}, ValueError),
        ({"codes": ["UNSPECIFIED"]}, ValueError),
        ({"codes": "NAME_INVALID"}, TypeError),
    ],
)
def test_what_nobody_could_mean_raises_at_once(client, wrong, error):
    with pytest.raises(error):
        client.errors(**wrong)


def _page(token, *ids, total=0):
    page = ListErrorsResponse(next_page_token=token, total_count=total)
    for error_id in ids:
        page.errors.add(error_id=error_id)
    return page


def test_a_list_counts_at_once_and_asks_for_pages_as_they_are_needed(server, client):
    first = _page("p", "a", "b", total=3)
    counted = first.counts.add(stage=STAGE_VALIDATION, code=ErrorCode.ERROR_CODE_NAME_INVALID, count=3)
    counted.hour.FromDatetime(START)
    server.lists_script.extend([first, _page("", "c"), _page("", "c")])

    found = client.list_errors(START, START + timedelta(hours=1), codes=["NAME_INVALID"], page_size=2)

    assert found.total_count == 3
    assert [(c.hour, c.stage, c.code, c.count) for c in found.counts] == [(START, "VALIDATION", "NAME_INVALID", 3)]
    assert len(server.lists) == 1
    assert [e.error_id for e in found] == ["a", "b", "c"]
    assert [e.error_id for e in found] == ["a", "b", "c"], "it can be gone through again"
    assert [request.page_token for request in server.lists] == ["", "p", "p"]
    assert {(r.start_time.seconds, r.end_time.seconds, r.page_size) for r in server.lists} == {
        (1_767_225_600, 1_767_229_200, 2)
    }


def test_a_page_is_asked_for_again_while_the_store_is_away(server, client):
    server.lists_script.extend([_page("p", "a"), Fails(C.UNAVAILABLE), _page("", "b")])

    assert [e.error_id for e in client.list_errors()] == ["a", "b"]
    assert not server.lists[0].HasField("start_time")


def test_an_error_comes_with_what_was_sent(server, client):
    event, batch, gone = GetErrorResponse(), GetErrorResponse(), GetErrorResponse(payload_missing="It is gone.")
    event.event.name, batch.batch.writer_id = "x", "w"
    server.gets_script.extend([event, batch, gone, Fails(C.NOT_FOUND, "no such error")])

    assert client.get_error("a").event.name == "x"
    assert (found := client.get_error("a")).batch.writer_id == "w"
    assert found.event is None
    assert client.get_error("a").payload_missing == "It is gone."
    with pytest.raises(RefusedError, match="no such error"):
        client.get_error("a")


def _with_left_out(message, count, code=ErrorCode.ERROR_CODE_NAME_INVALID):
    message.left_out.add(stage=STAGE_VALIDATION, code=code, count=count)
    return message


def test_what_is_left_out_is_told_in_front_of_the_error_behind_it_and_added_up_over_lost_streams(server, client):
    seen = []
    server.streams_script.append(
        [
            _with_left_out(_error("a", 1, "t1"), 900),
            _with_left_out(_beat(2, token="t2"), 50),
            Fails(C.UNAVAILABLE, "draining"),
        ]
    )
    server.streams_script.append([_with_left_out(_error("b", 3, "t3"), 7, ErrorCode.ERROR_CODE_VALUE_INVALID)])

    def tell(left_out):
        seen.append((left_out.stage, left_out.code, left_out.count))

    stream = client.errors(on_left_out=tell)
    seen.append(next(stream).error_id)
    seen.append(next(stream).error_id)

    assert seen == [
        ("VALIDATION", "NAME_INVALID", 900),
        "a",
        ("VALIDATION", "NAME_INVALID", 50),
        ("VALIDATION", "VALUE_INVALID", 7),
        "b",
    ]
    assert stream.left_out == {("VALIDATION", "NAME_INVALID"): 950, ("VALIDATION", "VALUE_INVALID"): 7}
    assert [each.resume_token for each in server.streams] == ["", "t2"]


def test_who_does_not_ask_to_be_told_what_is_left_out_finds_it_in_the_log_once(server, client, caplog):
    server.streams_script.append([_with_left_out(_beat(1), 5), _with_left_out(_beat(2), 5), _error("a", 3)])

    next(client.errors())

    assert [record.message.split(":")[0] for record in caplog.records if record.name == "footfall"] == [
        "there are so many errors (VALIDATION NAME_INVALID) that some are counted and not told one by one"
    ]


@pytest.mark.parametrize(
    ("options", "every"),
    [
        ({}, False),
        ({"follow": False}, True),
        ({"every_error": True}, True),
        ({"follow": False, "every_error": False}, False),
    ],
)
def test_the_errors_until_now_are_all_told_and_those_to_come_when_asked_for(server, client, options, every):
    server.streams_script.append([_error("a", 1), _beat(2)])

    next(client.errors(START, **options))

    assert server.streams[0].every_error is every

"""`footfall errors` against a server that answers as told."""

import json
import signal
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from footfall.v1.errors_pb2 import (
    STAGE_CLIENT,
    STAGE_DEDUPE,
    STAGE_VALIDATION,
    GetErrorResponse,
    ListErrorsResponse,
    StreamErrorsResponse,
)
from footfall.v1.ingest_pb2 import DiscardReason, ErrorCode
from tests.unit.cli.processes import process_of
from tests.unit.scripted_server import Fails, Hangs

C = grpc.StatusCode


def _error(error_id, index=3):
    message = StreamErrorsResponse(resume_token=f"behind {error_id}")
    error = message.error
    error.error_id, error.property, error.field = error_id, "properties/shop", f"events[{index}].name"
    error.stage, error.code, error.message = STAGE_VALIDATION, ErrorCode.ERROR_CODE_NAME_INVALID, "no\x1b[2J name"
    error.writer_id, error.sequence, error.event_index = "w", 12, index
    error.time.FromDatetime(datetime(2026, 1, 1, tzinfo=UTC))
    return message


def _live():
    message = StreamErrorsResponse()
    message.heartbeat.live = True
    return message


def test_errors_are_a_line_each_and_end_when_all_are_told(server, command):
    server.streams_script.append([_error("a"), _error("b"), _live()])

    code, out, err = command("errors", "--property", "shop", "--endpoint", server.endpoint)

    assert (code, err) == (0, "")
    assert out.splitlines()[0] == (
        r"2026-01-01T00:00:00Z validation NAME_INVALID events[3].name no\x1b[2J name (w/12[3])"
    )
    hour_ago = datetime.now(UTC) - server.streams[0].start_time.ToDatetime(tzinfo=UTC)
    assert timedelta(minutes=59) < hour_ago < timedelta(minutes=61)


def test_what_a_client_dropped_itself_is_a_line_with_its_writer(server, command):
    message = StreamErrorsResponse()
    error = message.error
    error.stage, error.code = STAGE_CLIENT, ErrorCode.ERROR_CODE_CLIENT_DISCARDED
    error.writer_id, error.message = "w", "The client dropped 40 events itself (QUEUE_FULL)."
    error.discarded.reason, error.discarded.count = DiscardReason.DISCARD_REASON_QUEUE_FULL, 40
    error.time.FromDatetime(datetime(2026, 1, 1, tzinfo=UTC))
    server.streams_script += [[message, _live()], [message, _live()]]

    _, line, _ = command("errors", "--property", "shop", "--stage", "client", "--endpoint", server.endpoint)
    _, as_json, _ = command("errors", "--property", "shop", "--json", "--endpoint", server.endpoint)

    assert line == (
        "2026-01-01T00:00:00Z client CLIENT_DISCARDED The client dropped 40 events itself (QUEUE_FULL). (w)\n"
    )
    assert json.loads(as_json)["discarded"] == {"reason": "QUEUE_FULL", "count": 40}


def test_errors_as_json_are_an_object_a_line(server, command):
    server.streams_script.append([_error("a", index=0), _live()])

    code, out, _ = command(
        "errors", "--property", "shop", "--since", "2026-01-01", "--json", "--endpoint", server.endpoint
    )

    assert code == 0
    (line,) = out.splitlines()
    assert json.loads(line) == {
        "error_id": "a",
        "property": "properties/shop",
        "time": "2026-01-01T00:00:00Z",
        "stage": "VALIDATION",
        "code": "NAME_INVALID",
        "field": "events[0].name",
        "message": "no\x1b[2J name",
        "retryable": False,
        "writer_id": "w",
        "sequence": 12,
        "event_index": 0,
        "event_id": "",
        "payload": None,
        "processing_version": "",
        "discarded": None,
        "resume_token": "behind a",
    }
    assert server.streams[0].start_time.ToDatetime() == datetime(2026, 1, 1)  # noqa: DTZ001


def test_following_shows_each_error_at_once_and_ctrl_c_ends_it_quietly(server):
    server.streams_script.append([_live(), _error("a"), Hangs()])
    with process_of(server, "errors", "--property", "shop", "--follow", "--json") as process:
        assert json.loads(process.stdout.readline())["error_id"] == "a"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out, err.strip()) == (130, "", "")
    assert not server.streams[0].HasField("start_time")


def test_a_pipe_that_nobody_reads_ends_it_quietly(server):
    server.streams_script.append([_live(), *(_error(str(i)) for i in range(20_000))])
    with process_of(server, "errors", "--property", "shop", "--follow") as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(30)

    assert (process.returncode, err) == (130, "")


def test_what_is_not_shown_of_a_storm_is_said_on_stderr_unless_every_error_is_asked_for(server):
    storm = _error("a")
    storm.left_out.add(stage=STAGE_VALIDATION, code=ErrorCode.ERROR_CODE_NAME_INVALID, count=12_345)
    for more in ((), ("--every-error",)):
        server.streams_script.append([storm, Hangs()])
        with process_of(server, "errors", "--property", "shop", "--follow", *more) as process:
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        assert err.strip() == (
            "footfall: 12,345 more of validation NAME_INVALID are not shown; --every-error shows them all"
        )
    assert [each.every_error for each in server.streams] == [False, True]


def test_a_followed_stream_that_is_lost_is_said_on_stderr(server):
    server.streams_script.append([_error("a"), Fails(C.UNAVAILABLE, "draining", pushback_ms="1")])
    server.streams_script.append([_error("b"), Hangs()])
    with process_of(server, "errors", "--property", "shop", "--follow", "--json") as process:
        lines = [process.stdout.readline(), process.stdout.readline()]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert [json.loads(line)["error_id"] for line in lines] == ["a", "b"]
    assert err.strip() == "footfall: the stream ended (UNAVAILABLE); connecting again"


def test_a_token_and_a_filter_reach_the_server(server, command):
    server.streams_script.append([_live()])

    code, _, _ = command(
        *("errors", "--property", "shop", "--resume-token", "t", "--stage", "validation", "--stage", "DEDUPE"),
        *("--code", "NAME_INVALID", "--writer", "w", "--endpoint", server.endpoint),
    )

    (request,) = server.streams
    assert code == 0
    assert (request.resume_token, request.HasField("start_time")) == ("t", False)
    assert list(request.filter.stages) == [STAGE_VALIDATION, STAGE_DEDUPE]
    assert list(request.filter.codes) == [ErrorCode.ERROR_CODE_NAME_INVALID]
    assert request.filter.writer_id == "w"


def test_a_token_that_is_too_old_ends_with_2_and_the_token_to_go_on_from(server, command):
    server.streams_script.append([Fails(C.OUT_OF_RANGE, "too old", earliest_resume_token="e")])

    code, out, err = command("errors", "--property", "shop", "--resume-token", "t", "--endpoint", server.endpoint)

    assert (code, out) == (2, "")
    assert err == (
        "footfall: errors behind this token are no longer kept; --resume-token e begins with the earliest that are.\n"
    )


def _counted():
    answer = ListErrorsResponse(total_count=1_203)
    for hour, stage, count in ((9, STAGE_VALIDATION, 1_200), (8, STAGE_DEDUPE, 3)):
        counted = answer.counts.add(stage=stage, code=ErrorCode.ERROR_CODE_NAME_INVALID, count=count)
        counted.hour.FromDatetime(datetime(2026, 1, 1, hour, tzinfo=UTC))
    return answer


def test_errors_are_counted_by_hour_stage_and_code(server, command):
    server.lists_script.append(_counted())

    code, out, err = command(
        *("errors", "--property", "shop", "--count", "--since", "2026-01-01", "--writer", "w"),
        *("--endpoint", server.endpoint),
    )

    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["hour", "stage", "code", "errors"],
        ["2026-01-01T09:00:00Z", "validation", "NAME_INVALID", "1,200"],
        ["2026-01-01T08:00:00Z", "dedupe", "NAME_INVALID", "3"],
        ["1,203", "errors"],
    ]
    assert (server.lists[0].start_time.seconds, server.lists[0].filter.writer_id) == (1_767_225_600, "w")


def test_counts_as_json_are_one_object(server, command):
    server.lists_script.append(_counted())

    _, out, _ = command("errors", "--property", "shop", "--count", "--json", "--endpoint", server.endpoint)

    found = json.loads(out)
    assert found["total_count"] == 1_203
    assert found["counts"][1] == {
        "hour": "2026-01-01T08:00:00Z",
        "stage": "DEDUPE",
        "code": "NAME_INVALID",
        "count": 3,
    }


def test_one_error_is_shown_with_what_was_sent(server, command):
    found = GetErrorResponse(error=_error("a").error)
    found.event.name, found.event.client_id = "not a name", "c"
    server.gets_script.append(found)

    code, out, _ = command("errors", "--property", "shop", "--show", "a", "--endpoint", server.endpoint)

    assert code == 0
    shown = json.loads(out)
    assert shown["event"] == {"name": "not a name", "client_id": "c"}
    assert (shown["batch"], shown["payload_missing"], shown["error"]["error_id"]) == (None, "", "a")
    assert server.gets[0].error_id == "a"


def test_an_error_that_is_not_there_ends_with_2(server, command):
    server.gets_script.append(Fails(C.NOT_FOUND, "there is no such error."))

    code, out, err = command("errors", "--property", "shop", "--show", "a", "--endpoint", server.endpoint)

    assert (code, out, err) == (2, "", "footfall: there is no such error.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--show", "a", "--count"), "--show does not go with --count."),
        (("--show", "a", "--stage", "DEDUPE"), "--show does not go with --stage."),
        (("--count", "--follow"), "--count does not go with --follow."),
        (("--count", "--every-error"), "--count does not go with --every-error."),
        (("--every-error",), "--every-error goes with --follow; without it every error is shown anyway."),
        (("--resume-token", "t", "--since", "1h"), "--resume-token says by itself where to begin"),
        (("--stage", "MOON"), "'MOON' is not one of"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(command, arguments, sentence):
    code, out, err = command("errors", "--property", "shop", *arguments)

    assert (code, out) == (2, "")
    assert sentence in err

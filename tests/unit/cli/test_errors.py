"""`footfall errors` against a server that answers as told."""

import json
import signal
from datetime import UTC, datetime, timedelta

import grpc

from footfall.v1.errors_pb2 import STAGE_VALIDATION, StreamErrorsResponse
from footfall.v1.ingest_pb2 import ErrorCode
from tests.unit.cli.processes import process_of
from tests.unit.scripted_server import Fails, Hangs

C = grpc.StatusCode


def _error(error_id, index=3):
    message = StreamErrorsResponse()
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


def test_errors_as_json_are_an_object_aline_of(server, command):
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


def test_a_followed_stream_that_is_lost_is_said_on_stderr(server):
    server.streams_script.append([_error("a"), Fails(C.UNAVAILABLE, "draining", pushback_ms="1")])
    server.streams_script.append([_error("b"), Hangs()])
    with process_of(server, "errors", "--property", "shop", "--follow", "--json") as process:
        lines = [process.stdout.readline(), process.stdout.readline()]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert [json.loads(line)["error_id"] for line in lines] == ["a", "b"]
    assert err.strip() == "footfall: the stream ended (UNAVAILABLE); connecting again"

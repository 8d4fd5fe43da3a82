"""What users see while a part does not answer, and afterwards."""

import json
import os
import signal
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf.struct_pb2 import Value

from footfall.channel import open_channel
from footfall.v1 import errors_pb2, errors_pb2_grpc, ingest_pb2, ingest_pb2_grpc, query_pb2, query_pb2_grpc
from footfall.v1.event_pb2 import Event
from footfall_local.stack import Stack
from tests.again import again, patient_channel
from tests.e2e.conftest import Footfall
from tests.e2e.processes import frozen, process_of, wait_for
from tests.e2e.test_main_path import is_complete, write_lines

TODAY = ("--from", "yesterday", "--to", "today")


def report_request(property_id: str) -> query_pb2.RunReportRequest:
    return query_pb2.RunReportRequest(
        property=f"properties/{property_id}",
        metrics=[query_pb2.Metric(name="eventCount")],
        date_ranges=[query_pb2.DateRange(start_date="2026-01-01", end_date="2026-01-02")],
    )


def test_reports_come_without_redis(stack: Stack, footfall: Footfall, property_id: str) -> None:
    event = {"name": "page_view", "client_id": "c1"}
    lines = write_lines(property_id, event)
    assert footfall("replay", lines, "--format", "jsonl", "--property", property_id, "--wait", "--json").code == 0
    with frozen(stack, "redis"):
        ran = footfall("report", "--property", property_id, "--metrics", "eventCount", *TODAY, "--json")
    assert ran.json["totals"] == {"eventCount": 1}


def test_a_frozen_druid_broker_is_a_clear_error_within_the_deadline_and_all_is_well_afterwards(
    stack: Stack, endpoint: str, property_id: str
) -> None:
    with open_channel(endpoint) as channel:
        stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        again(lambda: stub.RunReport(report_request(property_id), timeout=30))
        with frozen(stack, "druid-broker"):

            def says_so_in_time() -> bool | None:
                """Return whether the server does, a moment before the caller gives up."""
                started = time.monotonic()
                with pytest.raises(grpc.RpcError) as caught:
                    stub.RunReport(report_request(property_id + "-other"), timeout=5)
                assert caught.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}  # type: ignore[attr-defined]
                is_said = "no answer within the deadline" in caught.value.details()  # type: ignore[attr-defined]
                return (is_said and time.monotonic() - started < 5) or None

            wait_for("the server's own sentence", says_so_in_time, seconds=30)

        def answered() -> bool | None:
            try:
                stub.RunReport(report_request(property_id + "-third"), timeout=10)
            except grpc.RpcError:
                return None
            return True

        wait_for("a report", answered)


def test_a_killed_druid_broker_is_named_and_comes_back(stack: Stack, endpoint: str, property_id: str) -> None:
    with open_channel(endpoint) as channel:
        stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        os.kill(process_of(stack, "druid-broker"), signal.SIGKILL)
        seen: list[grpc.RpcError] = []

        def answered() -> bool | None:
            try:
                stub.RunReport(report_request(property_id), timeout=10)
            except grpc.RpcError as error:
                seen.append(error)
                return None
            return True

        wait_for("a report", answered, seconds=100, pause=0.2)
        assert {error.code() for error in seen} <= {  # type: ignore[attr-defined]
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.DEADLINE_EXCEEDED,
        }
        assert seen, "the broker was never missed"
        assert all("Traceback" not in error.details() for error in seen)  # type: ignore[attr-defined]


def test_a_refused_event_is_in_the_answer_and_pushed_to_a_follower(
    footfall: Footfall, endpoint: str, property_id: str
) -> None:
    with patient_channel(endpoint) as channel:
        following = errors_pb2_grpc.ErrorServiceStub(channel).StreamErrors(  # type: ignore[no-untyped-call]
            errors_pb2.StreamErrorsRequest(property=f"properties/{property_id}"), timeout=60
        )
        assert next(following).HasField("heartbeat")  # from here on every error is pushed
        stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
        events = [Event(name="page_view", client_id="c"), Event(name="not allowed", client_id="c", event_id="e1")]
        answer = stub.WriteEvents(ingest_pb2.WriteEventsRequest(property=f"properties/{property_id}", events=events))
        (rejected,) = answer.rejected
        assert (answer.accepted, rejected.index, rejected.field) == (1, 1, "events[1].name")
        pushed = next(message.error for message in following if message.HasField("error"))
        assert (pushed.event_index, pushed.field, pushed.event_id) == (1, "events[1].name", "e1")
        assert pushed.message == rejected.message
        following.cancel()


def test_the_largest_legal_request_goes_the_whole_way(footfall: Footfall, endpoint: str, property_id: str) -> None:
    filler = {f"p{i}": Value(string_value="x" * 1000) for i in range(4)}
    events = [Event(name="page_view", client_id=f"c{i}", params=filler) for i in range(1000)]
    request = ingest_pb2.WriteEventsRequest(
        property=f"properties/{property_id}", writer_id="w", sequence=1, events=events
    )
    # pad single events until nothing more fits
    request.events[0].params["pad"].string_value = "x" * 1000
    index = 0
    while (room := 4 * 1024 * 1024 - request.ByteSize()) > 1100:
        request.events[index].params["pad"].string_value = "x" * min(1000, room - 100)
        index += 1
    assert request.ByteSize() > 4 * 1024 * 1024 - 1200
    with patient_channel(endpoint) as channel:
        stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
        answer = stub.WriteEvents(request, timeout=30)
    assert answer.accepted == 1000
    wait_for("all of it in reports", lambda: is_complete(endpoint, property_id, answer.committed_time_micros))
    ran = footfall("report", "--property", property_id, "--metrics", "eventCount,totalUsers", *TODAY, "--json")
    assert ran.json["totals"] == {"eventCount": 1000, "totalUsers": 1000}


def test_a_malformed_line_is_named_and_the_rest_is_stored(footfall: Footfall, property_id: str, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    good = '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 12 "-" "agent"\n'
    log.write_text(good + "nonsense\n" + good.replace("/a", "/b"))
    arguments = ("replay", str(log), "--format", "combined-log", "--property", property_id, "--wait", "--json")
    ran = footfall(*arguments)
    assert ran.code == 1
    assert "2" in ran.err
    answer = json.loads(ran.out)
    assert (answer["accepted"], answer["rejected"]) == (2, 1)

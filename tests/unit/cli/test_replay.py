"""`footfall replay` against a server that answers as told."""

import json
import signal
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from types import SimpleNamespace

import grpc
import pytest

from footfall.results import Outcome
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsResponse
from footfall.v1.query_pb2 import RunReportResponse
from footfall_cli.replay.plan import Batch
from footfall_cli.replay.sending import Sending
from tests.unit.cli.processes import line_of, process_of
from tests.unit.scripted_server import Ends, Fails, Hangs, accept_all

C = grpc.StatusCode


def _complete_until(micros):
    answer = RunReportResponse()
    answer.metadata.imported_data_complete_until.FromMicroseconds(micros)
    return answer


def test_a_replay_sends_numbered_batches_as_an_import_and_says_what_became_of_them(server, command, jsonl):
    file = jsonl(*(line_of(f"c{i}") for i in range(5)))

    code, out, err = command(
        "replay",
        file,
        "--format",
        "jsonl",
        "--property",
        "shop",
        "--batch-size",
        2,
        "--json",
        "--endpoint",
        server.endpoint,
    )

    assert (code, err) == (0, "")
    summary = json.loads(out)
    assert list(summary) == [
        *("events", "accepted", "rejected", "retried_batches"),
        *("seconds", "events_per_second", "queryable_after_seconds"),
    ]
    assert (summary["events"], summary["accepted"], summary["rejected"], summary["retried_batches"]) == (5, 5, 0, 0)
    assert summary["queryable_after_seconds"] is None
    assert sorted((w.sequence, [e.client_id for e in w.events]) for w in server.writes) == [
        (1, ["c0", "c1"]),
        (2, ["c2", "c3"]),
        (3, ["c4"]),
    ]
    assert all(w.historical_import and w.property == "properties/shop" for w in server.writes)


def test_a_second_replay_sends_the_same_batches_under_the_same_numbers(server, command, jsonl):
    file = jsonl(*(line_of(f"c{i}", params={"n": i, "m": "x"}) for i in range(7)))
    arguments = (
        "replay",
        file,
        "--format",
        "jsonl",
        "--property",
        "shop",
        "--batch-size",
        3,
        "--endpoint",
        server.endpoint,
    )

    command(*arguments)
    first = {w.sequence: (w.writer_id, list(w.events)) for w in server.writes}
    server.writes.clear()
    command(*arguments)

    assert {w.sequence: (w.writer_id, list(w.events)) for w in server.writes} == first
    assert first[1][0].startswith("replay-")


def test_lines_refused_here_and_by_the_server_are_named_and_the_rest_is_stored(server, command, jsonl):
    file = jsonl(line_of("c0"), "{", "", line_of("c1"), line_of("c2"))

    def reject_last(request):
        answer = WriteEventsResponse(accepted=len(request.events) - 1, committed_time_micros=1)
        index = len(request.events) - 1
        answer.rejected.add(
            index=index,
            field=f"events[{index}].name",
            code=ErrorCode.ERROR_CODE_NAME_RESERVED,
            message="'a' is\nreserved.",
        )
        return answer

    server.writes_script.append(reject_last)
    code, out, err = command(
        "replay", file, "--format", "jsonl", "--property", "shop", "--json", "--endpoint", server.endpoint
    )

    assert code == 1
    assert err.splitlines() == [
        "footfall: events.jsonl line 2: it is not JSON: expecting property name enclosed in double quotes at column 2",
        r"footfall: events.jsonl line 5: name: NAME_RESERVED: 'a' is\nreserved.",
    ]
    summary = json.loads(out)
    assert (summary["events"], summary["accepted"], summary["rejected"]) == (4, 2, 2)


def test_a_file_of_which_every_line_is_refused_ends_with_1(server, command, jsonl):
    code, out, err = command(
        "replay", jsonl("x", "y"), "--format", "jsonl", "--property", "shop", "--json", "--endpoint", server.endpoint
    )

    assert (code, json.loads(out)["events"], len(err.splitlines()), server.writes) == (1, 2, 2, [])


def test_batches_that_had_to_be_sent_again_are_counted(server, command, jsonl):
    server.writes_script.extend([Fails(C.UNAVAILABLE, pushback_ms="1"), Fails(C.UNAVAILABLE, pushback_ms="1")])

    code, out, _ = command(
        "replay",
        jsonl(line_of("c")),
        "--format",
        "jsonl",
        "--property",
        "shop",
        "--json",
        "--endpoint",
        server.endpoint,
    )

    assert (code, json.loads(out)["retried_batches"], json.loads(out)["accepted"]) == (0, 1, 1)


def test_wait_polls_until_reports_count_the_last_commit(server, command, jsonl):
    day = int(datetime(2015, 5, 17, 12, tzinfo=UTC).timestamp() * 1e6)
    server.reports_script.extend([RunReportResponse(), _complete_until(999_999), _complete_until(1_000_000)])

    code, out, err = command(
        *("replay", jsonl(line_of("c", timestamp_micros=day), line_of("d", timestamp_micros=day + 86_400_000_000))),
        *("--format", "jsonl", "--property", "shop", "--wait", "--json", "--endpoint", server.endpoint),
    )

    assert (code, err) == (0, "")
    assert json.loads(out)["queryable_after_seconds"] >= 0.1
    assert len(server.reports) == 3
    request = server.reports[0]
    assert (request.date_ranges[0].start_date, request.date_ranges[0].end_date) == ("2015-05-17", "2015-05-18")
    assert request.min_imported_data_complete_until.seconds == 1
    assert request.metrics[0].name == "eventCount"


def test_wait_has_a_bound(server, command, jsonl):
    server.reports_script.extend([RunReportResponse()] * 100)

    code, out, err = command(
        *("replay", jsonl(line_of("c")), "--format", "jsonl", "--property", "shop"),
        *("--wait", "--wait-timeout", "0.2", "--json", "--endpoint", server.endpoint),
    )

    assert code == 3
    assert err == "footfall: all events are stored, but reports did not count them within 0.2 s.\n"
    assert json.loads(out)["queryable_after_seconds"] is None


def test_a_refused_batch_names_its_lines(server, command, jsonl):
    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "property: not here."))

    code, out, err = command(
        "replay",
        jsonl(line_of("a"), line_of("b")),
        "--format",
        "jsonl",
        "--property",
        "shop",
        "--endpoint",
        server.endpoint,
    )

    assert (code, out) == (2, "")
    assert err == (
        "footfall: lines 1 to 2 were not acknowledged: property: not here. "
        "0 events before them are stored; the same replay again stores none of them twice.\n"
    )


def test_a_server_that_stays_away_ends_with_3_after_the_time_given(server, command, jsonl):
    server.writes_script.extend([Fails(C.UNAVAILABLE, "Kafka is away", pushback_ms="500")] * 100)

    code, out, err = command(
        *("replay", jsonl(line_of("a")), "--format", "jsonl", "--property", "shop"),
        *("--give-up-after", "2", "--endpoint", server.endpoint),
    )

    assert (code, out) == (3, "")
    assert "Kafka is away" in err
    assert len(err.splitlines()) == 1


def test_the_default_site_of_a_log_is_the_propertys_and_site_replaces_it(server, command, tmp_path):
    log = tmp_path / "access.log"
    log.write_text('1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 1 "-" "-"\n')
    arguments = ("replay", log, "--format", "combined-log", "--property", "semicomplete", "--endpoint", server.endpoint)

    assert command(*arguments)[0] == 0
    assert command(*arguments, "--site", "https://www.example.org/")[0] == 0

    assert [w.events[0].page_location for w in server.writes] == [
        "http://semicomplete.com/a",
        "https://www.example.org/a",
    ]
    assert server.writes[0].writer_id != server.writes[1].writer_id


def test_ctrl_c_ends_a_replay_whose_batch_is_under_way(server, jsonl):
    server.writes_script.append(Hangs())
    with process_of(server, "replay", jsonl(line_of("c")), "--format", "jsonl", "--property", "shop") as process:
        assert server.arrived.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err.strip()) == (130, "", "")


def test_a_rate_is_kept_by_the_schedule(monkeypatch):
    now, slept = [0.0], []

    class Clock:
        monotonic = staticmethod(lambda: now[0])

        @staticmethod
        def sleep(seconds):
            slept.append(round(seconds, 6))
            now[0] += seconds + 0.03  # each sleep is late

    monkeypatch.setattr("footfall_cli.replay.sending.time", Clock)

    def send(events, *, sequence):
        outcome = Future()
        outcome.set_result(Outcome(sequence, len(events), (), 1, 1))
        return outcome

    sending = Sending(send, under_way=4, rate=10, refuse=lambda *_: None, acknowledged=lambda _: None)
    one = SimpleNamespace(timestamp_micros=0)

    sending.run([Batch(n, [one, one], [1, 2]) for n in range(1, 5)])

    assert slept == [0.2, 0.17, 0.17], "late by 0.03 each time, and never later"


def test_batches_go_over_one_stream(server, command, jsonl):
    code, out, _ = command(
        *("replay", jsonl(*(line_of(str(i)) for i in range(40))), "--format", "jsonl", "--property", "shop"),
        *("--batch-size", 1, "--json", "--endpoint", server.endpoint),
    )

    assert (code, json.loads(out)["accepted"]) == (0, 40)
    assert server.ways == ["stream 1"] * 40
    assert [w.sequence for w in server.writes] == list(range(1, 41))


def test_a_replay_whose_stream_dies_counts_everything_once_and_says_what_went_twice(server, command, jsonl):
    server.writes_script.extend([accept_all, accept_all, Ends(C.UNAVAILABLE, pushback_ms="1")])

    code, out, err = command(
        *("replay", jsonl(*(line_of(str(i)) for i in range(9))), "--format", "jsonl", "--property", "shop"),
        *("--batch-size", 1, "--json", "--endpoint", server.endpoint),
    )

    assert (code, err) == (0, "")
    assert (json.loads(out)["accepted"], json.loads(out)["retried_batches"]) >= (9, 1)
    assert {w.sequence for w in server.writes} == set(range(1, 10))


def test_a_window_of_calls_is_under_way_at_once(server, command, jsonl):
    together = threading.Barrier(4)

    def meet(request):
        together.wait(5)
        return accept_all(request)

    server.writes_script.extend([meet] * 4)
    code, _, _ = command(
        *("replay", jsonl(*(line_of(str(i)) for i in range(4))), "--format", "jsonl", "--property", "shop"),
        *("--unary", "--batch-size", 1, "--endpoint", server.endpoint),
    )

    assert (code, together.broken) == (0, False)
    assert server.ways == ["call"] * 4


@pytest.mark.parametrize("way", [(), ("--unary",)])
def test_a_batch_that_fails_for_good_ends_the_pauses_of_the_others(server, jsonl, way):
    other_is_there = threading.Event()

    def fail(request):
        if request.sequence == 2:
            other_is_there.set()
            return Fails(C.UNAVAILABLE, pushback_ms="60000")
        if way:  # calls overtake each other
            other_is_there.wait(20)
        return Fails(C.INVALID_ARGUMENT, "not here")

    server.writes_script.extend([fail, fail])
    arguments = ("replay", jsonl(line_of("a"), line_of("b")), "--format", "jsonl", "--property", "shop")
    with process_of(server, *arguments, "--batch-size", "1", *way) as process:
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (2, "")
    assert "lines 1 to 1 were not acknowledged: not here." in err


@pytest.mark.parametrize("way", [(), ("--unary",)])
def test_a_replay_over_the_quota_waits_and_goes_on(server, command, jsonl, way):
    over = Fails(C.RESOURCE_EXHAUSTED, "The property has used up its quota", pushback_ms="200")
    server.writes_script.extend([over, over])
    file = jsonl(*(line_of(f"c{i}") for i in range(4)))
    options = ("--format", "jsonl", "--property", "shop", "--batch-size", 2, *way, "--json")

    code, out, err = command("replay", file, *options, "--endpoint", server.endpoint)

    assert (code, err) == (0, "")
    summary = json.loads(out)
    assert (summary["accepted"], summary["rejected"]) == (4, 0)
    assert summary["retried_batches"] >= 1


def test_a_replay_that_gives_up_over_the_quota_says_what_was_asked_of_it(server, command, jsonl):
    sentence = "The property has used up its quota of 1 events a second; try the batch of 2 events again in 60 s."
    server.writes_script.append(Fails(C.RESOURCE_EXHAUSTED, sentence, pushback_ms="60000"))
    options = ("--format", "jsonl", "--property", "shop", "--give-up-after", 30)

    code, out, err = command("replay", jsonl(line_of("c1"), line_of("c2")), *options, "--endpoint", server.endpoint)

    assert (code, out) == (3, "")
    assert f"lines 1 to 2 were not acknowledged: {sentence}" in err

"""`footfall report` against a server that answers as told."""

import json
from datetime import datetime, timedelta

import grpc
import pytest

from footfall.v1.query_pb2 import MetricHeader, MetricValue, Row, RunReportResponse
from tests.unit.scripted_server import Fails

C = grpc.StatusCode


def _report_answer():
    answer = RunReportResponse(
        dimension_headers=["date", "pageTitle"],
        metric_headers=[MetricHeader(name="eventCount")],
        rows=[Row(dimension_values=["2015-05-17", "[bold]x\x1b[2J"], metric_values=[MetricValue(integer_value=1632)])],
        totals=[MetricValue(integer_value=1632)],
        row_count=1,
    )
    answer.metadata.data_complete_until.FromMicroseconds(1_767_225_600_000_000)
    answer.metadata.time_zone = "Asia/Kolkata"
    return answer


REPORT = ("report", "--property", "semicomplete", "--dimensions", "date,pageTitle", "--metrics", "eventCount")
DAYS = ("--from", "2015-05-17", "--to", "2015-05-20")


def test_a_report_as_json_is_one_object(server, command):
    server.reports_script.append(_report_answer())

    code, out, err = command(*REPORT, *DAYS, "--json", "--endpoint", server.endpoint)

    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "rows": [{"date": "2015-05-17", "pageTitle": "[bold]x\x1b[2J", "eventCount": 1632}],
        "totals": {"eventCount": 1632},
        "row_count": 1,
        "metadata": {
            "time_zone": "Asia/Kolkata",
            "currency_code": "",
            "data_complete_until": "2026-01-01T00:00:00Z",
            "from_cache": False,
            "approximate_metrics": [],
            "bots_included": False,
        },
    }


def test_a_report_as_a_table_shows_strangers_words_as_they_are_and_lets_them_steer_nothing(server, command):
    server.reports_script.append(_report_answer())

    code, out, err = command(*REPORT, *DAYS, "--endpoint", server.endpoint)

    assert (code, err) == (0, "")
    assert r"[bold]x\x1b[2J" in out
    assert "1,632" in out
    assert "complete until 2026-01-01T00:00:00Z" in out


def test_every_option_of_a_report_reaches_the_request(server, command):
    server.reports_script.append(RunReportResponse())

    code, _, err = command(
        *(*REPORT, "--from", "yesterday", "--to", "today", "--timezone", "Asia/Kolkata"),
        *("--filter", 'pagePath contains "x"', "--order-by", "-eventCount,date", "--limit", 5, "--offset", 2),
        *("--include-bots", "--currency", "EUR", "--endpoint", server.endpoint),
    )

    assert (code, err) == (0, "")
    (request,) = server.reports
    days = request.date_ranges[0]
    assert datetime.fromisoformat(days.end_date) - datetime.fromisoformat(days.start_date) == timedelta(days=1)
    assert request.dimension_filter.WhichOneof("expr") is not None
    assert [(o.metric, o.dimension, o.desc) for o in request.order_bys] == [
        ("eventCount", "", True),
        ("", "date", False),
    ]
    assert (request.limit, request.offset, request.include_bots, request.currency_code) == (5, 2, True, "EUR")
    assert request.time_zone == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("fails", "code"),
    [
        (Fails(C.INVALID_ARGUMENT, "metrics[0]: unknown"), 2),
        (Fails(C.FAILED_PRECONDITION, "several currencies"), 2),
        (Fails(C.UNAVAILABLE, "Druid is away", pushback_ms="60000"), 3),
        (Fails(C.DEADLINE_EXCEEDED, "too late", pushback_ms="60000"), 3),
        (Fails(C.INTERNAL, "An internal error"), 3),
        (Fails(C.UNIMPLEMENTED, "Method not found!"), 3),
    ],
)
def test_what_the_server_says_is_one_sentence(server, command, fails, code):
    server.reports_script.append(fails)

    ended, out, err = command(*REPORT, *DAYS, "--endpoint", server.endpoint)

    assert (ended, out) == (code, "")
    assert fails.message in err
    assert len(err.splitlines()) == 1


def test_a_wrong_filter_shows_the_place(command):
    code, out, err = command(*REPORT, *DAYS, "--filter", "source = ", "--endpoint", "127.0.0.1:9")

    assert (code, out) == (2, "")
    assert err.startswith("footfall: --filter: ")
    assert err.rstrip("\n").splitlines()[-1].strip() == "^"

"""`footfall report` against a server that answers as told."""

import json

import grpc
import pytest

from footfall.v1.query_pb2 import METRIC_TYPE_INTEGER, MetricHeader, MetricValue, Row, RunReportResponse
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
    answer.metadata.imported_data_complete_until.FromMicroseconds(1_767_225_598_000_000)
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
            "imported_data_complete_until": "2025-12-31T23:59:58Z",
            "from_cache": False,
            "approximate_metrics": [],
            "bots_included": False,
            "date_ranges": [],
        },
    }


def test_a_report_as_a_table_shows_strangers_words_as_they_are_and_lets_them_steer_nothing(server, command):
    server.reports_script.append(_report_answer())

    code, out, err = command(*REPORT, *DAYS, "--endpoint", server.endpoint)

    assert (code, err) == (0, "")
    assert r"[bold]x\x1b[2J" in out
    assert "1,632" in out
    assert "complete until 2026-01-01T00:00:00Z" in out
    assert "imports" not in out


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(1_767_225_590_000_000, "imports until 2025-12-31T23:59:50Z"), (None, "imports until not known")],
)
def test_imports_that_are_behind_are_said_so(server, command, micros, shown):
    answer = _report_answer()
    answer.metadata.ClearField("imported_data_complete_until")
    if micros is not None:
        answer.metadata.imported_data_complete_until.FromMicroseconds(micros)
    server.reports_script.append(answer)

    _, out, _ = command(*REPORT, *DAYS, "--endpoint", server.endpoint)

    assert f"complete until 2026-01-01T00:00:00Z · {shown}" in out


def test_every_option_of_a_report_reaches_the_request(server, command):
    server.reports_script.append(RunReportResponse())

    code, _, err = command(
        *(*REPORT, "--from", "yesterday", "--to", "today", "--timezone", "Asia/Kolkata"),
        *(
            "--filter",
            'pagePath contains "x"',
            "--metric-filter",
            "eventCount > 5",
            "--order-by",
            "-eventCount,date",
            "--limit",
            5,
            "--offset",
            2,
        ),
        *("--include-bots", "--currency", "EUR", "--endpoint", server.endpoint),
    )

    assert (code, err) == (0, "")
    (request,) = server.reports
    # which days these are is the server's to say: it may be another day there
    assert [(d.start_date, d.end_date, d.name) for d in request.date_ranges] == [("yesterday", "today", "")]
    assert request.dimension_filter.filter.string_filter.value == "x"
    assert request.metric_filter.filter.numeric_filter.value.int64_value == 5
    assert [(o.metric, o.dimension, o.desc) for o in request.order_bys] == [
        ("eventCount", "", True),
        ("", "date", False),
    ]
    assert (request.limit, request.offset, request.include_bots, request.currency_code) == (5, 2, True, "EUR")
    assert request.time_zone == "Asia/Kolkata"


def test_several_ranges_are_compared(server, command):
    answer = RunReportResponse(
        dimension_headers=["eventName", "dateRange"],
        metric_headers=[MetricHeader(name="eventCount", type=METRIC_TYPE_INTEGER)],
        rows=[
            Row(dimension_values=["scroll", name], metric_values=[MetricValue(integer_value=count)])
            for name, count in (("new", 1234), ("date_range_1", 7))
        ],
        range_totals=[
            Row(dimension_values=["RESERVED_TOTAL", name], metric_values=[MetricValue(integer_value=count)])
            for name, count in (("new", 2345), ("date_range_1", 8))
        ],
        row_count=2,
    )
    answer.metadata.date_ranges.add(name="new", start_date="2026-03-08", end_date="2026-03-14")
    answer.metadata.date_ranges.add(name="date_range_1", start_date="2026-03-01", end_date="2026-03-07")
    server.reports_script.append(answer)

    code, out, err = command(
        *("report", "--property", "shop", "--dimensions", "eventName", "--metrics", "eventCount"),
        *("--range", "new=7daysAgo..yesterday", "--range", "14daysAgo..8daysAgo", "--order-by", "dateRange"),
        *("--endpoint", server.endpoint),
    )

    assert (code, err) == (0, "")
    (request,) = server.reports
    assert [(d.start_date, d.end_date, d.name) for d in request.date_ranges] == [
        ("7daysAgo", "yesterday", "new"),
        ("14daysAgo", "8daysAgo", ""),
    ]
    assert [dimension.name for dimension in request.dimensions] == ["eventName", "dateRange"]
    assert [" ".join(line.split()) for line in out.splitlines()[:5]] == [
        "eventName dateRange eventCount",
        "scroll new 1,234",
        "scroll date_range_1 7",
        "Total new 2,345",
        "Total date_range_1 8",
    ]
    assert "new: 2026-03-08 to 2026-03-14 · date_range_1: 2026-03-01 to 2026-03-07" in out


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ((), "--from is missing"),
        (("--from", "today"), "--to is missing"),
        (("--to", "today"), "--from is missing"),
        (("--from", "today", "--to", "today", "--range", "today..today"), "one or the other"),
        (("--range", "today"), "is not a range"),
        (("--range", "=today..today"), "is not a range"),
        (("--range", "today.."), "is not a range"),
    ],
)
def test_days_that_are_missing_or_given_twice_are_wrong_use(command, days, sentence):
    code, out, err = command(*REPORT, *days, "--endpoint", "127.0.0.1:9")

    assert (code, out) == (2, "")
    assert sentence in err


@pytest.mark.parametrize(
    ("fails", "code"),
    [
        (Fails(C.INVALID_ARGUMENT, "metrics[0]: unknown"), 2),
        (Fails(C.FAILED_PRECONDITION, "several currencies"), 2),
        (Fails(C.RESOURCE_EXHAUSTED, "The filter is too large"), 2),
        (Fails(C.RESOURCE_EXHAUSTED, "The property has used up its quota of 1 reports a second", "60000"), 3),
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


@pytest.mark.parametrize("option", ["--filter", "--metric-filter"])
def test_a_wrong_filter_shows_the_place(command, option):
    code, out, err = command(*REPORT, *DAYS, option, "source = ", "--endpoint", "127.0.0.1:9")

    assert (code, out) == (2, "")
    assert err.startswith(f"footfall: {option}: ")
    assert err.rstrip("\n").splitlines()[-1].strip() == "^"

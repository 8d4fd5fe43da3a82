"""Each kind of filter on the real log, against what awk says of the same lines."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Footfall
from tests.e2e.figures import DAYS

FIELDS = r"""
{
    split($2, request, " ")
    method = request[1]
    path = request[2]
    sub(/[?#].*/, "", path)
    split($3, answer, " ")
    status = answer[1]
    bytes = answer[2]
    referrer = $4
    split($1, when, /\[|:/)
    day = when[2]
    hour = when[3]
}
"""
"""Names the fields of a line of the log, which is split at its quotes."""


def awk(log: Path, program: str) -> list[str]:
    """Return the lines that an awk program writes."""
    command = ["awk", "-F", '"', FIELDS + program, str(log)]
    ran = subprocess.run(command, capture_output=True, check=True, text=True, env=os.environ | {"LC_ALL": "C"})
    return ran.stdout.splitlines()


@pytest.fixture(scope="module")
def replayed(footfall: Footfall, access_log: Path) -> str:
    """A property with the whole log."""
    property_id = f"filters-{os.getpid()}-{os.urandom(4).hex()}"
    site = ("--format", "combined-log", "--site", "http://semicomplete.com")
    answer = footfall("replay", str(access_log), "--property", property_id, *site, "--wait", "--json").json
    assert answer["accepted"] == 10_000
    return property_id


def report(footfall: Footfall, property_id: str, *arguments: str) -> Any:
    days = ("--from", DAYS[0], "--to", DAYS[-1], "--include-bots", "--json")
    return footfall("report", "--property", property_id, "--metrics", "eventCount", *days, *arguments).json


FILTERS = [
    ("pagePath = /projects/xdotool/", 'path == "/projects/xdotool/"'),
    ("pagePath = /PROJECTS/xdotool/", 'path == "/PROJECTS/xdotool/"'),
    ("ignoreCase(pagePath = /PROJECTS/xdotool/)", 'tolower(path) == "/projects/xdotool/"'),
    ("pagePath startsWith /presentations/", 'index(path, "/presentations/") == 1'),
    ("ignoreCase(pagePath startsWith /Presentations/)", 'index(tolower(path), "/presentations/") == 1'),
    ("pagePath endsWith .png", r"path ~ /\.png$/"),
    ("ignoreCase(pagePath endsWith .PNG)", r"tolower(path) ~ /\.png$/"),
    ("pageReferrer contains www.google.", 'index(referrer, "www.google.")'),
    ("pageReferrer contains %20", 'index(referrer, "%20")'),
    ("ignoreCase(pageReferrer contains XDOTOOL)", 'index(tolower(referrer), "xdotool")'),
    ('pagePath fullyMatches "/blog/tags/[a-z]+"', r"path ~ /^\/blog\/tags\/[a-z]+$/"),
    ('pagePath fullyMatches "/BLOG/tags/[a-z]+"', r"path ~ /^\/BLOG\/tags\/[a-z]+$/"),
    ('ignoreCase(pagePath fullyMatches "/BLOG/tags/[a-z]+")', r"tolower(path) ~ /^\/blog\/tags\/[a-z]+$/"),
    ('pagePath matches "20(09|10)"', "path ~ /20(09|10)/"),
    ('pagePath matches "LogStash"', "path ~ /LogStash/"),
    ('ignoreCase(pagePath matches "LogStash")', "tolower(path) ~ /logstash/"),
    ("event.http_method in (HEAD, POST)", 'method == "HEAD" || method == "POST"'),
    ("event.http_method in (head, post)", 'method == "head" || method == "post"'),
    ("ignoreCase(event.http_method in (head, post))", 'method == "HEAD" || method == "POST"'),
    ("event.http_status == 404", "status == 404"),
    ("event.http_status > 304", "status > 304"),
    ("event.http_status >= 304", "status >= 304"),
    ("event.http_status < 301", "status < 301"),
    ("event.http_status <= 301", "status <= 301"),
    ("event.bytes > 1000000", 'bytes != "-" && bytes > 1000000'),
    ("event.bytes between (1000, 2000)", 'bytes != "-" && bytes >= 1000 && bytes <= 2000'),
    ("isSet(event.bytes)", 'bytes != "-"'),
    ("NOT isSet(event.bytes)", 'bytes == "-"'),
    ("isSet(pageReferrer)", 'referrer != "-"'),
    ("NOT pagePath startsWith /blog/", 'index(path, "/blog/") != 1'),
    ("event.http_status = 404 OR event.http_status = 500", "status == 404 || status == 500"),
    (
        'event.http_status = 200 AND pagePath matches "^/(blog|projects)/" AND NOT isSet(pageReferrer)',
        r'status == 200 && path ~ /^\/(blog|projects)\// && referrer == "-"',
    ),
    ("hour between (9, 11)", "hour >= 9 && hour <= 11"),
    ("date = 2015-05-18 AND hour = 07", 'day == "18/May/2015" && hour == "07"'),
    ("dateHour = 2015-05-19T21", 'day == "19/May/2015" && hour == "21"'),
]


@pytest.mark.parametrize(("text", "condition"), FILTERS)
def test_a_filter_finds_as_many_events_as_awk_finds_lines(
    footfall: Footfall, access_log: Path, replayed: str, text: str, condition: str
) -> None:
    found = report(footfall, replayed, "--filter", text)["totals"]["eventCount"]
    assert [str(found)] == awk(access_log, f"({condition}) {{ n++ }} END {{ print n + 0 }}")


@pytest.mark.parametrize(
    ("text", "condition"),
    [("eventCount > 100", "n[path] > 100"), ("NOT eventCount between (2, 100)", "n[path] < 2 || n[path] > 100")],
)
def test_a_filter_on_metrics_keeps_the_pages_that_awk_keeps(
    footfall: Footfall, access_log: Path, replayed: str, text: str, condition: str
) -> None:
    answer = report(footfall, replayed, "--dimensions", "pagePath", "--metric-filter", text)
    found = [f"{row['pagePath']} {row['eventCount']}" for row in answer["rows"]]
    expected = awk(access_log, f'{{ n[path]++ }} END {{ for (path in n) if ({condition}) print path " " n[path] }}')
    assert sorted(found) == sorted(expected)
    assert answer["row_count"] == len(expected) > 10
    assert answer["totals"]["eventCount"] == 10_000


def test_statuses_and_hours_are_counted_as_awk_counts_them(footfall: Footfall, access_log: Path, replayed: str) -> None:
    for dimension, field in (("event.http_status", "status"), ("hour", "hour")):
        rows = report(footfall, replayed, "--dimensions", dimension)["rows"]
        expected = awk(access_log, f'{{ n[{field}]++ }} END {{ for (one in n) print one " " n[one] }}')
        assert sorted(f"{row[dimension]} {row['eventCount']}" for row in rows) == sorted(expected)


def test_the_command_line_and_awk_agree_on_ranges(footfall: Footfall, access_log: Path, replayed: str) -> None:
    days = ("--range", "first=2015-05-17..2015-05-18", "--range", "2015-05-18..2015-05-18", "--include-bots", "--json")
    ran = footfall("report", "--property", replayed, "--metrics", "eventCount", *days)
    found = {row["dateRange"]: row["eventCount"] for row in json.loads(ran.out)["rows"]}
    (first,) = awk(access_log, "day ~ /^1[78]\\// { n++ } END { print n }")
    (second,) = awk(access_log, "day ~ /^18\\// { n++ } END { print n }")
    assert found == {"first": int(first), "date_range_1": int(second)}

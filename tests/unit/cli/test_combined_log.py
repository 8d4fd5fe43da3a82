"""Lines of a combined log as events."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from footfall_cli.replay.combined_log import CombinedLog, text
from footfall_cli.replay.lines import Line, RefusedLineError, fingerprint
from footfall_cli.replay.plan import batches

LOG = CombinedLog("http://semicomplete.com", "access.log")
GOOD = '1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 203023 "http://x.org/" "Mozilla/5.0 (X)"'


def _event(line):
    content = line if isinstance(line, bytes) else line.encode()
    return LOG.event(Line(7, content, len(content)))


def test_a_line_is_a_page_view():
    event = _event(GOOD)

    assert event.name == "page_view"
    assert event.event_id == "access.log:7"
    assert event.page_location == "http://semicomplete.com/a?b=c"
    assert event.page_referrer == "http://x.org/"
    assert event.user_agent == "Mozilla/5.0 (X)"
    assert event.ip_override == "1.2.3.4"
    assert datetime.fromtimestamp(event.timestamp_micros / 1e6, UTC) == datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC)
    assert event.params["http_status"].number_value == 200
    assert event.params["bytes"].number_value == 203023
    assert event.params["http_method"].string_value == "GET"


def test_the_time_is_that_of_the_lines_own_zone():
    east = _event(GOOD.replace("+0000", "+0530"))
    west = _event(GOOD.replace("+0000", "-0800"))

    assert (_event(GOOD).timestamp_micros - east.timestamp_micros) / 6e7 == 330
    assert (west.timestamp_micros - _event(GOOD).timestamp_micros) / 6e7 == 480


def test_dashes_are_not_set():
    event = _event('1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 304 - "-" "-"')

    assert (event.page_referrer, event.user_agent, "bytes" in event.params) == ("", "", False)


def test_a_client_is_address_and_user_agent_as_written():
    ids = [
        _event(GOOD).client_id,
        _event(GOOD.replace("1.2.3.4", "1.2.3.5")).client_id,
        _event(GOOD.replace("(X)", "(Y)")).client_id,
        _event(GOOD.replace("Mozilla/5.0 (X)", "-")).client_id,
    ]

    assert len(set(ids)) == 4
    assert _event(GOOD.replace("/a?b=c", "/other").replace("200", "404")).client_id == ids[0]
    assert ids[0] == "fbf2693d2c3fd04bb67b10e5bf500629", "the hash must never change: it is who the visitor is"


def test_a_user_agent_without_its_last_quote_reaches_to_the_end():
    event = _event(GOOD.removesuffix('"'))

    assert event.user_agent == "Mozilla/5.0 (X)"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb"say \"hi\"", 'say "hi"'),
        (rb"back\\slash", "back\\slash"),
        (rb"nginx \x22hi\x22", 'nginx "hi"'),
        (rb"\xc3\xa9t\xc3\xa9", "été"),
        ("été".encode(), "été"),
        (rb"\xe4\xe5", r"\xe4\xe5"),
        (b"\xe4\xe5", r"\xe4\xe5"),
        (rb"nul \x00", r"nul \x00"),
        (b"nul \x00", r"nul \x00"),
        (b"c1 \xc2\x9b", r"c1 \x9b"),
        (rb"tab \t", r"tab \t"),
    ],
)
def test_text_is_what_the_visitor_sent_as_far_as_it_is_text(written, meant):
    assert text(written) == meant


def test_a_quote_in_the_user_agent_does_not_end_it():
    assert _event(GOOD.replace("(X)", r"\"X\" y")).user_agent == 'Mozilla/5.0 "X" y'


@pytest.mark.parametrize(
    ("request_line", "location"),
    [
        ("GET /a b HTTP/1.1", "http://semicomplete.com/a b"),
        ("GET /old", "http://semicomplete.com/old"),
        ("GET http://other.org/x HTTP/1.1", "http://other.org/x"),
    ],
)
def test_odd_requests_that_are_for_a_page(request_line, location):
    assert _event(GOOD.replace("GET /a?b=c HTTP/1.1", request_line)).page_location == location


def test_addresses_that_are_no_ip_address_are_not_sent_as_one():
    assert _event(GOOD.replace("1.2.3.4", "host.example.org")).ip_override == ""
    assert _event(GOOD.replace("1.2.3.4", "2001:db8::1")).ip_override == "2001:db8::1"


def test_users_may_have_names_with_blanks():
    assert _event(GOOD.replace("- - [", "- john doe [")).name == "page_view"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("garbage", "expected an address, ident and user at column 1, found 'garbage'"),
        ("1.2.3.4 - - yesterday", "expected an address, ident and user|expected a time"),
        (GOOD.replace("[", ""), "expected"),
        (GOOD.replace("May", "Mai"), "'17/Mai/2015:10:05:03 [+]0000' is no time"),
        (GOOD.replace("17/May", "31/Feb"), "is no time"),
        (GOOD.replace("+0000", "+9900"), "is no time"),
        (GOOD.replace("10:05:03", "24:05:03"), "is no time"),
        (GOOD.replace('"GET', "GET"), "expected a request in quotes at column 42, found 'GET"),
        (GOOD.replace(" 200 ", " ok "), "expected a status of three digits"),
        (GOOD.replace("203023", "many"), "expected a number of bytes or -"),
        (GOOD[: GOOD.index(' "http')], "expected a number of bytes or -|expected a referrer"),
        (GOOD[: GOOD.index(' "Mozilla')] + " ", "expected a user agent in quotes .* found the end of the line"),
        (GOOD + ' "extra"', "expected the end of the line"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", "-"), "'-' is for no page"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", "OPTIONS * HTTP/1.0"), "is for no page"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", r"\x16\x03\x01"), "is for no page"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", "CONNECT a.org:443 HTTP/1.1"), "is for no page"),
    ],
)
def test_a_malformed_line_is_refused_with_the_place_and_what_was_expected(line, reason):
    with pytest.raises(RefusedLineError, match=reason):
        _event(line)


def test_a_blank_line_is_skipped():
    assert _event("  ") is None


def test_every_line_of_the_real_log_is_an_event_and_the_figures_are_those_of_other_programs(access_log):
    source = fingerprint(access_log)
    refused = []
    events = [e for b in batches(source, LOG.event, 500, lambda n, why: refused.append((n, why))) for e in b.events]
    days = [(datetime.fromtimestamp(e.timestamp_micros / 1e6, UTC).day, e.client_id) for e in events]

    assert refused == []
    assert Counter(day for day, _ in days) == {17: 1632, 18: 2893, 19: 2896, 20: 2579}
    assert len({e.client_id for e in events}) == 1862
    assert Counter(day for day, _ in set(days)) == {17: 365, 18: 660, 19: 586, 20: 533}
    assert len({e.ip_override for e in events}) == 1753
    assert sum(e.page_referrer.startswith(("http://www.google.com/", "https://www.google.com/")) for e in events) == 228
    assert sum(
        "http://www.google.com/" in e.page_referrer or "https://www.google.com/" in e.page_referrer for e in events
    )
    assert sum(e.page_location == "http://semicomplete.com/projects/xdotool/" for e in events) == 224
    assert sum(e.params["http_status"].number_value == 404 for e in events) == 213
    assert len({e.event_id for e in events}) == 10_000

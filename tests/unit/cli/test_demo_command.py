"""`footfall demo` against a server that answers as told."""

import json
import re
import signal
import threading
from collections import Counter, deque
from concurrent.futures import Future
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import click
import grpc
import pytest

from footfall.error_list import ErrorCount
from footfall.results import Loss, Outcome
from footfall.v1.errors_pb2 import STAGE_VALIDATION, ListErrorsResponse
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode, RejectedEvent, WriteEventsResponse
from footfall.v1.query_pb2 import MetricHeader, MetricValue, Row, RunReportResponse
from footfall_cli.demo.arrivals import Arrival
from footfall_cli.demo.command import _days
from footfall_cli.demo.delivery import Delivery
from footfall_cli.demo.figures import Figures
from footfall_cli.demo.history import arrivals_on
from footfall_cli.demo.live_delivery import Losses
from footfall_cli.demo.reports import errors_caused
from footfall_cli.demo.settings import Demo
from footfall_core.validation.batch import verdicts
from tests.unit.cli.processes import process_of
from tests.unit.scripted_server import Fails, Hangs

C = grpc.StatusCode
DAYS = [date(2026, 3, 13), date(2026, 3, 14), date(2026, 3, 15)]
SHOP = Demo(seed=5, visits=60)
HOUR = 3_600_000_000
UNTIL = int(datetime(2026, 3, 15, 23, tzinfo=UTC).timestamp() * 1e6)
"""The end of the last day at the shop."""


def judge(request):
    """What a real server answers, by its own rules."""
    found = verdicts(request, int(datetime.now(UTC).timestamp() * 1e6), request.ByteSize())
    return WriteEventsResponse(
        accepted=len(request.events) - len(found),
        rejected=[RejectedEvent(index=v.index, field=v.field, code=v.code, message=v.message) for v in found],
        committed_time_micros=1_000_000,
    )


def expected():
    figures = Figures()
    for which in DAYS:
        for arrival in arrivals_on(SHOP, which):
            if arrival.at_micros < UNTIL:
                figures.add(arrival)
    return figures


def complete(name="eventCount", dimension="date"):
    answer = RunReportResponse(
        dimension_headers=[dimension],
        metric_headers=[MetricHeader(name=name)],
        rows=[Row(dimension_values=["2026-03-15"], metric_values=[MetricValue(integer_value=1632)])],
        totals=[MetricValue(integer_value=1632)],
        row_count=1,
    )
    answer.metadata.imported_data_complete_until.FromMicroseconds(1_000_000)
    return answer


def counted(*codes):
    answer = ListErrorsResponse(total_count=len(codes))
    for code, count in sorted(Counter(codes).items()):
        kind = answer.counts.add(stage=STAGE_VALIDATION, code=ErrorCode.Value(f"ERROR_CODE_{code}"), count=count)
        kind.hour.FromSeconds(1_767_225_600)
    return answer


@pytest.fixture
def shop(server):
    """A server that judges what is sent, has complete reports, and counts the errors."""
    server.writes_script.extend([judge] * 500)
    server.reports_script.extend([complete() for _ in range(5)])
    codes = [code for code, count in expected().broken.items() for _ in range(count)]
    server.lists_script.extend([counted(*codes), counted(), counted()])
    return server


def demo_of(server, *more):
    return (
        *("demo", "--property", "shop", "--seed", 5, "--visits", 60, "--days", 3, "--until", "2026-03-15"),
        *("--endpoint", server.endpoint, *more),
    )


def test_a_demo_sends_each_day_under_its_writer_and_says_what_became_of_it(shop, command):
    code, out, err = command(*demo_of(shop, "--json"))

    assert (code, err) == (0, "")
    summary, figures = json.loads(out), expected()
    assert summary["generated"] == figures.as_json()
    assert (summary["accepted"], summary["rejected"]) == (figures.good, figures.all_broken)
    assert (summary["first_day"], summary["last_day"]) == ("2026-03-13", "2026-03-15")
    assert summary["until"] == "2026-03-15T23:00:00Z"
    assert summary["errors"]["total_count"] == figures.all_broken > 0
    assert list(summary["reports"]) == ["days", "channels", "best_sellers"]
    writers = list(dict.fromkeys(w.writer_id for w in shop.writes))
    assert [writer_id[-9:] for writer_id in writers] == ["-20260313", "-20260314", "-20260315"]
    for writer_id in writers:
        sent = [w for w in shop.writes if w.writer_id == writer_id]
        assert [w.sequence for w in sent] == list(range(1, len(sent) + 1))
        assert all(w.historical_import and w.property == "properties/shop" for w in sent)
    assert sum(len(w.events) for w in shop.writes) == figures.good + figures.all_broken
    assert [w.filter.writer_id for w in shop.lists] == writers


def test_reports_are_of_the_demos_days_by_the_shops_clocks_and_in_its_currency(shop, command):
    command(*demo_of(shop))

    asked = shop.reports[2:]
    assert [r.metrics[0].name for r in shop.reports[:2]] == ["eventCount", "itemsPurchased"], "both are waited for"
    assert [r.dimensions[0].name for r in asked] == ["date", "defaultChannelGroup", "itemName"]
    for request in asked:
        assert (request.date_ranges[0].start_date, request.date_ranges[0].end_date) == ("2026-03-13", "2026-03-15")
        assert (request.time_zone, request.currency_code) == ("Europe/Berlin", "EUR")
        assert request.min_imported_data_complete_until.seconds == 1


def test_people_read_the_figures_three_tables_and_the_errors(shop, command):
    code, out, err = command(*demo_of(shop))

    figures = expected()
    assert (code, err) == (0, "")
    assert out.startswith(f"{figures.good:,} events of 3 days stored in ")
    assert f"{figures.purchases} purchase" in out
    assert f"{figures.revenue['EUR']:,.2f} EUR" in out
    assert f"\n{figures.all_broken} broken events refused, as they should be\n" in out
    assert re.search(r"^in reports \d+\.\d\d s after the last acknowledgement$", out, re.MULTILINE)
    for title in ("Day by day", "What brought visitors", "The 10 best sellers", "Errors of these events"):
        assert f"\n{title}" in out
    assert out.count("1,632") == 6
    assert re.search(
        rf"^2026-01-01T00:00:00Z +validation +VALUE_INVALID +{figures.broken['VALUE_INVALID']}$", out, re.MULTILINE
    )
    assert out.endswith(f"{figures.all_broken} errors\n")


def test_a_second_demo_sends_the_same_batches_under_the_same_numbers(shop, command):
    command(*demo_of(shop))
    first = {(w.writer_id, w.sequence): list(w.events) for w in shop.writes}
    shop.writes.clear()
    shop.reports_script.extend([complete() for _ in range(5)])
    shop.lists_script.extend([counted(), counted(), counted(*["NAME_INVALID"] * 100)])
    command(*demo_of(shop))

    assert {(w.writer_id, w.sequence): list(w.events) for w in shop.writes} == first


def test_days_that_a_longer_demo_shares_with_a_shorter_one_are_the_same(shop, command):
    command(*demo_of(shop))
    first = {(w.writer_id, w.sequence): list(w.events) for w in shop.writes}
    shop.writes.clear()
    shop.reports_script.extend([complete() for _ in range(5)])
    shop.lists_script.extend([counted(*["NAME_INVALID"] * 100), *[counted()] * 4])
    command(*demo_of(shop), "--days", 5)

    longer = {(w.writer_id, w.sequence): list(w.events) for w in shop.writes}
    assert len({writer_id for writer_id, _ in longer}) == 5
    assert longer.items() > first.items()


def test_an_answer_that_the_demo_did_not_mean_is_named_and_ends_with_1(server, command):
    def refuse_first(request):
        answer = judge(request)
        assert all(rejected.index > 0 for rejected in answer.rejected)
        first = RejectedEvent(index=0, code=ErrorCode.ERROR_CODE_NAME_RESERVED, message="not\nhere")
        answer.rejected.insert(0, first)
        return answer

    server.writes_script.append(refuse_first)
    server.writes_script.extend([judge] * 500)
    server.reports_script.extend([complete() for _ in range(5)])
    server.lists_script.extend([counted(*["NAME_INVALID"] * 100)] * 3)

    code, out, err = command(*demo_of(server))

    assert code == 1
    first = server.writes[0].events[0].event_id
    assert err == (f"footfall: event {first} was to be stored, and was refused, NAME_RESERVED: not\\nhere\n")
    assert "as they should be but for 1, named on stderr" in out


def test_a_batch_that_fails_for_good_names_its_day(server, command):
    server.writes_script.append(Fails(C.INVALID_ARGUMENT, "property: not here."))

    code, out, err = command(*demo_of(server))

    assert (code, out) == (2, "")
    assert err == (
        "footfall: some events of 2026-03-13 were not acknowledged: property: not here. 0 events before them are "
        "stored; the same demo again stores none of them twice.\n"
    )


def test_reports_that_stay_behind_end_with_3(server, command):
    server.writes_script.extend([judge] * 500)
    server.reports_script.extend([RunReportResponse()] * 100)

    code, out, err = command(*demo_of(server), "--wait-timeout", "0.2")

    assert (code, out) == (3, "")
    assert err == "footfall: all events are stored, but reports did not count them within 0.2 s.\n"


def test_before_the_first_hour_of_a_day_is_over_there_is_nothing_to_send(server, command, monkeypatch):
    monkeypatch.setattr("footfall_cli.demo.command._days", lambda *_: (DAYS[-1:], UNTIL - 24 * HOUR))

    code, out, err = command(*demo_of(server))

    assert (code, out, server.writes) == (0, "", [])
    assert err == "footfall: nothing has arrived yet: the first hour of 2026-03-15 is not over at the shop.\n"


@pytest.mark.parametrize(
    ("last_day", "now", "first", "last", "until"),
    [
        (None, "2026-03-15T12:59:59Z", "2026-03-13", "2026-03-15", "2026-03-15T12:00:00Z"),
        (None, "2026-03-15T23:30:00Z", "2026-03-14", "2026-03-16", "2026-03-15T23:00:00Z"),
        ("2026-03-15", "2026-03-15T12:59:59Z", "2026-03-13", "2026-03-15", "2026-03-15T12:00:00Z"),
        ("2026-03-14", "2026-03-15T12:59:59Z", "2026-03-12", "2026-03-14", "2026-03-14T23:00:00Z"),
    ],
)
def test_days_end_with_the_last_one_at_the_shop_or_with_the_last_full_hour(last_day, now, first, last, until):
    given = datetime.fromisoformat(last_day) if last_day else None
    days, end = _days(given, 3, datetime.fromisoformat(now))

    assert (len(days), str(days[0]), str(days[-1])) == (3, first, last)
    assert end == datetime.fromisoformat(until).timestamp() * 1e6


def test_a_day_before_the_shop_was_opened_is_refused():
    with pytest.raises(click.UsageError, match="1999-12-31 is before the shop was opened"):
        _days(datetime(1999, 12, 31), 1, datetime.now(UTC))  # noqa: DTZ001 - as click hands it over


def test_a_day_that_is_yet_to_come_is_refused():
    with pytest.raises(click.UsageError, match="2026-03-17 is yet to come; at the shop it is 2026-03-16"):
        _days(datetime.fromisoformat("2026-03-17"), 1, datetime.fromisoformat("2026-03-15T23:30:00Z"))


def test_errors_are_counted_over_all_writers_as_soon_as_there_are_enough():
    hour = datetime(2026, 3, 15, 12, tzinfo=UTC)
    pages = deque(
        [
            [ErrorCount(hour, "VALIDATION", "NAME_INVALID", 1)],
            [],
            [ErrorCount(hour, "VALIDATION", "NAME_INVALID", 2)],
            [
                ErrorCount(hour, "VALIDATION", "NAME_INVALID", 1),
                ErrorCount(hour - timedelta(hours=1), "VALIDATION", "VALUE_INVALID", 4),
            ],
        ]
    )
    asked, pauses = [], []

    def list_errors(start, *, writer_id, page_size):
        asked.append((start, writer_id))
        return SimpleNamespace(counts=pages.popleft())

    found = errors_caused(
        SimpleNamespace(list_errors=list_errors), ["a", "b"], 7, now=hour, timeout=60, pause=pauses.append
    )

    assert [(c.hour.hour, c.code, c.count) for c in found] == [(11, "VALUE_INVALID", 4), (12, "NAME_INVALID", 3)]
    assert [writer_id for _, writer_id in asked] == ["a", "b", "a", "b"]
    assert len(pauses) == 1


def test_errors_that_are_no_longer_kept_are_not_waited_for_for_ever():
    client = SimpleNamespace(list_errors=lambda *_, **__: SimpleNamespace(counts=[]))

    assert errors_caused(client, ["a"], 7, now=datetime.now(UTC), timeout=0) == []


def test_days_are_sent_no_faster_than_asked(monkeypatch):
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("footfall_cli.replay.sending.time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))

    def send(events, *, sequence):
        outcome = Future()
        outcome.set_result(Outcome(sequence, len(events), (), 1, 1))
        return outcome

    delivery = Delivery(lambda _: nullcontext(send), rate=100.0, surprised=lambda _: None, progressed=lambda _: None)
    delivery.send(SHOP, DAYS[0], UNTIL)

    figures = delivery.delivered.figures
    assert sum(slept) == pytest.approx((figures.good + figures.all_broken) / 100, rel=0.1)


def test_losses_tell_what_was_meant_from_what_was_not(capsys):
    broken, fine = (Event(name="a", client_id="c", event_id=event_id) for event_id in ("e1", "e2"))
    losses = Losses()
    losses.expect(Arrival(broken, 1, "NAME_INVALID"))
    losses.expect(Arrival(fine, 1))

    losses.tell(Loss((broken,), "NAME_INVALID", "no name"))
    losses.tell(Loss((fine, broken), "UNAVAILABLE", "Kafka is away"))

    assert (losses.refused, losses.lost) == (1, 2)
    assert capsys.readouterr().err == "footfall: 2 events not stored: UNAVAILABLE  Kafka is away\n"


def test_a_live_demo_goes_on_until_ctrl_c_and_says_what_it_sent(shop):
    live = threading.Event()

    def seen(request):
        live.set()
        return judge(request)

    with process_of(shop, *demo_of(shop)[:-2], "--live", "--rate", 20) as process:
        while not re.fullmatch(r"\d+ errors\n", process.stdout.readline()):
            assert process.poll() is None
        shop.writes_script.clear()
        shop.writes_script.extend([seen] * 500)
        assert live.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, "")
    said = re.fullmatch(
        r"footfall: live for \d+ s: (\d+) events? sent, \d+ purchases?, (\d+) refused as they should be", err.strip()
    )
    assert said, err
    came = [write for write in shop.writes if not write.historical_import]
    assert sum(len(w.events) for w in came) == int(said[1]) > 0
    assert len({w.writer_id for w in came}) == 1
    assert sum(len(judge(w).rejected) for w in came) == int(said[2])


def test_ctrl_c_while_the_days_are_sent_ends_quietly(server):
    server.writes_script.append(Hangs())
    with process_of(server, *demo_of(server)[:-2]) as process:
        assert server.arrived.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err.strip()) == (130, "", "")

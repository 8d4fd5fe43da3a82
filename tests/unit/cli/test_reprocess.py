"""`footfall reprocess` and `footfall lag`, against the admin server's own handlers."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from footfall.v1.query_pb2 import RunReportResponse
from footfall_cli import reprocess
from footfall_core.clock import Micros, SystemClock
from footfall_core.kinds import EventKind
from footfall_core.runs.lag import LogLag
from footfall_core.runs.records import progress_name
from footfall_core.runs.run import LIVE
from footfall_core.wire.runs_pb2 import RunProgress, RunStage
from footfall_server.admin.reprocessing import reprocessing_routes, without_reprocessing
from tests.serving import served
from tests.unit.runs.stored import MemoryRuns, Shown

CLOCK = SystemClock()


class Log:
    def __init__(self):
        self.behind = 0

    async def lag(self):
        until = Micros(CLOCK.now() - self.behind)
        return {EventKind.LIVE: LogLag(until, 5 if self.behind else 0), EventKind.IMPORT: LogLag(CLOCK.now(), 0)}


class Place:
    """An admin server whose store says what a test lets it say."""

    def __init__(self):
        self.runs = MemoryRuns(CLOCK.now)
        self.shown = Shown()
        self.shown.until = {LIVE: CLOCK.now()}
        self.log = Log()

    @contextmanager
    def served(self):
        async def routes(_stack):
            return reprocessing_routes(self.runs, self.shown, self.log, ("1", "2"), CLOCK)

        with served(routes) as port:
            self.endpoint = f"127.0.0.1:{port}"
            yield self

    def says(self, run_id, **fields):
        now = CLOCK.now()
        said = RunProgress(update_time_micros=now, start_time_micros=now, **fields)
        self.runs.book.apply(progress_name(run_id), said.SerializeToString(), now)

    def catches_up(self, run_id):
        now = CLOCK.now()
        self.says(
            run_id,
            stage=RunStage.RUN_STAGE_RUNNING,
            processed_until_micros=now,
            imported_processed_until_micros=now,
            records_done=9,
            records_total=9,
            rows=70,
        )
        self.shown.until[run_id] = now


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setenv("FOOTFALL_KEY", "any")
    # the server's log is not the command's output
    with capture_logs(), Place().served() as place:
        yield place


@pytest.fixture
def do(command, place):
    def run(*arguments):
        return command(*arguments, "--endpoint", place.endpoint)

    return run


def started(do, *options):
    code, out, _ = do("reprocess", "start", "--from", "1daysAgo", "--json", *options)
    assert code == 0
    return json.loads(out)["name"].removeprefix("reprocessings/")


def test_it_starts_a_reprocessing_and_shows_how_far_it_is(do, place):
    code, out, err = do("reprocess", "start", "--from", "2026-01-01T05", "--to", "2026-01-02")
    assert code == 0
    assert "is started; footfall reprocess show r" in err
    assert "hours        2026-01-01T05 to 2026-01-02T00" in out
    assert "queued" in out
    run_id = err.split()[1]
    place.says(
        run_id,
        stage=RunStage.RUN_STAGE_RUNNING,
        records_done=250,
        records_total=1_000,
        rows=5_000,
        estimated_end_micros=CLOCK.now() + 600_000_000,
    )
    code, out, _ = do("reprocess", "show", run_id)
    assert code == 0
    assert "running █████░░░░░░░░░░░░░░░ 25%, 250 of 1,000 records, 5,000 rows, about 10 min left" in out
    place.says(run_id, stage=RunStage.RUN_STAGE_RUNNING, problem="Its version is not known.")
    code, out, _ = do("reprocess", "show", run_id)
    assert "0%; nobody works on it: Its version is not known." in out


def test_hours_may_be_so_long_ago(do, place):
    run_id = started(do)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    entry = place.runs.book.entry(run_id)
    assert abs(entry.run.start_hour * 3600 - (midnight - timedelta(days=1)).timestamp()) <= 24 * 3600
    do("reprocess", "start", "--from", "3hoursAgo")
    this_hour = int(CLOCK.now() // 3_600_000_000)
    assert any(this_hour - 4 <= each.run.start_hour <= this_hour - 3 for each in place.runs.book.entries())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--from", "yesterday-ish"], "is not an hour; write 2026-11-20T07"),
        (["--from", "2026-02-30"], "does not exist in the calendar"),
        (["--from", "99999daysAgo"], "start_hour"),
        (["--from", "2026-01-01T05", "--to", "2026-01-01T05"], "is not behind --from"),
        (["--from", "2200-01-01"], "has not begun yet"),
        (["--from", "2026-01-01", "--version", "9"], "'9' is not one of this server's: 1, 2"),
        (["--from", "2026-01-01", "--open-hour"], "--open-hour is for --dry-run"),
        ([], "Missing option '--from'"),
    ],
)
def test_what_cannot_be_started_is_said_in_a_sentence(do, place, options, sentence):
    code, out, err = do("reprocess", "start", *options)
    assert (code, out) == (2, "")
    assert sentence in err
    assert not list(place.runs.book.entries())


def test_the_same_request_id_starts_one(do, place):
    assert started(do, "--request-id", "once") == started(do, "--request-id", "once")
    assert started(do) != started(do)


def test_it_waits_until_it_has_caught_up(do, place, monkeypatch):
    run_id = started(do)
    monkeypatch.setattr(reprocess, "EVERY_SECONDS", 0.01)
    threading.Timer(0.2, place.catches_up, [run_id]).start()
    code, out, _ = do("reprocess", "show", run_id, "--wait")
    assert code == 0
    assert "caught up" in out


def test_waiting_ends_when_it_fails(do, place):
    run_id = started(do)
    place.says(run_id, stage=RunStage.RUN_STAGE_FAILED, failure="The log begins later.")
    code, _, err = do("reprocess", "show", run_id, "--wait")
    assert code == 2
    assert "The log begins later." in err


def test_waiting_ends_when_it_does_not_go_on_for_long(do, place, monkeypatch):
    run_id = started(do)
    monkeypatch.setattr(reprocess, "EVERY_SECONDS", 0)
    monkeypatch.setattr(reprocess, "STUCK_TIMES", 3)
    place.says(run_id, stage=RunStage.RUN_STAGE_PREPARING, problem="Druid refuses the table.")
    code, _, err = do("reprocess", "show", run_id, "--wait")
    assert code == 2
    assert "does not go on: Druid refuses the table." in err
    code, out, _ = do("reprocess", "show", run_id)
    assert code == 0
    assert "Druid refuses the table." in out


def test_it_switches_and_rolls_back(do, place):
    run_id = started(do)
    code, _, err = do("reprocess", "switch", run_id)
    assert code == 2
    assert "is queued" in err
    place.catches_up(run_id)
    code, out, _ = do("reprocess", "switch", run_id)
    assert code == 0
    assert "Reports will show from" in out
    assert "live (the beginning to 20" in out
    assert f"{run_id} (20" in out
    assert out.rstrip().endswith("epoch 1.")
    code, out, _ = do("reprocess", "list")
    assert code == 0
    assert "Reports show: live (the beginning to now and on); epoch 0." in out
    assert "Reports will show from" in out
    code, out, _ = do("reprocess", "rollback")
    assert code == 0
    assert "live (the beginning to now and on); epoch 2." in out
    code, _, err = do("reprocess", "rollback")
    assert (code, "There is no switch" in err) == (2, True)


def test_who_has_seen_an_older_epoch_switches_nothing_and_hears_it_at_once(do, place):
    run_id = started(do)
    place.catches_up(run_id)
    code, _, err = do("reprocess", "switch", run_id, "--epoch", "7")
    assert code == 2
    assert "the newest epoch is 0, not 7" in err
    assert place.runs.book.newest.epoch == 0


def test_the_list_says_when_nothing_was_reprocessed(do, place):
    code, out, _ = do("reprocess", "list")
    assert code == 0
    assert "footfall reprocess start does" in out
    code, out, _ = do("reprocess", "list", "--json")
    assert json.loads(out) == {"operations": [], "serving": {"epoch": "0", "hours": [{"run": "live"}]}}


def test_it_cancels(do, place):
    run_id = started(do)
    code, out, _ = do("reprocess", "cancel", run_id)
    assert code == 0
    assert "It was cancelled" in out
    code, _, err = do("reprocess", "cancel", "r202601010000zzzz")
    assert (code, "There is no reprocessing" in err) == (2, True)


def reports(plan):
    """Answer with one day and value a dimension; what the run has of channels is other."""
    channel = "Direct" if plan.serving.run_ids == (LIVE,) else "Paid Search"
    found = RunReportResponse(row_count=1)
    row = found.rows.add()
    row.dimension_values.extend(
        {"date": "2026-01-01", "defaultChannelGroup": channel, "currencyCode": "EUR"}.get(name, "x")
        for name in plan.dimensions
    )
    for metric in plan.metrics:
        if metric == "eventCount":
            row.metric_values.add(integer_value=1_234)
        else:
            row.metric_values.add(double_value=9.5)
    return found


def test_a_dry_run_shows_what_differs_and_removes_its_rows(do, place, monkeypatch):
    monkeypatch.setattr(reprocess, "EVERY_SECONDS", 0.01)
    place.shown.reports = reports

    def work():
        while not (found := list(place.runs.book.entries())):
            pass
        place.catches_up(found[0].run.id)

    worker = threading.Thread(target=work)
    worker.start()
    code, out, _ = do("reprocess", "start", "--from", "1daysAgo", "--dry-run")
    worker.join()
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["2026-01-01", "defaultChannelGroup", "Direct", "eventCount", "1,234", "0", "-1,234"] in lines
    assert ["2026-01-01", "defaultChannelGroup", "Paid", "Search", "eventValue", "EUR", "0", "9.50", "+9.50"] in lines
    assert "6 numbers differ." in out
    (entry,) = place.runs.book.entries()
    assert entry.cancelled is not None


def test_differences_can_be_asked_for_again(do, place):
    run_id = started(do)
    place.catches_up(run_id)
    code, out, _ = do("reprocess", "differences", run_id)
    assert code == 0
    assert "Nothing differs." in out
    code, out, _ = do("reprocess", "differences", run_id, "--json")
    assert "differences" not in json.loads(out)


def test_lag_says_what_lags_and_since_when(do, place):
    run_id = started(do)
    place.catches_up(run_id)
    code, out, _ = do("lag")
    assert code == 0
    assert out.rstrip().endswith("Nothing lags.")
    assert run_id in out
    place.log.behind = 90_000_000
    place.shown.until[LIVE] = CLOCK.now() - 95_000_000
    place.shown.until[run_id] = CLOCK.now() - 3_700_000_000
    code, out, _ = do("lag")
    assert code == 0
    assert "live: events are processed until 20" in out
    assert "1 min 30 s ago: its consumers are behind, or away." in out
    assert f"{run_id}: events are in Druid until 20" in out
    assert "1 h 1 min ago" in out
    code, out, _ = do("lag", "--json")
    assert [run["run"] for run in json.loads(out)["runs"]] == ["live", f"reprocessings/{run_id}"]


def test_footfall_in_one_process_says_that_it_has_none(command, monkeypatch):
    monkeypatch.setenv("FOOTFALL_KEY", "any")

    async def routes(_stack):
        return without_reprocessing()

    with capture_logs(), served(routes) as port:
        for arguments in (["reprocess", "list"], ["lag"], ["reprocess", "start", "--from", "today"]):
            code, _, err = command(*arguments, "--endpoint", f"127.0.0.1:{port}")
            assert code == 2
            assert "has no reprocessing" in err

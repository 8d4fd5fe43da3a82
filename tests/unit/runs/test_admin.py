"""What operators ask of runs, and what is refused."""

import asyncio
import itertools
import random
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message

from footfall.v1 import admin_pb2 as api
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.problems import AlreadyExists, Conflict, InvalidRequest, NotFound, Problem, TryAgain, WrongState
from footfall_core.report.plan import PlannedHours
from footfall_core.runs.lag import LogLag
from footfall_core.runs.records import cancelled_name, progress_name
from footfall_core.runs.run import LIVE, Run, hour_begins
from footfall_core.runs.serving import FIRST, LEAD_MICROS, switched
from footfall_core.wire.runs_pb2 import RunCancelled, RunProgress, RunStage
from footfall_server.admin import reprocessing
from footfall_server.admin.reprocessing import METHODS, reprocessing_routes, without_reprocessing
from footfall_server.admin.routes import SERVICE
from footfall_server.hosts.call import Call
from tests.fuzz.mutations import almost_right
from tests.fuzz.samples import of_reprocessing
from tests.gates import everybody
from tests.unit.runs.records import close, define, serve
from tests.unit.runs.stored import MemoryRuns, Shown

SECOND = 1_000_000
START = datetime(2026, 11, 20, 7, tzinfo=UTC)
START_HOUR = int(START.timestamp()) // 3600


class Clock:
    def __init__(self) -> None:
        self.time = hour_begins(START_HOUR + 10) + 30 * 60 * SECOND

    def now(self) -> Micros:
        return Micros(self.time)


class RawLog:
    def __init__(self) -> None:
        self.failure: TryAgain | None = None

    async def lag(self) -> dict[EventKind, LogLag]:
        if self.failure:
            raise self.failure
        return {EventKind.LIVE: LogLag(Micros(7), 3), EventKind.IMPORT: LogLag(None, 0)}


class Admin:
    """The handlers, called by name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self.runs = MemoryRuns(self.clock.now)
        self.shown = Shown()
        self.shown.until = {LIVE: self.clock.time}
        self.log = RawLog()
        numbers = itertools.count()
        monkeypatch.setattr(reprocessing, "_new_letters", lambda: f"{next(numbers):04d}")
        routes = reprocessing_routes(self.runs, self.shown, self.log, ("1", "2"), self.clock)
        self._handlers: dict[str, Any] = {route.method: route.handler for route in routes}

    async def __call__(self, method: str, request: Message, answer: type[Any]) -> Any:
        return answer.FromString(await self.send(method, request.SerializeToString()))

    async def send(self, method: str, request: bytes) -> bytes:
        call = Call(f"{SERVICE}/{method}", {}, "", lambda: None, None, everybody({}))  # type: ignore[arg-type]
        answer: bytes = await self._handlers[call.method](request, call)
        return answer

    async def start(
        self, start: datetime | None = START, end: datetime | None = None, **fields: Any
    ) -> api.ReprocessingOperation:
        request = api.StartReprocessingRequest(**fields)
        if start is not None:
            request.start_hour.FromDatetime(start)
        if end is not None:
            request.end_hour.FromDatetime(end)
        return await self("StartReprocessing", request, api.ReprocessingOperation)  # type: ignore[no-any-return]

    async def get(self, name: str) -> api.ReprocessingOperation:
        request = api.GetReprocessingRequest(name=name)
        return await self("GetReprocessing", request, api.ReprocessingOperation)  # type: ignore[no-any-return]

    async def list(self, **fields: Any) -> api.ListReprocessingsResponse:
        request = api.ListReprocessingsRequest(**fields)
        return await self("ListReprocessings", request, api.ListReprocessingsResponse)  # type: ignore[no-any-return]

    async def cancel(self, name: str) -> api.ReprocessingOperation:
        request = api.CancelReprocessingRequest(name=name)
        return await self("CancelReprocessing", request, api.ReprocessingOperation)  # type: ignore[no-any-return]

    async def switch(self, name: str, epoch: int | None = None, *, allow_failed_batches: bool = False) -> api.Serving:
        request = api.SwitchReprocessingRequest(name=name, epoch=epoch, allow_failed_batches=allow_failed_batches)
        return await self("SwitchReprocessing", request, api.Serving)  # type: ignore[no-any-return]

    async def roll_back(self, epoch: int | None = None) -> api.Serving:
        request = api.RollBackReprocessingRequest(epoch=epoch)
        return await self("RollBackReprocessing", request, api.Serving)  # type: ignore[no-any-return]

    async def lag(self) -> api.GetLagResponse:
        return await self("GetLag", api.GetLagRequest(), api.GetLagResponse)  # type: ignore[no-any-return]

    def says(self, name: str, stage: int, **fields: Any) -> None:
        """Have the worker say how far a run is."""
        said = RunProgress(stage=stage, update_time_micros=self.clock.time, **fields)  # type: ignore[arg-type]
        self.runs.book.apply(progress_name(id_of(name)), said.SerializeToString(), self.clock.now())

    def starts_elsewhere(self, run: Run, request_id: str = "") -> None:
        """Have another server store a run, just before the next record is stored here."""
        self.runs.before_next = lambda: define(self.runs.book, run, request_id=request_id, at=1)

    def catches_up(self, name: str, behind: int = 0, **fields: Any) -> None:
        """Have the worker say that a run has caught up, and the store show as much."""
        until = self.clock.time - behind
        both = {"processed_until_micros": until, "imported_processed_until_micros": until}
        self.says(name, RunStage.RUN_STAGE_RUNNING, **both, **fields)
        self.shown.until[id_of(name)] = until

    async def caught_up(self, **fields: Any) -> str:
        """Return a run that has caught up."""
        made = await self.start(**fields)
        self.catches_up(made.name)
        return made.name


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Admin:
    return Admin(monkeypatch)


def id_of(name: str) -> str:
    return name.removeprefix("reprocessings/")


def hours(serving: api.Serving) -> list[tuple[str, int, int]]:
    return [(h.run, h.start_hour.seconds // 3600, h.end_hour.seconds // 3600) for h in serving.hours]


# ---- start ----


async def test_a_reprocessing_begins_queued_with_the_newest_version(admin: Admin) -> None:
    made = await admin.start()
    assert made.name == "reprocessings/r2026112017300000"
    assert (made.metadata.version, made.metadata.state) == ("2", api.REPROCESSING_STATE_QUEUED)
    assert made.metadata.start_hour.ToDatetime(tzinfo=UTC) == START
    assert not made.metadata.HasField("end_hour")
    assert not made.done
    assert await admin.get(made.name) == made


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"start": None}, "start_hour"),
        ({"start": START.replace(minute=1)}, "start_hour"),
        ({"start": datetime(2026, 11, 20, 18, tzinfo=UTC)}, "start_hour"),
        ({"start": datetime(1969, 1, 1, tzinfo=UTC)}, "start_hour"),
        ({"end": START}, "end_hour"),
        ({"end": datetime(2026, 11, 20, 18, tzinfo=UTC)}, "end_hour"),
        ({"end": START.replace(hour=9, second=1)}, "end_hour"),
        ({"version": "3"}, "version"),
        ({"request_id": "not an id"}, "request_id"),
        ({"request_id": "x" * 65}, "request_id"),
    ],
)
async def test_what_cannot_be_reprocessed_is_named(admin: Admin, fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InvalidRequest) as problem:
        await admin.start(**fields)
    assert {violation.field for violation in problem.value.violations} == {wrong}
    assert not (await admin.list()).operations


async def test_the_same_request_starts_one_reprocessing(admin: Admin) -> None:
    first = await admin.start(request_id="once")
    assert await admin.start(request_id="once") == first
    assert len((await admin.list()).operations) == 1
    with pytest.raises(AlreadyExists):
        await admin.start(request_id="once", dry_run=True)


async def test_of_the_same_request_at_two_servers_at_once_both_answer_the_first(admin: Admin) -> None:
    other = Run("r202611201730zzzz", "2", START_HOUR, None)

    admin.starts_elsewhere(other, "once")
    assert (await admin.start(request_id="once")).name == f"reprocessings/{other.id}"
    assert len((await admin.list()).operations) == 1


async def test_so_many_may_be_under_way_and_no_more(admin: Admin) -> None:
    made = [await admin.start() for _ in range(4)]
    with pytest.raises(WrongState, match="4 reprocessings are under way"):
        await admin.start()
    await admin.cancel(made[0].name)
    await admin.start()


async def test_of_two_that_are_started_at_once_the_one_too_many_is_cancelled(admin: Admin) -> None:
    for _ in range(3):
        await admin.start()
    other = Run("r202611270000zzzz", "1", START_HOUR, None)

    admin.starts_elsewhere(other)
    with pytest.raises(WrongState, match="4 reprocessings are under way"):
        await admin.start()
    states = {id_of(found.name): found.metadata.state for found in (await admin.list()).operations}
    assert states.pop(other.id) == api.REPROCESSING_STATE_QUEUED
    assert sorted(states.values()) == [api.REPROCESSING_STATE_QUEUED] * 3 + [api.REPROCESSING_STATE_CANCELLED]


async def test_of_one_request_at_two_servers_at_once_both_answer_it_though_it_is_the_last_that_may_be(
    admin: Admin,
) -> None:
    for _ in range(3):
        await admin.start()
    other = Run("r202611270000zzzz", "2", START_HOUR, None)

    admin.starts_elsewhere(other, "once")
    assert id_of((await admin.start(request_id="once")).name) == other.id


async def test_what_was_closed_is_done_and_never_switched_to_again(admin: Admin) -> None:
    first = id_of(await admin.caught_up(request_id="once"))
    await admin.switch(f"reprocessings/{first}")
    later = START + timedelta(hours=2)
    second = await admin.start(start=later)
    admin.catches_up(second.name, serving_epoch=1)
    await admin.switch(second.name)
    run = admin.runs.book.entry(first)
    assert run is not None
    close(admin.runs.book, run.run, START_HOUR + 2, at=admin.clock.now())
    shown = await admin.start(request_id="once")
    assert (id_of(shown.name), shown.done, shown.metadata.state) == (first, True, api.REPROCESSING_STATE_DONE)
    assert shown.metadata.end_time.ToMicroseconds() == admin.clock.now()
    with pytest.raises(WrongState, match="already"):
        await admin.switch(shown.name)
    admin.shown.until[LIVE] = admin.clock.time
    await admin.roll_back()
    with pytest.raises(WrongState, match="has ended, since others serve"):
        await admin.switch(shown.name)


# ---- get, list, cancel ----


async def test_progress_is_shown_with_an_estimate(admin: Admin) -> None:
    made = await admin.start()
    end = admin.clock.time + 60 * SECOND
    admin.says(
        made.name,
        RunStage.RUN_STAGE_RUNNING,
        records_done=250,
        records_total=1_000,
        rows=90,
        estimated_end_micros=end,
        processed_until_micros=hour_begins(START_HOUR + 1),
    )
    found = (await admin.get(made.name)).metadata
    assert (found.state, found.fraction, found.rows) == (api.REPROCESSING_STATE_RUNNING, 0.25, 90)
    assert found.estimated_end_time.ToMicroseconds() == end
    assert found.processed_until.ToMicroseconds() == hour_begins(START_HOUR + 1)


async def test_a_reprocessing_with_an_end_is_done_with_a_result(admin: Admin) -> None:
    made = await admin.start(end=START.replace(hour=9))
    admin.says(made.name, RunStage.RUN_STAGE_PROCESSED, records_done=9, records_total=9, rows=70)
    found = await admin.get(made.name)
    assert (found.done, found.metadata.state, found.metadata.fraction) == (True, api.REPROCESSING_STATE_DONE, 1)
    assert (found.response.records, found.response.rows) == (9, 70)


async def test_a_failure_is_said_in_its_sentence(admin: Admin) -> None:
    made = await admin.start()
    admin.says(made.name, RunStage.RUN_STAGE_FAILED, failure="The log begins later.")
    found = await admin.get(made.name)
    assert (found.done, found.error.reason, found.error.message) == (True, "FAILED", "The log begins later.")


async def test_what_is_in_the_way_of_one_that_has_not_failed_is_said(admin: Admin) -> None:
    made = await admin.start()
    admin.says(made.name, RunStage.RUN_STAGE_RUNNING, problem="Its version is not known.")
    found = await admin.get(made.name)
    assert (found.done, found.metadata.problem) == (False, "Its version is not known.")
    await admin.cancel(made.name)
    admin.says(made.name, RunStage.RUN_STAGE_REMOVED, problem="Its version is not known.")
    assert (await admin.get(made.name)).metadata.problem == ""


async def test_what_is_counted_twice_after_a_restart_does_not_look_like_the_end(admin: Admin) -> None:
    made = await admin.start()
    admin.says(made.name, RunStage.RUN_STAGE_RUNNING, records_done=1_100, records_total=1_000)
    assert (await admin.get(made.name)).metadata.fraction < 1


async def test_one_that_has_caught_up_goes_on(admin: Admin) -> None:
    name = await admin.caught_up()
    found = await admin.get(name)
    assert (found.done, found.metadata.state) == (False, api.REPROCESSING_STATE_CAUGHT_UP)


@pytest.mark.parametrize("name", ["reprocessings/none", "r202611201730zzzz", "", "reprocessings/live"])
async def test_a_name_that_is_none_is_refused(admin: Admin, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await admin.get(name)


async def test_one_that_nobody_started_is_not_found(admin: Admin) -> None:
    for act in (admin.get, admin.cancel, admin.switch):
        with pytest.raises(NotFound):
            await act("reprocessings/r202611201730zzzz")


async def test_the_list_comes_in_pages_the_newest_first(admin: Admin) -> None:
    made = [(await admin.start()).name for _ in range(3)]
    page = await admin.list(page_size=2)
    assert [found.name for found in page.operations] == made[:0:-1]
    assert hours(page.serving) == [("live", 0, 0)]
    rest = await admin.list(page_size=2, page_token=page.next_page_token)
    assert [found.name for found in rest.operations] == made[:1]
    assert not rest.next_page_token
    with pytest.raises(InvalidRequest):
        await admin.list(page_token="x")


async def test_what_nobody_has_begun_is_cancelled_at_once(admin: Admin) -> None:
    made = await admin.start()
    found = await admin.cancel(made.name)
    assert (found.done, found.error.reason) == (True, "CANCELLED")
    assert await admin.cancel(made.name) == found


async def test_of_two_servers_that_cancel_at_once_neither_hides_what_the_other_stored(admin: Admin) -> None:
    made = await admin.start()
    async with asyncio.TaskGroup() as both:
        for _ in range(2):
            both.create_task(admin.cancel(made.name))
    _, one, other = admin.runs.names
    assert one != other


async def test_what_is_under_way_is_being_cancelled_until_its_rows_are_gone(admin: Admin) -> None:
    name = await admin.caught_up()
    assert (await admin.cancel(name)).metadata.state == api.REPROCESSING_STATE_CANCELLING
    admin.says(name, RunStage.RUN_STAGE_REMOVED)
    assert (await admin.get(name)).metadata.state == api.REPROCESSING_STATE_CANCELLED


# ---- switch and roll back ----


async def test_a_switch_gives_a_run_its_hours_a_few_seconds_ahead(admin: Admin) -> None:
    name = await admin.caught_up()
    serving = await admin.switch(name)
    assert hours(serving) == [("live", 0, START_HOUR), (name, START_HOUR, 0)]
    assert serving.effective_time.ToMicroseconds() == admin.clock.time + LEAD_MICROS
    page = await admin.list()
    assert (page.serving.epoch, page.next_serving) == (0, serving)
    admin.clock.time += LEAD_MICROS
    page = await admin.list()
    assert page.serving == serving
    assert not page.HasField("next_serving")
    assert page.operations[0].metadata.serving


async def test_a_roll_back_brings_back_what_was(admin: Admin) -> None:
    name = await admin.caught_up()
    await admin.switch(name)
    back = await admin.roll_back()
    assert (back.epoch, hours(back)) == (2, [("live", 0, 0)])
    again = await admin.switch(name)
    assert (again.epoch, hours(again)[1]) == (3, (name, START_HOUR, 0))
    await admin.roll_back()
    with pytest.raises(WrongState, match="no switch"):
        await admin.roll_back()


async def test_what_has_not_caught_up_cannot_be_switched_to(admin: Admin) -> None:
    made = await admin.start()
    with pytest.raises(WrongState, match="is queued"):
        await admin.switch(made.name)
    admin.catches_up(made.name, behind=11 * SECOND)
    with pytest.raises(WrongState, match="live events are 11 s behind"):
        await admin.switch(made.name)
    admin.shown.until[id_of(made.name)] = None
    with pytest.raises(WrongState, match="Not all of its live events"):
        await admin.switch(made.name)
    admin.catches_up(made.name, behind=9 * SECOND)
    await admin.switch(made.name)


async def test_imports_must_have_caught_up_too(admin: Admin) -> None:
    name = await admin.caught_up()
    admin.shown.imported_until = {LIVE: admin.clock.time, id_of(name): admin.clock.time - 11 * SECOND}
    with pytest.raises(WrongState, match="imported events are 11 s behind"):
        await admin.switch(name)


async def test_a_dry_run_never_serves(admin: Admin) -> None:
    with pytest.raises(WrongState, match="dry run"):
        await admin.switch(await admin.caught_up(dry_run=True))


async def test_what_serves_is_neither_switched_to_again_nor_cancelled(admin: Admin) -> None:
    name = await admin.caught_up()
    await admin.switch(name)
    with pytest.raises(WrongState, match="already"):
        await admin.switch(name)
    with pytest.raises(WrongState, match="roll back first"):
        await admin.cancel(name)
    admin.clock.time += LEAD_MICROS
    admin.catches_up(name)
    admin.shown.until[LIVE] = admin.clock.time
    await admin.roll_back()
    with pytest.raises(WrongState, match=r"until \d\d:30:10 UTC; try again then"):
        await admin.cancel(name)
    admin.clock.time += LEAD_MICROS
    await admin.cancel(name)


async def test_what_is_cancelled_is_not_switched_to_and_a_roll_back_goes_to_what_was_before_it(admin: Admin) -> None:
    first, second = await admin.caught_up(), await admin.caught_up()
    await admin.switch(first)
    await admin.switch(second)
    admin.clock.time += LEAD_MICROS
    for name in (first, second):
        admin.catches_up(name)
    await admin.cancel(first)
    with pytest.raises(WrongState, match="cancelling"):
        await admin.switch(first)
    back = await admin.roll_back(epoch=2)
    assert hours(back) == [(LIVE, 0, 0)]
    assert await admin.roll_back(epoch=2) == back
    with pytest.raises(WrongState, match="no switch"):
        await admin.roll_back()


async def test_a_roll_back_to_what_lags_is_refused(admin: Admin) -> None:
    name = await admin.caught_up()
    await admin.switch(name)
    admin.clock.time += 60 * SECOND
    admin.catches_up(name)
    with pytest.raises(WrongState, match="60 s behind"):
        await admin.roll_back()


async def test_who_has_seen_an_older_epoch_switches_nothing(admin: Admin) -> None:
    first, second = await admin.caught_up(), await admin.caught_up()
    await admin.switch(first, epoch=0)
    for act, epoch in itertools.product((lambda n: admin.switch(second, epoch=n), admin.roll_back), (0, -1)):
        with pytest.raises(Conflict, match="the newest epoch is 1"):
            await act(epoch)
    assert (await admin.roll_back(epoch=1)).epoch == 2


async def test_no_epoch_is_before_the_first(admin: Admin) -> None:
    name = await admin.caught_up()
    for act in (lambda n: admin.switch(name, epoch=n), admin.roll_back):
        with pytest.raises(Conflict, match="the newest epoch is 0, not -1"):
            await act(-1)


async def test_what_misses_events_is_switched_to_by_those_alone_who_say_so(admin: Admin) -> None:
    name = await admin.caught_up()
    entry = admin.runs.book.entry(id_of(name))
    assert entry is not None
    assert entry.progress is not None
    entry.progress.failed_batches = 3
    assert (await admin.list()).operations[0].metadata.failed_batches == 3
    with pytest.raises(WrongState, match="could not process 3 batches"):
        await admin.switch(name)
    assert (await admin.switch(name, allow_failed_batches=True)).epoch == 1


async def test_whose_answer_was_lost_asks_again_and_is_told_the_same(admin: Admin) -> None:
    name = await admin.caught_up()
    switched_to = await admin.switch(name, epoch=0)
    assert await admin.switch(name, epoch=0) == switched_to
    back = await admin.roll_back(epoch=1)
    assert await admin.roll_back(epoch=1) == back
    assert admin.runs.book.newest.epoch == 2
    # and not whoever means another switch
    with pytest.raises(Conflict, match="the newest epoch is 2"):
        await admin.switch(name, epoch=0)


async def test_of_two_switches_at_once_the_loser_is_refused(admin: Admin) -> None:
    first, second = await admin.caught_up(), await admin.caught_up()
    entry = admin.runs.book.entry(id_of(second))
    assert entry is not None
    run = entry.run
    admin.runs.before_next = lambda: serve(admin.runs.book, switched(FIRST, run, Micros(0)), "other") and None
    with pytest.raises(Conflict, match="at the same time"):
        await admin.switch(first)
    assert admin.runs.book.newest.serves(run.id)
    assert not admin.runs.book.newest.serves(id_of(first))


async def test_a_run_that_is_cancelled_at_the_same_time_is_not_switched_to(admin: Admin) -> None:
    name = await admin.caught_up()
    record = RunCancelled(time_micros=1).SerializeToString()
    admin.runs.before_next = lambda: admin.runs.book.apply(cancelled_name(id_of(name), "a"), record, Micros(1))
    with pytest.raises(TryAgain):
        await admin.switch(name)
    assert admin.runs.book.newest == FIRST


async def test_a_run_that_is_switched_to_at_the_same_time_is_not_cancelled(admin: Admin) -> None:
    name = await admin.caught_up()
    entry = admin.runs.book.entry(id_of(name))
    assert entry is not None
    run = entry.run
    admin.runs.before_next = lambda: serve(admin.runs.book, switched(FIRST, run, Micros(0))) and None
    with pytest.raises(Conflict):
        await admin.cancel(name)
    assert (await admin.get(name)).metadata.state == api.REPROCESSING_STATE_CAUGHT_UP


async def test_nothing_is_switched_while_the_store_cannot_say_what_it_has(admin: Admin) -> None:
    name = await admin.caught_up()
    admin.shown.failure = TryAgain("Druid is away.")
    with pytest.raises(TryAgain):
        await admin.switch(name)
    assert admin.runs.book.newest == FIRST


async def test_a_run_that_was_begun_beside_others_is_not_switched_to(admin: Admin) -> None:
    """What counts around its hours is what was served when it was begun."""
    before = await admin.caught_up()
    later = await admin.start(start=START.replace(hour=9))
    admin.catches_up(later.name, serving_epoch=0)
    await admin.switch(before)
    with pytest.raises(WrongState, match="Other runs serve the hours beside"):
        await admin.switch(later.name)
    await admin.roll_back()
    await admin.switch(later.name)


# ---- lag ----


async def test_the_lag_of_the_live_run_and_of_those_under_way_is_said(admin: Admin) -> None:
    name = await admin.caught_up()
    await admin.cancel((await admin.start()).name)
    admin.shown.until[id_of(name)] = admin.clock.time - 5 * SECOND
    found = await admin.lag()
    assert [run.run for run in found.runs] == ["live", name]
    live, run = found.runs
    assert live.data_complete_until.ToMicroseconds() == admin.clock.time
    assert run.data_complete_until.ToMicroseconds() == admin.clock.time - 5 * SECOND
    assert [stage.stage for stage in live.stages] == ["events", "imports", "events in Druid", "imports in Druid"]
    assert live.stages[0].records_behind == 3
    assert hours(found.serving) == [("live", 0, 0)]


async def test_what_is_not_known_of_the_lag_is_said(admin: Admin) -> None:
    admin.shown.failure = TryAgain("Druid is away.")
    admin.log.failure = TryAgain("Kafka is away.")
    (live,) = (await admin.lag()).runs
    assert live.problem == "Druid is away."
    assert not live.HasField("data_complete_until")
    admin.shown.failure = None
    admin.shown.until = {LIVE: None}
    (live,) = (await admin.lag()).runs
    assert "tick" in live.problem


@pytest.mark.parametrize("method", METHODS)
async def test_what_is_almost_right_is_answered_or_refused(admin: Admin, method: str) -> None:
    name, seed = await admin.caught_up(), secrets.randbelow(1_000_000)
    await admin.switch(await admin.caught_up(dry_run=False))
    (sample,) = of_reprocessing(name)[method]
    chance = random.Random(seed)
    for _ in range(300):
        request = almost_right(sample, chance)
        try:
            await admin.send(method, request)
        except Problem:
            continue
        except Exception as error:
            raise AssertionError((seed, request)) from error


async def test_footfall_in_one_process_says_that_it_has_no_reprocessing() -> None:
    call = Call(SERVICE, {}, "", lambda: None, None, everybody({}))  # type: ignore[arg-type]
    routes = without_reprocessing()
    assert [route.method.rpartition("/")[2] for route in routes] == list(METHODS)
    for route in routes:
        with pytest.raises(WrongState, match="make up"):
            await route.handler(b"", call)  # type: ignore[misc]


# ---- differences ----


async def test_what_is_under_way_cannot_be_compared_yet(admin: Admin) -> None:
    made = await admin.start()
    request = api.GetReprocessingDifferencesRequest(name=made.name)
    with pytest.raises(WrongState, match="is queued"):
        await admin("GetReprocessingDifferences", request, api.GetReprocessingDifferencesResponse)
    admin.catches_up(made.name)
    admin.shown.until[id_of(made.name)] = None
    with pytest.raises(TryAgain, match="The reprocessing has not all"):
        await admin("GetReprocessingDifferences", request, api.GetReprocessingDifferencesResponse)


async def test_both_are_asked_for_the_same_hours(admin: Admin) -> None:
    name = await admin.caught_up()
    request = api.GetReprocessingDifferencesRequest(name=name)
    found = await admin("GetReprocessingDifferences", request, api.GetReprocessingDifferencesResponse)
    assert found.end_hour.ToMicroseconds() == hour_begins(START_HOUR + 10)
    asked = {plan.serving.parts for plan in admin.shown.asked if plan.serving}
    ends = (START_HOUR, START_HOUR + 10)
    assert asked == {
        (PlannedHours(LIVE, "", *ends),),
        (PlannedHours(id_of(name), f"2-{id_of(name)}", *ends),),
    }

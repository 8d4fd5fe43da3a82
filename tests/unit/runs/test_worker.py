"""A worker and a runner, with what they need at hand."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from footfall_consumers.reprocess.runner import RESTS_WITHIN, Runner
from footfall_consumers.reprocess.settings import RunnerSettings
from footfall_consumers.reprocess.worker import Worker, is_to_be_worked_on, version_for
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.problems import WrongState
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.elsewhere import Elsewhere
from footfall_core.runs.records import progress_name
from footfall_core.runs.removal import HOUR_MICROS, KeepSettings
from footfall_core.runs.run import Run, hour_begins
from footfall_core.runs.serving import FIRST, Serving, rolled_back, switched
from footfall_core.runs.state import RunState, state_of
from footfall_core.runs.work import Made, Places, to_work_on
from footfall_core.streams import StreamBroken, StreamFenced, StreamUnmendableError
from footfall_core.wire.runs_pb2 import RunProgress, RunStage
from tests.unit.runs.records import ONE, OTHER, cancel, define, progress, serve

NOW = Micros(hour_begins(200))
BEGIN = {(kind, 0): 0 for kind in EventKind}


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> Micros:
        return self.time


class Desk:
    def __init__(self, run: Run) -> None:
        self.book = Book()
        define(self.book, run)
        self.said: list[RunProgress] = []
        self.heard = threading.Event()
        self.steps: list[str] = []

    def entry(self, run_id: str) -> Entry | None:
        return self.book.entry(run_id)

    def serving(self, epoch: int | None) -> Serving:
        return self.book.newest if epoch is None else self.book.servings[epoch]

    def say(self, run_id: str, progress: RunProgress) -> None:
        said = RunProgress()
        said.CopyFrom(progress)
        self.said.append(said)
        self.steps.append(RunStage.Name(said.stage))
        self.book.apply(progress_name(run_id), said.SerializeToString(), NOW)
        self.heard.set()


class Work:
    """The log of a run; dies where it is told to."""

    def __init__(self, steps: list[str], dies_at: str = "") -> None:
        self.steps = steps
        self.dies_at = dies_at
        self.begun = False
        self.parts: list[Sequence[Elsewhere]] = []

    def _step(self, name: str) -> None:
        if name == self.dies_at:
            raise KeyboardInterrupt
        self.steps.append(name)

    def has_begun(self) -> bool:
        return self.begun

    def make_topics(self) -> None:
        self._step("topics")

    def await_end(self, *, is_begun: bool) -> None:
        self._step(f"end, {is_begun=}")

    def learn_what_counts_elsewhere(self, parts: Sequence[Elsewhere]) -> int:
        self._step("elsewhere")
        self.parts.append(parts)
        return 0

    def begin(self) -> None:
        self._step("begin")
        self.begun = True

    def places(self, now: Micros) -> Places:
        return Places(BEGIN, dict.fromkeys(BEGIN, 5), dict.fromkeys(BEGIN, 5), now)

    def is_done(self) -> bool:
        return True


class Goes(Work):
    """That of a run without an end."""

    def is_done(self) -> bool:
        return False


class Stream:
    def __init__(self) -> None:
        self.made = Made(failed_batches=dict.fromkeys(BEGIN, 0))
        self._stopped = threading.Event()

    def run(self) -> None:
        assert self._stopped.wait(20)

    def stop(self) -> None:
        self._stopped.set()


def worked(desk: Desk, work: Work, run: Run, stream: Stream | None = None, say_seconds: float = 0.01) -> None:
    entry = desk.entry(run.id)
    assert entry is not None
    streams = iter([stream or Stream()])
    make_datasources = partial(work.steps.append, "datasources")
    worker = Worker(desk, work, make_datasources, lambda: next(streams), Clock(), 1, say_seconds)
    worker.run(entry)


PREPARED = ["RUN_STAGE_PREPARING", "topics", "datasources", "end, is_begun=False", "elsewhere", "begin"]


def test_a_run_is_prepared_begun_and_processed_in_this_order() -> None:
    desk = Desk(OTHER)
    worked(desk, Work(desk.steps), OTHER)
    assert desk.steps == [*PREPARED, "RUN_STAGE_PROCESSED"]
    entry = desk.entry(OTHER.id)
    assert entry is not None
    assert not is_to_be_worked_on(entry)


def test_a_run_that_has_begun_is_neither_prepared_nor_begun_again() -> None:
    desk = Desk(OTHER)
    work = Work(desk.steps)
    work.begun = True
    worked(desk, work, OTHER)
    assert desk.steps == ["end, is_begun=True", "RUN_STAGE_PROCESSED"]


def test_who_dies_before_the_beginning_is_followed_by_one_that_knows_of_the_same_serving() -> None:
    desk = Desk(OTHER)
    beside = Run("r202611270000cccc", "2", 10, 20)
    define(desk.book, beside)
    with pytest.raises(KeyboardInterrupt):
        worked(desk, Work(desk.steps, dies_at="begin"), OTHER)
    serve(desk.book, switched(FIRST, beside, Micros(0)))
    work = Work(desk.steps)
    worked(desk, work, OTHER)
    assert [part.served.run_id for part in work.parts[0]] == ["live", "live"]
    assert desk.said[-1].serving_epoch == 0


def test_a_version_that_this_code_does_not_know_is_said_and_leaves_a_run_where_it_is() -> None:
    """A deployment that is rolled back for ten minutes must not end what reports are made of."""
    newer = Run(ONE.id, "of tomorrow", 100, None)
    desk = Desk(newer)
    progress(desk.book, newer, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, rows=7, caught_up_time_micros=5))
    entry = desk.entry(newer.id)
    assert entry is not None
    with pytest.raises(StreamUnmendableError, match="of tomorrow"):
        version_for(desk, entry, NOW)
    (said,) = desk.said
    assert "'of tomorrow' is not a processing version of this code" in said.problem
    assert (said.stage, said.rows, said.failure) == (RunStage.RUN_STAGE_RUNNING, 7, "")
    assert said.update_time_micros == NOW  # since when, so that those that cannot go on take turns
    assert [entry.run.id for entry in to_work_on(desk.book, NOW)] == [newer.id]


def test_a_run_of_an_unknown_version_that_nobody_has_taken_up_stays_queued() -> None:
    newer = Run(ONE.id, "of tomorrow", 100, None)
    desk = Desk(newer)
    entry = desk.entry(newer.id)
    assert entry is not None
    with pytest.raises(StreamUnmendableError):
        version_for(desk, entry, NOW)
    entry = desk.entry(newer.id)
    assert entry is not None
    assert entry.progress is not None
    assert entry.progress.problem
    assert state_of(entry) is RunState.QUEUED


def test_a_run_that_has_gone_on_takes_back_what_was_in_the_way() -> None:
    desk = Desk(OTHER)
    progress(desk.book, OTHER, RunProgress(problem="Its version is not known."))
    worked(desk, Work(desk.steps), OTHER)
    assert desk.steps == [*PREPARED, "RUN_STAGE_PROCESSED"]
    assert [bool(said.problem) for said in desk.said] == [True, False]
    assert desk.said[-1].start_time_micros == NOW


def test_what_can_never_be_processed_is_said_with_its_reason() -> None:
    desk = Desk(OTHER)

    class TooShort(Work):
        def await_end(self, *, is_begun: bool) -> None:
            del is_begun
            raise WrongState("The log is too short.")

    worked(desk, TooShort(desk.steps), OTHER)
    assert desk.steps[-1] == "RUN_STAGE_FAILED"
    assert desk.said[-1].failure == "The log is too short."


def test_a_run_that_was_begun_and_has_lost_its_offsets_is_not_begun_anew_beside_its_rows() -> None:
    desk = Desk(ONE)
    progress(desk.book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, records_done=7))
    worked(desk, Work(desk.steps), ONE)
    assert desk.steps == ["RUN_STAGE_FAILED"]
    assert "its rows would count twice" in desk.said[-1].failure
    assert desk.said[-1].records_done == 7


class Ends(Stream):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def run(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        StreamUnmendableError("The log does not hold any more what is next."),
        StreamFenced("Another one of this name has taken its place."),
    ],
)
def test_what_another_worker_does_not_surely_mend_is_said_and_the_run_stays_as_far_as_it_is(error: Exception) -> None:
    desk = Desk(ONE)
    work = Goes(desk.steps)
    work.begun = True
    with pytest.raises(type(error)):
        worked(desk, work, ONE, Ends(error))
    assert desk.said[-1].problem == str(error)
    assert (desk.said[-1].stage, desk.said[-1].records_done) == (RunStage.RUN_STAGE_RUNNING, 10)


def test_what_the_next_worker_mends_is_not_said() -> None:
    desk = Desk(ONE)
    with pytest.raises(StreamBroken):
        worked(desk, Goes(desk.steps), ONE, Ends(StreamBroken("away", "Kafka is away.")))
    assert desk.said[-1].problem == ""


@pytest.mark.parametrize(
    "error", [ValueError("Kafka refuses the topic."), StreamBroken("kafka", "Kafka refuses the topic.")]
)
def test_why_a_run_cannot_be_prepared_is_said(error: Exception) -> None:
    desk = Desk(ONE)

    class Refused(Work):
        def make_topics(self) -> None:
            raise error

    with pytest.raises(type(error), match="refuses"):
        worked(desk, Refused(desk.steps), ONE)
    assert (desk.said[-1].stage, desk.said[-1].problem) == (RunStage.RUN_STAGE_PREPARING, "Kafka refuses the topic.")


def test_a_run_that_has_rows_does_not_wait_behind_others_for_a_kafka_that_is_away_for_a_moment() -> None:
    desk = Desk(ONE)
    progress(desk.book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING))

    class Away(Work):
        def has_begun(self) -> bool:
            raise StreamBroken("kafka", "Kafka is away.")

    with pytest.raises(StreamBroken):
        worked(desk, Away(desk.steps), ONE)
    assert desk.said == []


IMPORTED = (EventKind.IMPORT, 0)


def test_what_failed_since_it_was_said_last_is_said_when_the_worker_is_told_to_end() -> None:
    desk = Desk(ONE)

    class Told(Stream):
        def run(self) -> None:
            assert desk.heard.wait(20)
            self.made.failed_batches[IMPORTED] += 1

    work = Goes(desk.steps)
    work.begun = True
    worked(desk, work, ONE, Told(), say_seconds=20)
    assert desk.said[-1].failed_batches == 1


def test_what_failed_up_to_the_end_is_said_of_a_run_that_is_done() -> None:
    desk, stream = Desk(OTHER), Stream()

    class Last(Work):
        def is_done(self) -> bool:
            stream.made.failed_batches[IMPORTED] = 1  # a moment before
            return True

    worked(desk, Last(desk.steps), OTHER, stream)
    assert (desk.steps[-1], desk.said[-1].failed_batches) == ("RUN_STAGE_PROCESSED", 1)


def test_a_run_is_not_done_before_it_is_known_what_failed_in_each_partition() -> None:
    desk, stream = Desk(OTHER), Stream()
    del stream.made.failed_batches[IMPORTED]

    class Done(Work):
        asked = 0

        def is_done(self) -> bool:
            self.asked += 1
            if self.asked == 3:
                stream.made.failed_batches[IMPORTED] = 2
            return True

    worked(desk, Done(desk.steps), OTHER, stream)
    assert desk.steps[-3:] == ["RUN_STAGE_RUNNING", "RUN_STAGE_RUNNING", "RUN_STAGE_PROCESSED"]
    assert desk.said[-1].failed_batches == 2


# ---- the runner ----


class Store:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.fresh_at = NOW

    def on_change(self, act: Callable[[], None]) -> None:
        raise NotImplementedError

    async def put(self, name: str, record: bytes) -> None:
        self.book.apply(name, record, NOW)


@dataclass
class Data:
    done: list[str] = field(default_factory=list)
    shown: bool = True
    loses: int = 0
    """How often tasks that are told to end do so without storing what they show."""
    taken_in: bool = True

    def shows_end(self, run: Entry) -> bool:
        del run
        return self.shown

    def rest(self, run_id: str) -> bool:
        if self.taken_in:
            self.done.append(f"rest {run_id}")
            self.taken_in = False
            return False
        if self.loses:
            self.loses, self.shown = self.loses - 1, False
        return True

    def resume(self, run_id: str) -> None:
        if not self.taken_in:
            self.done.append(f"resume {run_id}")
            self.taken_in = self.shown = True

    def remove(self, run_id: str) -> None:
        self.done.append(f"remove {run_id}")


@dataclass
class NeverAtRest(Data):
    def rest(self, run_id: str) -> bool:
        del run_id
        return False

    def resume(self, run_id: str) -> None:
        del run_id


@dataclass
class SlowData(Data):
    removing: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def remove(self, run_id: str) -> None:
        self.removing.set()
        assert self.goes_on.wait(20)
        super().remove(run_id)


async def looked(
    book: Book,
    data: Data,
    until: Callable[[], bool],
    started: list[str] | None = None,
    store: Store | None = None,
    clock: Clock | None = None,
) -> None:
    """Have a runner look until something is so, with workers that do nothing until they are told to end."""
    stop = threading.Event()

    async def start(run_id: str) -> asyncio.subprocess.Process:
        if started is not None:
            started.append(run_id)
        return await asyncio.create_subprocess_exec("sleep", "60")

    settings = RunnerSettings(look_seconds=0.01, pause_seconds=0, drain_seconds=5)
    runner = Runner(store or Store(book), data, start, clock or Clock(), settings, KeepSettings())
    running = asyncio.create_task(runner.run(stop))
    async with asyncio.timeout(20):
        while not until():
            await asyncio.sleep(0.01)
    stop.set()
    await running


async def test_a_run_that_is_cancelled_loses_its_worker_and_then_all_it_has() -> None:
    book, data, started = Book(), Data(), list[str]()
    define(book, ONE)
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING))

    def removed() -> bool:
        if started and not data.done:
            cancel(book, ONE)
        return bool(data.done) and stage(book, ONE) == RunStage.RUN_STAGE_REMOVED

    await looked(book, data, removed, started)
    assert (started, data.done) == ([ONE.id], [f"remove {ONE.id}"])


async def test_why_something_is_done_later_is_said_once_however_often_it_is_tried() -> None:
    class Held(Data):
        left: int = 5

        def remove(self, run_id: str) -> None:
            self.left -= 1
            if self.left:
                raise OSError("two tasks run" if self.left > 2 else "one task runs")
            super().remove(run_id)

    book, data = Book(), Held()
    define(book, ONE)
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING))
    cancel(book, ONE)
    with capture_logs() as lines:
        await looked(book, data, lambda: data.done == [f"remove {ONE.id}"])
    assert [line["reason"] for line in lines if line["event"] == "done later"] == ["two tasks run", "one task runs"]


async def test_a_dry_run_that_keeps_up_loses_its_worker_and_then_all_it_has_when_its_time_is_over() -> None:
    book, data, started = Book(), Data(), list[str]()
    define(book, ONE, dry_run=True)

    def keeps_up(hours: int) -> None:
        said = RunProgress(stage=RunStage.RUN_STAGE_RUNNING, update_time_micros=NOW)
        said.processed_until_micros = said.imported_processed_until_micros = NOW
        said.caught_up_time_micros = NOW - hours * HOUR_MICROS
        progress(book, ONE, said)

    def removed() -> bool:
        if started and not data.done:
            keeps_up(25)
        return stage(book, ONE) == RunStage.RUN_STAGE_REMOVED

    keeps_up(23)
    await looked(book, data, removed, started)
    assert (started, data.done) == ([ONE.id], [f"remove {ONE.id}"])


async def test_nothing_is_removed_before_everybody_knows_that_it_can_serve_no_more() -> None:
    book = Book()
    define(book, OTHER)
    progress(book, OTHER, RunProgress(stage=RunStage.RUN_STAGE_FAILED, failure="x"))

    class Watching(Data):
        def remove(self, run_id: str) -> None:
            entry = book.entry(run_id)
            assert entry is not None
            assert entry.cancelled is not None
            assert entry.cancelled.expired
            super().remove(run_id)

    data = Watching()
    await looked(book, data, lambda: stage(book, OTHER) == RunStage.RUN_STAGE_REMOVED)
    assert data.done == [f"remove {OTHER.id}"]


async def test_what_is_switched_back_to_just_before_its_removal_stays() -> None:
    """The runner has not seen the roll-back yet; the log has it first, and so it holds."""
    book, data = Book(), Data()
    define(book, ONE)
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING))
    serve(book, switched(FIRST, ONE, Micros(0)), at=1)
    back = rolled_back(book.newest, book.servings, Micros(0))
    assert back is not None
    serve(book, back, at=2)
    turns = iter(range(100))

    class Behind(Store):
        async def put(self, name: str, record: bytes) -> None:
            serve(self.book, switched(self.book.newest, ONE, Micros(0)), at=NOW)
            await super().put(name, record)

    def looked_on() -> bool:
        return book.newest.serves(ONE.id) and next(turns) > 10

    await looked(book, data, looked_on, store=Behind(book))
    assert data.done == []
    assert stage(book, ONE) == RunStage.RUN_STAGE_RUNNING


async def test_a_run_that_others_have_replaced_long_ago_loses_its_worker_and_keeps_its_rows() -> None:
    class Late(Data):
        asked = 0

        def shows_end(self, run: Entry) -> bool:
            self.asked += 1
            assert run.run.end_hour == later.start_hour
            assert (run.closed is not None) is (self.asked > 3)
            return self.asked >= 3

    book, data, started = Book(), Late(), list[str]()
    later = Run("r202611270000cccc", "2", ONE.start_hour + 5, None)
    said = RunProgress(stage=RunStage.RUN_STAGE_RUNNING)
    said.processed_until_micros = said.imported_processed_until_micros = NOW
    for run in (ONE, later):
        define(book, run)
        progress(book, run, said)
        serve(book, switched(book.newest, run, Micros(0)), at=1)
    entry = book.entry(ONE.id)
    assert entry is not None
    assert is_to_be_worked_on(entry)

    def rests() -> bool:
        return len(data.done) > 0

    await looked(book, data, rests, started)
    entry = book.entry(ONE.id)
    assert entry is not None
    assert entry.closed is not None
    assert (entry.run.end_hour, data.done) == (later.start_hour, [f"rest {ONE.id}"])
    assert not is_to_be_worked_on(entry)
    assert later.id in started


async def test_a_store_that_takes_its_time_keeps_nobody_from_seeing_after_workers() -> None:
    book, started = Book(), list[str]()
    data = SlowData()
    define(book, OTHER)
    progress(book, OTHER, RunProgress(stage=RunStage.RUN_STAGE_FAILED, failure="It could not go on."))

    def is_started() -> bool:
        if data.removing.is_set() and book.entry(ONE.id) is None:
            define(book, ONE)
        if started:
            data.goes_on.set()
        return bool(started) and stage(book, OTHER) == RunStage.RUN_STAGE_REMOVED

    await looked(book, data, is_started, started)
    assert started == [ONE.id]


async def test_a_worker_that_cannot_be_started_is_started_later() -> None:
    book, stop, tries = Book(), threading.Event(), list[str]()
    define(book, ONE)

    async def start(run_id: str) -> asyncio.subprocess.Process:
        tries.append(run_id)
        if len(tries) == 1:
            raise OSError("Too many processes.")
        stop.set()
        return await asyncio.create_subprocess_exec("sleep", "60")

    settings = RunnerSettings(look_seconds=0.01, pause_seconds=0, drain_seconds=5)
    async with asyncio.timeout(20):
        await Runner(Store(book), Data(), start, Clock(), settings, KeepSettings()).run(stop)
    assert tries == [ONE.id] * 2


async def test_a_worker_that_cannot_go_on_is_started_again_after_a_longer_pause() -> None:
    book, stop, started = Book(), threading.Event(), list[str]()
    define(book, ONE)
    serve(book, switched(FIRST, ONE, Micros(0)))
    define(book, OTHER)

    async def start(run_id: str) -> asyncio.subprocess.Process:
        started.append(run_id)
        if run_id == ONE.id:
            progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, problem="The log is gone."))
        elif started.count(run_id) == 5:
            stop.set()
        return await asyncio.create_subprocess_exec("false")

    settings = RunnerSettings(look_seconds=0.01, pause_seconds=0, stuck_pause_seconds=60, drain_seconds=5)
    async with asyncio.timeout(20):
        await Runner(Store(book), Data(), start, Clock(), settings, KeepSettings()).run(stop)
    assert started.count(ONE.id) == 1


async def test_figures_say_how_far_a_run_is_behind_and_whether_it_goes_on_as_long_as_it_is_under_way() -> None:
    book = Book()
    define(book, ONE)
    behind = {"processed_until_micros": NOW - 2_000_000, "imported_processed_until_micros": NOW - 3_000_000}
    progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, problem="The log is gone.", **behind))
    labels = {"run": ONE.id}

    def figure(name: str) -> float | None:
        return REGISTRY.get_sample_value(f"footfall_reprocessing_{name}", labels)

    seen = []

    def are_forgotten() -> bool:
        if not seen and (figure("lag_seconds"), figure("stuck")) == (3, 1):
            seen.append(True)
            progress(book, ONE, RunProgress(stage=RunStage.RUN_STAGE_REMOVED))
        return bool(seen) and figure("lag_seconds") is None and figure("stuck") is None

    await looked(book, Data(), are_forgotten)


def stage(book: Book, run: Run) -> RunStage:
    entry = book.entry(run.id)
    assert entry is not None
    return entry.progress.stage if entry.progress else RunStage.RUN_STAGE_UNSPECIFIED


async def test_a_run_that_is_processed_is_put_to_rest_once_the_store_shows_it_and_stays() -> None:
    book, data = Book(), Data(shown=False)
    define(book, OTHER)
    progress(book, OTHER, RunProgress(stage=RunStage.RUN_STAGE_PROCESSED, end_time_micros=1))
    turns = iter(range(100))

    def at_rest() -> bool:
        data.shown = next(turns) > 10
        assert data.shown or not data.done
        return bool(data.done)

    await looked(book, data, at_rest)
    assert data.done == [f"rest {OTHER.id}"]


@pytest.mark.parametrize("is_shown", [False, True], ids=["not shown", "not stored"])
async def test_a_run_that_does_not_come_to_rest_is_said_again_and_again_and_not_at_once(is_shown: bool) -> None:
    """It keeps its places in the store, and nobody else tells of it."""
    book, data, clock = Book(), NeverAtRest(shown=is_shown), Clock()
    define(book, OTHER)
    progress(book, OTHER, RunProgress(stage=RunStage.RUN_STAGE_PROCESSED, end_time_micros=1))
    said: list[int] = []

    def has_seen_half_an_hour() -> bool:
        said.append(len([line for line in logs if line["event"] == "run is not at rest"]))
        clock.time = Micros(clock.time + RESTS_WITHIN // 10)
        return clock.time > NOW + 3 * RESTS_WITHIN

    with capture_logs() as logs:
        await looked(book, data, has_seen_half_an_hour, clock=clock)
    assert said[:10] == [0] * 10
    assert said[-1] in {2, 3}


async def test_a_run_whose_rows_were_lost_before_they_were_stored_is_taken_in_again_until_they_are() -> None:
    book, data = Book(), Data(loses=2)
    define(book, OTHER)
    progress(book, OTHER, RunProgress(stage=RunStage.RUN_STAGE_PROCESSED, end_time_micros=1))
    rest, resume = f"rest {OTHER.id}", f"resume {OTHER.id}"
    turns = iter(range(100))
    await looked(book, data, lambda: data.done.count(rest) == 3 and next(turns) > 10)
    assert data.done == [rest, resume, rest, resume, rest]


async def test_a_failed_run_is_removed_and_stays_failed() -> None:
    book, data = Book(), Data()
    define(book, OTHER)
    progress(book, OTHER, RunProgress(stage=RunStage.RUN_STAGE_FAILED, failure="The log is too short."))
    turns = iter(range(100))
    await looked(book, data, lambda: stage(book, OTHER) == RunStage.RUN_STAGE_REMOVED and next(turns) > 10)
    entry = book.entry(OTHER.id)
    assert entry is not None
    assert entry.progress is not None
    assert entry.progress.failure == "The log is too short."
    assert data.done == [f"remove {OTHER.id}"]

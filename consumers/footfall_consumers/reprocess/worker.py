"""Works on one run, from wherever the worker before has left it.

    prepared    topics, datasources; the log has come behind its end; what counts elsewhere is known
    begun       its consumer group has offsets: from here on Kafka's transactions know how far it is; if they are lost
                it has failed, since its rows are there
    processed   all of its hours, if it has an end; else it keeps up with what is live, until it is closed

A worker may be killed at any point. What is done before the run is begun is done again, to the same end.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from footfall_core.clock import Clock, Micros
from footfall_core.problems import Problem, TryAgain, WrongState
from footfall_core.processing.versions import UnknownVersionError, Version, version_of
from footfall_core.runs.book import Entry
from footfall_core.runs.elsewhere import Elsewhere, elsewhere
from footfall_core.runs.serving import Serving
from footfall_core.runs.work import Made, Places, processed, progress_of
from footfall_core.streams import StreamBroken, StreamFenced, StreamUnmendableError
from footfall_core.wire.runs_pb2 import RunProgress, RunStage

log = structlog.get_logger()


class Desk(Protocol):
    """Where a worker asks and says what is known of runs; called from any thread, waits."""

    def entry(self, run_id: str) -> Entry | None:
        """Return what is known of a run, or None if nobody asked for it."""
        ...

    def serving(self, epoch: int | None) -> Serving:
        """Return the serving of an epoch, or, if None is named, the newest.

        That one may take effect only in a moment; but it will, and a switch asks what the run was told beside it.
        """
        ...

    def say(self, run_id: str, progress: RunProgress) -> None:
        """Store how far a run is.

        Raises:
            TryAgain: it is not stored, or not known to be.
        """
        ...


class RunWork(Protocol):
    """The log, as one run needs it. Each call waits; all but `begin` may be made again."""

    def has_begun(self) -> bool:
        """Return whether the run has been processed before."""
        ...

    def make_topics(self) -> None:
        """Make the run's topics."""
        ...

    def await_end(self, *, is_begun: bool) -> None:
        """Find where the run begins and ends; wait until the log has come behind its end.

        Raises:
            WrongState: the log does not reach back far enough.
        """
        ...

    def learn_what_counts_elsewhere(self, parts: Sequence[Elsewhere]) -> int:
        """Have the second stage know what other runs have counted in their hours; wait until that is final.

        Returns:
            How many transactions that are.
        """
        ...

    def begin(self) -> None:
        """Have the run be processed from its beginning on."""
        ...

    def places(self, now: Micros) -> Places:
        """Return where the run is."""
        ...

    def is_done(self) -> bool:
        """Return whether both stages have processed everything up to the run's end; never, if it has none."""
        ...


class Stream(Protocol):
    """What processes a run."""

    made: Made

    def run(self) -> None:
        """Process until `stop`, or until the process is told to end.

        Raises:
            StreamBroken: another worker can take this one's place.
            StreamUnmendableError: none can, unless somebody does something first.
        """
        ...

    def stop(self) -> None:
        """Have `run` end, at once or when it begins; called from any thread."""
        ...


@dataclass(frozen=True)
class Worker:
    """Works on one run, and what it needs to."""

    desk: Desk
    work: RunWork
    make_datasources: Callable[[], None]
    new_stream: Callable[[], Stream]
    clock: Clock
    raw_partitions: int
    say_seconds: float

    def run(self, entry: Entry) -> None:
        """Process the run as far as it goes; returns early if the process is told to end.

        Raises:
            Exception: whatever keeps it from going on, which has been said unless another worker surely mends it.
        """
        said = entry.progress or RunProgress()
        said.start_time_micros = said.start_time_micros or self.clock.now()
        try:
            self._process(entry, said)
        except WrongState as problem:
            self._fail(entry, said, problem)
        except Exception as error:
            # a double of the runner's fences this one again and again, and that is to be seen
            if not isinstance(error, StreamBroken) or isinstance(error, StreamFenced):
                self._say_stuck(entry.run.id, error)
            raise

    def _process(self, entry: Entry, said: RunProgress) -> None:
        try:
            said = self._prepare(entry, said)
        except StreamBroken as error:
            # it may not go away either; but who has rows is not to wait behind others for it
            if said.stage != RunStage.RUN_STAGE_RUNNING:
                self._say_stuck(entry.run.id, error)
            raise
        stream = self.new_stream()
        with _Telling(self, entry, said, stream):
            stream.run()

    def _prepare(self, entry: Entry, said: RunProgress) -> RunProgress:
        if self.work.has_begun():
            self.work.await_end(is_begun=True)
            return said
        if said.stage == RunStage.RUN_STAGE_RUNNING:
            # Kafka forgets the offsets of a group that nobody was in for `offsets.retention.minutes`
            raise WrongState(
                "It was begun, and Kafka does not know any more how far it came: processed anew, its rows would count "
                "twice. Start another one."
            )
        run, now = entry.run, self.clock.now()
        # the same as before, if a worker was here: what it has told the second stage is not taken back
        serving = self.desk.serving(said.serving_epoch if said.HasField("serving_epoch") else None)
        said.stage, said.update_time_micros = RunStage.RUN_STAGE_PREPARING, now
        said.serving_epoch = serving.epoch
        self.desk.say(run.id, said)
        self.work.make_topics()
        self.make_datasources()
        self.work.await_end(is_begun=False)
        parts = elsewhere(run, serving, self.clock.now(), self._end_of)
        transactions = self.work.learn_what_counts_elsewhere(parts)
        self.work.begin()
        log.info("run begun", run=run.id, version=run.version, elsewhere=transactions)
        return said

    def _end_of(self, run_id: str) -> int | None:
        entry = self.desk.entry(run_id)
        return entry.run.end_hour if entry is not None else None

    def _say_stuck(self, run_id: str, error: Exception) -> None:
        said = RunProgress()
        with suppress(TryAgain):
            known = self.desk.entry(run_id)
            said.CopyFrom((known.progress if known else None) or RunProgress(stage=RunStage.RUN_STAGE_PREPARING))
            said.problem, said.update_time_micros = (str(error) or type(error).__name__)[:500], self.clock.now()
            self.desk.say(run_id, said)

    def _fail(self, entry: Entry, said: RunProgress, problem: Problem) -> None:
        said.stage, said.failure = RunStage.RUN_STAGE_FAILED, str(problem)
        said.end_time_micros = said.update_time_micros = self.clock.now()
        self.desk.say(entry.run.id, said)
        log.error("run failed", run=entry.run.id, reason=said.failure)


class _Telling:
    """A thread that says how far a run is while it is processed, and ends the processing when it is done."""

    def __init__(self, worker: Worker, entry: Entry, before: RunProgress, stream: Stream) -> None:
        self._worker = worker
        self._entry = entry
        self._before = before
        self._stream = stream
        self._first: Places | None = None
        self._is_done = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        # what was made since it was said last
        self._say()

    def _run(self) -> None:
        while not self._is_done:
            self._say()
            if self._stop.wait(self._worker.say_seconds):
                return

    def _say(self) -> None:
        run_id = self._entry.run.id
        if self._is_done:
            return
        try:
            said = self._progress()
            self._before.caught_up_time_micros = said.caught_up_time_micros
            self._worker.desk.say(run_id, said)
        except TryAgain as problem:
            log.warning("progress not said", run=run_id, reason=str(problem))
        except Exception:
            # the processing goes on, and is what counts
            log.exception("progress not known", run=run_id)
        else:
            if said.stage == RunStage.RUN_STAGE_PROCESSED:
                log.info("run processed", run=run_id, rows=said.rows)
                self._is_done = True
                self._stream.stop()

    def _progress(self) -> RunProgress:
        worker, made = self._worker, self._stream.made
        # asked before anything is counted: what has been processed by then has been counted too
        is_done = worker.work.is_done()
        places = worker.work.places(worker.clock.now())
        self._first = self._first or places
        said = progress_of(
            self._entry, self._before, made, places, first=self._first, raw_partitions=worker.raw_partitions
        )
        # after a restart a partition's next record tells what has failed in it before, be it a tick behind the end
        if is_done and made.failed_batches.keys() >= places.begin.keys():
            return processed(said, self._entry, worker.clock.now())
        return said


def is_to_be_worked_on(entry: Entry) -> bool:
    """Return whether anything is left to do for a worker."""
    over = {RunStage.RUN_STAGE_PROCESSED, RunStage.RUN_STAGE_FAILED, RunStage.RUN_STAGE_REMOVED}
    has_ended = entry.cancelled is not None or entry.closed is not None
    return not has_ended and (entry.progress is None or entry.progress.stage not in over)


def version_for(desk: Desk, entry: Entry, now: Micros) -> Version:
    """Return the rules by which a run is processed.

    Raises:
        StreamUnmendableError: this code does not know them. The run has not failed: it may serve, and other code knows
            them, such as what an upgrade or its roll-back is about to bring. So its progress says why it waits, and
            nothing else of it changes.
    """
    try:
        return version_of(entry.run.version)
    except UnknownVersionError as error:
        said = RunProgress()
        said.CopyFrom(entry.progress or said)
        said.problem, said.update_time_micros = str(error), now
        with suppress(TryAgain):
            desk.say(entry.run.id, said)
        raise StreamUnmendableError(f"{entry.run.id}: {error}") from error

"""The runner of reprocessings, and the worker that it starts for each run."""

import asyncio
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from footfall_adapters.druid.run_datasources import RunDatasources
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.supervisors import DruidOverlordSettings, IntakeSettings
from footfall_adapters.environment import SettingsError, read_settings
from footfall_adapters.geography import GeographySettings, geography
from footfall_adapters.kafka.application import StateSettings, StreamSettings
from footfall_adapters.kafka.partitions import check_partitions
from footfall_adapters.kafka.run_desk import run_desk
from footfall_adapters.kafka.run_stream import RunStream, RunStreamSettings
from footfall_adapters.kafka.run_topics import group_of_run, remove_run_group, remove_run_topics
from footfall_adapters.kafka.run_work import KafkaRunWork
from footfall_adapters.kafka.runs import KafkaRunStore
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsSettings
from footfall_adapters.priority import step_back
from footfall_consumers.reprocess.runner import Runner, end_of
from footfall_consumers.reprocess.settings import RunnerSettings
from footfall_consumers.reprocess.worker import Worker, is_to_be_worked_on, version_for
from footfall_core.clock import Micros, SystemClock
from footfall_core.enrichment.user_agent import parse_user_agent
from footfall_core.kinds import EventKind
from footfall_core.processing.run_stages import RunStage
from footfall_core.runs.book import Entry
from footfall_core.runs.removal import KeepSettings
from footfall_core.vitals import Vitals

PARENT_SECONDS = 1.0
"""How often a worker looks whether the runner that has started it is still there."""

RAW_TOPICS = tuple(kind.raw_topic for kind in EventKind)


def run(variables: Mapping[str, str], vitals: Vitals, stop: threading.Event) -> None:
    """Have runs worked on until `stop` is set.

    Raises:
        SettingsError: names every variable that is missing or wrong, those of the workers too.
    """
    asyncio.run(_run(variables, vitals, stop))


async def _run(variables: Mapping[str, str], vitals: Vitals, stop: threading.Event) -> None:
    kafka, stream, state, druid, overlord, intake, settings, keep = read_settings(
        variables,
        KafkaSettings,
        StreamSettings,
        StateSettings,
        DruidSettings,
        DruidOverlordSettings,
        IntakeSettings,
        RunnerSettings,
        KeepSettings,
    )
    *_, places = read_settings(variables, TopicsSettings, RunStreamSettings, GeographySettings)
    with geography(places):
        pass  # a worker that cannot open it would end before it could say so
    check_partitions(kafka, RAW_TOPICS)
    datasources = RunDatasources(overlord.url, druid.broker_url, kafka, intake, stop)
    clock = SystemClock()

    async def start(run_id: str) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "footfall_cli.main", "consume", "run", "--run", run_id)
        # a session of its own: it is to stand behind what is live
        return await asyncio.create_subprocess_exec(*command, env=dict(variables), start_new_session=True)

    async with KafkaRunStore(kafka, clock) as runs:
        vitals.ready_when("runs", lambda: True)
        data = _Data(kafka, stream.group, datasources, state.dir)
        await Runner(runs, data, start, clock, settings, keep).run(stop)


@dataclass(frozen=True)
class _Data:
    """A `RunData`."""

    kafka: KafkaSettings
    group: str
    datasources: RunDatasources
    folder: Path

    def shows_end(self, run: Entry) -> bool:
        return self.datasources.shows_end(run.run.id, Micros(end_of(run)))

    def rest(self, run_id: str) -> bool:
        return self.datasources.rest(run_id)

    def resume(self, run_id: str) -> None:
        self.datasources.resume(run_id)

    def remove(self, run_id: str) -> None:
        # first of all: as long as its worker may be there, everything else would only have to be removed again
        remove_run_group(self.kafka, self.group, run_id)
        self.datasources.remove(run_id)
        remove_run_topics(self.kafka, self.group, run_id)
        shutil.rmtree(self.folder / run_id, ignore_errors=True)


def work(variables: Mapping[str, str], run_id: str) -> None:
    """Work on one run until it is processed, or until SIGTERM.

    Raises:
        SettingsError: names every variable that is missing or wrong, or there is no such run.
        StreamBroken: the next worker goes on.
        StreamUnmendableError: somebody has to do something first; so if this code does not know the run's version.
    """
    kafka, topics, stream, run_stream, state, druid, overlord, intake, settings, places = read_settings(
        variables,
        KafkaSettings,
        TopicsSettings,
        StreamSettings,
        RunStreamSettings,
        StateSettings,
        DruidSettings,
        DruidOverlordSettings,
        IntakeSettings,
        RunnerSettings,
        GeographySettings,
    )
    check_partitions(kafka, RAW_TOPICS)
    step_back()
    _end_with(os.getppid())
    clock = SystemClock()
    with run_desk(kafka, clock) as desk, geography(places) as country_of:
        entry = desk.entry(run_id)
        if entry is None:
            raise SettingsError(f"There is no run {run_id}.")
        if not is_to_be_worked_on(entry):
            return
        version = version_for(desk, entry, clock.now())
        parse_user_agent("compiles the patterns")
        asked, group = Micros(entry.definition.create_time_micros), group_of_run(stream.group, run_id)
        stage = RunStage(entry.run, version, asked, group, kafka.raw_partitions, country_of)
        log = KafkaRunWork(kafka, topics, stream, entry.run)
        datasources = RunDatasources(overlord.url, druid.broker_url, kafka, intake)
        worker = Worker(
            desk,
            log,
            make_datasources=lambda: datasources.make(run_id),
            new_stream=lambda: RunStream(
                kafka, stream, run_stream, state.dir / run_id, stage=stage, end=log.bounds.end, stop=threading.Event()
            ),
            clock=clock,
            raw_partitions=kafka.raw_partitions,
            say_seconds=settings.say_seconds,
        )
        worker.run(entry)


def _end_with(parent: int) -> None:
    """Have this process told to end when its parent is gone: another runner starts another worker."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()

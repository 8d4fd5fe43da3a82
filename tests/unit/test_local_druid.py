"""What a local Druid is told."""

from pathlib import Path
from typing import Any

from footfall_adapters.kafka.run_topics import run_tables
from footfall_core.clock import Micros
from footfall_core.columns import TABLES
from footfall_core.runs.asking import MAX_UNDER_WAY
from footfall_core.runs.book import Book
from footfall_core.runs.run import Run
from footfall_core.runs.work import to_work_on
from footfall_core.wire.runs_pb2 import RunProgress, RunStage
from footfall_local.druid import LISTENERS
from footfall_local.druid_properties import druid_properties
from footfall_local.home import Home
from footfall_local.parts import Addresses
from tests.unit.runs.records import define, progress

MiB = 1024 * 1024


def of_the_indexer() -> Any:
    listeners = [name for names in LISTENERS.values() for name in names]
    addresses = Addresses({name: 15_000 + number for number, name in enumerate(listeners)})
    return druid_properties(Home(Path("home")), addresses, command="indexer", listener="druid_indexer")


def test_there_is_a_place_for_each_task_and_its_successor_when_as_many_runs_keep_up_as_may() -> None:
    book = Book()
    for number in range(MAX_UNDER_WAY):
        run = Run(f"r20261127000000{number:02}", "1", 100, None)
        define(book, run)
        progress(book, run, RunProgress(stage=RunStage.RUN_STAGE_RUNNING, caught_up_time_micros=1))
    runs = [entry.run.id for entry in to_work_on(book, Micros(0))]
    assert len(runs) == MAX_UNDER_WAY
    tasks = len(TABLES) + sum(len(list(run_tables(run_id))) for run_id in runs)
    assert of_the_indexer()["druid.worker.capacity"] >= 2 * tasks


def test_a_place_more_takes_nothing_of_what_a_task_may_keep_in_memory() -> None:
    settings = of_the_indexer()
    share = settings["druid.worker.globalIngestionHeapLimitBytes"] / settings["druid.worker.capacity"]
    assert share == 45 * MiB

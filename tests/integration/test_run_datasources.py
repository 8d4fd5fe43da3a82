"""The datasources of a run in a real Druid: made, seen whole, put to rest, removed."""

import time
import uuid
from collections.abc import Callable

import httpx
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from footfall_adapters.druid.run_datasources import RunDatasources
from footfall_adapters.druid.supervisors import IntakeSettings
from footfall_adapters.kafka.run_topics import make_run_topics, remove_run_topics, run_tables
from footfall_adapters.kafka.topics import TopicsSettings
from footfall_core.clock import Micros, SystemClock
from footfall_core.processing.rows import RowOrigin, tick_row
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.runs.run import Run, hour_begins, new_run_id
from footfall_local.stack import Stack
from tests.integration.event_consumer import own_topics

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def until(
    condition: Callable[[], bool], what: str, seconds: float = 150, shown: Callable[[], str] = lambda: ""
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s{shown()}"
        time.sleep(0.5)


def test_a_run_is_seen_whole_keeps_what_it_has_at_rest_and_leaves_nothing_behind(stack: Stack) -> None:
    kafka = own_topics(stack)
    now = SystemClock().now()
    end_hour = now // 3_600_000_000
    run = Run(new_run_id(now, uuid.uuid4().hex[:4]), "1", end_hour - 1, end_hour)
    overlord, broker = (f"http://{stack.addresses[name]}" for name in ("druid_overlord", "druid_broker"))
    datasources = RunDatasources(overlord, broker, kafka, IntakeSettings())
    end = hour_begins(end_hour)
    make_run_topics(kafka, TopicsSettings(), run.id)
    datasources.make(run.id)
    try:
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
        ways = [(way, partition) for way in TICK_PROPERTIES for partition in range(kafka.raw_partitions)]
        for table in run_tables(run.id):
            for way, partition in ways[:-1]:
                row = tick_row(end, RowOrigin(run.mark, end_hour, partition), table.columns, way)
                producer.produce(kafka.topic(table.topic), row.encode(), partition=partition)
        assert producer.flush(30) == 0
        assert not datasources.shows_end(run.id, end)
        for table in run_tables(run.id):
            way, partition = ways[-1]
            row = tick_row(end, RowOrigin(run.mark, end_hour, partition), table.columns, way)
            producer.produce(kafka.topic(table.topic), row.encode(), partition=kafka.raw_partitions)
        assert producer.flush(30) == 0
        until(lambda: datasources.shows_end(run.id, end), "all ticks of the end")
        assert not datasources.rest(run.id)  # told a moment ago
        until(lambda: is_kept_at_rest(datasources, run.id, end), "the end of the tasks")
        assert not running(overlord, run.id)
        # as if the tasks had ended without publishing
        datasources.resume(run.id)
        until(lambda: len(running(overlord, run.id)) == len(list(run_tables(run.id))), "tasks once more")
        until(lambda: datasources.rest(run.id), "the end of the tasks")
        # each was told to publish, and did: one that was not is killed a minute later
        assert not ended_badly(overlord, run.id)
    finally:
        datasources.remove(run.id)
        remove_run_topics(kafka, "event-consumers", run.id)
    until(lambda: not datasources.shows_end(run.id, end), "the rows to be gone", shown=lambda: left(overlord, run.id))
    assert all(
        httpx.get(f"{overlord}/druid/indexer/v1/supervisor/{table.name}", timeout=30).status_code
        == httpx.codes.NOT_FOUND
        for table in run_tables(run.id)
    )
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    until(lambda: not any(run.id in name for name in admin.list_topics(timeout=30).topics), "its topics to be gone")
    # nothing is left, and so there is nothing to do
    datasources.remove(run.id)
    remove_run_topics(kafka, "event-consumers", run.id)


def is_kept_at_rest(datasources: RunDatasources, run_id: str, end: Micros) -> bool:
    """Do as the runner does: what ended without publishing, or is not shown by who has it now, is taken in again."""
    if not datasources.shows_end(run_id, end):
        datasources.resume(run_id)
        return False
    return datasources.rest(run_id) and datasources.shows_end(run_id, end)


def running(overlord: str, run_id: str) -> list[str]:
    tasks = httpx.get(f"{overlord}/druid/indexer/v1/runningTasks", timeout=30).json()
    return [task["id"] for task in tasks if run_id in task["dataSource"]]


def ended_badly(overlord: str, run_id: str) -> list[tuple[str, str]]:
    tasks = httpx.get(f"{overlord}/druid/indexer/v1/completeTasks", timeout=30).json()
    return [
        (task["id"], task["errorMsg"])
        for task in tasks
        if run_id in task["dataSource"] and task["statusCode"] != "SUCCESS"
    ]


def left(overlord: str, run_id: str) -> str:
    """Return what Druid has of a run: segments in use, who serves them, and what is to be loaded or dropped."""
    with httpx.Client(base_url=f"{overlord}/druid/coordinator/v1", timeout=30) as coordinator:
        used = [segment["dataSource"] for segment in coordinator.get("/metadata/segments").json()]
        served = [name for name in coordinator.get("/datasources").json() if run_id in name]
        queue = coordinator.get("/loadqueue", params={"simple": ""}).json()
    return f"; in use {[name for name in used if run_id in name]}, served {served}, load queues {queue}"

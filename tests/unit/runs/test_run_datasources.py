"""What is told to Druid of a run's datasources, and that nothing is taken for done before it is."""

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest

from footfall_adapters.druid import run_datasources
from footfall_adapters.druid.run_datasources import RunDatasources
from footfall_adapters.druid.supervisors import IntakeSettings
from footfall_adapters.kafka.run_topics import run_tables
from footfall_adapters.kafka.settings import KafkaSettings

RUN = "r202611271412abcd"
FIRST = next(iter(run_tables(RUN))).name


@dataclass
class Druid:
    """Druid as its interface shows it, of one table; of all others there is nothing."""

    suspended: bool = False
    tasks: dict[str, tuple[str, str]] = field(default_factory=dict)
    """State and type by id."""
    known: set[str] = field(default_factory=set)
    """Tasks that the supervisor knows."""
    missing: bool = False
    unused: bool = False
    """Whether segments are stored that are no more in use."""
    kills_fail: int = 0
    told: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        *_, table, order = request.url.path.split("/")
        if request.url.path.endswith("/druid/v2/sql"):
            query = json.loads(request.content)["query"]
            return httpx.Response(200, json=[[1]] if self.missing and f"'{FIRST}'" in query else [])
        if request.method == "POST" and order == "task":
            return self._kill(json.loads(request.content))
        if order == "tasks":
            return self._listed(request.url.params)
        if order == "shutdown":
            self.told.append(f"shut down {table}")
            self.tasks.pop(table)
            return httpx.Response(200)
        if FIRST not in (table, order):
            return httpx.Response(200, json=[]) if order == "unusedSegments" else httpx.Response(404)
        if order == "unusedSegments":
            return httpx.Response(200, json=[{}] if self.unused else [])
        if order == "status":
            ids = [{"id": task} for task in self.known & set(self.tasks)]
            return httpx.Response(200, json={"payload": {"activeTasks": ids[:1], "publishingTasks": ids[1:]}})
        if request.method == "GET":
            return httpx.Response(200, json={"suspended": self.suspended})
        self.told.append(order if request.method == "POST" else "mark unused")
        self.suspended = {"suspend": True, "resume": False}.get(order, self.suspended)
        return httpx.Response(200)

    def _kill(self, task: dict[str, Any]) -> httpx.Response:
        assert task["dataSource"] == FIRST
        self.told.append("kill")
        self.tasks["kill"] = ("RUNNING", "kill")
        return httpx.Response(200)

    def _listed(self, asked: httpx.QueryParams) -> httpx.Response:
        if asked["datasource"] != FIRST:
            return httpx.Response(200, json=[])
        found = [
            {"id": task, "type": kind}
            for task, (state, kind) in self.tasks.items()
            if state.lower() == asked["state"].lower()
        ]
        if asked["state"] == "running" and self.tasks.pop("kill", None):
            # it has been seen once, and ends
            self.unused, self.kills_fail = self.kills_fail > 0, self.kills_fail - 1
        return httpx.Response(200, json=found)


@pytest.fixture
def druid(monkeypatch: pytest.MonkeyPatch) -> Druid:
    fake = Druid()
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(fake)))
    monkeypatch.setattr(run_datasources.time, "sleep", lambda seconds: None)
    return fake


@pytest.fixture
def datasources(druid: Druid) -> RunDatasources:
    del druid
    return RunDatasources("http://overlord", "http://broker", KafkaSettings("kafka:9092"), IntakeSettings())


def test_a_supervisor_that_does_not_know_its_task_yet_is_not_told_to_rest(
    druid: Druid, datasources: RunDatasources
) -> None:
    """It would not have the task publish; the task would be killed a minute later, with the rows that it has."""
    druid.tasks = {"one": ("RUNNING", "index_kafka"), "two": ("PENDING", "index_kafka")}
    druid.known = {"one"}
    assert not datasources.rest(RUN)
    assert druid.told == []
    druid.known.add("two")
    assert not datasources.rest(RUN)
    assert druid.told == ["suspend"]


@pytest.mark.parametrize("state", ["WAITING", "PENDING", "RUNNING"])
def test_a_run_is_not_at_rest_as_long_as_a_task_may_still_publish(
    druid: Druid, datasources: RunDatasources, state: str
) -> None:
    druid.suspended = True
    druid.tasks = {"one": (state, "index_kafka")}
    assert not datasources.rest(RUN)
    druid.tasks.clear()
    assert datasources.rest(RUN)


def test_what_is_published_and_not_served_is_waited_for_and_not_taken_in_again(
    druid: Druid, datasources: RunDatasources
) -> None:
    """A historical that is away would otherwise have all runs at rest take places from live events."""
    druid.suspended = druid.missing = True
    datasources.resume(RUN)
    assert druid.told == []
    druid.missing = False
    datasources.resume(RUN)
    assert druid.told == ["resume"]


def test_tasks_are_shut_down_before_their_supervisor_would_have_them_publish(
    druid: Druid, datasources: RunDatasources
) -> None:
    druid.tasks = {"one": ("RUNNING", "index_kafka")}
    druid.unused = True
    datasources.remove(RUN)
    assert druid.told == ["shut down one", "terminate", "mark unused", "kill"]


def test_what_is_stored_is_erased_by_another_task_if_one_fails(druid: Druid, datasources: RunDatasources) -> None:
    druid.unused, druid.kills_fail = True, 2
    datasources.remove(RUN)
    assert druid.told == ["terminate", "mark unused", "kill", "kill", "kill"]
    assert not druid.unused


def test_a_task_that_erases_is_left_to_do_so_when_a_removal_is_made_again(
    druid: Druid, datasources: RunDatasources
) -> None:
    """Ended between the two, it would leave files of which nothing is known any more."""
    druid.unused = True
    druid.tasks = {"kill": ("WAITING", "kill"), "one": ("RUNNING", "index_kafka")}
    seen = iter(range(100))

    def starts(request: httpx.Request) -> httpx.Response:
        if next(seen) == 20:
            druid.tasks["kill"] = ("RUNNING", "kill")
        return druid(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(starts)))
        datasources.remove(RUN)
    assert druid.told == ["shut down one", "terminate", "mark unused"]


def test_a_removal_is_not_done_as_long_as_something_is_stored(
    druid: Druid, datasources: RunDatasources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_datasources, "TASKS_SECONDS", 0)
    druid.unused, druid.kills_fail = True, 1000
    with pytest.raises(TimeoutError, match="is not erased"):
        datasources.remove(RUN)


def test_a_task_that_does_not_end_keeps_a_run_from_being_called_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it stores at its end would stay for ever; whoever removes tries again."""
    monkeypatch.setattr(run_datasources, "TASKS_SECONDS", 0)
    running = httpx.MockTransport(lambda _: httpx.Response(200, json=[{"id": "one", "type": "index_kafka"}]))
    with httpx.Client(base_url="http://overlord", transport=running) as overlord, pytest.raises(TimeoutError):
        run_datasources._await_tasks(overlord, ["events-r"])

"""What is told to Druid of a run's datasources, and that nothing is taken for done before it is."""

import json
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest

from footfall_adapters.druid import run_datasources
from footfall_adapters.druid.run_datasources import NotRemovedError, RunDatasources
from footfall_adapters.druid.supervisors import IntakeSettings
from footfall_adapters.kafka.run_topics import run_tables
from footfall_adapters.kafka.settings import KafkaSettings

RUN = "r202611271412abcd"
FIRST = next(iter(run_tables(RUN))).name


@dataclass
class Druid:
    """Druid as its interface shows it, of one table; of all others there is nothing."""

    there: bool = True
    """Whether there is a supervisor."""
    suspended: bool = False
    tasks: dict[str, tuple[str, str]] = field(default_factory=dict)
    """State and type by id."""
    reading: set[str] = field(default_factory=set)
    """Tasks that the supervisor knows, and that have begun to read."""
    starting: set[str] = field(default_factory=set)
    """Tasks that it knows, and that have not."""
    publishing: set[str] = field(default_factory=set)
    missing: bool = False
    unused: bool = False
    """Whether segments are stored that are no more in use."""
    kill_ends: list[str] = field(default_factory=list)
    """How tasks that erase end, one after the other; then all of them well."""
    forgets: bool = True
    """Whether one that fails has forgotten the segments before."""
    told: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        *_, table, order = request.url.path.split("/")
        if request.url.path.endswith("/druid/v2/sql"):
            query = json.loads(request.content)["query"]
            return httpx.Response(200, json=[[1]] if self.missing and f"'{FIRST}'" in query else [])
        if "/indexer/v1/task" in request.url.path:
            return self._task(request, table, order)
        if FIRST not in (table, order):
            return httpx.Response(200, json=[]) if order == "unusedSegments" else httpx.Response(404)
        if order == "unusedSegments":
            return httpx.Response(200, json=[{}] if self.unused else [])
        if "/supervisor/" in request.url.path and not self.there:
            return httpx.Response(404)
        if order == "status":
            return httpx.Response(200, json={"payload": self._known()})
        if request.method == "GET":
            return httpx.Response(200, json={"suspended": self.suspended})
        self.told.append(order if request.method == "POST" else "mark unused")
        self.suspended = {"suspend": True, "resume": False}.get(order, self.suspended)
        if order == "terminate":
            self.there = False
            for task in self.publishing:  # they end, each in its time
                self.tasks.pop(task)
        return httpx.Response(200)

    def _known(self) -> dict[str, list[dict[str, Any]]]:
        reading = [{"id": task, "currentOffsets": {"0": 7}} for task in self.reading & self.tasks.keys()]
        starting = [{"id": task, "currentOffsets": {}} for task in self.starting & self.tasks.keys()]
        publishing = [{"id": task} for task in self.publishing & self.tasks.keys()]
        return {"activeTasks": [*reading, *starting], "publishingTasks": publishing}

    def _task(self, request: httpx.Request, task: str, order: str) -> httpx.Response:
        if order == "tasks":
            asked = request.url.params
            of_it = self.tasks.items() if asked["datasource"] == FIRST else ()
            found = [{"id": name, "type": kind} for name, (state, kind) in of_it if state == asked["state"].upper()]
            return httpx.Response(200, json=found)
        if order == "shutdown":
            self.told.append(f"shut down {task}")
            self.tasks.pop(task)
            return httpx.Response(200)
        if order == "status":
            return httpx.Response(200, json={"status": self._kill_status(task)})
        assert json.loads(request.content)["dataSource"] == FIRST
        self.told.append("kill")
        self.tasks["kill"] = ("WAITING", "kill")
        return httpx.Response(200, json={"task": "kill"})

    def _kill_status(self, task: str) -> dict[str, str]:
        """Return how far one that erases is; it is a step further each time."""
        state, _ = self.tasks[task]
        if state != "RUNNING":
            self.tasks[task] = ("RUNNING", "kill")
            return {"statusCode": "RUNNING"}
        del self.tasks[task]
        ended = self.kill_ends.pop(0) if self.kill_ends else "SUCCESS"
        self.unused = self.unused and ended != "SUCCESS" and not self.forgets
        return {"statusCode": ended, "errorMsg": "The disk is away." if ended == "FAILED" else ""}


@pytest.fixture
def druid(monkeypatch: pytest.MonkeyPatch) -> Druid:
    fake = Druid()
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(fake)))
    monkeypatch.setattr(run_datasources, "PAUSE_SECONDS", 0)
    return fake


@pytest.fixture
def datasources(druid: Druid) -> RunDatasources:
    del druid
    return RunDatasources("http://overlord", "http://broker", KafkaSettings("kafka:9092"), IntakeSettings())


def test_a_supervisor_that_cannot_have_all_its_tasks_publish_is_not_told_to_rest(
    druid: Druid, datasources: RunDatasources
) -> None:
    """One that it does not know would read on; one that does not read yet would be killed, in the end both."""
    druid.tasks = dict.fromkeys(("one", "two"), ("RUNNING", "index_kafka"))
    druid.publishing = {"one"}
    assert not datasources.rest(RUN)
    druid.starting = {"two"}
    assert not datasources.rest(RUN)
    assert druid.told == []
    druid.starting, druid.reading = set(), {"two"}
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
    druid.tasks = dict.fromkeys(("reads", "publishes"), ("RUNNING", "index_kafka"))
    druid.reading, druid.publishing = {"reads"}, {"publishes"}
    druid.unused = True
    datasources.remove(RUN)
    # one that publishes already would leave files that nobody knows of
    assert druid.told == ["shut down reads", "terminate", "mark unused", "kill"]


def test_tasks_without_a_supervisor_are_shut_down(druid: Druid, datasources: RunDatasources) -> None:
    """It was removed, and the process that did so was killed."""
    druid.there = False
    druid.tasks = {"one": ("PENDING", "index_kafka")}
    datasources.remove(RUN)
    assert druid.told == ["shut down one", "mark unused"]


@pytest.mark.parametrize("forgets", [False, True])
def test_a_failure_to_erase_is_said_and_what_is_known_is_erased_when_it_is_tried_again(
    druid: Druid, datasources: RunDatasources, forgets: bool
) -> None:
    druid.unused, druid.kill_ends, druid.forgets = True, ["FAILED"], forgets
    with pytest.raises(NotRemovedError, match=rf"could not erase {FIRST}; .* The disk is away\."):
        datasources.remove(RUN)
    assert druid.told.count("kill") == 1
    datasources.remove(RUN)
    assert druid.told.count("kill") == (1 if forgets else 2)
    assert not druid.unused


def test_a_task_that_erases_is_left_to_do_so_when_a_removal_is_made_again(
    druid: Druid, datasources: RunDatasources
) -> None:
    """Ended between the two, it would leave files of which nothing is known any more."""
    druid.there, druid.unused = False, True
    druid.tasks = {"kill": ("WAITING", "kill")}
    datasources.remove(RUN)
    assert druid.told == ["mark unused"]
    assert not druid.tasks


def test_a_removal_is_not_done_as_long_as_something_is_stored(
    druid: Druid, datasources: RunDatasources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_datasources, "TASKS_SECONDS", -1)
    druid.unused = True
    with pytest.raises(NotRemovedError, match="is not erased within"):
        datasources.remove(RUN)


def test_a_task_that_does_not_end_keeps_a_run_from_being_called_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it stores at its end would stay for ever; whoever removes tries again."""
    monkeypatch.setattr(run_datasources, "TASKS_SECONDS", -1)
    with pytest.raises(NotRemovedError, match="have not ended within"):
        _await_one_that_runs(threading.Event())


def test_a_process_that_ends_waits_for_no_task() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(NotRemovedError, match="this process ends"):
        _await_one_that_runs(stop)


def _await_one_that_runs(stop: threading.Event) -> None:
    running = httpx.MockTransport(lambda _: httpx.Response(200, json=[{"id": "one", "type": "index_kafka"}]))
    with httpx.Client(base_url="http://overlord", transport=running) as overlord:
        run_datasources._await_tasks(overlord, ["events-r"], stop)

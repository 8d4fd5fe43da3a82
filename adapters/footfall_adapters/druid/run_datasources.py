"""The datasources of a run: made, put to rest when all of its rows are in, and removed."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import httpx
import structlog

from footfall_adapters.druid import supervisors
from footfall_adapters.druid.availability import MISSING
from footfall_adapters.druid.supervisors import ORDER_SECONDS, IntakeSettings
from footfall_adapters.kafka.run_topics import run_tables
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.runs.run import LIVE

log = structlog.get_logger()

ANSWER_SECONDS = 30.0
TASKS_SECONDS = 120.0
"""How long tasks that were told to end may take to, and those that erase what is stored."""

PAUSE_SECONDS = 0.5

_SUPERVISORS, _TASKS = "/druid/indexer/v1/supervisor", "/druid/indexer/v1"
_SEGMENTS = "/druid/coordinator/v1"


class NotRemovedError(Exception):
    """Druid still has something of a run that is to be removed."""


class RunDatasources:
    """What is done with the datasources of runs; each call waits for Druid, and is idempotent.

    All raise `httpx.HTTPError` if Druid is away or refuses.
    """

    def __init__(
        self,
        overlord_url: str,
        broker_url: str,
        kafka: KafkaSettings,
        settings: IntakeSettings,
        stop: threading.Event | None = None,
    ) -> None:
        """Ask nothing yet.

        Args:
            overlord_url: of the overlord and coordinator or a router, `http://host:port`.
            broker_url: of the broker or a router, `http://host:port`.
            kafka: where the rows are.
            settings: how they are taken in.
            stop: once it is set, nothing is waited for any more.
        """
        self._stop = stop or threading.Event()
        self._overlord_url = overlord_url
        self._broker_url = broker_url
        self._kafka = kafka
        self._settings = settings

    def make(self, run_id: str) -> None:
        """Have Druid take in a run's rows."""
        for table in run_tables(run_id):
            supervisors.ensure(self._overlord_url, self._kafka, table, self._settings)

    def shows_end(self, run_id: str, end: Micros) -> bool:
        """Return whether Druid shows all rows of a run with an end: its last ticks, on all ways, in all tables."""
        ways = {(property_id, n) for property_id in TICK_PROPERTIES for n in range(self._kafka.raw_partitions)}
        with httpx.Client(base_url=self._broker_url, timeout=ANSWER_SECONDS) as broker:
            for table in run_tables(run_id):
                query = {"query": _LAST_TICKS.format(table.name), "resultFormat": "array"}
                parameters = [{"type": "BIGINT", "value": end}, *_texts(TICK_PROPERTIES)]
                answer = broker.post("/druid/v2/sql", json=query | {"parameters": parameters})
                if answer.status_code == httpx.codes.BAD_REQUEST:
                    return False  # the broker does not know the datasource yet
                answer.raise_for_status()
                if {(way, int(number)) for way, number in answer.json()} < ways:
                    return False
        return True

    def rest(self, run_id: str) -> bool:
        """Have Druid publish what it has of a run of which no more rows come, and take its tasks away.

        Returns:
            Whether none is left: what Druid shows from then on is what it has published.
        """
        with self._overlord() as overlord:
            names = [table.name for table in run_tables(run_id)]
            taking = [name for name in names if _is_suspended(overlord, name) is False]
            for name in taking:
                # of one that its supervisor does not know yet nobody asks that it publishes: it reads on, until it is
                # killed for that a minute later
                if _knows_its_tasks(overlord, name):
                    overlord.post(f"{_SUPERVISORS}/{name}/suspend").raise_for_status()
                    log.info("druid supervisor rests", datasource=name)
            return not taking and not any(_tasks_of(overlord, name) for name in names)

    def resume(self, run_id: str) -> None:
        """Have Druid take in again what a run's tasks have lost that ended at rest without publishing it.

        Not so while something that was published is not served: it will be shown by who serves it then.
        """
        names = [table.name for table in run_tables(run_id)]
        with httpx.Client(base_url=self._broker_url, timeout=ANSWER_SECONDS) as broker:
            if any(_is_missing(broker, name) for name in names):
                return
        with self._overlord() as overlord:
            for name in names:
                if _is_suspended(overlord, name) and not _tasks_of(overlord, name):
                    overlord.post(f"{_SUPERVISORS}/{name}/resume").raise_for_status()
                    log.warning("druid supervisor goes on", datasource=name)

    def remove(self, run_id: str) -> None:
        """Take all that Druid has of a run away: supervisors, tasks, and what is stored.

        Raises:
            NotRemovedError: a task does not end, or what is stored is not erased; this is still to be done.
        """
        assert run_id != LIVE, "what is live is never removed"
        names = [table.name for table in run_tables(run_id)]
        with self._overlord() as overlord:
            for name in names:
                # a task that is shut down while it publishes leaves files that nobody knows of, so none is then; and as
                # a supervisor that ends has its tasks publish, they are shut down before, and those in their places too
                publishing = _publishing(overlord, name)
                _shut_down_tasks(overlord, name, publishing)
                _unless_gone(overlord.post(f"{_SUPERVISORS}/{name}/terminate"))
                _shut_down_tasks(overlord, name, publishing)
            _await_tasks(overlord, names, self._stop)
            for name in names:
                _unless_gone(overlord.delete(f"{_SEGMENTS}/datasources/{name}"))
            _erase(overlord, names, self._stop)
        log.info("druid datasources removed", datasources=names)

    def _overlord(self) -> httpx.Client:
        return httpx.Client(base_url=self._overlord_url, timeout=ORDER_SECONDS)


_LAST_TICKS = """
    SELECT property, raw_partition FROM "{}"
    WHERE tick_time_micros >= ? AND property IN (?, ?)
    GROUP BY 1, 2
"""


def _texts(values: Sequence[str]) -> list[Mapping[str, str]]:
    return [{"type": "VARCHAR", "value": value} for value in values]


def _is_missing(broker: httpx.Client, name: str) -> bool:
    """Return whether something that was published is served by nobody."""
    answer = broker.post("/druid/v2/sql", json={"query": MISSING.format(table=name)})
    return bool(answer.raise_for_status().json())


def _is_suspended(overlord: httpx.Client, name: str) -> bool | None:
    """Return whether a supervisor is told to take nothing in; None: there is none."""
    state = overlord.get(f"{_SUPERVISORS}/{name}")
    if state.status_code == httpx.codes.NOT_FOUND:
        return None
    return bool(state.raise_for_status().json().get("suspended"))


def _knows_its_tasks(overlord: httpx.Client, name: str) -> bool:
    """Return whether a supervisor knows all tasks of its datasource, and can have them publish.

    Of one that it has made it learns seconds later, and one that has not begun to read it kills for not obeying.
    """
    known = {task["id"] for task in _known(overlord, name, "activeTasks") if task.get("currentOffsets")}
    known |= _publishing(overlord, name)
    return all(task["id"] in known for task in _tasks_of(overlord, name))


def _publishing(overlord: httpx.Client, name: str) -> set[str]:
    """Return the tasks that a supervisor has told to publish."""
    return {task["id"] for task in _known(overlord, name, "publishingTasks")}


def _known(overlord: httpx.Client, name: str, kind: str) -> list[dict[str, Any]]:
    """Return the tasks of one kind that a supervisor knows; none if there is no supervisor."""
    status = overlord.get(f"{_SUPERVISORS}/{name}/status")
    if status.status_code == httpx.codes.NOT_FOUND:
        return []
    return list(status.raise_for_status().json()["payload"][kind])


def _unless_gone(answer: httpx.Response) -> None:
    if answer.status_code != httpx.codes.NOT_FOUND:
        answer.raise_for_status()


def _shut_down_tasks(overlord: httpx.Client, name: str, spared: Collection[str]) -> None:
    for task in _tasks_of(overlord, name):
        if task["id"] not in spared:
            _unless_gone(overlord.post(f"{_TASKS}/task/{task['id']}/shutdown"))


def _await_tasks(overlord: httpx.Client, datasources: Sequence[str], stop: threading.Event) -> None:
    """Return when no task of some datasources runs: one that ends late would store what was removed.

    Raises:
        NotRemovedError: one does.
    """
    patience = _Patience(stop)
    for name in datasources:
        while _tasks_of(overlord, name):
            patience.wait(f"Tasks of {name} in Druid have not ended")


def _erase(overlord: httpx.Client, datasources: Sequence[str], stop: threading.Event) -> None:
    """Have all that is stored of some datasources, and no more in use, erased, and return when it is.

    Raises:
        NotRemovedError: it is not yet.
    """
    patience = _Patience(stop)
    begun = {name: _erasing(overlord, name) or _erase_unused(overlord, name) for name in datasources}
    for name in datasources:
        while begun[name]:
            while (ended := _end_of(overlord, begun[name])) is None:
                patience.wait(f"What Druid has stored of {name} is not erased")
            if ended:
                # the segments are forgotten before their files are deleted: some may be left that nobody knows of
                raise NotRemovedError(f"Druid could not erase {name}; see its folder in the deep storage. {ended}")
            # it may have begun before the last of it was not in use any more
            begun[name] = _erase_unused(overlord, name)


def _erasing(overlord: httpx.Client, name: str) -> str:
    """Return the id of the task that erases what is stored of a datasource; "": none does."""
    return next((task["id"] for task in _active(overlord, name) if task.get("type") == "kill"), "")


def _erase_unused(overlord: httpx.Client, name: str) -> str:
    """Begin to erase what is stored of a datasource and not in use, and return the task's id; "": there is nothing."""
    unused = overlord.get(f"{_SEGMENTS}/metadata/datasources/{name}/unusedSegments", params={"limit": 1})
    if not unused.raise_for_status().json():
        return ""
    task = {"type": "kill", "dataSource": name, "interval": "1000-01-01/3000-01-01"}
    return str(overlord.post(f"{_TASKS}/task", json=task).raise_for_status().json()["task"])


def _end_of(overlord: httpx.Client, task: str) -> str | None:
    """Return what went wrong with a task, "" if nothing did; None: it has not ended."""
    status = overlord.get(f"{_TASKS}/task/{task}/status").raise_for_status().json()["status"]
    if status["statusCode"] == "RUNNING":
        return None
    return "" if status["statusCode"] == "SUCCESS" else str(status.get("errorMsg") or status["statusCode"])


class _Patience:
    """Waits a moment at a time, and not for ever."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._give_up = time.monotonic() + TASKS_SECONDS

    def wait(self, what: str) -> None:
        """Wait a moment.

        Raises:
            NotRemovedError: it has been too long, or is not to be waited for any more.
        """
        if time.monotonic() > self._give_up:
            raise NotRemovedError(f"{what} within {TASKS_SECONDS:.0f} s.")
        if self._stop.wait(PAUSE_SECONDS):
            raise NotRemovedError(f"{what}, and this process ends.")


def _tasks_of(overlord: httpx.Client, datasource: str) -> list[dict[str, Any]]:
    """Return the tasks that take in what is in a datasource, or will."""
    return [task for task in _active(overlord, datasource) if task.get("type") != "kill"]


def _active(overlord: httpx.Client, datasource: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    # in the order in which a task goes through them, so that none is missed that does so meanwhile
    for state in ("waiting", "pending", "running"):
        answer = overlord.get(f"{_TASKS}/tasks", params={"datasource": datasource, "state": state})
        found.update({task["id"]: task for task in answer.raise_for_status().json()})
    return list(found.values())

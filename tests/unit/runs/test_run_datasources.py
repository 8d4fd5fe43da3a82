"""What is said of Druid when it does not do what it is told."""

import httpx
import pytest

from footfall_adapters.druid import run_datasources


def test_a_task_that_does_not_end_keeps_a_run_from_being_called_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it stores at its end would stay for ever; whoever removes tries again."""
    monkeypatch.setattr(run_datasources, "TASKS_SECONDS", 0)
    running = httpx.MockTransport(lambda _: httpx.Response(200, json=[{"type": "index_kafka"}]))
    with httpx.Client(base_url="http://overlord", transport=running) as overlord, pytest.raises(TimeoutError):
        run_datasources._await_tasks(overlord, ["events-r"])

"""Kafka is frozen for so long that a transaction of the event consumer fails: nobody has to start any part again."""

import json
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest

from footfall_local.stack import Stack
from tests.e2e.processes import frozen, wait_for
from tests.faults.found import verdict
from tests.faults.journals import Writers

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

FIGURE = "footfall_processing_restarts_total"
FROZEN_SECONDS = 75.0
"""At most; an event consumer gives up a transaction before."""

WITH_HEALTH = ("ingest-1", "ingest-2", "events-1", "imports-1", "query-1", "queries-1", "errors-1")


def asked(stack: Stack, part: str, path: str) -> tuple[int, str]:
    """Return what a process answers about itself, be it late."""
    address = stack.addresses[f"{part.replace('-', '_')}_health"]
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def streams_broken(stack: Stack, part: str) -> float:
    """Return how often a stream has broken in an event consumer."""
    lines = asked(stack, part, "/metrics")[1].splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(FIGURE))


def restarts(stack: Stack) -> Counter[str]:
    report = stack.report()
    assert report is not None
    return Counter({part.name: part.restarts for part in report.parts})


def comes(happened: Callable[[], bool], within: float) -> bool:
    """Return whether something happens in so many seconds."""
    with suppress(AssertionError):
        return wait_for("it", lambda: happened() or None, seconds=within)
    return False


def test_no_part_is_started_again_and_each_event_counts_once(stack: Stack) -> None:
    property_id = f"frozen-{uuid.uuid4().hex[:10]}"
    address = stack.addresses["grpc"]
    before = restarts(stack)
    broken = streams_broken(stack, "events-1")
    with Writers(address, property_id) as writers:
        writers.await_acknowledged(400)
        with frozen(stack, "kafka"):
            # a consumer that was frozen between two transactions has nothing to commit, and just waits
            has_broken = comes(lambda: streams_broken(stack, "events-1") > broken, within=FROZEN_SECONDS)
            print(f"the stream broke: {has_broken}")
            # alive is who can answer, Kafka or not; ready is who does its part
            assert [asked(stack, part, "/healthz")[0] for part in WITH_HEALTH] == [200] * len(WITH_HEALTH)
            if has_broken:
                code, said = asked(stack, "events-1", "/readyz")
                assert (code, json.loads(said)["kinds"]) == (503, {"events": False})
        writers.await_acknowledged(400)
    wait_for("all to be ready", lambda: all(asked(stack, part, "/readyz")[0] == 200 for part in WITH_HEALTH) or None)
    found = verdict(address, property_id, writers.journal)
    assert found.is_good, found
    assert restarts(stack) == before

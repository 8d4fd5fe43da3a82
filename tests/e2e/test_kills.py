"""Parts die at bad moments while events come in; every acknowledged event counts once all the same."""

import json
import os
import signal
import time
from pathlib import Path

from footfall_local.stack import Stack
from tests.e2e.conftest import Footfall
from tests.e2e.figures import EXPECTED, figures
from tests.e2e.processes import (
    INGEST_SERVERS,
    busy_server,
    frozen,
    process_of,
    received_bytes,
    restarts_of,
    wait_for,
)

SOME_BATCHES = 10_000
"""Bytes."""


def kill_with_batches_in_flight(stack: Stack) -> str:
    """Freeze the server that has the stream until batches are stuck in it, then kill it; return its name."""
    server = wait_for("a server with the stream", lambda: busy_server(stack))
    with frozen(stack, server) as pid:
        # the stream is a request in flight also while no batch is
        before = received_bytes(stack)
        wait_for("batches that are stuck in it", lambda: received_bytes(stack) > before + SOME_BATCHES or None)
        os.kill(pid, signal.SIGKILL)
    return server


def test_nothing_is_lost_or_doubled_when_consumer_and_ingest_server_are_killed(
    stack: Stack, footfall: Footfall, access_log: Path, property_id: str
) -> None:
    before = {name: restarts_of(stack, name) for name in ("imports-1", *INGEST_SERVERS)}
    arguments = ("--format", "combined-log", "--property", property_id, "--wait", "--json")
    with footfall.running("replay", str(access_log), *arguments, "--batch-size", "7", "--rate", "500") as replay:
        started = time.monotonic()
        wait_for("five seconds under way", lambda: True if time.monotonic() - started > 5 else None, pause=0.05)
        os.kill(process_of(stack, "imports-1"), signal.SIGKILL)
        wait_for("ten seconds under way", lambda: True if time.monotonic() - started > 10 else None, pause=0.05)
        killed = kill_with_batches_in_flight(stack)
        out, err = replay.communicate(timeout=110)

    assert replay.returncode == 0, err
    answer = json.loads(out)
    assert (answer["accepted"], answer["rejected"]) == (10_000, 0)
    assert answer["retried_batches"] > 0
    found = figures(footfall, property_id)
    print(json.dumps({"killed": killed, "replay": answer, "reports": found}))  # for `pytest -s`: the numbers themselves
    assert found == EXPECTED
    assert all(restarts_of(stack, name) > before[name] for name in ("imports-1", killed))

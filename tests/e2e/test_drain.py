"""Servers are drained under a stream of batches; the client library goes on elsewhere, and every event counts once."""

import json
import os
import signal
from pathlib import Path

from footfall_local.stack import Stack
from tests.e2e.conftest import Footfall
from tests.e2e.figures import EXPECTED, figures
from tests.e2e.processes import INGEST_SERVERS, busy_server, process_of, restarts_of, wait_for


def test_a_stream_goes_on_elsewhere_while_its_servers_are_drained_one_after_the_other(
    stack: Stack, footfall: Footfall, access_log: Path, property_id: str
) -> None:
    before = {server: restarts_of(stack, server) for server in INGEST_SERVERS}
    arguments = ("--format", "combined-log", "--property", property_id, "--wait", "--json")
    drained: list[str] = []
    with footfall.running("replay", str(access_log), *arguments, "--batch-size", "7", "--rate", "350") as replay:
        for _ in INGEST_SERVERS:
            # the other one, since a drained server takes no stream until it has been started anew
            server = wait_for(
                "a stream on a server that was not drained",
                lambda: found if (found := busy_server(stack)) and found not in drained else None,
            )
            os.kill(process_of(stack, server), signal.SIGTERM)
            drained.append(server)
            wait_for("its restart", lambda name=server: restarts_of(stack, name) > before[name] or None)
        out, err = replay.communicate(timeout=110)

    assert replay.returncode == 0, err
    answer = json.loads(out)
    assert (answer["accepted"], answer["rejected"]) == (10_000, 0)
    found = figures(footfall, property_id)
    print(json.dumps({"drained": drained, "replay": answer, "reports": found}))  # for `pytest -s`
    assert found == EXPECTED

"""Requests that are almost right are refused with a status that means something; `python -m tests.fuzz` sends more."""

import asyncio
import json
import random
from pathlib import Path

from footfall_server.admin.reprocessing import METHODS
from tests.access import methods
from tests.e2e.embedded import embedded_in
from tests.fuzz.counted_embedded import PROGRAM
from tests.fuzz.figures import figures_of
from tests.fuzz.fuzzing import fuzz

ENDLESS = "StreamErrors"
"""It never ends with OK; that it answers is what shows that it was let in."""


async def test_no_request_is_answered_with_an_error_of_ours(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    with embedded_in(tmp_path / "data", PROGRAM) as process:
        address = process.start()
        before = figures_of(process)
        found = await fuzz(address, requests=3_000, seed=seed)
        print(f"seed {seed}", dict(found))
        async with asyncio.timeout(30):  # the server sees a moment later that a client has left
            while (after := figures_of(process)).open_calls or after.tasks > before.tasks:
                await asyncio.sleep(0.1)
        assert process.stop() == 0
    lines = process.data.log_lines.read_text().splitlines()
    assert [line for line in lines if json.loads(line)["level"] == "error"] == []
    assert after.failures == 0
    names = {method.rpartition("/")[2] for method in methods()}
    calls = {name: {status for (method, status) in found if method == name} for name in names}
    assert sum(found[name, status] for name in names for status in calls[name]) == 3_000
    # both sides of the line were reached: of each method, of its batches or messages, and of keys
    assert found["WriteEvents event", "OK"] > 0
    assert found["StreamErrors message", "OK"] > 0
    assert found["StreamEvents batch", "INVALID_ARGUMENT"] > 0
    for name in METHODS:
        assert {"FAILED_PRECONDITION", "UNAUTHENTICATED"} <= calls.pop(name), name
    for name, statuses in calls.items():
        assert "OK" in statuses or name == ENDLESS, name
        assert "UNAUTHENTICATED" in statuses, name
        assert "INVALID_ARGUMENT" in statuses or name in {"StreamEvents", "GetMetadata"}, name

"""Requests that are almost right are refused with a status that means something; `python -m tests.fuzz` sends more."""

import random
from pathlib import Path

import grpc

from tests.e2e.embedded import embedded_in
from tests.fuzz.fuzzing import fuzz


async def test_no_request_is_answered_with_an_error_of_ours(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    with embedded_in(tmp_path / "data") as process:
        found = await fuzz(process.start(), requests=3_000, seed=seed)
        assert process.stop() == 0
    print(f"seed {seed}", dict(found))
    assert found.total() == 3_000
    # both sides of the line were reached
    assert found["WriteEvents", grpc.StatusCode.OK] > 0
    assert found["RunReport", grpc.StatusCode.INVALID_ARGUMENT] > 0

"""The embedded process is killed at bad moments; every acknowledged event counts once all the same."""

import json
import random
from pathlib import Path

from tests.e2e.embedded import SERVE, embedded_in
from tests.e2e.embedded_writers import Writers, numbers_in_reports

KILLS = 10
HASTY = ("-m", "tests.e2e.hasty_embedded")


def kill_and_count(folder: Path, program: tuple[str, ...], kills: int, seed: int) -> tuple[int, int]:
    """Kill the process again and again under load; return how many acknowledged events are missing, and doubled."""
    chance = random.Random(seed)
    with embedded_in(folder, program) as process:
        address = process.start()
        with Writers(address, "shop") as writers:
            for _ in range(kills):
                writers.await_acknowledged(chance.randrange(1, 1_500))
                process.kill()
                assert process.start() == address
        found = numbers_in_reports(address, "shop")
    missing = writers.acknowledged - found.keys()
    doubled = [number for number, count in found.items() if count != 1]
    told = {"seed": seed, "kills": kills, "acknowledged": len(writers.acknowledged), "retries": writers.retries}
    print(json.dumps(told | {"stored": found.total(), "missing": len(missing), "doubled": len(doubled)}))
    assert found.total() >= 1
    return len(missing), len(doubled)


def test_what_was_acknowledged_counts_once_over_ten_kills(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    assert kill_and_count(tmp_path / "data", SERVE, KILLS, seed) == (0, 0), f"seed {seed}"


def test_a_log_that_answers_before_it_stores_is_found_out(tmp_path: Path) -> None:
    missing, _ = kill_and_count(tmp_path / "data", HASTY, kills=2, seed=1)
    assert missing > 0

"""The embedded process is killed at bad moments; every acknowledged event counts once all the same."""

import json
import random
from pathlib import Path

from tests.e2e.embedded import SERVE, embedded_in
from tests.faults.found import Verdict, verdict
from tests.faults.journals import Writers

KILLS = 10
HASTY = ("-m", "tests.e2e.hasty_embedded")


def kill_and_count(folder: Path, program: tuple[str, ...], kills: int, seed: int) -> Verdict:
    """Kill the process again and again under load, and hold what is found then against the writers' journal."""
    chance = random.Random(seed)
    with embedded_in(folder, program) as process:
        address = process.start()
        with Writers(address, "shop") as writers:
            for _ in range(kills):
                writers.await_acknowledged(chance.randrange(1, 1_500))
                process.kill()
                assert process.start() == address
        found = verdict(address, "shop", writers.journal)
    journal = writers.journal
    told = {"seed": seed, "kills": kills, "acknowledged": len(journal.acknowledged), "refused": len(journal.refused)}
    print(json.dumps(told | {"retries": journal.retries, "lost": found.lost, "doubled": found.doubled}))
    assert journal.acknowledged
    return found


def test_what_was_acknowledged_counts_once_over_ten_kills(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    found = kill_and_count(tmp_path / "data", SERVE, KILLS, seed)
    assert found.is_good, f"seed {seed}: {found}"


def test_a_log_that_answers_before_it_stores_is_found_out(tmp_path: Path) -> None:
    found = kill_and_count(tmp_path / "data", HASTY, kills=2, seed=1)
    assert found.lost > 0

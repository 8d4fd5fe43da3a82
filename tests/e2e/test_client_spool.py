"""A client with a spool is killed in mid-send; each event that `track` returned for is counted once all the same."""

import json
import random
import subprocess
import sys
from pathlib import Path

from tests.e2e.embedded import embedded_in
from tests.e2e.numbered_events import numbers_in_reports

KILLS = 10
MOST_EVENTS = 3_000
"""A run is killed after at most so many events."""


def run_and_kill(address: str, spool: Path, prefix: str, events: int, broken: str) -> tuple[list[str], int]:
    """Let a client track so many events, kill it at once, and return what it printed and how many files were left."""
    program = [sys.executable, "-m", "tests.e2e.spooled_client", address, str(spool), prefix, broken]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        try:
            printed = [client.stdout.readline() for _ in range(events)]
        finally:
            client.kill()
        printed += client.stdout.readlines()
    # a last line without its end was not printed before `track` returned
    return [line.strip() for line in printed if line.endswith("\n")], len(list(spool.glob("*.batch")))


def kill_and_count(folder: Path, kills: int, seed: int, broken: str = "") -> tuple[int, int]:
    """Kill a client again and again on one spool; return how many events are missing from reports, and doubled."""
    chance = random.Random(seed)
    tracked: set[str] = set()
    left: list[int] = []
    spool = folder / "spool"
    with embedded_in(folder / "data") as process:
        address = process.start()
        for kill in range(kills):
            printed, files = run_and_kill(address, spool, str(kill), chance.randrange(1, MOST_EVENTS), broken)
            tracked.update(printed)
            left.append(files)
        program = [sys.executable, "-m", "tests.e2e.spooled_client", address, str(spool), "last", "flush", broken]
        flushed, taken_over = subprocess.check_output(program, text=True, timeout=90).split()
        found = numbers_in_reports(address, "shop")
    missing = tracked - found.keys()
    doubled = [number for number, count in found.items() if count != 1]
    told = {"seed": seed, "kills": kills, "broken": broken, "tracked": len(tracked), "batches_left_by_each_run": left}
    told |= {"events_left_by_the_last": int(taken_over), "counted": found.total()}
    print(json.dumps(told | {"missing": len(missing), "doubled": len(doubled)}))
    assert flushed == "1"
    assert found.total() >= 1
    assert any(left), "no run was killed in mid-send"
    assert not list(spool.glob("*.batch"))
    return len(missing), len(doubled)


def test_what_was_tracked_counts_once_over_ten_kills(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    assert kill_and_count(tmp_path, KILLS, seed) == (0, 0), f"seed {seed}"


def test_a_spool_that_forgets_is_found_out(tmp_path: Path) -> None:
    missing, _ = kill_and_count(tmp_path, kills=8, seed=1, broken="forgets")
    assert missing > 0


def test_a_spool_that_forgets_its_writer_is_found_out(tmp_path: Path) -> None:
    _, doubled = kill_and_count(tmp_path, kills=8, seed=1, broken="renames")
    assert doubled > 0

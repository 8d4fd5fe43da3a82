"""Random faults on a stack of its own, and a table of what became of them.

    python -m tests.faults [--rounds N] [--seed N] [--part PART …] [--break PROMISE]

Ends with 1 if anything was lost, doubled or not explained. The seed is printed; with it the same faults come again. A
round that does not come to its end ends all of them, and what the stack said and stored is left to be looked at.
With `--break` a promise is broken on purpose, and it ends with 1 if that was not found.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from footfall_local.settings import LocalSettings
from footfall_local.stack import Stack
from tests.conftest import ROOT
from tests.faults.breaks import BREAKS, broken
from tests.faults.faults import PARTS, drawn
from tests.faults.rounds import Round, judge, play
from tests.keys import begin_with

HEAD = f"{'part':<14}{'rounds':>7}{'killed':>7}{'frozen':>7}{'events':>9}{'refused':>8}{'retries':>8}" + (
    f"{'lost':>6}{'doubled':>8}{'unexplained':>12}{'complete after, s':>19}"
)


def main() -> int:
    """Play, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="rounds a part")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break this promise on purpose")
    given = parser.parse_args()
    parts = given.part or (BREAKS[given.broken].parts if given.broken else PARTS)
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    played: dict[str, list[Round]] = defaultdict(list)
    folder = Path(tempfile.mkdtemp(prefix="footfall-faults-"))
    with broken(given.broken):
        stack = Stack(folder, settings=LocalSettings(jars_dir=ROOT / ".footfall" / "jars"), say=print)
        begin_with(stack.home.keys.folder)
        stack.start()
        finished = False
        try:
            for one in rounds(stack, parts, given.rounds, seed):
                played[one.fault.part].append(one)
                print(f"{len(played[one.fault.part]):>3} {one.fault} {one.verdict}", flush=True)
            finished = True
        finally:
            stack.stop(wipe=finished)
            if finished:
                shutil.rmtree(folder)
            else:
                print(f"what the stack said: {stack.home.logs}")
            show(played)
    kept = all(one.verdict.is_good for rounds in played.values() for one in rounds)
    return 0 if kept == (given.broken is None) else 1


def rounds(stack: Stack, parts: Sequence[str], count: int, seed: int) -> Iterator[Round]:
    """Play, part by part in turns: one that dies again and again is started again ever later.

    What became of a round is read while the next fault is under way, so that reports too must be right then; but for
    a part alone, before it.
    """
    faults = [drawn(part, seed + number) for number in range(count) for part in parts]
    with ThreadPoolExecutor(max_workers=1) as judges:
        judged: Future[Round] | None = None
        for fault in faults:
            played = play(stack, fault)
            if judged is not None:
                yield judged.result()
            judged = judges.submit(judge, stack, played)
            if len(parts) == 1:
                wait([judged])  # one that is not back yet has nothing that another fault could take
        if judged is not None:
            yield judged.result()


def show(played: dict[str, list[Round]]) -> None:
    """Print a line for each part."""
    print(HEAD)
    for part, rounds in played.items():
        verdicts = [one.verdict for one in rounds]
        killed = sum(one.fault.how == "killed" for one in rounds)
        print(
            f"{part:<14}{len(rounds):>7}{killed:>7}{len(rounds) - killed:>7}"
            f"{sum(one.acknowledged for one in rounds):>9,}{sum(one.refused for one in rounds):>8,}"
            f"{sum(one.retries for one in rounds):>8,}{sum(v.lost for v in verdicts):>6}"
            f"{sum(v.doubled + v.strangers for v in verdicts):>8}{sum(v.unexplained for v in verdicts):>12}"
            f"{max(v.seconds for v in verdicts):>19}"
        )


if __name__ == "__main__":
    sys.exit(main())

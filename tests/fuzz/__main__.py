"""Fuzzes an embedded process, and prints its statuses and how much memory it has before and after.

python -m tests.fuzz [--requests N] [--seed N]
"""

import argparse
import asyncio
import random
import tempfile
from pathlib import Path

import psutil

from tests.e2e.embedded import embedded_in
from tests.fuzz.fuzzing import fuzz
from tests.keys import begin_with

PARTS = 5
"""After each part of the requests the memory is looked at."""


def main() -> None:
    """Fuzz, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, embedded_in(Path(folder) / "data") as process:
        begin_with(Path(folder) / "keys")
        address = process.start()
        for part in range(PARTS):
            found = asyncio.run(fuzz(address, given.requests // PARTS, given.seed + part))
            memory = psutil.Process(process.pid).memory_info().rss >> 20
            counts = ", ".join(
                f"{method} {status.name} {count:,}"
                for (method, status), count in sorted(found.items(), key=lambda item: (item[0][0], item[0][1].value[0]))
            )
            print(f"{(part + 1) * given.requests // PARTS:>9,} requests, {memory} MiB: {counts}", flush=True)
        print("exit code", process.stop())


if __name__ == "__main__":
    main()

"""Fuzzes an embedded process, and prints its statuses and what it has before and after: memory, descriptors, tasks.

python -m tests.fuzz [--requests N] [--seed N]
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.e2e.embedded import embedded_in
from tests.fuzz.counted_embedded import PROGRAM
from tests.fuzz.figures import figures_of
from tests.fuzz.fuzzing import Found, fuzz
from tests.keys import begin_with

PARTS = 5
"""After each part of the requests the process is looked at."""

SETTLING_SECONDS = 2.0
"""How long it has to see that the last clients have left."""


def main() -> None:
    """Fuzz, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, embedded_in(Path(folder) / "data", PROGRAM) as process:
        begin_with(Path(folder) / "keys")
        address = process.start()
        print(f"before: {figures_of(process)}", flush=True)
        began = time.monotonic()
        found: Found = Counter()
        for part in range(PARTS):
            found += asyncio.run(fuzz(address, given.requests // PARTS, given.seed + part))
            time.sleep(SETTLING_SECONDS)
            made = f"{found['CreateProperty', 'OK']:,} properties and {found['CreateKey', 'OK']:,} keys made"
            print(
                f"{(part + 1) * given.requests // PARTS:>9,} requests in {time.monotonic() - began:,.0f} s: "
                f"{figures_of(process)}; {made}",
                flush=True,
            )
        print_statuses(found)
        print("exit code", process.stop())


def print_statuses(found: Found) -> None:
    """Print a line for each method."""
    for name in sorted({name for name, _ in found}):
        statuses = ", ".join(
            f"{status} {count:,}" for (method, status), count in sorted(found.items()) if method == name
        )
        print(f"{name}: {statuses}", flush=True)


if __name__ == "__main__":
    main()

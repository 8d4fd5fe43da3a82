"""Kafka is frozen for a minute under the load of many writers: what that costs the ingest servers, and their callers.

    python -m tests.faults.frozen_kafka [--seconds N]

On a stack of its own; ends with 1 if a server took more memory than it may, a caller got neither OK nor a time to come
again, any part was started again, or events were lost or counted twice.
"""

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from footfall_local.settings import LocalSettings
from footfall_local.stack import Stack
from tests.conftest import ROOT
from tests.e2e.processes import INGEST_SERVERS, frozen, process_of
from tests.faults.crowd import Crowd, CrowdAtWork, Lateness, Waits
from tests.faults.found import Verdict, verdict
from tests.keys import begin_with

MOST_MEMORY = 512 * 1024 * 1024
"""Bytes that an ingest server may take, whatever comes while Kafka is away."""
LONGEST_WAIT = 10.0
"""Seconds within which a caller is told: its deadline."""
UNLIMITED = {
    "FOOTFALL_QUOTA_EVENTS_PER_SECOND": "0",
    "FOOTFALL_QUOTA_BYTES_PER_SECOND": "0",
    "FOOTFALL_QUOTA_WAITING_BYTES": "0",
}
"""One property stands for many here: it is the servers' own bounds that are measured, and not its quota."""


@dataclass(frozen=True)
class FrozenKafka:
    """What became of it."""

    seconds: float
    peaks: dict[str, int]
    """Most bytes in memory since just before the freeze, by ingest server."""
    acknowledged: int
    waits: Waits
    """Of the callers during the freeze, and until all of them were acknowledged again."""
    restarts: Counter[str]
    """By part. The event consumer makes a new stream in its own process when a commit is not confirmed."""
    harness_late_seconds: float
    """How late the harness's own threads ran at most."""
    recovered_seconds: float
    """From the end of the freeze until each writer was acknowledged again."""
    verdict: Verdict

    @property
    def is_good(self) -> bool:
        """Whether all that was promised was kept."""
        return (
            max(self.peaks.values()) < MOST_MEMORY
            and not self.waits.others
            and self.waits.within(1) < LONGEST_WAIT
            and not self.restarts
            and self.verdict.is_good
        )

    def lines(self) -> list[str]:
        """Return it as a person reads it."""
        waits = self.waits
        told = " / ".join(f"{waits.within(share):.1f}" for share in (0.5, 0.99, 1))
        return [
            f"Kafka frozen for                          {self.seconds:.0f} s",
            *(f"peak memory of {name}                   {peak / 2**20:.0f} MiB" for name, peak in self.peaks.items()),
            f"UNAVAILABLE with RetryInfo                {len(waits.seconds):,}",
            f"  told after, s (median / 99 % / longest) {told}",
            f"other endings                             {sum(waits.others.values()) or 'none'}",
            *(f"  {count:>5,}  {ending}" for ending, count in waits.others.most_common()),
            f"the harness's own threads were late by    {self.harness_late_seconds * 1e3:.0f} ms at most",
            f"every writer acknowledged again after     {self.recovered_seconds:.1f} s",
            f"events acknowledged                       {self.acknowledged:,}",
            f"lost / doubled / unexplained              {self.verdict.lost} / "
            f"{self.verdict.doubled + self.verdict.strangers} / {self.verdict.unexplained}",
            f"parts that ended, and were started again  {dict(self.restarts) or 'none'}",
        ]


def play(stack: Stack, seconds: float, crowd: Crowd) -> FrozenKafka:
    """Freeze the Kafka of a running stack for so long, under a property of its own."""
    property_id = f"frozen-{uuid.uuid4().hex[:10]}"
    address = stack.addresses["grpc"]
    restarts = _restarts(stack)
    servers = {name: process_of(stack, name) for name in INGEST_SERVERS}
    with Lateness() as lateness, CrowdAtWork(address, property_id, crowd) as writers:
        writers.await_everyone()
        writers.waits = Waits()
        lateness.most = 0.0
        for process in servers.values():
            _forget_peak(process)
        with frozen(stack, "kafka"):
            time.sleep(seconds)  # it is the fault itself, not a wait for something
        began = time.monotonic()
        writers.await_everyone()
        recovered = time.monotonic() - began
        peaks = {name: _peak(process) for name, process in servers.items()}
        waits, late = writers.waits, lateness.most
    return FrozenKafka(
        seconds,
        peaks=peaks,
        acknowledged=len(writers.journal.acknowledged),
        waits=waits,
        restarts=_restarts(stack) - restarts,
        recovered_seconds=recovered,
        harness_late_seconds=late,
        verdict=verdict(address, property_id, writers.journal),
    )


def _forget_peak(process: int) -> None:
    Path(f"/proc/{process}/clear_refs").write_text("5")


def _peak(process: int) -> int:
    """Return the most bytes that a process had in memory since its peak was forgotten."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (kib,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kib) * 1024


def _restarts(stack: Stack) -> Counter[str]:
    report = stack.report()
    assert report is not None
    return Counter({part.name: part.restarts for part in report.parts})


def main() -> int:
    """Play, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footfall-frozen-") as folder, mock.patch.dict(os.environ, UNLIMITED):
        stack = Stack(Path(folder), settings=LocalSettings(jars_dir=ROOT / ".footfall" / "jars"), say=print)
        begin_with(stack.home.keys.folder)
        stack.start()
        try:
            played = play(stack, given.seconds, Crowd())
        finally:
            stack.stop(wipe=True)
    print("\n".join(played.lines()))
    return 0 if played.is_good else 1


if __name__ == "__main__":
    sys.exit(main())

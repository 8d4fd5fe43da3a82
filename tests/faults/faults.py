"""What is done to a part: it is killed, or frozen for a while; its supervisor and its neighbours cope by themselves."""

import os
import random
import signal
import time
from dataclasses import dataclass
from typing import Literal

from footfall_local.stack import Stack
from tests.e2e.processes import frozen, process_of, restarts_of, wait_for

PARTS = ("ingest-1", "events-1", "imports-1", "kafka", "druid-indexer", "queries-1", "redis", "envoy")

HEALTHY_SECONDS = 180.0


@dataclass(frozen=True)
class Fault:
    """One thing that is done to one part."""

    part: str
    how: Literal["killed", "frozen"]
    after_events: int
    """How many events are acknowledged before it happens."""
    seconds: float
    """How long it is frozen; 0 if it is killed."""

    def do(self, stack: Stack) -> None:
        """Do it, and return when the part is healthy again."""
        if self.how == "killed":
            before = restarts_of(stack, self.part)
            os.kill(process_of(stack, self.part), signal.SIGKILL)
            wait_for("its restart", lambda: restarts_of(stack, self.part) > before or None, seconds=HEALTHY_SECONDS)
        else:
            with frozen(stack, self.part):
                time.sleep(self.seconds)  # it is the fault itself, not a wait for something
        wait_for(f"{self.part} to be healthy", lambda: is_healthy(stack, self.part) or None, seconds=HEALTHY_SECONDS)


def is_healthy(stack: Stack, part: str) -> bool:
    """Return whether a part is healthy, as its supervisor sees it."""
    report = stack.report()
    return report is not None and report.part(part).state == "healthy"


def drawn(part: str, seed: int) -> Fault:
    """Return the fault that a seed stands for: the same in every run."""
    chance = random.Random(f"{part} {seed}")
    how: Literal["killed", "frozen"] = chance.choice(("killed", "frozen"))
    seconds = round(chance.uniform(1, 20), 1) if how == "frozen" else 0.0
    return Fault(part, how, after_events=chance.randrange(200, 3_000), seconds=seconds)

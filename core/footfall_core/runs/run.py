"""A run: one processing of some hours of the log, by one version, into rows of its own."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from footfall_core.clock import Micros, to_datetime

LIVE = "live"
"""The run that has always been there: it makes rows of what comes, and its tables have no run in their names."""

RUN_ID = re.compile(r"r[0-9]{12}[a-z0-9]{4}")
"""The id of any other run: `r`, the minute it was started in UTC, and four letters or digits at random."""

HOUR_MICROS = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """A run. Hours are those of the log: the broker's time of a raw record, in hours since the Unix epoch."""

    id: str
    """`LIVE`, or what `RUN_ID` matches."""
    version: str
    """The processing version that makes its rows."""
    start_hour: int
    """The first hour that it makes rows of. What it reads before serves its memory alone: windows of writers, and
    transactions that were counted then and so must not count again now."""
    end_hour: int | None
    """The first hour that it makes no rows of; None: it catches up with live, and goes on.

    In each partition of a run that has one, the first raw record of this hour or a later one is processed as a tick of
    `hour_begins(end_hour)`, and is the last one; where none is there yet, nothing of the run's hours is still to come
    either, and the tick is made without it. So once a run's tables show ticks of its end on all ways, they show all of
    its rows.
    """

    @property
    def mark(self) -> str:
        """What the column `run` holds in its rows, and by which a query over several runs' tables tells them apart.

        The version alone in rows of the live run, whatever versions wrote them one after the other; else the version
        and the run's id, so that no two runs share a mark, although they may share a version.
        """
        return self.version if self.id == LIVE else f"{self.version}-{self.id}"


def new_run_id(now: Micros, letters: str) -> str:
    """Return the id of a new run.

    Args:
        now: the current time.
        letters: four lower-case letters or digits at random.
    """
    return f"r{to_datetime(now):%Y%m%d%H%M}{letters}"


def hour_of(instant: int) -> int:
    """Return the hour that an instant, Unix microseconds, is in."""
    return instant // HOUR_MICROS


def hour_begins(hour: int) -> Micros:
    """Return the first instant of an hour."""
    return Micros(hour * HOUR_MICROS)


def hour_text(hour: int) -> str:
    """Return an hour as people write it: `2026-11-20T07`, in UTC."""
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%H}"

"""Which runs say what counts in the hours that are not a run's own. Pure.

A transaction counts once over all hours, so a run must know of those that count outside of its own: by the runs that
serve there. What they have counted is final once they have come far enough: behind the run's beginning, where nothing
older can follow, or, behind its end, as far as the log reached when the run was taken up: by then, whatever of its
hours counts only there, since a copy of it came first, has been counted.
"""

from collections.abc import Callable
from dataclasses import dataclass

from footfall_core.clock import Micros
from footfall_core.runs.run import Run, hour_begins
from footfall_core.runs.serving import Served, Serving, clipped

SLACK_MICROS = 5_000_000
"""By how much the clocks of ingest servers and of brokers may differ."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Hours of another run, and how far it must have come before what it counted there is final."""

    served: Served
    until: Micros
    """The oldest of its newest ticks must be this or later."""


def elsewhere(run: Run, serving: Serving, now: Micros, end_of: Callable[[str], int | None]) -> tuple[Elsewhere, ...]:
    """Return the hours that are not a run's, by who serves them.

    Args:
        run: the run.
        serving: who serves which hours; it may take effect only in a moment.
        now: the current time.
        end_of: returns the end of another run, None if it has none.
    """
    before = clipped(serving.parts, 0, run.start_hour)
    behind = () if run.end_hour is None else clipped(serving.parts, run.end_hour, None)
    found = []
    for part in (*before, *behind):
        if part in behind:
            until = now
        else:
            assert part.end_hour is not None
            until = Micros(hour_begins(part.end_hour) + SLACK_MICROS)
        if (end := end_of(part.run_id)) is not None:
            until = min(until, hour_begins(end))  # its last tick
        found.append(Elsewhere(part, until))
    return tuple(found)


def is_counted_alike(run: Run, taken_up: Serving, now: Serving) -> bool:
    """Return whether a run that was taken up under one serving may be switched to under another.

    What counts outside of its hours is what it was told when it was taken up; other runs there may have counted
    another copy of a transaction.
    """
    return _outside(run, taken_up) == _outside(run, now)


def _outside(run: Run, serving: Serving) -> tuple[Served, ...]:
    behind = () if run.end_hour is None else clipped(serving.parts, run.end_hour, None)
    return (*clipped(serving.parts, 0, run.start_hour), *behind)

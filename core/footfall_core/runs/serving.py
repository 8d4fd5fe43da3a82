"""Which run's rows count for which hours of the log. Pure.

A serving gives each hour of the log, from the first to all that are still to come, to exactly one run. Each change is
a serving of its own, numbered by its epoch, that takes effect at one instant for all servers. What is served is never
changed in place: a roll-back is one more serving, with the parts of an earlier one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from footfall_core.clock import Micros
from footfall_core.runs.run import LIVE, Run

LEAD_MICROS = 5_000_000
"""How long after it was stored a serving takes effect at the earliest, so that all who answer by it know it by then."""


@dataclass(frozen=True, slots=True)
class Served:
    """Hours that one run serves."""

    run_id: str
    start_hour: int
    """The first of them, hours since the Unix epoch."""
    end_hour: int | None
    """The one after the last; None: all that are still to come are among them."""

    def ends_by(self, hour: int | None) -> bool:
        """Return whether all of them are before an hour; None: all that are still to come are."""
        return hour is None or (self.end_hour is not None and self.end_hour <= hour)


@dataclass(frozen=True, slots=True)
class Serving:
    """Which run serves which hours, from an instant on."""

    epoch: int
    """0, and one more with each change."""
    effective_micros: Micros
    """From when on it holds, until the next one does."""
    parts: tuple[Served, ...]
    """In the order of their hours: no hour twice, no hole, no two of one run that touch."""
    undone_by: int | None = None
    """The epoch whose parts a roll-back from here brings back: the one before the switch that led here; None: there is
    none."""

    def serves(self, run_id: str) -> bool:
        """Return whether a run serves any hour."""
        return any(part.run_id == run_id for part in self.parts)


FIRST = Serving(0, Micros(0), (Served(LIVE, 0, None),))
"""What holds before anything was ever switched."""


def is_whole(parts: Sequence[Served]) -> bool:
    """Return whether parts give each hour to exactly one run, in order, and none of them is empty or could be one."""
    if not parts or parts[0].start_hour != 0 or parts[-1].end_hour is not None:
        return False
    in_itself = all(part.end_hour is None or part.start_hour < part.end_hour for part in parts)
    return in_itself and all(
        one.end_hour == other.start_hour and one.run_id != other.run_id for one, other in pairwise(parts)
    )


def switched(current: Serving, run: Run, effective: Micros) -> Serving:
    """Return the serving in which a run's hours are its own, whoever served them before."""
    parts = [*clipped(current.parts, 0, run.start_hour), Served(run.id, run.start_hour, run.end_hour)]
    if run.end_hour is not None:
        parts += clipped(current.parts, run.end_hour, None)
    return Serving(current.epoch + 1, effective, _joined(parts), undone_by=current.epoch)


def rolled_back(
    current: Serving,
    known: Mapping[int, Serving],
    effective: Micros,
    can_serve: Callable[[Serving], bool] = lambda _: True,
) -> Serving | None:
    """Return the serving that takes the last switch back, that has not been taken back; None: there is none.

    Where what served before cannot any more, the switch to that is taken back as well, and so on. At the end it is the
    live run alone.

    Args:
        current: the newest serving.
        known: all servings, by epoch.
        effective: from when on it holds.
        can_serve: returns whether all the runs of an earlier serving still have their rows.
    """
    epoch = current.undone_by
    while epoch is not None:
        before = known[epoch]
        if before.parts != current.parts and can_serve(before):
            return Serving(current.epoch + 1, effective, before.parts, undone_by=before.undone_by)
        epoch = before.undone_by
    return None


def clipped(parts: Iterable[Served], start_hour: int, end_hour: int | None) -> tuple[Served, ...]:
    """Return what parts are within some hours, `end_hour` not among them; None: without an end."""
    found = []
    for part in parts:
        start = max(part.start_hour, start_hour)
        end = _earlier(part.end_hour, end_hour)
        if end is None or start < end:
            found.append(Served(part.run_id, start, end))
    return tuple(found)


def in_force(servings: Iterable[Serving], now: Micros) -> Serving:
    """Return the serving that holds at an instant: of those that have taken effect the newest."""
    return max((serving for serving in servings if serving.effective_micros <= now), key=lambda s: s.epoch)


def _joined(parts: Iterable[Served]) -> tuple[Served, ...]:
    """Return the parts with those of one run that touch made one."""
    joined: list[Served] = []
    for part in parts:
        if joined and joined[-1].run_id == part.run_id and joined[-1].end_hour == part.start_hour:
            part = Served(part.run_id, joined.pop().start_hour, part.end_hour)  # noqa: PLW2901 - the two as one
        joined.append(part)
    return tuple(joined)


def _earlier(one: int | None, other: int | None) -> int | None:
    ends = [end for end in (one, other) if end is not None]
    return min(ends, default=None)

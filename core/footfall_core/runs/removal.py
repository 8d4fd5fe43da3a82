"""Whose data may be removed, and from when on. Pure; whoever runs the worker asks, and removes.

What serves is never removed. What no longer serves is kept for a time, so that a switch can be taken back. Before
anything is removed, a cancellation stands on `control`: everybody knows then that it can serve no more, and of it and a
roll-back at the same time the first in the log holds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from footfall_core.clock import Micros
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.serving import Serving
from footfall_core.runs.state import RunState, is_gone, is_serving, state_of

HOUR_MICROS = 3_600_000_000

REPORTS_MICROS = 150_000_000
"""How long after a run has served its data are kept at least: what was planned before then is still computed, a report
for 30 s, differences for 120 s."""


@dataclass(frozen=True)
class KeepSettings:
    """How long data are kept that reports are not made of."""

    replaced_hours: float = 7 * 24
    """After a switch away from them, so that it can be taken back. As long a run goes on with what arrives after others
    serve that."""
    dry_run_hours: float = 24
    """After a dry run is done, or has caught up, so that it can be looked at."""


def removed_from(entry: Entry, book: Book, now: Micros, keep: KeepSettings) -> Micros | None:
    """Return from when on a run's data are to be removed; None: not by what is known now.

    Of a cancelled or failed run it is at once, but for reports under way. One that is done and was never switched to
    waits for its operator.
    """
    if is_gone(entry) or is_serving(book, entry.run.id, now):
        return None
    state, replaced = state_of(entry), replaced_since(entry.run.id, book)
    reported = Micros(0 if replaced is None else replaced + REPORTS_MICROS)
    if entry.cancelled is not None or state is RunState.FAILED:
        return max(now, reported)
    if entry.definition.dry_run and entry.progress is not None and state in {RunState.DONE, RunState.CAUGHT_UP}:
        said = entry.progress
        since = said.end_time_micros or said.caught_up_time_micros or said.update_time_micros
        return Micros(since + round(keep.dry_run_hours * HOUR_MICROS))
    return None if replaced is None else max(reported, Micros(replaced + round(keep.replaced_hours * HOUR_MICROS)))


def replaced_since(run_id: str, book: Book) -> Micros | None:
    """Return since when a run serves nothing that once served, or None if it never did or still does."""
    return over_since(book, lambda serving: serving.serves(run_id))


def over_since(book: Book, is_one: Callable[[Serving], bool]) -> Micros | None:
    """Return since when no serving is such a one, or None if none ever was or the newest is."""
    servings = book.servings
    such = [epoch for epoch, serving in servings.items() if is_one(serving)]
    return servings[such[-1] + 1].effective_micros if such and such[-1] + 1 in servings else None

"""Which serving a request is answered by, and why no two servers answer by different ones.

A serving takes effect `LEAD_MICROS` after the broker's time of its record, or later. A server knows up to which instant
it knows all records (`Runs.fresh_at`); so until that long after this instant, no serving can have taken effect that it
does not know. Later, it does not answer: it might go by what was switched away from. What is left for clocks that do
not agree is `MARGIN_MICROS`.
"""

from collections.abc import Callable

from footfall_core.clock import Micros
from footfall_core.problems import TryAgain
from footfall_core.report.plan import PlannedHours, PlannedServing
from footfall_core.runs.book import Book
from footfall_core.runs.ports import Runs
from footfall_core.runs.run import LIVE
from footfall_core.runs.serving import FIRST, LEAD_MICROS, Served

MARGIN_MICROS = 1_000_000
"""By how much the clocks of servers and brokers may differ."""

ServingAt = Callable[[Micros], PlannedServing | None]
"""Returns what a request is answered by that comes at an instant; None: nothing was ever switched.

Raises:
    TryAgain: it is not known.
"""


def all_live(_: Micros) -> None:
    """Return what everything is answered by where there is the live run alone."""


def serving_of(runs: Runs) -> ServingAt:
    """Return what knows the serving from the records of `control`."""

    def serving_at(now: Micros) -> PlannedServing | None:
        if now - runs.fresh_at >= LEAD_MICROS - MARGIN_MICROS:
            raise TryAgain("It is not known at the moment which data hold, as Kafka does not answer; please try again.")
        serving = runs.book.in_force(now)
        return None if serving == FIRST else PlannedServing(serving.epoch, planned(serving.parts, runs.book))

    return serving_at


def planned(parts: tuple[Served, ...], book: Book) -> tuple[PlannedHours, ...]:
    """Return parts as a plan carries them: with what tells the rows of their runs apart."""
    return tuple(PlannedHours(p.run_id, _mark(p.run_id, book), p.start_hour, p.end_hour) for p in parts)


def _mark(run_id: str, book: Book) -> str:
    if run_id == LIVE:
        return ""  # its rows hold whatever versions made them
    entry = book.entry(run_id)
    assert entry is not None, f"{run_id} serves, and was never defined"
    return entry.run.mark

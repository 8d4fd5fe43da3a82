"""When a run without an end gets one: others serve what is still to come, for longer than that can be taken back. Pure.

It would keep a worker and places in Druid for good otherwise, for rows that nobody asks for.
"""

from footfall_core.clock import Micros
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.elsewhere import SLACK_MICROS
from footfall_core.runs.removal import HOUR_MICROS, KeepSettings, over_since
from footfall_core.runs.run import hour_begins
from footfall_core.runs.state import state_of
from footfall_core.wire.runs_pb2 import RunClosed


def closing_of(entry: Entry, book: Book, now: Micros, keep: KeepSettings) -> RunClosed | None:
    """Return what closes a run, or None if it is not to be closed, by what is known now."""
    run_id, said = entry.run.id, entry.progress
    ends = [part.end_hour for part in book.newest.parts if part.run_id == run_id]
    end = ends[-1] if ends else None
    if end is None or entry.run.end_hour is not None or said is None or not state_of(entry).has_data:
        return None
    since = over_since(book, lambda serving: not all(p.ends_by(end) for p in serving.parts if p.run_id == run_id))
    if since is None or now < since + round(keep.replaced_hours * HOUR_MICROS):
        return None
    # all rows of its hours are made
    processed = min(said.processed_until_micros, said.imported_processed_until_micros)
    return RunClosed(time_micros=now, end_hour=end) if processed >= hour_begins(end) + SLACK_MICROS else None

"""What is known of all runs and servings: what an adapter has read of `control`, in its order.

Every process that reads the same records comes to the same book, so there is nobody to ask which of two writers was
first: of two definitions with one request's id, of two servings with one epoch, of a cancellation or the closing of a
run and a switch to it, the one that stands first holds, and the other is passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from footfall_core.clock import Micros
from footfall_core.runs.records import CANCELLED, CLOSED, PROGRESS, RUNS, SERVINGS, run_of, serving_of
from footfall_core.runs.run import LIVE, RUN_ID, Run
from footfall_core.runs.serving import FIRST, LEAD_MICROS, Served, Serving, in_force, is_whole
from footfall_core.wire.runs_pb2 import RunCancelled, RunClosed, RunDefinition, RunProgress, ServingRecord

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one run."""

    run: Run
    """With the end that it got when it was closed."""
    definition: RunDefinition
    cancelled: RunCancelled | None = None
    """None: nobody has cancelled it, and it is not being removed. Otherwise it never serves again."""
    closed: RunClosed | None = None
    """None: it was not. Otherwise it never serves what lies behind its end again."""
    progress: RunProgress | None = None
    """None: nobody has taken it up."""


class Book:
    """Runs and servings; records of other names are somebody else's, and passed over."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._by_request: dict[str, str] = {}
        self._servings: dict[int, Serving] = {FIRST.epoch: FIRST}
        self._attempts: dict[int, str] = {}

    def apply(self, name: str, record: bytes, stored: Micros) -> None:
        """Take the next record.

        Args:
            name: its name.
            record: its bytes.
            stored: the broker's time of it.

        Raises:
            ValueError: it is none.
        """
        if name.startswith(RUNS):
            self._apply_run(name, record)
        elif name.startswith(SERVINGS):
            self._apply_serving(name, record, stored)

    def _apply_run(self, name: str, record: bytes) -> None:
        run_id, _, rest = name.removeprefix(RUNS).partition("/")
        kind, _, _ = rest.partition("/")
        if not RUN_ID.fullmatch(run_id):
            raise ValueError(f"{name} names no run")
        entry = self._entries.get(run_id)
        if not kind:
            self._define(run_id, _parsed(RunDefinition, name, record))
        elif entry is None:
            return  # of a definition that did not hold
        elif kind == CANCELLED and entry.cancelled is None and not self.newest.serves(run_id):
            self._entries[run_id] = replace(entry, cancelled=_parsed(RunCancelled, name, record))
        elif kind == CLOSED:
            self._close(entry, _parsed(RunClosed, name, record))
        elif kind == PROGRESS:
            self._entries[run_id] = replace(entry, progress=_parsed(RunProgress, name, record))

    def _define(self, run_id: str, definition: RunDefinition) -> None:
        request_id = definition.request_id
        if run_id in self._entries or (request_id and request_id in self._by_request):
            return
        if request_id:
            self._by_request[request_id] = run_id
        self._entries[run_id] = Entry(run_of(run_id, definition), definition)

    def _close(self, entry: Entry, closed: RunClosed) -> None:
        run = replace(entry.run, end_hour=closed.end_hour)
        served = [part for part in self.newest.parts if part.run_id == run.id]
        if (
            served
            and entry.cancelled is None
            and entry.run.end_hour is None
            and all(part.ends_by(closed.end_hour) for part in served)
        ):
            self._entries[run.id] = replace(entry, run=run, closed=closed)

    def _apply_serving(self, name: str, record: bytes, stored: Micros) -> None:
        newest = self.newest
        found = serving_of(_parsed(ServingRecord, name, record), stored)
        if found.epoch != newest.epoch + 1:
            return
        if not is_whole(found.parts) or (found.undone_by is not None and found.undone_by >= found.epoch):
            raise ValueError(f"{name} does not give each hour to one run")
        if any(part.run_id != LIVE and part.run_id not in self._entries for part in found.parts):
            raise ValueError(f"{name} gives hours to a run that nobody has defined")
        if any(self._is_cancelled(part.run_id) or self._is_beyond_its_end(part) for part in found.parts):
            return
        # never before those who read it a while after it was stored can know of it, and never before an earlier one
        effective = Micros(max(found.effective_micros, stored + LEAD_MICROS, newest.effective_micros))
        self._servings[found.epoch] = replace(found, effective_micros=effective)
        self._attempts[found.epoch] = name

    def _is_cancelled(self, run_id: str) -> bool:
        entry = self._entries.get(run_id)
        return entry is not None and entry.cancelled is not None

    def _is_beyond_its_end(self, part: Served) -> bool:
        entry = self._entries.get(part.run_id)
        return entry is not None and not part.ends_by(entry.run.end_hour)

    @property
    def newest(self) -> Serving:
        """The newest serving, which may not have taken effect yet."""
        return self._servings[len(self._servings) - 1]

    def in_force(self, now: Micros) -> Serving:
        """Return the serving that holds at an instant."""
        return in_force(self._servings.values(), now)

    @property
    def servings(self) -> dict[int, Serving]:
        """All servings by epoch."""
        return dict(self._servings)

    def holds(self, name: str, epoch: int) -> bool:
        """Return whether the record of this name is the one that holds of its epoch."""
        return self._attempts.get(epoch) == name

    def entry(self, run_id: str) -> Entry | None:
        """Return what is known of a run, or None if nobody asked for it; the live run has no entry."""
        return self._entries.get(run_id)

    def of_request(self, request_id: str) -> Entry | None:
        """Return the run that a request started, or None if it started none."""
        run_id = self._by_request.get(request_id)
        return None if run_id is None else self._entries[run_id]

    def entries(self) -> Iterator[Entry]:
        """Yield all runs but the live one, in the order in which they were asked for."""
        yield from self._entries.values()


def _parsed(kind: type[M], name: str, record: bytes) -> M:
    try:
        return kind.FromString(record)
    except DecodeError:
        raise ValueError(f"the record of {name} cannot be read") from None

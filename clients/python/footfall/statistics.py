"""What became of a client's events, in numbers."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from footfall.failures import FootfallError, RefusedError
from footfall.gathering import Batch
from footfall.results import Outcome


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers of events since the client was made.

    `tracked + taken_over == stored + rejected + dropped + held_events`, the values of mappings added up, whenever no
    call is under way.
    """

    tracked: int
    """Those that `track` returned for, also if there was no room for them."""
    taken_over: int
    """Those of earlier runs that were read from the spool so far."""
    stored: int
    """Those that the server answered OK; `late` are among them."""
    rejected: Mapping[str, int]
    """Those that the server refused, by code."""
    dropped: Mapping[str, int]
    """Those that the client itself gave up, by code: `QUEUE_FULL`, `CLOSED`, `EXPIRED`, `SPOOL_DAMAGED`, or the
    status of the last attempt. Of those with a status, some may be stored all the same."""
    late: Mapping[str, int]
    """Errors that the error stream told of after OK, by code; one may stand for a whole batch."""
    held_events: int
    """Those that wait or are under way; of the ones that an earlier run left, those that were read."""
    held_bytes: int
    """Their bytes: in memory, or of all files in the spool."""
    batches: int
    """Batches that were answered, refused or given up."""
    attempts: int
    """How often they were sent."""


class Tally:
    """Counts for `Statistics`. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracked = self._taken_over = self._stored = self._held = self._batches = self._attempts = 0
        self._rejected: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._late: Counter[str] = Counter()

    def tracked(self) -> None:
        """Count an event that was taken."""
        with self._lock:
            self._tracked += 1
            self._held += 1

    def found_no_room(self, code: str) -> None:
        """Count an event that was tracked, and dropped at once."""
        with self._lock:
            self._tracked += 1
            self._dropped[code] += 1

    def taken_over(self, events: int) -> None:
        """Count events of an earlier run."""
        with self._lock:
            self._taken_over += events
            self._held += events

    def damaged(self, code: str, events: int, *, taken_over: bool) -> None:
        """Count events that a spool had and has no more: of an earlier run, or of those that were tracked."""
        with self._lock:
            self._dropped[code] += events
            if taken_over:
                self._taken_over += events
            else:
                self._held -= events

    def ended(self, batch: Batch, end: Outcome | FootfallError) -> None:
        """Count what became of a batch."""
        with self._lock:
            self._held -= len(batch.events)
            self._batches += 1
            self._attempts += end.attempts
            if isinstance(end, Outcome):
                self._stored += len(batch.events) - len(end.rejected)
                self._rejected.update(rejected.code for rejected in end.rejected)
            elif isinstance(end, RefusedError):
                self._rejected[end.code] += len(batch.events)
            else:
                self._dropped[end.code] += len(batch.events)

    def late(self, code: str) -> None:
        """Count an error that was told of after its batch was answered OK."""
        with self._lock:
            self._late[code] += 1

    def statistics(self, held_bytes: int) -> Statistics:
        """Return the numbers as they are now."""
        with self._lock:
            return Statistics(
                tracked=self._tracked,
                taken_over=self._taken_over,
                stored=self._stored,
                rejected=MappingProxyType(dict(self._rejected)),
                dropped=MappingProxyType(dict(self._dropped)),
                late=MappingProxyType(dict(self._late)),
                held_events=self._held,
                held_bytes=held_bytes,
                batches=self._batches,
                attempts=self._attempts,
            )

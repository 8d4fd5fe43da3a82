"""The events of a spool: taken in, gathered into batches, given out to be sent, and forgotten when they are settled."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footfall.gathering import Batch, BatchPolicy
from footfall.spool.batch_file import EVENT_BYTES, HEAD_BYTES, BatchFile, Fixed, fix
from footfall.spool.folder import SpoolFolder, unwritable
from footfall.spool.policy import SpoolPolicy
from footfall.v1.event_pb2 import Event

log = logging.getLogger("footfall")

PAUSE_SECONDS = 1.0
"""How long a disk is left alone that could not be read or written."""


@dataclass(slots=True)
class Arrival:
    """An event that somebody waits to see kept."""

    event: bytes
    taken: bool = False
    error: OSError | None = None


@dataclass(slots=True)
class _OpenBatch:
    """The batch that takes events."""

    sequence: int
    file: BatchFile
    since: float
    """When its first event came, by the clock that never goes back."""
    events: int = 0
    size: int = 0
    """Bytes of the events alone."""


class Spool:
    """A `Gathering` on the disk. Safe to use from several threads; it waits for the disk and for nothing else.

    Events that arrive while the disk is busy go to it together. `_disk` is held around files, `_state` around numbers;
    who holds both took `_disk` first.
    """

    def __init__(
        self,
        folder: SpoolFolder,
        batching: BatchPolicy,
        policy: SpoolPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_micros: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """Begin with what earlier runs left.

        Args:
            folder: where; closed with this.
            batching: when a batch is complete.
            policy: how much is kept, and what is promised.
            clock: seconds that never go back.
            wall_micros: Unix time in microseconds, to be compared with that of other runs.
        """
        self.closed = False
        """Whether nothing more comes, so that what is there is sent without waiting for its age."""
        self.has_leftovers = bool(folder.waiting)
        """Whether earlier runs left something."""
        self.first_own = folder.newest + 1
        """Number of the first batch of this run."""
        self._folder = folder
        self._batching = batching
        self._policy = policy
        self._clock = clock
        self._wall_micros = wall_micros
        self._disk = threading.Lock()
        self._state = threading.Lock()
        self._arrivals: deque[Arrival] = deque()
        self._lengths = dict(folder.waiting)
        """Bytes of each file, waiting or under way."""
        self._held = sum(self._lengths.values())
        """All of them, and what was reserved."""
        self._complete = deque(folder.waiting)
        """Batches that wait and take no more events, in order."""
        self._open: _OpenBatch | None = None
        self._hurried = folder.newest
        """Batches up to this number are sent without waiting for their age."""
        self._not_before = 0.0
        self._is_news = False
        """Whether a batch began or became full since `keep` said so."""
        self._released = False

    @property
    def held_bytes(self) -> int:
        """Bytes of files of batches that are not settled."""
        return self._held

    def reserve(self, size: int) -> bool:
        """Keep room for an event of so many bytes; return False if there is none."""
        needed = size + EVENT_BYTES
        with self._state:
            # an event larger than all the room there is must not wait for ever
            if self._held and self._held + needed > self._policy.max_bytes:
                return False
            self._held += needed
            return True

    def announce(self, event: bytes) -> Arrival:
        """Let a serialized event, for which room is reserved, go along with whatever is taken to the disk next."""
        arrival = Arrival(event)
        self._arrivals.append(arrival)
        return arrival

    def keep(self, arrival: Arrival) -> bool:
        """Return when an event that was announced is kept, as far as the policy says.

        Returns:
            Whether a batch may be due earlier than was said before.

        Raises:
            RuntimeError: the spool was released.
            SpoolError: the disk did not take it; it is as if it had not been announced.
        """
        with self._disk:
            if not (arrival.taken or arrival.error):  # else another thread brought it along
                if self._released:
                    raise RuntimeError("the client is closed")
                self._take_in([self._arrivals.popleft() for _ in range(len(self._arrivals))])
            if arrival.error is not None:
                raise unwritable(self._folder.path, arrival.error) from arrival.error
            is_news, self._is_news = self._is_news, False
        return is_news

    def seconds_until_ready(self) -> float | None:
        """Return when a batch can be taken; None if there is nothing."""
        with self._state:
            now = self._clock()
            batch = self._open
            if not self._complete and batch is None:
                return None
            due = now
            if not (self._complete or batch is None or self.closed or batch.sequence <= self._hurried):
                due = now if self._is_full(batch) else batch.since + self._batching.max_age_seconds
            return max(0.0, due - now, self._not_before - now)

    def take(self) -> Batch | None:
        """Return the next batch if one is ready; from now on it is on the disk exactly as it is returned."""
        if self.seconds_until_ready() != 0:
            return None
        with self._disk:
            if not self._complete:
                if self._open is None:
                    return None
                self._end_open()
            sequence = self._complete[0]
            try:
                fixed = fix(self._folder.batch(sequence), self._lengths[sequence])
            except OSError as error:
                log.exception("%s It is tried again.", unwritable(self._folder.path, error).message)
                self._not_before = self._clock() + PAUSE_SECONDS
                return None
            with self._state:
                self._complete.popleft()
        return self._batch(sequence, fixed)

    def settle(self, sequence: int) -> None:
        """Forget a batch: it is stored, or somebody was told that it is lost."""
        with self._state:
            self._held -= self._lengths.pop(sequence)
            try:
                self._folder.remove(sequence)
            except OSError as error:
                log.warning("%s Batch %d will be sent once more, and counted once.", error, sequence)

    def hurry(self) -> int:
        """Let what is there be sent without waiting for its age; return the number of its last batch."""
        with self._state:
            self._hurried = self._folder.newest
            return self._hurried

    def is_settled(self, upto: int) -> bool:
        """Return whether all batches up to this number are settled, those of earlier runs among them."""
        with self._state:
            return min(self._lengths, default=upto + 1) > upto

    def sync(self) -> None:
        """Bring what was taken in to the disk; for a policy that does not do it at once."""
        with self._disk:
            self._sync_open()

    def release(self) -> None:
        """Leave everything where it is, to whoever opens the spool next."""
        with self._disk:
            self._released = True
            if self._open is not None:
                self._sync_open()
                self._end_open()
            self._folder.close()

    def _is_full(self, batch: _OpenBatch) -> bool:
        return batch.events >= self._batching.max_events or batch.size >= self._batching.max_bytes

    def _take_in(self, arrivals: list[Arrival]) -> None:
        while arrivals:
            batch = self._open or _OpenBatch(
                sequence := self._folder.newest + 1, BatchFile(self._folder.batch(sequence)), self._clock()
            )
            size, count = batch.size, 0
            while count < len(arrivals) and self._batching.takes(
                batch.events + count, size, more := len(arrivals[count].event)
            ):
                size += more
                count += 1
            if count == 0:
                if self._policy.sync_seconds:
                    self._sync_open()
                self._end_open()
                continue
            if not self._write(batch, arrivals[:count]):
                self._fail(arrivals)
                return
            batch.size = size
            self._is_news |= self._is_full(batch)
            del arrivals[:count]

    def _write(self, batch: _OpenBatch, arrivals: Sequence[Arrival]) -> bool:
        try:
            batch.file.append(
                [arrival.event for arrival in arrivals],
                self._wall_micros(),
                to_disk=self._policy.sync_seconds == 0,
            )
        except OSError as error:
            arrivals[0].error = error
            return False
        self._is_news |= batch.events == 0
        batch.events += len(arrivals)
        with self._state:
            if self._open is None:
                self._open = batch
                self._folder.began(batch.sequence)
                self._held += HEAD_BYTES
            self._lengths[batch.sequence] = batch.file.length
        for arrival in arrivals:
            arrival.taken = True
        return True

    def _fail(self, arrivals: Sequence[Arrival]) -> None:
        with self._state:
            for arrival in arrivals:
                arrival.error = arrivals[0].error
                self._held -= len(arrival.event) + EVENT_BYTES

    def _end_open(self) -> None:
        """Let the open batch take no more."""
        with self._state:
            batch, self._open = self._open, None
            assert batch is not None
            self._complete.append(batch.sequence)
        batch.file.close()

    def _sync_open(self) -> None:
        if self._open is not None:
            try:
                self._open.file.sync()
            except OSError as error:  # whoever tracked the events was not promised that they are on the disk
                log.exception("%s", unwritable(self._folder.path, error).message)

    def _batch(self, sequence: int, fixed: Fixed) -> Batch | None:
        if fixed.cut and not fixed.damaged:
            log.info("%d bytes of an event that was not tracked to its end were cut off batch %d.", fixed.cut, sequence)
        if not fixed.events and not fixed.damaged:
            self.settle(sequence)
            return None
        age = max(0.0, (self._wall_micros() - fixed.tracked_micros) / 1e6)
        events = tuple(Event.FromString(event) for event in fixed.events)
        return Batch(sequence, events, sum(map(len, fixed.events)), sequence, age, fixed.damaged)

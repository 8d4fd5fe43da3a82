"""Gathers events into batches: by count, by bytes, by age, with a bound on what is held. No clock, lock or waiting."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from footfall.v1.event_pb2 import Event

MAX_BATCH_EVENTS = 1_000
"""The server's limit."""
MAX_BATCH_BYTES = 2 * 1024 * 1024
"""Well below the server's 4 MiB a request."""


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """When a batch is complete, and how much may wait."""

    max_events: int = 500
    """Events a batch, 1 to 1,000."""
    max_bytes: int = 1024 * 1024
    """Serialized bytes a batch, at most 2 MiB; an event that is larger travels alone."""
    max_age_seconds: float = 0.2
    """How long the first event of a batch waits for others."""
    held_events: int = 20_000
    """Events held in memory, waiting or under way."""
    held_bytes: int = 64 * 1024 * 1024
    """Bytes held in memory, waiting or under way."""
    when_full: Literal["block", "refuse"] = "block"
    """What `track` does when that much is held: wait until there is room, or hand the event to `on_error` at once."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_events <= MAX_BATCH_EVENTS:
            raise ValueError(f"max_events is {self.max_events}; allowed are 1 to {MAX_BATCH_EVENTS:,}")
        if not 1 <= self.max_bytes <= MAX_BATCH_BYTES:
            raise ValueError(f"max_bytes is {self.max_bytes}; allowed are 1 to {MAX_BATCH_BYTES:,}")
        if self.held_events < self.max_events or self.held_bytes < self.max_bytes:
            raise ValueError("held_events and held_bytes must have room for one batch")

    def takes(self, events: int, size: int, more: int) -> bool:
        """Return whether a batch of so many events and bytes takes another event of `more` bytes."""
        return events == 0 or (events < self.max_events and size + more <= self.max_bytes)


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that travel together."""

    first: int
    """Number of its first event among all that were put, from 1."""
    events: tuple[Event, ...]
    size: int
    """Serialized bytes."""
    sequence: int | None = None
    """Its number for good, if a spool gave it one."""
    age_seconds: float = 0.0
    """How long ago its first event was tracked; more than nothing if a spool kept it over a restart."""
    damaged: int = 0
    """How many more events of it a spool had, at least, and could not read any more."""


class Gathering:
    """Events that wait, and batches that are under way. Instants are seconds that never go back."""

    def __init__(self, policy: BatchPolicy) -> None:
        self._policy = policy
        self._waiting: deque[tuple[Event, int, float]] = deque()
        self._waiting_bytes = 0
        self._under_way: dict[int, Batch] = {}
        self._held = (0, 0)
        """Events and bytes, waiting and under way."""
        self._put = 0
        self._taken = 0
        self._due = 0
        """Events up to this number are sent without waiting for their age."""
        self.closed = False
        """Whether what waits is to be sent without waiting for its age, because nothing more comes."""

    def has_room(self, size: int) -> bool:
        """Return whether an event of so many bytes may be put."""
        events, held = self._held
        # an event larger than all the room there is must not wait for ever
        return events == 0 or (events < self._policy.held_events and held + size <= self._policy.held_bytes)

    def put(self, event: Event, size: int, now: float) -> None:
        """Add an event."""
        self._waiting.append((event, size, now))
        self._waiting_bytes += size
        self._held = (self._held[0] + 1, self._held[1] + size)
        self._put += 1

    def is_ready(self, now: float) -> bool:
        """Return whether a batch is complete, or old enough."""
        if not self._waiting:
            return False
        return (
            self.closed
            or len(self._waiting) >= self._policy.max_events
            or self._waiting_bytes >= self._policy.max_bytes
            or self._taken < self._due
            or now - self._waiting[0][2] >= self._policy.max_age_seconds
        )

    def seconds_until_old(self, now: float) -> float | None:
        """Return when what waits will be old enough; None if nothing waits."""
        if not self._waiting:
            return None
        return max(0.0, self._waiting[0][2] + self._policy.max_age_seconds - now)

    @property
    def held_bytes(self) -> int:
        """Bytes that wait or are under way."""
        return self._held[1]

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def take(self) -> Batch:
        """Return the next batch; it counts as held until it is settled."""
        events: list[Event] = []
        size = 0
        while self._waiting and self._policy.takes(len(events), size, self._waiting[0][1]):
            event, event_size, _ = self._waiting.popleft()
            events.append(event)
            size += event_size
        batch = Batch(self._taken + 1, tuple(events), size)
        self._waiting_bytes -= size
        self._taken += len(events)
        self._under_way[batch.first] = batch
        return batch

    def settle(self, batch: Batch) -> None:
        """Say that a batch is stored, or given up."""
        del self._under_way[batch.first]
        self._held = (self._held[0] - len(batch.events), self._held[1] - batch.size)

    def hurry(self) -> int:
        """Let what was put so far be sent without waiting for its age; return the number of the last of it."""
        self._due = self._put
        return self._put

    def is_settled(self, upto: int) -> bool:
        """Return whether all events up to this number are settled. Batches may be settled out of order."""
        return min(self._under_way, default=self._taken + 1) > upto

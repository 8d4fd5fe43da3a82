"""Gathers events into batches: by count, by bytes, by age, and with a bound on what is held in memory."""

import threading
import time
from collections import deque
from collections.abc import Callable
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


class Batches:
    """Events on their way from the threads that track them to the one that sends them."""

    def __init__(self, policy: BatchPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Event, int, float]] = deque()
        self._waiting_bytes = 0
        self._under_way = (0, 0)
        self._put = 0
        self._settled = 0
        self._due = 0
        """Events up to this number are sent without waiting for their age."""
        self._closed = False

    def put(self, event: Event) -> bool:
        """Add an event; return False if there is no room for it and the policy doesn't wait for some.

        Raises:
            RuntimeError: closed.
        """
        size = event.ByteSize()
        with self._changed:
            while not self._closed and not self._has_room(size):
                if self._policy.when_full == "refuse":
                    return False
                # in parts: a Ctrl-C that arrives just before a wait is noticed only after it
                self._changed.wait(0.2)
            if self._closed:
                raise RuntimeError("the client is closed")
            self._waiting.append((event, size, self._clock()))
            self._waiting_bytes += size
            self._put += 1
            self._changed.notify_all()
        return True

    def take(self) -> list[Event] | None:
        """Wait for a batch that is complete, or old enough; return None when closed and empty.

        The batch counts as held until `settle` is called, which must come before the next `take`.
        """
        with self._changed:
            while not self._complete():
                if self._closed and not self._waiting:
                    return None
                self._changed.wait(self._seconds_until_old())
            batch: list[Event] = []
            size = 0
            while self._waiting and self._policy.takes(len(batch), size, self._waiting[0][1]):
                event, event_size, _ = self._waiting.popleft()
                batch.append(event)
                size += event_size
            self._waiting_bytes -= size
            self._under_way = (len(batch), size)
            return batch

    def settle(self) -> None:
        """Say that the batch taken last is stored, or given up."""
        with self._changed:
            self._settled += self._under_way[0]
            self._under_way = (0, 0)
            self._changed.notify_all()

    def flush(self, timeout: float | None) -> bool:
        """Send what was put so far without delay, and return whether all of it was settled in time."""
        with self._changed:
            upto = self._put
            self._due = max(self._due, upto)
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._settled >= upto, timeout)

    def close(self) -> None:
        """Take no more events, and end whoever waits to add one; what is held can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _has_room(self, size: int) -> bool:
        events, held = len(self._waiting) + self._under_way[0], self._waiting_bytes + self._under_way[1]
        # an event larger than all the room there is must not wait for ever
        return events == 0 or (events < self._policy.held_events and held + size <= self._policy.held_bytes)

    def _complete(self) -> bool:
        if not self._waiting:
            return False
        return (
            self._closed
            or len(self._waiting) >= self._policy.max_events
            or self._waiting_bytes >= self._policy.max_bytes
            or self._settled < self._due
            or self._clock() - self._waiting[0][2] >= self._policy.max_age_seconds
        )

    def _seconds_until_old(self) -> float | None:
        if not self._waiting:
            return None
        return max(0.0, self._waiting[0][2] + self._policy.max_age_seconds - self._clock())

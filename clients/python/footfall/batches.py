"""Events on their way from the threads that track them to the one that sends them."""

import threading
import time
from collections.abc import Callable

from footfall.gathering import Batch, BatchPolicy, Gathering
from footfall.v1.event_pb2 import Event


class Batches:
    """A `Gathering` between threads."""

    is_kept = False
    """Whether what is held outlives the process."""
    starts_with_work = False
    """Whether there is something to be sent before anything is put."""
    first_own = 1
    """Number of the first batch that is not an earlier run's."""

    def __init__(self, policy: BatchPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._lock = threading.RLock()  # entered itself, for the reason that StreamWriter gives
        self._changed = threading.Condition(self._lock)
        self._gathering = Gathering(policy)

    @property
    def held_bytes(self) -> int:
        """Serialized bytes of the events that wait or are under way."""
        return self._gathering.held_bytes

    def put(self, event: Event) -> bool:
        """Add an event; return False if there is no room for it and the policy doesn't wait for some.

        Raises:
            RuntimeError: closed.
        """
        size = event.ByteSize()
        with self._lock:
            while not self._gathering.closed and not self._gathering.has_room(size):
                if self._policy.when_full == "refuse":
                    return False
                # in parts: a Ctrl-C that arrives just before a wait is noticed only after it
                self._changed.wait(0.2)
            if self._gathering.closed:
                raise RuntimeError("the client is closed")
            self._gathering.put(event, size, self._clock())
            self._changed.notify_all()
        return True

    def take(self) -> Batch | None:
        """Wait for a batch that is complete, or old enough; return None when closed and empty.

        The batch counts as held until it is settled.
        """
        with self._lock:
            while not self._gathering.is_ready(self._clock()):
                if self._gathering.closed:
                    return None
                self._changed.wait(self._gathering.seconds_until_old(self._clock()))
            return self._gathering.take()

    def settle(self, batch: Batch) -> None:
        """Say that a batch is stored, or given up."""
        with self._lock:
            self._gathering.settle(batch)
            self._changed.notify_all()

    def flush(self, timeout: float | None) -> bool:
        """Send what was put so far without delay, and return whether all of it was settled in time."""
        with self._lock:
            upto = self._gathering.hurry()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._gathering.is_settled(upto), timeout)

    def close(self) -> None:
        """Take no more events, and end whoever waits to add one; what is held can still be taken."""
        with self._lock:
            self._gathering.closed = True
            self._changed.notify_all()

    def release(self) -> None:
        """Do nothing: what is left in memory is nobody's."""

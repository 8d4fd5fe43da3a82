"""Events on their way from the threads that track them to the one that sends them, by way of a spool."""

import threading

from footfall.gathering import Batch, BatchPolicy
from footfall.spool.policy import SpoolPolicy
from footfall.spool.spool import Spool
from footfall.v1.event_pb2 import Event


class SpooledBatches:
    """A `Spool` between threads: what `Batches` is in memory."""

    is_kept = True
    """Whether what is held outlives the process."""

    def __init__(self, spool: Spool, batching: BatchPolicy, policy: SpoolPolicy) -> None:
        self.first_own = spool.first_own
        self.starts_with_work = spool.has_leftovers
        self._spool = spool
        self._waits_for_room = batching.when_full == "block"
        self._sync_seconds = policy.sync_seconds
        self._lock = threading.RLock()  # entered itself, for the reason that StreamWriter gives
        self._changed = threading.Condition(self._lock)
        self._sync_due = False

    @property
    def held_bytes(self) -> int:
        """Bytes of files that wait or are under way."""
        return self._spool.held_bytes

    def put(self, event: Event) -> bool:
        """Keep an event; return False if there is no room for it and the policy doesn't wait for some.

        Raises:
            RuntimeError: closed.
            SpoolError: the disk did not take it.
        """
        serialized = event.SerializeToString()
        while not self._spool.closed and not self._spool.reserve(len(serialized)):
            if not self._waits_for_room:
                return False
            with self._lock:
                # in parts: room may have come between the question and the wait
                self._changed.wait(0.1)
        if self._spool.closed:
            raise RuntimeError("the client is closed")
        if self._spool.keep(self._spool.announce(serialized)):
            self._tell()
        if self._sync_seconds and not self._sync_due:
            self._sync_soon()
        return True

    def take(self) -> Batch | None:
        """Wait for a batch that is complete, or old enough; return None when closed and empty."""
        while True:
            if (batch := self._spool.take()) is not None:
                return batch
            with self._lock:
                self._changed.notify_all()  # one that holds nothing is settled by now
                seconds = self._spool.seconds_until_ready()
                if seconds is None and self._spool.closed:
                    return None
                if seconds != 0:
                    self._changed.wait(seconds)

    def settle(self, batch: Batch) -> None:
        """Say that a batch is stored, or given up."""
        assert batch.sequence is not None
        self._spool.settle(batch.sequence)
        self._tell()

    def flush(self, timeout: float | None) -> bool:
        """Send what was put so far without delay, and return whether all of it was settled in time."""
        upto = self._spool.hurry()
        self._tell()
        with self._lock:
            return self._changed.wait_for(lambda: self._spool.is_settled(upto), timeout)

    def close(self) -> None:
        """Take no more events, and end whoever waits to add one; what is held can still be taken."""
        self._spool.closed = True
        self._tell()

    def release(self) -> None:
        """Leave what is not settled to whoever opens the spool next."""
        self._spool.release()

    def _tell(self) -> None:
        with self._lock:
            self._changed.notify_all()

    def _sync_soon(self) -> None:
        self._sync_due = True
        timer = threading.Timer(self._sync_seconds, self._sync)
        timer.daemon = True
        timer.start()

    def _sync(self) -> None:
        self._sync_due = False  # what is put from now on may come too late for this one
        self._spool.sync()

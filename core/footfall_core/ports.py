"""What ingest needs from outside. The docstrings are the contract that every adapter keeps."""

from typing import Protocol

from footfall.v1.errors_pb2 import EventError
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind


class EventLog(Protocol):
    """The raw log: what is in it is durable and in order by kind and partition."""

    async def append(self, raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE) -> Micros:
        """Store a batch; return once it is durable, with the time at which that was known.

        May be called by many callers at once; batches that arrive together share a commit, whatever their kinds.
        When more waits than a commit takes, live ones go first, and imports may take half of what may wait: a
        backfill holds no live batch up. `None` as partition spreads batches over all partitions. Not idempotent:
        storing twice is the reader's to notice.

        Raises:
            TooLarge: the batch is beyond what a record of the log may take.
            TryAgain: not stored, or not known to be: the log is away, or too much is in flight. Nothing waits in a
                queue without bound.
        """
        ...

    def report(self, error: EventError) -> bool:
        """Hand an error of what never reaches the log on to the errors, and return whether it was taken.

        Never blocks. An error that is taken is stored with the next commit that succeeds, and lost with the process.
        None is taken, with a line in the log, while the log is away or too many wait.
        """
        ...

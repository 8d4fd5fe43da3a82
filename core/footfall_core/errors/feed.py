"""The port to the errors as they are recorded. The docstrings are the contract that every adapter keeps."""

from typing import Protocol

from footfall.v1.errors_pb2 import EventError
from footfall_core.clock import Micros
from footfall_core.errors.selection import ErrorSelection

Position = tuple[int, ...]
"""A place in the log of errors: the offset of each partition's next record, in order of partition."""


class OutOfHistoryError(Exception):
    """A position that the log does not have (any more): between it and what there is, errors may have been missed."""

    def __init__(self, earliest: Position) -> None:
        super().__init__(f"the log does not reach back there; it goes on from {earliest}")
        self.earliest = earliest
        """Where to go on: the position itself as far as the log has it, else the log's beginning."""


class ErrorStream(Protocol):
    """Some errors of one property, for one reader."""

    @property
    def position(self) -> Position:
        """Where a later stream goes on: behind all that `next` has returned, and behind no error that it has not.

        It moves on with the log also when nothing matches, so that it does not fall out of the log's history.
        """
        ...

    async def next(self) -> EventError | None:
        """Wait for the next error and return it; return None once, when the stream has caught up.

        Caught up means that every error recorded between the stream's start and its opening was returned before.

        Called by one task at a time. A call that is cancelled may have taken an error with it: close the stream then.

        Raises:
            OutOfHistoryError: the log has lost errors in front of the stream.
            TooSlow: more errors wait than may, or past ones wait longer than they may; the reader has to open a new
                stream behind the last one it saw.
            TryAgain: the errors cannot be followed any further; a new stream can succeed later.
        """
        ...

    def close(self) -> None:
        """Give everything up that the stream holds. Never blocks; may be called at any time and more than once."""
        ...


class ErrorFeed(Protocol):
    """The errors of all properties."""

    async def open(self, selection: ErrorSelection, start: Micros | Position | None) -> ErrorStream:
        """Return a stream of the errors that are wanted; the caller closes it.

        The stream's place is fixed when this returns: every error recorded later is in it, exactly once. With `start`
        it begins in the past, and what it returns from there on comes exactly once each too; errors are in order by
        what recorded them only.

        Args:
            selection: which errors.
            start: None: from now on. A time (Unix time in microseconds): the errors recorded at or after it; one in
                the future means from now on. A position: where an earlier stream of the same errors was. Partitions
                that it does not name are read from their beginning: they were added after it.

        Raises:
            OutOfHistoryError: the log does not have all errors from that position on.
            TryAgain: the log of errors is away, or too many streams read the past, of all properties or of this one.
        """
        ...

"""The port to the errors as they are recorded. The docstrings are the contract that every adapter keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from footfall.v1.errors_pb2 import EventError, StreamErrorsResponse
from footfall_core.clock import Micros
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.storms import LeftOut

Position = tuple[int, ...]
"""A place in the log of errors: the offset of each partition's next record, in order of partition."""


class OutOfHistoryError(Exception):
    """A position that the log does not have (any more): between it and what there is, errors may have been missed."""

    def __init__(self, earliest: Position) -> None:
        super().__init__(f"the log does not reach back there; it goes on from {earliest}")
        self.earliest = earliest
        """Where to go on: the position itself as far as the log has it, else the log's beginning."""


@dataclass(frozen=True, slots=True)
class PushedError:
    """An error on its way out: one object for all streams that are pushed it."""

    message: bytes
    """The serialized `StreamErrorsResponse` that has the error and nothing else; what is added is appended."""

    @classmethod
    def of(cls, error: EventError) -> "PushedError":
        """Return an error on its way."""
        return cls(StreamErrorsResponse(error=error).SerializeToString())

    @property
    def error(self) -> EventError:
        """The error, parsed anew each time."""
        return StreamErrorsResponse.FromString(self.message).error


class ErrorStream(Protocol):
    """Some errors of one property, for one reader."""

    @property
    def position(self) -> Position:
        """Where a later stream goes on: behind all that `next` has returned, and behind no error that it has not.

        It moves on with the log also when nothing matches, so that it does not fall out of the log's history. What was
        left out in front of it is in `left_out`, so who keeps the one has to ask for the other.
        """
        ...

    def left_out(self) -> LeftOut:
        """Return what was left out in front of `position`, because of a storm, since this was asked last."""
        ...

    def tell(self, left_out: Callable[[], None]) -> None:
        """From now on call `left_out`, on the event loop's thread, when there is more that was left out."""
        ...

    async def next(self) -> PushedError | None:
        """Wait for the next error and return it; return None once, when the stream has caught up.

        Caught up means that every error recorded between the stream's start and its opening was returned before, or
        is in `left_out`.

        Called by one task at a time. A call that is cancelled has taken nothing with it, and may be made again.

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

    async def open(
        self, selection: ErrorSelection, start: Micros | Position | None, *, every_error: bool = False
    ) -> ErrorStream:
        """Return a stream of the errors that are wanted; the caller closes it.

        The stream's place is fixed when this returns: every error recorded later is in it, exactly once, returned or
        left out. With `start` it begins in the past, and what it returns from there on comes exactly once each too;
        errors are in order by what recorded them only.

        Args:
            selection: which errors.
            start: None: from now on. A time (Unix time in microseconds): the errors recorded at or after it; one in
                the future means from now on. A position: where an earlier stream of the same errors was. Partitions
                that it does not name are read from their beginning: they were added after it.
            every_error: whether none is left out, however many there are.

        Raises:
            OutOfHistoryError: the log does not have all errors from that position on.
            TryAgain: the log of errors is away, or too many streams read the past, of all properties or of this one.
        """
        ...

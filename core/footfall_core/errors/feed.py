"""The port to the errors as they are recorded. The docstrings are the contract that every adapter keeps."""

from typing import Protocol

from footfall.v1.errors_pb2 import EventError
from footfall_core.clock import Micros


class ErrorStream(Protocol):
    """The errors of one property, for one reader."""

    async def next(self) -> EventError | None:
        """Wait for the next error and return it; return None once, when the stream has caught up.

        Caught up means that every error recorded between the stream's start and its opening was returned before.

        Called by one task at a time. A call that is cancelled may have taken an error with it: close the stream then.

        Raises:
            TooSlow: more errors wait than may; the reader has to open a new stream from the last one it saw.
            TryAgain: the errors cannot be followed any further; a new stream can succeed later.
        """
        ...

    def close(self) -> None:
        """Give everything up that the stream holds. Never blocks; may be called at any time and more than once."""
        ...


class ErrorFeed(Protocol):
    """The errors of all properties."""

    async def open(self, property_id: str, start: Micros | None) -> ErrorStream:
        """Return a stream of a property's errors; the caller closes it.

        The stream's place is fixed when this returns: every error recorded later is in it, exactly once. With `start`
        (Unix time in microseconds) it begins with the errors recorded at or after that instant, exactly once each
        too, and errors are in order by what recorded them only. A `start` in the future means from now on.

        Raises:
            TryAgain: the log of errors is away, or too many streams read the past.
        """
        ...

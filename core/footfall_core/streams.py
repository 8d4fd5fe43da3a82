"""A stream of events as the process that runs it sees it, and the two ways in which it fails."""

from typing import Protocol

from footfall_core.clock import Micros


class StreamBroken(Exception):  # noqa: N818 - what has happened to it; whether that is an error shows later
    """A stream has ended, and another one in its place can go on: what was not committed is as if it had never been.

    Args:
        reason: a word of a closed set, for figures.
        message: what happened, for logs.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StreamFenced(StreamBroken):
    """Another one of its name has taken a stream's place: a request of its own that Kafka worked off late, or a double.

    A stream in its place shows which: a double fences that one too.
    """

    def __init__(self, message: str) -> None:
        super().__init__("fenced", message)


class StreamUnmendableError(Exception):
    """A stream cannot go on, and neither could another one in its place; the message says what somebody has to do."""


class Stream(Protocol):
    """Processes events, from where the last one came to."""

    def run(self) -> None:
        """Process until the process is told to stop; call it once, in the main thread. Nothing is held afterwards.

        Raises:
            StreamBroken, StreamUnmendableError: what was not committed by then is not.
        """
        ...

    def is_ready(self) -> bool:
        """Return whether it does its part of the work; called from any thread."""
        ...

    def measure_lag(self, now: Micros) -> None:
        """Set the figures that say how far it is behind the log; called from any thread."""
        ...

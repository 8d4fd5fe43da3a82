"""What runs need from outside. The docstrings are the contract that every adapter keeps."""

from collections.abc import Callable, Mapping
from typing import Protocol

from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.runs.book import Book
from footfall_core.runs.lag import LogLag


class Runs(Protocol):
    """What a process knows of runs and servings; read on the event loop's thread alone."""

    @property
    def book(self) -> Book:
        """What is known now: what was stored before the process was ready, and later things a moment later."""
        ...

    @property
    def fresh_at(self) -> Micros:
        """An instant before which nothing was stored that the book does not have. It moves on by itself.

        A serving takes effect no earlier than its lead after it was stored: until then, counted from this instant, no
        serving can hold that the book does not have.
        """
        ...

    def on_change(self, act: Callable[[], None]) -> None:
        """Have `act` called on the event loop after each change of the book."""
        ...


class RunStore(Runs, Protocol):
    """Where runs and servings are stored: for the admin server and the worker."""

    async def put(self, name: str, record: bytes) -> None:
        """Store what goes by a name, in the place of what did before; return when it is durable and in the book.

        Idempotent, but for servings: each attempt at one needs a name of its own.

        Raises:
            TryAgain: it is not stored, or not known to be.
        """
        ...


class Log(Protocol):
    """The raw logs, and how far the live run's consumers have come in them."""

    async def lag(self) -> Mapping[EventKind, LogLag]:
        """Return how far each kind is processed. Bounded in time; changes nothing.

        Raises:
            TryAgain: it cannot be said at the moment.
        """
        ...

"""One flight a key: callers that ask for the same at the same time wait for the same answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Future[T]
    waiting: int = 0


class Flights(Generic[T]):
    """The calls under way in this process."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[T]] = {}

    def under_way(self, key: str) -> bool:
        """Return whether `join` would find a call under way."""
        return key in self._flights

    async def join(self, key: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return what the call under `key` returns: of the one under way, or of a new one.

        One caller's cancellation does not touch the others; when the last one leaves, the call is cancelled.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(call()))
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                # nobody may join it any more
                self._landed(key, flight)
                flight.task.cancel()

    def _landed(self, key: str, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen, in case that all callers had left

"""How much of requests a server has in memory: it reads no further than there is room, whoever sends.

A message that is not read costs its sender's connection a window of some KiB. One that is read may take 4 MiB, several
times over while it is checked, packed and waits for its commit, which takes seconds when Kafka is away.

Whoever waits here is told something in time: nobody's deadline passes over a request that was not read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from footfall_core.problems import TryAgain

T = TypeVar("T")

FULL = "This server has too many requests under way."
AWAY = "Nothing can be stored at the moment."
LATE = "The request did not arrive in time to be worked on within its deadline; nothing was done."

MAX_READING = 8
"""Requests that are being read at once; the others wait for their turn. One may take 4 MiB."""

SLOW_SECONDS = 0.1
"""A request that takes longer to arrive gives its turn to the next one: a client on a bad line must not stop the
others, and what it sends grows slowly."""

PATIENCE_SECONDS = 1.0
"""How long a call waits for its turn before it is told to try again."""

SHARE_TO_ARRIVE = 0.4
"""The part of its time that a request may take to arrive. The rest is for the work, and for the answer's way back."""


class Admission:
    """The room for the requests of unary calls at one server. Used by its event loop alone.

    Args:
        max_bytes: bytes of requests that may be under way, read and not answered; those that are being read just then
            may exceed it.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._reading = 0
        self._turns = asyncio.Semaphore(MAX_READING)

    async def in_turn(
        self, read: Callable[[], Awaitable[T]], seconds: float | None = None, *, in_vain: bool = False
    ) -> T:
        """Return what `read` returns; it is called when it is its turn.

        Args:
            read: takes a request from the network.
            seconds: how long the caller waits for its answer; None: for ever.
            in_vain: whether hardly any call can be served now. Then one request is read at a time, for the few that
                can, and nothing of the others: to read 4 MiB only to refuse them is what a busy server can do without.

        Raises:
            TryAgain: there is no room, it was not its turn soon, or the request took too much of its caller's time to
                arrive; nothing was read.
        """
        if in_vain and self._reading:
            raise TryAgain(AWAY)
        share = None if seconds is None else seconds * SHARE_TO_ARRIVE
        try:
            async with asyncio.timeout(share):
                turn = await self._turn()
                too_slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, turn.end)
                self._reading += 1
                try:
                    return await read()
                finally:
                    self._reading -= 1
                    too_slow.cancel()
                    turn.end()
        except TimeoutError as error:
            raise TryAgain(LATE) from error

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count a request that was read as under way until the block ends."""
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size

    async def _turn(self) -> "_Turn":
        if self._is_full():
            raise TryAgain(FULL)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise TryAgain(FULL) from error
        if self._is_full():  # by now
            self._turns.release()
            raise TryAgain(FULL)
        return _Turn(self._turns)

    def _is_full(self) -> bool:
        return self._bytes >= self._max_bytes


class _Turn:
    """A turn, which ends once."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns: asyncio.Semaphore | None = turns

    def end(self) -> None:
        if self._turns is not None:
            self._turns.release()
            self._turns = None

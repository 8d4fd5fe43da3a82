"""The batches of one stream that were read and are not answered yet."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine


class UnderWay:
    """Work that goes on side by side and whose results come out in the order in which it was begun.

    It is bounded by waiting: whoever begins work awaits `room` first. A piece counts until its result was taken and
    the next one is asked for, so results that nobody fetches fill the bound too.
    """

    def __init__(self, max_count: int, max_bytes: int) -> None:
        """Make an empty one.

        Args:
            max_count: pieces that may be under way.
            max_bytes: bytes that they may have together, beyond which there is no room; one piece may exceed it.
        """
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._pieces: deque[tuple[asyncio.Task[bytes], int]] = deque()
        self._bytes = 0
        self._ended = False
        self._grown = asyncio.Event()
        self._shrunk = asyncio.Event()

    async def room(self) -> None:
        """Return when another piece may be begun."""
        while len(self._pieces) >= self._max_count or self._bytes >= self._max_bytes:
            self._shrunk.clear()
            await self._shrunk.wait()

    def begin(self, work: Coroutine[None, None, bytes], size: int) -> None:
        """Begin a piece of work that counts as `size` bytes."""
        self._pieces.append((asyncio.create_task(work), size))
        self._bytes += size
        self._grown.set()

    def end(self) -> None:
        """Say that nothing more will be begun, so that `results` ends with what is under way."""
        self._ended = True
        self._grown.set()

    async def results(self) -> AsyncGenerator[bytes, None]:
        """Yield the results in the order in which the pieces were begun, until the end."""
        while True:
            while not self._pieces:
                if self._ended:
                    return
                self._grown.clear()
                await self._grown.wait()
            task, size = self._pieces[0]
            yield await task
            self._pieces.popleft()
            self._bytes -= size
            self._shrunk.set()

    def tasks(self) -> list[asyncio.Task[bytes]]:
        """Return the tasks of what is under way, for whoever gives it up."""
        return [task for task, _ in self._pieces]

"""The batches of one stream that were read and are not answered yet."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine


class SharedRoom:
    """The room that the streams of one server have together.

    Args:
        max_bytes: bytes that may be under way on all of them, beyond which a stream reads its next batch when it has
            none under way: so none waits for another one for ever.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._waiting: set[asyncio.Event] = set()

    def is_full(self) -> bool:
        """Return whether nothing more should be read."""
        return self._bytes >= self._max_bytes

    def take(self, size: int) -> None:
        """Count bytes as under way; negative ones as no longer."""
        self._bytes += size
        if size < 0 and not self.is_full():
            for waiting in self._waiting:
                waiting.set()
            self._waiting.clear()

    def tell(self, waiting: asyncio.Event) -> None:
        """Have an event set when there is room again."""
        self._waiting.add(waiting)

    def forget(self, waiting: asyncio.Event) -> None:
        """Have it set no longer."""
        self._waiting.discard(waiting)


class UnderWay:
    """Work that goes on side by side and whose results come out in the order in which it was begun.

    It is bounded by waiting: whoever begins work awaits `room` first. A piece counts until its result was taken and
    the next one is asked for, so results that nobody fetches fill the bound too.
    """

    def __init__(self, max_count: int, max_bytes: int, shared: SharedRoom) -> None:
        """Make an empty one.

        Args:
            max_count: pieces that may be under way.
            max_bytes: bytes that they may have together, beyond which there is no room; one piece may exceed it.
            shared: the room that it has together with others.
        """
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._shared = shared
        self._pieces: deque[tuple[asyncio.Task[bytes], int]] = deque()
        self._bytes = 0
        self._ended = False
        self._grown = asyncio.Event()
        self._shrunk = asyncio.Event()

    async def room(self) -> None:
        """Return when another piece may be begun."""
        try:
            while self._is_full():
                self._shrunk.clear()
                self._shared.tell(self._shrunk)
                await self._shrunk.wait()
        finally:
            self._shared.forget(self._shrunk)

    def begin(self, work: Coroutine[None, None, bytes], size: int) -> None:
        """Begin a piece of work that counts as `size` bytes."""
        self._pieces.append((asyncio.create_task(work), size))
        self._count(size)
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
            self._count(-size)
            self._shrunk.set()

    def give_up(self) -> list[asyncio.Task[bytes]]:
        """Give up what is under way, and return its tasks, which are for the caller to cancel."""
        tasks = [task for task, _ in self._pieces]
        self._pieces.clear()
        self._count(-self._bytes)
        return tasks

    def _is_full(self) -> bool:
        return bool(self._pieces) and (
            len(self._pieces) >= self._max_count or self._bytes >= self._max_bytes or self._shared.is_full()
        )

    def _count(self, size: int) -> None:
        self._bytes += size
        self._shared.take(size)

"""One reader's stream of errors: the past first if it asked for it, then the present from a bounded queue."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.error_history import ErrorHistory, PlacedError
from footfall_core import telemetry
from footfall_core.errors.feed import Position
from footfall_core.errors.position import Bookmark
from footfall_core.errors.selection import ErrorSelection
from footfall_core.problems import Problem, TooSlow


class KafkaErrorStream:
    """An `ErrorStream`. All of it happens on the event loop's thread.

    Args:
        selection: which errors.
        longest: how many errors of the present may wait.
        patience: how long, in seconds, the past may wait for `next` to be called.
        feed_places: the offset of each partition's next record that is not offered yet; the feed keeps it up to date,
            and everything before it was offered.
        forget: is called once, when nothing is to be offered any more.
    """

    def __init__(
        self,
        selection: ErrorSelection,
        longest: int,
        patience: float,
        feed_places: Mapping[int, int],
        forget: Callable[["KafkaErrorStream"], None],
    ) -> None:
        self.selection = selection
        self._longest = longest
        self._patience = patience
        self._feed_places = feed_places
        self._forget = forget
        self._history: ErrorHistory | None = None
        self._past: deque[PlacedError] = deque()
        self._past_places: Mapping[int, int] = {}
        """How far the topic is read with what is in `_past`."""
        self._present: deque[PlacedError] = deque()
        self._until: Mapping[int, int] = {}
        self._bookmark = Bookmark(feed_places)
        self._changed = asyncio.Event()
        self._said_live = False
        self._problem: Exception | None = None
        self._closed = False
        self._asked = False
        """Whether `next` is under way."""
        self._served_at = 0.0
        """When it last ended, by the loop's clock."""
        self._watcher: asyncio.TimerHandle | None = None

    async def begin_with(self, history: ErrorHistory) -> None:
        """Read the past first; what is offered meanwhile waits. Called at most once, before `next`.

        Raises:
            OutOfHistoryError: the log does not have all of it.
            TryAgain: Kafka is away.
        """
        self._history = history
        self._bookmark = Bookmark(await history.begin())
        self._served_at = asyncio.get_running_loop().time()
        self._watch()

    def offer(self, partition: int, offset: int, error: EventError) -> None:
        """Take an error of the present, and its place; end the stream if too many wait."""
        if not self.selection.matches(error):
            return
        if len(self._present) < self._longest:
            self._keep_up()
            self._present.append(PlacedError(partition, offset, error))
            self._changed.set()
        else:
            telemetry.SLOW_READERS.inc()
            self.fail(
                TooSlow(
                    f"More than {self._longest:,} errors wait to be read; call again with the resume token of the "
                    "last message that arrived, and read faster."
                )
            )

    def fail(self, problem: Problem) -> None:
        """End the stream: what waits is dropped, and `next` raises."""
        self._problem = problem
        self._present.clear()
        self._past.clear()
        self._changed.set()
        self.close()

    @property
    def position(self) -> Position:
        """See `ErrorStream`."""
        self._keep_up()
        return self._bookmark.position

    async def next(self) -> EventError | None:
        """See `ErrorStream`."""
        self._asked = True
        try:
            return await self._next()
        finally:
            self._asked = False
            self._served_at = asyncio.get_running_loop().time()

    def close(self) -> None:
        """See `ErrorStream`."""
        if not self._closed:
            self._closed = True
            self._forget(self)
            if self._watcher:
                self._watcher.cancel()
            if self._history:
                self._history.close()

    def _watch(self) -> None:
        """End the stream if its client leaves the past waiting: few may read the past, and others want to."""
        if self._closed or not self._history:
            return
        loop = asyncio.get_running_loop()
        left = self._patience if self._asked else self._served_at + self._patience - loop.time()
        if left > 0:
            self._watcher = loop.call_later(left, self._watch)
        else:
            telemetry.SLOW_READERS.inc()
            self.fail(
                TooSlow(
                    f"Past errors waited {self._patience:g} seconds to be read; call again with the resume token of "
                    "the last message that arrived, and read faster."
                )
            )

    async def _next(self) -> EventError | None:
        while True:
            if self._problem:
                raise self._problem
            if self._past:
                return self._delivered(self._past.popleft())
            if self._history:
                await self._read_past(self._history)
            elif not self._said_live:
                self._said_live = True
                return None
            elif self._present:
                placed = self._present.popleft()
                if placed.offset >= self._until.get(placed.partition, 0):
                    return self._delivered(placed)
            else:
                self._changed.clear()
                await self._changed.wait()

    def _delivered(self, placed: PlacedError) -> EventError:
        self._bookmark.passed(placed.partition, placed.offset)
        return placed.error

    def _keep_up(self) -> None:
        """Move the bookmark on with the log, as far as nothing that was read waits to be delivered."""
        if self._closed or self._past:
            return
        self._bookmark.reached(self._past_places)
        if not self._history and not self._present:
            self._bookmark.reached(self._feed_places)

    async def _read_past(self, history: ErrorHistory) -> None:
        past = await history.read()
        if past is None:
            # what the past took is given back as soon as the present is reached
            history.close()
            self._until = self._past_places = history.until
            self._history = None
        elif not self._closed:
            self._past.extend(past.errors)
            self._past_places = past.places

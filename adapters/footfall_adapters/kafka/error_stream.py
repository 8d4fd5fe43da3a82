"""One reader's stream of errors: the past first if it asked for it, then the present from a bounded queue."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.error_history import ErrorHistory
from footfall_core.problems import Problem, TooSlow


class KafkaErrorStream:
    """An `ErrorStream`. All of it happens on the event loop's thread.

    Args:
        property_id: whose errors.
        longest: how many errors of the present may wait.
        history: reads the past; None if the stream begins with the present.
        forget: is called once, when nothing is to be offered any more.
    """

    def __init__(
        self,
        property_id: str,
        longest: int,
        history: ErrorHistory | None,
        forget: Callable[["KafkaErrorStream"], None],
    ) -> None:
        self.property_id = property_id
        self._longest = longest
        self._history = history
        self._forget = forget
        self._past: deque[EventError] = deque()
        self._present: deque[tuple[int, int, EventError]] = deque()
        self._until: Mapping[int, int] = {}
        self._changed = asyncio.Event()
        self._said_live = False
        self._problem: Problem | None = None
        self._closed = False

    def offer(self, partition: int, offset: int, error: EventError) -> None:
        """Take an error of the present, and its place; end the stream if too many wait."""
        if len(self._present) < self._longest:
            self._present.append((partition, offset, error))
            self._changed.set()
        else:
            self.fail(
                TooSlow(
                    f"More than {self._longest:,} errors wait to be read; call again with the time of the last one "
                    "that arrived, and read faster."
                )
            )

    def fail(self, problem: Problem) -> None:
        """End the stream: what waits is dropped, and `next` raises."""
        self._problem = problem
        self._present.clear()
        self._past.clear()
        self._changed.set()
        self.close()

    async def next(self) -> EventError | None:
        """See `ErrorStream`."""
        while True:
            if self._problem:
                raise self._problem
            if self._past:
                return self._past.popleft()
            if self._history:
                await self._read_past(self._history)
            elif not self._said_live:
                self._said_live = True
                return None
            elif self._present:
                partition, offset, error = self._present.popleft()
                if offset >= self._until.get(partition, 0):
                    return error
            else:
                self._changed.clear()
                await self._changed.wait()

    def close(self) -> None:
        """See `ErrorStream`."""
        if not self._closed:
            self._closed = True
            self._forget(self)
            if self._history:
                self._history.close()

    async def _read_past(self, history: ErrorHistory) -> None:
        errors = await history.read()
        if errors is None:
            # what the past took is given back as soon as the present is reached
            history.close()
            self._until = history.until
            self._history = None
        elif not self._closed:
            self._past.extend(errors)

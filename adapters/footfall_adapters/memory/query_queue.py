"""The way of a query within one process: from who asks to the query consumer's steps, and the answer back.

It is the bus of the asking side and the inbox of the answering side at once, on one event loop. Nothing can be lost on
the way, so a query is handed over once, and whoever leaves takes the query along: one that waits is not run, and one
under way is cancelled, since it runs at the cost of everything else in the process.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from footfall_adapters.waiting_query import LATE, WaitingQuery
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.problems import DeadlinePassed, TryAgain
from footfall_core.report.ports import Query, Question
from footfall_core.wire.query_pb2 import QueryResult

TAKE_SECONDS = 0.2
"""How long taking a query waits for one, before whoever takes may look whether it is to stop."""


@dataclass(frozen=True)
class MemoryQueriesSettings:
    """How many queries may wait in the process to be begun, and how long."""

    max_waiting: int = 100
    """Queries that wait to be begun at a time; beyond, callers are told to try again."""
    give_up_ms: int = 5_000
    """How long a query may wait to be begun before the caller is told to try again. Milliseconds."""


@dataclass(slots=True)
class _Asked:
    """A query whose caller waits."""

    waiting: WaitingQuery = field(default_factory=WaitingQuery)
    task: "asyncio.Task[Any] | None" = None
    """What runs it, if that is known."""


class MemoryQueries:
    """The ports `QueryBus` and `QueryInbox`, facing each other."""

    def __init__(self, settings: MemoryQueriesSettings, clock: Clock, new_id: Callable[[], str]) -> None:
        """Begin empty.

        Args:
            settings: how many, and how long.
            clock: what deadlines are measured by.
            new_id: makes ids that differ from each other.
        """
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._queue: dict[str, Query] = {}
        self._arrived = asyncio.Event()
        self._asked: dict[str, _Asked] = {}

    async def ask(self, question: Question, deadline: Micros) -> bytes:
        """Return the answer to a question: see the port."""
        if len(self._queue) >= self._settings.max_waiting:
            raise TryAgain("Too many reports are asked for at the moment; please try again.")
        now, query_id = self._clock.now(), self._new_id()
        if deadline <= now:
            raise DeadlinePassed(LATE)
        give_up = Micros(now + self._settings.give_up_ms * 1000)
        self._queue[query_id] = Query(query_id, 0, deadline, give_up, question)
        self._arrived.set()
        asked = self._asked[query_id] = _Asked()
        telemetry.QUERIES_WAITING.inc()
        try:
            async with asyncio.timeout((deadline - now) / 1e6):
                return await self._answer(asked.waiting)
        except TimeoutError:
            # what runs it has the same deadline, and says so in its figures
            raise DeadlinePassed(LATE) from None
        except BaseException:
            if asked.task is not None:
                asked.task.cancel()
            raise
        finally:
            telemetry.QUERIES_WAITING.dec()
            del self._asked[query_id]
            self._queue.pop(query_id, None)
            asked.waiting.leave()

    async def _answer(self, waiting: WaitingQuery) -> bytes:
        if not await waiting.begun_within(self._settings.give_up_ms / 1000):
            raise TryAgain("No report can be begun at the moment; please try again.")
        return await waiting.answer

    async def take(self) -> Query | None:
        """Return the next query, in the order in which they were asked: see the port."""
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                while not self._queue:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return None
        return self._queue.pop(next(iter(self._queue)))

    def reply(self, query: Query, record: bytes) -> None:
        """Give a record to who asked, if it still waits: see the port."""
        if (asked := self._asked.get(query.query_id)) is not None:
            asked.waiting.hear(QueryResult.FromString(record))

    def started(self, query: Query, task: "asyncio.Task[Any]") -> None:
        """Have a query's task cancelled when its caller leaves, now if it has left already."""
        if (asked := self._asked.get(query.query_id)) is not None:
            asked.task = task
        else:
            task.cancel()

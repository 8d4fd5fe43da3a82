"""The asking server's side of the bus: a question goes out on `queries.requests`, its answer on `queries.results`.

A query that no consumer has begun within 300 ms is sent once more, under the same id and to another partition, and
again 600 ms later; the first answer wins. So a consumer that hangs or has just died holds nobody up. Partitions that
kept silent are left alone but for a try now and then, so that the next queries do not wait for them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from google.protobuf.message import DecodeError

from footfall_adapters.kafka.query_partitions import Partitions
from footfall_adapters.waiting_query import LATE, WaitingQuery
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.problems import DeadlinePassed, TryAgain
from footfall_core.report.ports import Question
from footfall_core.wire.query_pb2 import ErrorsQuestion, QueryRequest, QueryResult

log = structlog.get_logger()

Send = Callable[[int, bytes, Callable[[str], None]], None]
"""Sends a record to a partition of `queries.requests`; calls back on the event loop, with a reason, if it cannot."""


@dataclass(frozen=True)
class QueryBusSettings:
    """How a query server asks query consumers."""

    hedge_ms: int = 300
    """How long a query may wait to be begun before it is sent once more; twice as long before it is sent again.
    Milliseconds."""
    max_sent: int = 3
    """How often a query is sent at most."""
    give_up_ms: int = 5_000
    """How long a query may wait to be begun before the caller is told to try again. Milliseconds."""
    max_waiting: int = 1_000
    """Queries that wait for an answer at a time; beyond, callers are told to try again."""


class KafkaQueryBus:
    """The port `QueryBus`, apart from Kafka itself: sending is handed in, and what arrives goes to `received`."""

    def __init__(
        self,
        send: Send,
        *,
        partitions: int,
        reply_partition: int,
        settings: QueryBusSettings,
        clock: Clock,
        new_id: Callable[[], str],
        choose: Callable[[int], int],
    ) -> None:
        """Make a bus.

        Args:
            send: sends a record.
            partitions: number of partitions of `queries.requests`.
            reply_partition: the partition of `queries.results` whose records go to `received`.
            settings: how long to wait.
            clock: what deadlines are measured by.
            new_id: makes ids unlike those of any other process.
            choose: returns a number from 0 up to and without the given one, to spread queries over partitions.
        """
        self._send = send
        self._partitions = Partitions(partitions, choose)
        self._reply_partition = reply_partition
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._waiting: dict[str, WaitingQuery] = {}

    async def ask(self, question: Question, deadline: Micros) -> bytes:
        """Return the answer to a question: see the port."""
        if len(self._waiting) >= self._settings.max_waiting:
            raise TryAgain("Too many queries are under way at the moment; please try again.")
        query_id, now = self._new_id(), self._clock.now()
        telemetry.QUERIES_WAITING.inc()
        waiting = self._waiting[query_id] = WaitingQuery()
        request = QueryRequest(
            query_id=query_id,
            reply_partition=self._reply_partition,
            deadline_micros=deadline,
            begin_before_micros=now + self._settings.give_up_ms * 1000,
            plan=None if isinstance(question, ErrorsQuestion) else question,
            errors=question if isinstance(question, ErrorsQuestion) else None,
        ).SerializeToString()
        try:
            async with asyncio.timeout((deadline - now) / 1e6):
                await self._have_begun(request, waiting)
                return await waiting.answer
        except TimeoutError:
            raise DeadlinePassed(LATE) from None
        finally:
            telemetry.QUERIES_WAITING.dec()
            del self._waiting[query_id]
            waiting.leave()

    async def _have_begun(self, request: bytes, waiting: WaitingQuery) -> None:
        """Send a query, again if need be, until a consumer has begun it or it is answered."""
        left = self._settings.give_up_ms / 1000
        wait = self._settings.hedge_ms / 1000
        tried: list[int] = []
        while len(tried) < self._settings.max_sent and (partition := self._partitions.pick(tried)) is not None:
            telemetry.QUERIES_SENT.labels("hedge" if tried else "first").inc()
            tried.append(partition)
            self._sent(partition, request, waiting)
            if await waiting.begun_within(wait):
                self._partitions.spoke(partition)
                return
            self._partitions.kept_silent(partition)
            left -= wait
            wait *= 2
        if not await waiting.begun_within(left):
            raise TryAgain("Nothing answers queries at the moment; please try again.")

    def _sent(self, partition: int, request: bytes, waiting: WaitingQuery) -> None:
        def failed(reason: str) -> None:
            log.warning("query not sent", reason=reason)
            waiting.end(TryAgain("Nothing can be asked for at the moment; please try again."))

        self._send(partition, request, failed)

    def received(self, record: bytes) -> None:
        """Take a record of `queries.results`; those that nobody waits for (any more) are dropped."""
        try:
            result = QueryResult.FromString(record)
        except DecodeError:
            log.warning("a record of queries.results cannot be read", size=len(record))
            return
        if (waiting := self._waiting.get(result.query_id)) is not None:
            waiting.hear(result)

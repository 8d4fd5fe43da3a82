"""The query consumer's side of the bus: takes queries from `queries.requests`, answers on `queries.results`.

Consumers are members of one group, and not static ones: one that stops leaves at once, so its partitions go to the
others without a wait; there is no state that would be worth waiting for. Offsets are committed as queries are taken:
a query whose consumer dies is answered by its deadline, and never run a second time for nobody.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from google.protobuf.message import DecodeError

from footfall_adapters.kafka.membership import LONGEST_PAUSE_MS
from footfall_adapters.kafka.polling import Polling, polling
from footfall_adapters.kafka.query_server import REQUESTS, RESULTS
from footfall_adapters.kafka.sending import Sending, sending
from footfall_adapters.kafka.settings import BACK_SOON, KafkaSettings
from footfall_adapters.logs import LIBRDKAFKA
from footfall_core.clock import Micros
from footfall_core.report.ports import Query
from footfall_core.wire.query_pb2 import QueryRequest

log = structlog.get_logger()

REMEMBERED = 10_000
"""Ids of the last queries, to take a query only once that was sent twice."""


@dataclass(frozen=True)
class QueryInboxSettings:
    """How a query consumer takes queries."""

    session_timeout_ms: int = 6_000
    """After this long the partitions of a consumer that died go to others. Milliseconds; the brokers' minimum."""


class KafkaQueryInbox:
    """The port `QueryInbox`."""

    def __init__(self, reader: Polling, sender: Sending, results: str) -> None:
        self._reader = reader
        self._sender = sender
        self._results = results
        self._recent: OrderedDict[str, None] = OrderedDict()

    async def take(self) -> Query | None:
        """Return the next query: see the port."""
        # one at a time: what this process cannot begin yet, another should
        for record in await self._reader.batch(limit=1):
            query = _parsed(record)
            if query is not None and self._is_new(query.query_id):
                return query
        return None

    def reply(self, query: Query, record: bytes) -> None:
        """Send a record to who asked: see the port."""
        self._sender.send(
            self._results,
            query.reply_partition,
            record,
            lambda reason: log.warning("result not sent", query_id=query.query_id, reason=reason),
        )

    def is_ready(self) -> bool:
        """Return whether this consumer has been given partitions to read, and not lost its place since."""
        return self._reader.has_part

    def _is_new(self, query_id: str) -> bool:
        if query_id in self._recent:
            return False
        self._recent[query_id] = None
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return True


def _parsed(record: bytes) -> Query | None:
    try:
        request = QueryRequest.FromString(record)
    except DecodeError:
        log.warning("a record of queries.requests cannot be read", size=len(record))
        return None
    return Query(
        query_id=request.query_id,
        reply_partition=request.reply_partition,
        deadline=Micros(request.deadline_micros),
        begin_before=Micros(request.begin_before_micros),
        question=request.errors if request.WhichOneof("question") == "errors" else request.plan,
    )


@asynccontextmanager
async def open_query_inbox(kafka: KafkaSettings, settings: QueryInboxSettings) -> AsyncIterator[KafkaQueryInbox]:
    """Yield an inbox that takes part in the group, and leave the group at the end."""
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": kafka.topic("query-consumers"),
        "session.timeout.ms": settings.session_timeout_ms,
        "heartbeat.interval.ms": settings.session_timeout_ms // 6,
        "max.poll.interval.ms": max(LONGEST_PAUSE_MS, settings.session_timeout_ms),
        "partition.assignment.strategy": "cooperative-sticky",
        # a query that was sent before the group's first member came is still waited for; past ones are known by
        # their deadline
        "auto.offset.reset": "earliest",
        "auto.commit.interval.ms": 1_000,
        **BACK_SOON,
        "logger": LIBRDKAFKA,
    }
    with sending(kafka) as sender:
        async with polling(config, sender.serve, [kafka.topic(REQUESTS)]) as reader:
            yield KafkaQueryInbox(reader, sender, kafka.topic(RESULTS))

"""Ways of a query that keep the ports `QueryBus` and `QueryInbox`: in memory, and over the stack's Kafka."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from confluent_kafka.admin import AdminClient

from footfall_adapters.kafka.query_bus import QueryBusSettings
from footfall_adapters.kafka.query_inbox import QueryInboxSettings, open_query_inbox
from footfall_adapters.kafka.query_server import REQUESTS, RESULTS, open_query_bus
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.memory.query_queue import MemoryQueries, MemoryQueriesSettings
from footfall_core.clock import Micros, SystemClock
from footfall_core.report.ports import Query, QueryBus, QueryInbox
from tests.integration.query_path import create_topics

CLOCK = SystemClock()


@dataclass(frozen=True)
class QueryWay:
    """Both ends of the way."""

    bus: QueryBus
    inbox: QueryInbox

    async def taken(self) -> Query:
        """Return the next query when it has come."""
        async with asyncio.timeout(30):
            while (query := await self.inbox.take()) is None:
                pass
        return query


@asynccontextmanager
async def memory_way(*, give_up_ms: int = 60_000, max_waiting: int = 100) -> AsyncIterator[QueryWay]:
    settings = MemoryQueriesSettings(max_waiting=max_waiting, give_up_ms=give_up_ms)
    queries = MemoryQueries(settings, CLOCK, lambda: uuid.uuid4().hex)
    yield QueryWay(queries, queries)


@asynccontextmanager
async def kafka_way(address: str, *, give_up_ms: int = 60_000, max_waiting: int = 100) -> AsyncIterator[QueryWay]:
    """Yield a way over topics of its own; nothing is sent twice because the machine is slow."""
    kafka = KafkaSettings(address, topic_prefix=f"test-{uuid.uuid4().hex[:8]}.")
    topics = [kafka.topic(REQUESTS), kafka.topic(RESULTS)]
    await asyncio.to_thread(create_topics, address, topics)
    settings = QueryBusSettings(hedge_ms=give_up_ms, max_sent=1, give_up_ms=give_up_ms, max_waiting=max_waiting)
    try:
        async with (
            open_query_inbox(kafka, QueryInboxSettings()) as inbox,
            open_query_bus(kafka, settings, "query-1", CLOCK) as bus,
            asyncio.timeout(60),
        ):
            while not inbox.is_ready():
                assert await inbox.take() is None
            yield QueryWay(bus, inbox)
    finally:
        await asyncio.to_thread(_delete, address, topics)


def soon(seconds: float = 30.0) -> Micros:
    return Micros(CLOCK.now() + int(seconds * 1e6))


def _delete(address: str, topics: list[str]) -> None:
    admin = AdminClient({"bootstrap.servers": address, "log_level": 3})
    for deleted in admin.delete_topics(topics).values():
        deleted.exception(30)

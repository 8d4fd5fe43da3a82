"""The query server: reports out."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from footfall_adapters.environment import InstanceSettings, read_settings
from footfall_adapters.kafka.query_bus import QueryBusSettings
from footfall_adapters.kafka.query_server import open_query_bus
from footfall_adapters.kafka.runs import KafkaRuns
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.redis.answer_cache import open_answer_cache
from footfall_adapters.redis.buckets import open_buckets
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.access.ports import Access
from footfall_core.clock import SystemClock
from footfall_core.runs.current import serving_of
from footfall_server.hosts.call import Route
from footfall_server.query.get_metadata import get_metadata
from footfall_server.query.run_report import RunReport
from footfall_server.query.settings import QuerySettings
from footfall_server.quotas.of_properties import PropertyQuotas
from footfall_server.quotas.quotas import ReportQuotas
from footfall_server.quotas.settings import QuotaSettings


async def routes(stack: AsyncExitStack, variables: Mapping[str, str], access: Access) -> list[Route]:
    """Start what the query server needs, in order, and return what it serves; the stack ends it in reverse.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    instance, kafka, bus_settings, redis, settings, quota = read_settings(
        variables, InstanceSettings, KafkaSettings, QueryBusSettings, RedisSettings, QuerySettings, QuotaSettings
    )
    clock = SystemClock()
    cache = await stack.enter_async_context(open_answer_cache(redis))
    buckets = await stack.enter_async_context(open_buckets(redis, MemoryBuckets(clock)))
    bus = await stack.enter_async_context(open_query_bus(kafka, bus_settings, instance.name, clock))
    serving = serving_of(await stack.enter_async_context(KafkaRuns(kafka, clock)))
    quotas = ReportQuotas(buckets, PropertyQuotas(quota.quota(), access))
    return [
        Route("/footfall.v1.QueryService/RunReport", RunReport(bus, cache, quotas, settings, clock, serving=serving)),
        Route("/footfall.v1.QueryService/GetMetadata", get_metadata),
    ]

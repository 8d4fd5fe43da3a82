"""The error server: errors out, as they are recorded, and looked up later."""

import random
from collections.abc import Mapping
from contextlib import AsyncExitStack

from footfall_adapters.environment import InstanceSettings, read_settings
from footfall_adapters.error_storms import ErrorStormSettings
from footfall_adapters.kafka.committer import REDRIVE, CommitterSettings, KafkaEventLog
from footfall_adapters.kafka.error_feed import ErrorFeedSettings, KafkaErrorFeed
from footfall_adapters.kafka.query_bus import QueryBusSettings
from footfall_adapters.kafka.query_server import open_query_bus
from footfall_adapters.kafka.raw_reader import RawReaderSettings, raw_reader
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.redis.buckets import open_buckets
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.access.ports import Access
from footfall_core.clock import SystemClock
from footfall_server.errors.get_error import GetError
from footfall_server.errors.list_errors import ListErrors
from footfall_server.errors.redrive_errors import RedriveErrors
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.errors.stream_errors import StreamErrors
from footfall_server.hosts.call import Kind, Route
from footfall_server.quotas.of_properties import PropertyQuotas
from footfall_server.quotas.quotas import ReportQuotas
from footfall_server.quotas.settings import QuotaSettings

SERVICE = "/footfall.v1.ErrorService"


async def routes(stack: AsyncExitStack, variables: Mapping[str, str], access: Access) -> list[Route]:
    """Start what the error server needs, in order, and return what it serves; the stack ends it in reverse.

    The store is asked through Kafka and by other processes: while it is away streams go on.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    instance, kafka, committer, feed_settings, storms, bus_settings, raw_settings, settings, redis, quota = (
        read_settings(
            variables,
            InstanceSettings,
            KafkaSettings,
            CommitterSettings,
            ErrorFeedSettings,
            ErrorStormSettings,
            QueryBusSettings,
            RawReaderSettings,
            ErrorServerSettings,
            RedisSettings,
            QuotaSettings,
        )
    )
    clock = SystemClock()
    feed = await stack.enter_async_context(KafkaErrorFeed(kafka, feed_settings, storms.rule(), clock))
    bus = await stack.enter_async_context(open_query_bus(kafka, bus_settings, instance.name, clock))
    buckets = await stack.enter_async_context(open_buckets(redis, MemoryBuckets(clock)))
    raw = await stack.enter_async_context(raw_reader(kafka, raw_settings))
    # what is redriven goes into the raw log, by transactions of this server's own
    log = await stack.enter_async_context(KafkaEventLog(kafka, committer, instance.name, clock, REDRIVE))
    quotas = ReportQuotas(buckets, PropertyQuotas(quota.quota(), access))
    return [
        Route(f"{SERVICE}/StreamErrors", StreamErrors(feed, settings, clock, random.uniform), Kind.SERVER_STREAM),
        Route(f"{SERVICE}/ListErrors", ListErrors(bus, quotas, settings, clock)),
        Route(f"{SERVICE}/GetError", GetError(bus, raw, quotas, settings, clock)),
        Route(
            f"{SERVICE}/RedriveErrors",
            RedriveErrors(bus, raw, log, quotas=quotas, settings=settings, clock=clock),
            Kind.SERVER_STREAM,
        ),
    ]

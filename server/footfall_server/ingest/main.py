"""The ingest server: events in."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from footfall_adapters.environment import InstanceSettings, read_settings
from footfall_adapters.kafka.committer import CommitterSettings, KafkaEventLog
from footfall_adapters.kafka.partitions import check_partitions
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.ticker import TickerSettings, ticking
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.redis.buckets import open_buckets
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.access.ports import Access
from footfall_core.clock import SystemClock
from footfall_core.kinds import EventKind
from footfall_server.hosts.call import Kind, Route
from footfall_server.ingest.batch_intake import BatchIntake
from footfall_server.ingest.report_discarded_events import ReportDiscardedEvents
from footfall_server.ingest.stream_events import IngestStreamSettings, StreamEvents
from footfall_server.ingest.write_events import WriteEvents
from footfall_server.quotas.of_properties import PropertyQuotas
from footfall_server.quotas.quotas import WriteQuotas
from footfall_server.quotas.settings import QuotaSettings


async def routes(stack: AsyncExitStack, variables: Mapping[str, str], access: Access) -> list[Route]:
    """Start what the ingest server needs, in order, and return what it serves; the stack ends it in reverse."""
    instance, kafka, committer, ticker, streams, redis, quota = read_settings(
        variables,
        InstanceSettings,
        KafkaSettings,
        CommitterSettings,
        TickerSettings,
        IngestStreamSettings,
        RedisSettings,
        QuotaSettings,
    )
    check_partitions(kafka, [kind.raw_topic for kind in EventKind])
    clock = SystemClock()
    log = await stack.enter_async_context(KafkaEventLog(kafka, committer, instance.name, clock))
    stack.enter_context(ticking(kafka, ticker, instance.name, log.tick))
    buckets = await stack.enter_async_context(open_buckets(redis, MemoryBuckets(clock)))
    quotas = WriteQuotas(buckets, PropertyQuotas(quota.quota(), access))
    intake = BatchIntake(log, kafka.raw_partitions, quotas, clock)
    return [
        Route("/footfall.v1.IngestService/WriteEvents", WriteEvents(intake), in_vain=log.is_away),
        Route("/footfall.v1.IngestService/StreamEvents", StreamEvents(intake, streams), Kind.BIDI_STREAM),
        Route("/footfall.v1.IngestService/ReportDiscardedEvents", ReportDiscardedEvents(log, quotas, clock)),
    ]

"""The query consumer: takes queries from Kafka, has Druid compute them, answers through Kafka."""

import asyncio
import threading
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack

import uvloop

from footfall_adapters.druid.availability import Availability
from footfall_adapters.druid.broker import open_broker
from footfall_adapters.druid.error_store import DruidErrorStore
from footfall_adapters.druid.report_store import DruidReportStore
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.environment import InstanceSettings, read_settings
from footfall_adapters.kafka.query_inbox import QueryInboxSettings, open_query_inbox
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_consumers.queries.settings import QueriesSettings
from footfall_consumers.queries.steps import Steps, run_queries
from footfall_core.clock import SystemClock
from footfall_core.columns import EVENTS, ITEMS
from footfall_core.vitals import Vitals


def run(variables: Mapping[str, str], vitals: Vitals, stop: threading.Event) -> None:
    """Run queries until `stop` is set, then let those under way end.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    uvloop.run(_run(variables, vitals, stop))


async def _run(variables: Mapping[str, str], vitals: Vitals, stop: threading.Event) -> None:
    instance, kafka, druid, inbox_settings, queries = read_settings(
        variables, InstanceSettings, KafkaSettings, DruidSettings, QueryInboxSettings, QueriesSettings
    )
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(open_broker(druid, clock, _new_id))
        inbox = await stack.enter_async_context(open_query_inbox(kafka, inbox_settings))
        vitals.ready_when("queries", inbox.is_ready)
        store = DruidReportStore(broker, Availability(broker, clock), druid)
        complete_until = CompleteUntil(store, clock, kafka.raw_partitions, queries.ticks_life_ms * 1000)
        vitals.measured_by(complete_until.measure)
        looking = asyncio.create_task(complete_until.keep_looking((EVENTS.name, ITEMS.name), queries.look_seconds))
        stack.callback(looking.cancel)
        steps = Steps(inbox, store, DruidErrorStore(broker), complete_until, clock, instance.name, _new_id)
        await run_queries(steps, queries, stop)


def _new_id() -> str:
    return uuid.uuid4().hex

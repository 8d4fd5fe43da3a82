"""One quota for two ingest servers, on a real Kafka and a real Redis; and what is left, through the real gateway."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import httpx
import pytest
from prometheus_client import REGISTRY

from footfall.aio.channel import open_channel
from footfall.key import VARIABLE
from footfall.v1 import ingest_pb2_grpc, query_pb2, query_pb2_grpc
from footfall.v1.admin_pb2 import Property, PropertyQuota
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_adapters.kafka.access import KafkaAccess, KafkaRegistry
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsSettings, ensure_topics
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.redis.buckets import open_buckets
from footfall_adapters.redis.settings import RedisSettings
from footfall_core.clock import SystemClock
from footfall_core.quota.purse import LEASE_SECONDS
from footfall_core.quota.quota import Quota
from footfall_local.stack import Stack
from footfall_server.hosts.call import Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.ingest.batch_intake import BatchIntake
from footfall_server.ingest.write_events import WriteEvents
from footfall_server.quotas.of_properties import PropertyQuotas, QuotaOf
from footfall_server.quotas.quotas import WriteQuotas
from tests.again import answered
from tests.e2e.processes import frozen
from tests.gates import everybody
from tests.integration.test_event_log import event_log

pytestmark = pytest.mark.stack

SIZE = 50
TRIES = 3
"""Of what a machine that stands still for a second makes fail."""
QUOTA = Quota(events_per_second=500, burst_seconds=1)


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    ensure_topics(kafka, TopicsSettings())
    return kafka


@asynccontextmanager
async def ingest_servers(
    stack: Stack, kafka: KafkaSettings, *, follows: bool = False, **redis: Any
) -> AsyncIterator[list[Any]]:
    """Start two servers that share the quota `QUOTA`, and yield a stub of each.

    Args:
        stack: where they run.
        kafka: their topics.
        follows: each follows the properties, which may have quotas of their own.
        redis: settings of theirs.
    """
    settings = RedisSettings(f"redis://{stack.addresses['redis']}/0", key_prefix=f"{kafka.topic_prefix}:", **redis)
    async with AsyncExitStack() as around:
        stubs = []
        for number in (1, 2):
            log = await around.enter_async_context(event_log(kafka, f"quota-{number}"))
            buckets = await around.enter_async_context(open_buckets(settings, MemoryBuckets(SystemClock())))
            quota_of: QuotaOf = lambda _: QUOTA  # noqa: E731
            if follows:
                quota_of = PropertyQuotas(QUOTA, await around.enter_async_context(KafkaAccess(kafka)))
            intake = BatchIntake(log, kafka.raw_partitions, WriteQuotas(buckets, quota_of), SystemClock())
            route = Route("/footfall.v1.IngestService/WriteEvents", WriteEvents(intake))
            server = Server([route], HostSettings(unready_seconds=0, drain_seconds=5), everybody)
            port = await server.start()
            around.push_async_callback(server.drain)
            channel = await around.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
            stubs.append(ingest_pb2_grpc.IngestServiceStub(channel))  # type: ignore[no-untyped-call]
        yield stubs


def batch(property_id: str, size: int = SIZE) -> WriteEventsRequest:
    events = [Event(name="page_view", client_id=f"c{i}") for i in range(size)]
    return WriteEventsRequest(property=f"properties/{property_id}", events=events)


async def flood(stub: Any, until: float, property_id: str = "flood") -> int:
    """Send batches one after the other, without waiting when told to, and return the number of events taken."""
    taken = 0
    while time.monotonic() < until:
        try:
            taken += (await stub.WriteEvents(batch(property_id), timeout=30)).accepted
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            await asyncio.sleep(0.005)
    return taken


async def policy(stub: Any, property_id: str) -> str:
    """Return what a server says of a property's quota, whether or not it lets the batch in."""
    call = stub.WriteEvents(batch(property_id, 1), timeout=30)
    await asyncio.wait([asyncio.ensure_future(call.code())])
    return str(dict(await call.trailing_metadata())["ratelimit-policy"])


async def others(servers: list[Any], before: list[str]) -> list[str]:
    """Return what servers say of a quota when each says something else of it than before."""
    async with asyncio.timeout(30):
        while True:
            found = [await policy(server, "raised") for server in servers]
            if all(now != then for now, then in zip(found, before, strict=True)):
                return found
            await asyncio.sleep(0.05)


async def test_two_servers_let_in_one_quota_together_and_all_of_it(stack: Stack, kafka: KafkaSettings) -> None:
    async with ingest_servers(stack, kafka, quota_wait_ms=10_000) as servers:
        held = 2 * LEASE_SECONDS * QUOTA.events_per_second
        for attempt in range(TRIES):
            began = time.monotonic()
            taken = await asyncio.gather(*(flood(servers[n % 2], began + 4, f"flood-{attempt}") for n in range(4)))
            seconds = time.monotonic() - began
            # another property is let in all the same
            assert (await servers[0].WriteEvents(batch("polite"), timeout=30)).accepted == SIZE
            # the burst, and a batch a server that overdraws; what a server holds was handed out before
            most = QUOTA.events_per_second * (seconds + QUOTA.burst_seconds) + 2 * SIZE
            assert sum(taken) <= most
            assert all(sum(taken[turn::2]) > 0 for turn in (0, 1)), "one server had all of it"
            if sum(taken) >= QUOTA.events_per_second * 4 - held:
                break
        else:
            pytest.fail(f"not all of the quota was let in: {taken}")


async def test_one_property_has_a_quota_of_its_own_which_changes_while_the_servers_run(
    stack: Stack, kafka: KafkaSettings
) -> None:
    async def give(registry: KafkaRegistry, **quota: float) -> None:
        found = Property(name="properties/raised", quota=PropertyQuota(**quota))  # type: ignore[arg-type]
        await registry.put(found.name, found.SerializeToString())

    async def taken(servers: list[Any], seconds: float) -> tuple[float, float]:
        """Return what each of the two properties brought in, flooding both servers: events a second beyond a burst."""
        began = time.monotonic()
        flooding = [
            flood(server, began + seconds, property_id) for property_id in ("raised", "plain") for server in servers
        ]
        found = await asyncio.gather(*flooding)
        spent = time.monotonic() - began
        return sum(found[:2]) / spent, sum(found[2:]) / spent

    async with (
        KafkaRegistry(kafka) as registry,
        ingest_servers(stack, kafka, follows=True, quota_wait_ms=10_000) as servers,
    ):
        before = [await policy(server, "raised") for server in servers]
        await give(registry, events_per_second=QUOTA.events_per_second * 3)
        before = await others(servers, before)
        # each had a burst of a second as well, which is a quarter more at most
        most = 1.25 * QUOTA.events_per_second + 2 * SIZE / 4
        for _ in range(TRIES):
            raised, plain = await taken(servers, 4)
            assert plain <= most
            assert raised <= 3 * most
            if raised > most:
                break
        else:
            pytest.fail(f"{raised} events a second are not more than {most}")
        await give(registry, events_per_second=QUOTA.events_per_second / 5)
        await others(servers, before)
        for _ in range(TRIES):
            lowered, plain = await taken(servers, 4)
            assert lowered <= (1.25 * QUOTA.events_per_second + 2 * SIZE) / 5 + 2 * SIZE / 4
            if plain > 2 * lowered:
                break
        else:
            pytest.fail(f"{plain} events a second are not more than twice {lowered}")


async def test_a_frozen_redis_stops_no_write_and_each_server_counts_alone(stack: Stack, kafka: KafkaSettings) -> None:
    async with ingest_servers(stack, kafka) as servers:
        for stub in servers:
            await stub.WriteEvents(batch("warm", 1), timeout=30)
        with frozen(stack, "redis"):
            for number in range(20):
                answer = await servers[number % 2].WriteEvents(batch(f"shop-{number}", 1), timeout=30)
                assert answer.accepted == 1
            assert REGISTRY.get_sample_value("footfall_quota_shared") == 0
            # its own quota holds
            assert await flood(servers[0], time.monotonic() + 1) <= QUOTA.events_per_second * 3 + SIZE
        give_up = time.monotonic() + 30
        number = 0
        while REGISTRY.get_sample_value("footfall_quota_shared") != 1:
            assert time.monotonic() < give_up, "it stays alone"
            number += 1
            await servers[number % 2].WriteEvents(batch(f"back-{number}", 1), timeout=30)
            await asyncio.sleep(0.05)


async def test_what_is_left_comes_through_the_gateway_with_grpc_and_with_json(stack: Stack, endpoint: str) -> None:
    property_id = f"left-{uuid.uuid4().hex[:8]}"
    async with open_channel(endpoint) as channel:
        ingest = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
        write = await answered(lambda: ingest.WriteEvents(batch(property_id), timeout=30))
        written = {str(name): value for name, value in await write.trailing_metadata()}
        assert {'"events"', '"bytes"'} == {part.split(";")[0].strip() for part in str(written["ratelimit"]).split(", ")}
        asked = query_pb2.RunReportRequest(
            property=f"properties/{property_id}",
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[query_pb2.DateRange(start_date="today", end_date="today")],
        )
        query = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        report = await answered(lambda: query.RunReport(asked, timeout=30))
        assert str(dict(await report.trailing_metadata())["ratelimit"]).startswith('"reports";r=')
    async with httpx.AsyncClient(base_url=f"http://{endpoint}", trust_env=False, timeout=30) as http:
        answer = await http.post(
            f"/v1/properties/{property_id}/events:write",
            json={"events": [{"name": "page_view", "clientId": "ann"}]},
            headers={"authorization": f"Bearer {os.environ[VARIABLE]}"},
        )
    assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"].startswith('"events";q=')
    assert answer.headers["ratelimit"].startswith('"events";r=')

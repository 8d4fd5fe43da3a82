"""What is Kafka's own of the event log, each test with topics of its own; see also `tests.contract.test_event_log`."""

import asyncio
import itertools
import math
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Semaphore

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType
from structlog.testing import capture_logs

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.environment import SettingsError
from footfall_adapters.kafka.committer import CommitterSettings, KafkaEventLog
from footfall_adapters.kafka.partitions import KafkaUnreachableError, check_offsets, check_partitions
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.ticker import TickerSettings, ticking
from footfall_adapters.kafka.topics import TopicsSettings, ensure_topics
from footfall_core import telemetry
from footfall_core.clock import SystemClock
from footfall_core.errors.rows import error_row
from footfall_core.kinds import EventKind
from footfall_core.problems import TryAgain
from footfall_core.wire.raw_pb2 import RawRecord
from footfall_local.stack import Stack
from tests.contract.event_logs import committed
from tests.e2e.processes import frozen, wait_for

pytestmark = pytest.mark.stack


def batches(kafka: KafkaSettings) -> dict[int, list[bytes]]:
    return {
        partition: [batch for record in records for batch in RawRecord.FromString(record).batches]
        for partition, records in committed(kafka, "events.raw").items()
    }


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    kafka = KafkaSettings(stack.addresses["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    ensure_topics(kafka, TopicsSettings())
    return kafka


def event_log(kafka: KafkaSettings, instance: str = "ingest-1", **settings: float) -> KafkaEventLog:
    # long enough for a machine that stands still: without it the first batch is refused
    patient = {"reconnect_seconds": 30.0} | settings
    return KafkaEventLog(kafka, CommitterSettings(**patient), instance, SystemClock())  # type: ignore[arg-type]


async def test_one_transaction_takes_each_batch_to_the_topic_of_its_kind(kafka: KafkaSettings) -> None:
    async with event_log(kafka) as log:
        first = asyncio.create_task(log.append(b"first", 0))
        await asyncio.sleep(0)  # its commit is under way, and the others wait for the next one
        times = await asyncio.gather(
            *(log.append(b"%s-%d" % (kind.value.encode(), i), i % 4, kind) for kind in EventKind for i in range(8))
        )
        await first
    assert len(set(times)) <= 2
    for kind in EventKind:
        found = [
            batch
            for records in committed(kafka, kind.raw_topic).values()
            for record in records
            for batch in RawRecord.FromString(record).batches
        ]
        assert sorted(found) == sorted(
            [b"%s-%d" % (kind.value.encode(), i) for i in range(8)] + [b"first"] * (kind is EventKind.LIVE)
        )


async def test_batches_without_a_writer_are_spread(kafka: KafkaSettings) -> None:
    async with event_log(kafka) as log:
        for i in range(8):
            await log.append(b"batch-%d" % i, None)
    assert [len(found) for found in batches(kafka).values()] == [2, 2, 2, 2]


async def stored(log: KafkaEventLog, batch: bytes) -> int:
    """Have a batch stored as a client does it, and return how often that took another attempt."""
    for attempt in range(600):
        try:
            await log.append(batch, 0)
        except TryAgain:
            await asyncio.sleep(0.05)
        else:
            return attempt
    raise AssertionError("never stored")


async def test_two_servers_of_one_name_do_not_fence_each_other_for_ever_and_lose_nothing(kafka: KafkaSettings) -> None:
    fences = telemetry.EVENT_LOG_FENCES._value
    before, failed = fences.get(), telemetry.COMMIT_TRANSACTIONS.labels("failed")._value
    failed_before = failed.get()

    written: set[bytes] = set()

    async def write(log: KafkaEventLog, name: str) -> None:
        # until one of them has stayed away: how often they meet before that is up to Kafka
        for i in range(4_000):
            await stored(log, batch := f"{name}-{i}".encode())
            written.add(batch)
            if i >= 40 and fences.get() > before:
                return

    began = time.monotonic()
    with capture_logs() as lines:
        async with event_log(kafka) as older, event_log(kafka) as newer:
            await asyncio.gather(write(older, "older"), write(newer, "newer"))
    # each pause of one is twice as long as the one before, and the other one works meanwhile
    most = 2 * (2 + math.log2(time.monotonic() - began + 1))
    assert 1 <= fences.get() - before <= most
    assert failed.get() - failed_before <= most + 4
    assert any("FOOTFALL_INSTANCE_NAME" in line["event"] for line in lines)
    # a batch whose commit was not confirmed may stand there twice: the consumer counts it once
    assert set(batches(kafka)[0]) == written


async def test_a_fenced_server_says_ok_of_nothing_that_is_not_committed(kafka: KafkaSettings) -> None:
    async with event_log(kafka) as log:
        await log.append(b"before", 0)
        another = Producer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "transactional.id": f"{kafka.topic_prefix}ingest.ingest-1",
                "log_level": 3,
            }
        )
        another.init_transactions(30)
        with pytest.raises(TryAgain, match="may or may not be stored"):
            await log.append(b"fenced", 0)
        assert batches(kafka)[0] == [b"before"]
        await stored(log, b"fenced")  # it comes back by itself
    assert batches(kafka)[0] == [b"before", b"fenced"]


async def refused(log: KafkaEventLog, batch: bytes) -> int:
    """Wait until a batch is not stored, and return how often it was before: brokers do later what they are told."""
    for before in range(600):
        try:
            await log.append(batch, 0)
        except TryAgain:
            return before
    raise AssertionError("never refused")


@contextmanager
def topic_set(kafka: KafkaSettings, topic: str, **values: str) -> Iterator[None]:
    """Have a topic refuse what it is sent, for a while."""

    def alter(operation: AlterConfigOpType) -> None:
        entries = [
            ConfigEntry(name.replace("_", "."), value, incremental_operation=operation)
            for name, value in values.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, kafka.topic(topic), incremental_configs=entries)
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
        admin.incremental_alter_configs([resource])[resource].result(30)

    alter(AlterConfigOpType.SET)
    try:
        yield
    finally:
        alter(AlterConfigOpType.DELETE)


async def test_what_a_broker_refuses_fails_its_transaction_alone(kafka: KafkaSettings) -> None:
    large = os.urandom(20_000)
    async with event_log(kafka) as log:
        with topic_set(kafka, "events.raw", max_message_bytes="10000"):  # abortable
            before = await refused(log, large)
            await stored(log, b"small")
        await stored(log, large)
    assert batches(kafka)[0] == [large] * before + [b"small", large]


async def test_a_topic_that_is_gone_for_a_while_is_written_again_when_it_is_back(kafka: KafkaSettings) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    topic = kafka.topic("events.raw")
    async with event_log(kafka, transaction_timeout_ms=2_000) as log:
        admin.delete_topics([topic])[topic].result(30)
        await refused(log, b"batch")  # retriable, until its time is over
        ensure_topics(kafka, TopicsSettings())
        await stored(log, b"batch")
    assert set(batches(kafka)[0]) == {b"batch"}


@pytest.mark.usefixtures("whole_again")
@pytest.mark.timeout(400)
async def test_a_commit_whose_end_is_not_known_is_no_ok_and_no_fence(kafka: KafkaSettings, stack: Stack) -> None:
    fences = telemetry.EVENT_LOG_FENCES._value.get()
    async with event_log(kafka, transaction_timeout_ms=4_000, reconnect_seconds=1) as log:
        await stored(log, b"before")
        with frozen(stack, "kafka"):
            began = time.monotonic()
            with pytest.raises(TryAgain, match="may or may not be stored"):
                await log.append(b"batch", 0)
            assert time.monotonic() - began < 20
            while True:  # who comes then is told at once, as soon as it is known that nothing can be committed
                began = time.monotonic()
                with pytest.raises(TryAgain) as told:
                    await log.append(b"batch", 0)
                if "cannot be written" in str(told.value) and time.monotonic() - began < 0.1:
                    break
        await stored(log, b"behind")
    found = batches(kafka)[0]
    assert (found[0], found[-1]) == (b"before", b"behind")
    assert set(found) <= {b"before", b"batch", b"behind"}
    assert telemetry.EVENT_LOG_FENCES._value.get() == fences


async def test_a_log_that_cannot_be_reached_says_so_within_its_time() -> None:
    nowhere = KafkaSettings("127.0.0.1:9", topic_prefix="")
    async with event_log(nowhere, reconnect_seconds=0.5) as log:
        with pytest.raises(TryAgain, match="cannot be written"):
            await log.append(b"batch", 0)


async def test_errors_go_along_as_records_and_as_rows(kafka: KafkaSettings) -> None:
    error = EventError(error_id="e1", property="properties/shop", message="Refused.")
    async with event_log(kafka) as log:
        log.report(error)
        await log.append(b"batch", 0)
    assert [record for records in committed(kafka, "errors").values() for record in records] == [
        error.SerializeToString()
    ]
    assert [row for rows in committed(kafka, "errors.rows").values() for row in rows] == [error_row(error).encode()]


async def test_one_of_two_servers_ticks_in_every_partition_and_the_other_takes_over(kafka: KafkaSettings) -> None:
    ticks = {"a": asyncio.Event(), "b": asyncio.Event()}
    loop = asyncio.get_running_loop()
    settings = TickerSettings(interval_seconds=0.05)

    def noting(name: str, log: KafkaEventLog) -> "object":
        def tick() -> bool:
            loop.call_soon_threadsafe(ticks[name].set)
            return log.tick()

        return tick

    async with event_log(kafka, "a") as first, event_log(kafka, "b") as second:
        with ticking(kafka, settings, "b", noting("b", second)):  # type: ignore[arg-type]
            with ticking(kafka, settings, "a", noting("a", first)):  # type: ignore[arg-type]
                waiting = [asyncio.create_task(event.wait()) for event in ticks.values()]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=30)
            # the members are static, so that the other one takes over when the session of the first ends
            await asyncio.wait_for(ticks["b"].wait(), 30)
    for kind in EventKind:
        for records in committed(kafka, kind.raw_topic).values():
            times = [RawRecord.FromString(record).tick_time_micros for record in records]
            assert min(times) > 0
            # at a hand-over the one before may append the last tick that it has made
            assert sum(then > now for then, now in itertools.pairwise(times)) <= 1


def test_a_member_of_the_election_that_was_fenced_is_followed_by_another(kafka: KafkaSettings) -> None:
    ticks = Semaphore(0)
    config = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": kafka.topic("tickers"),
        "group.instance.id": "a",
        "session.timeout.ms": 6_000,
    }
    with (
        capture_logs() as logs,
        ticking(kafka, TickerSettings(interval_seconds=0.05), "a", lambda: ticks.release() is None),
    ):
        assert ticks.acquire(timeout=30)
        with closing(Consumer(config)) as other:  # a static member does not leave when it is closed
            other.subscribe([kafka.topic("control")])
            wait_for("the name to be taken", lambda: other.poll(0.1) or other.assignment() or None)
            wait_for("the next heartbeat", lambda: any("fenced" in str(line) for line in logs) or None)
        while ticks.acquire(blocking=False):
            pass  # from before it was told
        assert ticks.acquire(timeout=30)
    # it did not take the time that a member may be away
    said = [line["event"] for line in logs if line["event"] in {"ticking", "ticker's election"}]
    assert said == ["ticking", "ticker's election", "ticking"]


@pytest.mark.parametrize("kind", EventKind)
def test_another_number_of_partitions_stops_the_process_with_a_sentence(kafka: KafkaSettings, kind: EventKind) -> None:
    check_partitions(kafka, [kind.raw_topic])
    with pytest.raises(SettingsError, match="has 4 partitions, but FOOTFALL_KAFKA_RAW_PARTITIONS is 8"):
        check_partitions(KafkaSettings(kafka.bootstrap_servers, kafka.topic_prefix, raw_partitions=8), [kind.raw_topic])
    with pytest.raises(SettingsError, match="does not exist"):
        check_partitions(KafkaSettings(kafka.bootstrap_servers, "nothing-"), [kind.raw_topic])


@pytest.mark.parametrize("kind", EventKind)
def test_a_group_with_state_and_without_offsets_does_not_begin_anew(kafka: KafkaSettings, kind: EventKind) -> None:
    check_offsets(kafka, "group", [kind.raw_topic])  # it has never run
    changelog = f"changelog__{kafka.topic('group')}--{kafka.topic(kind.raw_topic)}--default"
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(changelog, 4, 1)])[changelog].result(30)

    def is_good() -> bool | None:
        try:
            check_offsets(kafka, "group", [kind.raw_topic])  # it has joined, and processed nothing
        except KafkaUnreachableError:  # a partition has no leader yet
            return None
        return True

    wait_for("each partition to have a leader", is_good)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    producer.produce(changelog, b"window", b"key")
    assert producer.flush(30) == 0
    with pytest.raises(SettingsError, match="would count everything again"):
        check_offsets(kafka, "group", [kind.raw_topic])
    with closing(
        Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": kafka.topic("group")})
    ) as consumer:
        consumer.commit(offsets=[TopicPartition(kafka.topic(kind.raw_topic), 0, 0)], asynchronous=False)
    check_offsets(kafka, "group", [kind.raw_topic])

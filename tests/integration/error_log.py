"""A topic of errors on a real Kafka, ways to write to it and to cut its history short, and what reads it."""

import asyncio
import ctypes
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
from confluent_kafka import OFFSET_END, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from footfall.v1.errors_pb2 import EventError
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall_adapters.kafka.error_feed import ErrorFeedSettings, KafkaErrorFeed
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Micros, SystemClock
from footfall_core.errors.feed import ErrorStream
from footfall_core.errors.records import error_record
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.storms import StormRule
from footfall_server.errors.main import routes
from footfall_server.hosts.grpc_aio import HostSettings, Server
from tests.gates import NothingKnown, everybody

PARTITIONS = 4

NO_STORM = StormRule(first=10**9, window_ms=1, one_in=1)


class Writer:
    """Writes errors to the topic in transactions."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._topic = kafka.topic("errors")
        self._producer = Producer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "transactional.id": uuid.uuid4().hex,
                "linger.ms": 0,
                "log_level": 3,
            }
        )
        self._producer.init_transactions(30)

    def begin(self, *ids: str, property_id: str = "shop", time_ms: int = 0, **fields: Any) -> None:
        """Write errors, each to the partition of its last digit, and leave the transaction open."""
        self._producer.begin_transaction()
        for each in ids:
            key, value = error_record(EventError(error_id=each, property=f"properties/{property_id}", **fields))
            self._producer.produce(self._topic, value, key, int(each[-1]) % PARTITIONS, timestamp=time_ms)
        assert self._producer.flush(30) == 0

    def commit(self) -> None:
        self._producer.commit_transaction(30)

    def abort(self) -> None:
        self._producer.abort_transaction(30)

    def write(self, *ids: str, property_id: str = "shop", time_ms: int = 0, **fields: Any) -> None:
        self.begin(*ids, property_id=property_id, time_ms=time_ms, **fields)
        self.commit()


def make_topic(kafka: KafkaSettings, name: str = "errors") -> KafkaSettings:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    topic = kafka.topic(name)
    admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])[topic].result(30)
    return kafka


def delete_topic(kafka: KafkaSettings, topic: str = "errors") -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    for deleted in admin.delete_topics([kafka.topic(topic)]).values():
        deleted.exception(30)
    # the controller answers before brokers know: what is written meanwhile would be gone with it
    give_up = time.monotonic() + 30
    while kafka.topic(topic) in admin.list_topics(timeout=30).topics:
        assert time.monotonic() < give_up, "the topic stays"
        time.sleep(0.05)


@asynccontextmanager
async def feed_of(
    kafka: KafkaSettings,
    *,
    history_readers: int = 8,
    queue: int = 1000,
    patience: float = 60,
    recent_seconds: float = 0,
    rule: StormRule = NO_STORM,
) -> AsyncIterator[KafkaErrorFeed]:
    """Yield a feed that reads all of the past from Kafka, unless it is to keep some of it."""
    settings = ErrorFeedSettings(
        queue_errors=queue,
        history_readers=history_readers,
        history_patience_seconds=patience,
        recent_seconds=recent_seconds,
        ready_seconds=60,
    )
    async with KafkaErrorFeed(kafka, settings, rule, SystemClock()) as feed:
        yield feed


async def next_ids(stream: ErrorStream, count: int) -> list[str]:
    """Return the ids of the next errors; a message without one, `live`, counts too."""
    messages = []
    for _ in range(count):
        async with asyncio.timeout(30):
            messages.append(await stream.next())
    return [message.error.error_id if message else "live" for message in messages]


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def threads(name: str) -> Sequence[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]


def ago(seconds: float) -> int:
    """Return Unix milliseconds."""
    return int((time.time() - seconds) * 1000)


def micros(milliseconds: int) -> Micros:
    return Micros(milliseconds * 1000)


def shop(**wanted: Any) -> ErrorSelection:
    return ErrorSelection("shop", **wanted)


def cut_history(kafka: KafkaSettings, topic: str = "errors") -> None:
    """Have a topic forget all that it holds, as retention would."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 3})
    everything = [TopicPartition(kafka.topic(topic), partition, OFFSET_END) for partition in range(PARTITIONS)]
    # the call gives a reference back that it never took (confluent-kafka-python #2275), and Python crashes later
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(everything))
    for deleted in admin.delete_records(everything).values():
        deleted.result(30)


@asynccontextmanager
async def error_server(kafka: KafkaSettings, instance: str, **changed: str) -> AsyncIterator[ErrorServiceStub]:
    """Start an error server as its process does, with quick heartbeats and some settings changed; yield a client."""
    variables = {
        "FOOTFALL_INSTANCE_NAME": instance,
        "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "FOOTFALL_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
        "FOOTFALL_ERROR_SERVER_HEARTBEAT_SECONDS": "0.05",
        "FOOTFALL_REDIS_URL": "redis://127.0.0.1:9/0",  # nobody's: it counts quotas alone
        **changed,
    }
    async with AsyncExitStack() as around:
        server = Server(
            await routes(around, variables, NothingKnown()), HostSettings(unready_seconds=0, drain_seconds=5), everybody
        )
        port = await server.start()
        around.push_async_callback(server.drain)
        channel = await around.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        yield ErrorServiceStub(channel)  # type: ignore[no-untyped-call]

"""The query path for tests: server, bus, consumer and store, on the stack's Kafka, Druid and Redis.

It has query topics of its own, so that it can be taken apart without disturbing the stack's own query processes; the
rows of events are the stack's, and tests keep apart by property.
"""

import socket
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import grpc
import httpx
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from footfall.v1 import query_pb2, query_pb2_grpc
from footfall_adapters.druid.availability import Availability
from footfall_adapters.druid.broker import open_broker
from footfall_adapters.druid.report_store import DruidReportStore
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.supervisors import IntakeSettings, ensure
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_consumers.queries import main as queries
from footfall_core.clock import SystemClock
from footfall_core.columns import EVENTS, TABLES, TABLES_OF_KINDS, Table
from footfall_core.kinds import EventKind
from footfall_core.report.ports import ReportStore
from footfall_core.vitals import Vitals
from footfall_server.query import main as query
from tests.again import again
from tests.gates import NothingKnown
from tests.integration.access_topics import topics_of
from tests.serving import served

PATIENT_SECONDS = 10.0
"""A machine that stands still for a second, as those of CI do, is no Druid that is away."""


class QueryPath:
    """A query server with its query consumer, and a way to put rows into the store."""

    def __init__(self, addresses: Mapping[str, str], variables: Mapping[str, str], port: int) -> None:
        self.variables = variables
        self.addresses = addresses
        self._producer = Producer({"bootstrap.servers": addresses["kafka"]})
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)])
        self.stub = query_pb2_grpc.QueryServiceStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    @contextmanager
    def allowing(self, *, max_matched_values: int) -> Iterator["QueryPath"]:
        """Yield another path to the same rows, on which a report may take less of the store."""
        with query_path(self.addresses, FOOTFALL_DRUID_MAX_MATCHED_VALUES=str(max_matched_values)) as path:
            yield path

    @asynccontextmanager
    async def store(self) -> AsyncIterator[ReportStore]:
        """Yield the store itself."""
        clock = SystemClock()
        settings = DruidSettings(self.variables["FOOTFALL_DRUID_BROKER_URL"], connect_seconds=PATIENT_SECONDS)
        async with open_broker(settings, clock, lambda: uuid.uuid4().hex) as broker:
            yield DruidReportStore(broker, Availability(broker, clock), settings)

    def put(self, rows: list[dict[str, Any]], table: Table = EVENTS) -> None:
        """Write rows of a table, by turns as live ones and as imported ones: whatever is asked is asked of both."""
        kinds = list(TABLES_OF_KINDS.get(table.name, {EventKind.LIVE: table}).values())
        for turn, of_kind in enumerate(kinds):
            self.put_in(of_kind, rows[turn :: len(kinds)])

    def put_in(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Write rows as the event consumer of one kind does, many lines in one record."""
        lines = ["\t".join(str(row.get(column.name, "")) for column in table.columns) for row in rows]
        for start in range(0, len(lines), 500):
            self._producer.produce(table.topic, "\n".join(lines[start : start + 500]).encode(), partition=0)
        assert self._producer.flush(20) == 0

    def ask(self, request: query_pb2.RunReportRequest, timeout: float = 30) -> query_pb2.RunReportResponse:
        return again(lambda: self.stub.RunReport(request, timeout=timeout))

    def await_rows(self, property_id: str, count: int, table: Table = EVENTS) -> None:
        """Wait until Druid shows so many rows of a property in a table, of all kinds together."""
        kinds = TABLES_OF_KINDS.get(table.name, {EventKind.LIVE: table}).values()
        until(lambda: sum(rows_in(self.addresses, of_kind, property_id) or 0 for of_kind in kinds) == count, seconds=90)


def rows_in(addresses: Mapping[str, str], table: Table, property_id: str) -> int | None:
    """Return how many rows of a property are in the table of one kind; None if Druid cannot say."""
    query = {
        "query": f"SELECT COUNT(*) FROM {table.name} WHERE property = '{property_id}'",
        "resultFormat": "array",
    }
    try:
        answer = httpx.post(f"http://{addresses['druid_broker']}/druid/v2/sql", json=query, timeout=20)
    except httpx.TransportError:
        return None
    return int(answer.json()[0][0]) if answer.is_success else None


def until(condition: Callable[[], bool], *, seconds: float) -> None:
    """Look again and again until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.05)


def free_address() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def query_variables(addresses: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        "FOOTFALL_INSTANCE_NAME": f"{prefix}query-1",
        "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": addresses["kafka"],
        "FOOTFALL_KAFKA_TOPIC_PREFIX": prefix,
        "FOOTFALL_REDIS_KEY_PREFIX": prefix,
        "FOOTFALL_REDIS_URL": f"redis://{addresses['redis']}/0",
        "FOOTFALL_DRUID_BROKER_URL": f"http://{addresses['druid_broker']}",
        "FOOTFALL_DRUID_CONNECT_SECONDS": str(PATIENT_SECONDS),
    }


@contextmanager
def query_path(addresses: Mapping[str, str], **changed: str) -> Iterator[QueryPath]:
    """Start the path on a running stack, with some settings changed, and end it with the block."""
    prefix = f"test-{uuid.uuid4().hex[:8]}."
    variables = query_variables(addresses, prefix) | changed
    query_topics = [f"{prefix}queries.requests", f"{prefix}queries.results"]
    create_topics(addresses["kafka"], [*query_topics, *(table.topic for table in TABLES)])
    for table in TABLES:
        ensure(f"http://{addresses['druid_overlord']}", KafkaSettings(addresses["kafka"]), table, IntakeSettings())
    control = KafkaSettings(addresses["kafka"], topic_prefix=prefix)
    with topics_of(control), query_consumer(variables), query_server(variables) as port:
        path = QueryPath(addresses, variables, port)
        try:
            yield path
        finally:
            path.close()


def create_topics(bootstrap: str, names: list[str]) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    existing = admin.list_topics(timeout=10).topics
    made = admin.create_topics([NewTopic(name, 4, 1) for name in names if name not in existing])
    for future in made.values():
        future.result()
    # a broker that does not lead a partition yet refuses what is sent to it
    until(lambda: _are_led(admin, list(made)), seconds=30)


def _are_led(admin: AdminClient, names: list[str]) -> bool:
    """Return whether every partition of these topics has a leader that answers for it."""
    topics = admin.list_topics(timeout=10).topics
    if any(name not in topics or topics[name].error is not None for name in names):
        return False
    places = {TopicPartition(name, at): OffsetSpec.latest() for name in names for at in topics[name].partitions}
    if not places:
        return True
    try:
        return all(future.exception(10) is None for future in admin.list_offsets(places).values())
    except TimeoutError:
        return False


@contextmanager
def query_consumer(variables: Mapping[str, str]) -> Iterator[None]:
    stop, vitals = threading.Event(), Vitals(["queries"])
    thread = threading.Thread(target=queries.run, args=(variables, vitals, stop), name="query-consumer")
    thread.start()
    try:
        # a query that nobody has partitions for yet is given up after 5 s
        until(lambda: all(vitals.ready().values()), seconds=60)
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


@contextmanager
def query_server(variables: Mapping[str, str]) -> Iterator[int]:
    """Serve what the query server serves, and yield the port."""
    with served(lambda stack: query.routes(stack, variables, NothingKnown())) as port:
        yield port

"""The way from a request to a report and back: what tests ask of it, and that of the embedded process.

That of the real stack is `tests.integration.query_path.QueryPath`.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
)
from typing import Any, Protocol

import grpc

from footfall.v1 import query_pb2, query_pb2_grpc
from footfall_adapters.duckdb.report_store import DuckDBReportStore, ErrorRows
from footfall_adapters.duckdb.settings import DuckdbSettings
from footfall_adapters.duckdb.tables import Tables
from footfall_core.clock import Micros, SystemClock
from footfall_core.columns import ERRORS, EVENTS, ITEMS, Table
from footfall_core.completeness import NOT_KNOWN
from footfall_core.instants import LATEST
from footfall_core.report.answer import Answer, answer_of, answer_to_bytes
from footfall_core.report.plan import plan_from_bytes
from footfall_core.report.ports import Question, ReportStore
from footfall_server.hosts.call import Route
from footfall_server.query.get_metadata import get_metadata
from footfall_server.query.run_report import RunReport
from footfall_server.query.settings import QuerySettings
from tests.quotas import no_report_quotas
from tests.serving import served

CLOCK = SystemClock()


class ReportPath(Protocol):
    """A query server, what stands behind it, and a way to put rows into the store."""

    stub: query_pb2_grpc.QueryServiceStub

    def put(self, rows: list[dict[str, Any]], table: Table = EVENTS) -> None:
        """Store rows of a table."""
        ...

    def await_rows(self, property_id: str, count: int, table: Table = EVENTS) -> None:
        """Wait until the store shows so many rows of a property in a table."""
        ...

    def ask(self, request: query_pb2.RunReportRequest, timeout: float = 30) -> query_pb2.RunReportResponse:
        """Return the report."""
        ...

    def allowing(self, *, max_matched_values: int) -> AbstractContextManager["ReportPath"]:
        """Yield another path to the same rows, on which a report may take less of the store."""
        ...

    def store(self) -> AbstractAsyncContextManager[ReportStore]:
        """Yield the store itself."""
        ...


class EmbeddedPath:
    """The embedded one: the real handlers, and tables in memory."""

    def __init__(self, tables: Tables, errors: list[str], port: int) -> None:
        self._tables = tables
        self._errors = errors
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)])
        self.stub = query_pb2_grpc.QueryServiceStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def put(self, rows: list[dict[str, Any]], table: Table = EVENTS) -> None:
        lines = ["\t".join(str(row.get(column.name, "")) for column in table.columns) for row in rows]
        if table is ERRORS:
            self._errors += lines
        else:
            self._tables.put(lines if table is EVENTS else [], lines if table is ITEMS else [], 0)

    def await_rows(self, property_id: str, count: int, table: Table = EVENTS) -> None:
        if table is ERRORS:
            assert len(_errors_of(self._errors)(property_id, Micros(0), LATEST)) == count
            return
        with closing(self._tables.cursor()) as cursor:
            query = f"SELECT count(*) FROM {table.name} WHERE property = ?"
            assert cursor.execute(query, [property_id]).fetchall() == [(count,)]

    def ask(self, request: query_pb2.RunReportRequest, timeout: float = 30) -> query_pb2.RunReportResponse:
        return self.stub.RunReport(request, timeout=timeout)

    @contextmanager
    def allowing(self, *, max_matched_values: int) -> Iterator["EmbeddedPath"]:
        with _serving(self._tables, self._errors, DuckdbSettings(max_matched_values=max_matched_values)) as path:
            yield path

    @asynccontextmanager
    async def store(self) -> AsyncIterator[ReportStore]:
        with closing(_store(self._tables, self._errors, DuckdbSettings())) as store:
            yield store


@contextmanager
def embedded_path() -> Iterator[EmbeddedPath]:
    """Start the path on empty tables, and end it with the block."""
    with closing(Tables(None)) as tables, _serving(tables, [], DuckdbSettings()) as path:
        yield path


@contextmanager
def _serving(tables: Tables, errors: list[str], settings: DuckdbSettings) -> Iterator[EmbeddedPath]:
    async def routes(stack: AsyncExitStack) -> Sequence[Route]:
        bus = _DirectBus(stack.enter_context(closing(_store(tables, errors, settings))))
        return [
            Route(
                "/footfall.v1.QueryService/RunReport",
                RunReport(bus, _NoCache(), no_report_quotas(), QuerySettings(), CLOCK),
            ),
            Route("/footfall.v1.QueryService/GetMetadata", get_metadata),
        ]

    with served(routes) as port, closing(EmbeddedPath(tables, errors, port)) as path:
        yield path


def _store(tables: Tables, errors: list[str], settings: DuckdbSettings) -> DuckDBReportStore:
    return DuckDBReportStore(lambda: tables, CLOCK.now, _errors_of(errors), CLOCK, settings)


def _errors_of(lines: list[str]) -> ErrorRows:
    def errors_of(property_id: str, start: Micros, end: Micros) -> list[str]:
        rows = [(line, line.split("\t")) for line in lines]
        return [line for line, row in rows if row[1] == property_id and start <= int(row[0]) * 1000 < end]

    return errors_of


class _DirectBus:
    """The port `QueryBus`, on which there is nothing between a question and its answer."""

    def __init__(self, store: ReportStore) -> None:
        self._store = store

    async def ask(self, question: Question, deadline: Micros) -> bytes:
        assert isinstance(question, bytes)
        plan = plan_from_bytes(question)
        return answer_to_bytes(answer_of(plan, await self._store.run(plan, deadline), NOT_KNOWN))


class _NoCache:
    """The port `AnswerCache`, when it has lost everything."""

    async def get(self, property_id: str, key: str) -> Answer | None:
        return None

    async def put(self, property_id: str, key: str, answer: Answer) -> None:
        pass

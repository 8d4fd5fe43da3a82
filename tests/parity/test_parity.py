"""Two engines, one contract: Druid and DuckDB answer random reports over the same random events alike.

The events go the whole way through both systems. FOOTFALL_PARITY_EXAMPLES says how many reports are tried.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest
from hypothesis import HealthCheck, given, settings

from footfall.channel import open_channel
from footfall.v1 import query_pb2, query_pb2_grpc
from footfall.v1.ingest_pb2_grpc import IngestServiceStub
from footfall_local.stack import Stack
from tests.again import again
from tests.e2e.embedded import embedded_in
from tests.e2e.processes import wait_for
from tests.parity import events
from tests.parity.differences import Answer, differences
from tests.parity.requests import reports

EVENTS = 20_000
EXAMPLES = int(os.environ.get("FOOTFALL_PARITY_EXAMPLES", "100"))

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120 + EXAMPLES)]


@dataclass(frozen=True)
class Engine:
    """A running Footfall."""

    stub: query_pb2_grpc.QueryServiceStub
    property_id: str

    def ask(self, request: query_pb2.RunReportRequest) -> Answer:
        """Return the answer, without what may differ; or the status that is the answer."""
        asked = query_pb2.RunReportRequest(property=f"properties/{self.property_id}")
        asked.MergeFrom(request)
        try:
            answer: query_pb2.RunReportResponse = again(lambda: self.stub.RunReport(asked, timeout=60))
        except grpc.RpcError as error:
            return error.code(), error.details()  # type: ignore[attr-defined]
        # counts of up to 16,384 are exact in both, and 20,000 events have fewer clients
        assert not answer.metadata.approximate_metrics
        # both are of the moment, and imports have an instant of their own
        answer.metadata.ClearField("data_complete_until")
        answer.metadata.ClearField("imported_data_complete_until")
        answer.metadata.ClearField("from_cache")
        return answer


@pytest.fixture(scope="module")
def engines(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    """The real stack and an embedded process, which were sent the same events."""
    property_id = f"parity-{os.urandom(4).hex()}"
    with (
        embedded_in(tmp_path_factory.mktemp("parity") / "data") as process,
        _loaded(stack.addresses["grpc"], property_id) as real,
        _loaded(process.start(), property_id) as embedded,
    ):
        yield real, embedded


class _loaded:  # noqa: N801 - a context manager, used as a function
    """An engine with the events in it."""

    def __init__(self, address: str, property_id: str) -> None:
        self._channel = open_channel(address)
        self._property_id = property_id

    def __enter__(self) -> Engine:
        ingest = IngestServiceStub(self._channel)  # type: ignore[no-untyped-call]
        for batch in events.batches(self._property_id, EVENTS, seed=6):
            answer = ingest.WriteEvents(batch, timeout=30)
            assert not answer.rejected, answer.rejected[0]
        engine = Engine(query_pb2_grpc.QueryServiceStub(self._channel), self._property_id)  # type: ignore[no-untyped-call]
        request = query_pb2.RunReportRequest(
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[query_pb2.DateRange(start_date="2026-03-20", end_date="2026-04-20")],
            include_bots=True,
        )

        def all_there() -> bool | None:
            answer = engine.ask(request)
            shown = answer.totals[0].integer_value if isinstance(answer, query_pb2.RunReportResponse) else 0
            return True if shown == EVENTS else None

        wait_for("all events in the reports", all_there, pause=0.1)
        return engine

    def __exit__(self, *_: object) -> None:
        self._channel.close()


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(report=reports())
def test_both_engines_answer_alike(engines: tuple[Engine, Engine], report: query_pb2.RunReportRequest) -> None:
    real, embedded = (engine.ask(report) for engine in engines)
    assert differences(real, embedded) == []

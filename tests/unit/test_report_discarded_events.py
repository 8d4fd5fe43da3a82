"""`ReportDiscardedEvents` through a real channel to a server on port 0."""

from collections.abc import AsyncIterator

import grpc
import pytest
from google.rpc import error_details_pb2
from prometheus_client import REGISTRY

from footfall.v1 import ingest_pb2, ingest_pb2_grpc
from footfall.v1.errors_pb2 import EventError
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_core.quota.quota import Quota
from footfall_server.hosts.call import Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.ingest.report_discarded_events import ReportDiscardedEvents
from footfall_server.quotas.quotas import WriteQuotas
from tests.gates import everybody
from tests.unit.test_hosts import LogInMemory, StoppedClock, detail, refusal


class LogThatTakes(LogInMemory):
    """Takes so many errors and no more."""

    room = 100

    def report(self, error: EventError) -> bool:
        return len(self.reported) < self.room and super().report(error)


@pytest.fixture
async def log() -> LogThatTakes:
    return LogThatTakes()


# two errors at once, and a thousand seconds' wait for the next: nothing comes back while the test runs
TWO_ERRORS = Quota(events_per_second=0.001, burst_seconds=2_000)


@pytest.fixture
async def stub(log: LogThatTakes, request: pytest.FixtureRequest) -> AsyncIterator[ingest_pb2_grpc.IngestServiceStub]:
    quota = getattr(request, "param", Quota())
    handler = ReportDiscardedEvents(log, WriteQuotas(MemoryBuckets(StoppedClock()), lambda _: quota), StoppedClock())
    route = Route("/footfall.v1.IngestService/ReportDiscardedEvents", handler)
    server = Server([route], HostSettings(unready_seconds=0, drain_seconds=5), everybody)
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
    await server.drain()


def report(*counts: int) -> ingest_pb2.ReportDiscardedEventsRequest:
    request = ingest_pb2.ReportDiscardedEventsRequest(property="properties/p", writer_id="w", report_number=3)
    request.start_time.seconds, request.end_time.seconds = 1_790_000_000, 1_790_000_005
    for reason, count in enumerate(counts, start=1):
        request.discarded.add(reason=reason, count=count)  # type: ignore[arg-type]
    return request


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("footfall_ingest_discarded_events_total", {"reason": reason}) or 0.0


async def test_a_report_becomes_an_error_a_reason_and_is_counted(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogThatTakes
) -> None:
    before = counted("QUEUE_FULL"), counted("EXPIRED")
    assert await stub.ReportDiscardedEvents(report(40, 2)) == ingest_pb2.ReportDiscardedEventsResponse()
    assert [error.discarded.count for error in log.reported] == [40, 2]
    assert (counted("QUEUE_FULL"), counted("EXPIRED")) == (before[0] + 40, before[1] + 2)


async def test_a_wrong_report_is_refused_by_its_fields_and_nothing_of_it_is_taken(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogThatTakes
) -> None:
    error = await refusal(stub.ReportDiscardedEvents(report(40, 0)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    wrong = detail(error, error_details_pb2.BadRequest)
    assert isinstance(wrong, error_details_pb2.BadRequest)
    assert [violation.field for violation in wrong.field_violations] == ["discarded[1].count"]
    assert log.reported == []


async def test_a_log_that_takes_no_errors_has_the_client_come_again_and_counts_nothing(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogThatTakes
) -> None:
    log.room = 1
    before = counted("QUEUE_FULL")
    error = await refusal(stub.ReportDiscardedEvents(report(40, 2)))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert isinstance(detail(error, error_details_pb2.RetryInfo), error_details_pb2.RetryInfo)
    assert counted("QUEUE_FULL") == before
    log.room = 100
    await stub.ReportDiscardedEvents(report(40, 2))
    # what was taken the first time has the same id, so that it counts once
    assert len({error.error_id for error in log.reported}) == 2


@pytest.mark.parametrize("stub", [TWO_ERRORS], indirect=True)
async def test_reports_cost_the_propertys_quota_and_cannot_flood_its_errors(
    stub: ingest_pb2_grpc.IngestServiceStub, log: LogThatTakes
) -> None:
    await stub.ReportDiscardedEvents(report(40, 2))
    error = await refusal(stub.ReportDiscardedEvents(report(40, 2)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert isinstance(detail(error, error_details_pb2.RetryInfo), error_details_pb2.RetryInfo)
    assert len(log.reported) == 2

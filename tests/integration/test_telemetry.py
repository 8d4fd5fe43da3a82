"""What real processes tell of themselves: figures, readiness, and a log in which every line is JSON."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from footfall.channel import open_channel
from footfall.v1 import errors_pb2, errors_pb2_grpc, ingest_pb2, ingest_pb2_grpc, query_pb2, query_pb2_grpc
from footfall.v1.event_pb2 import Event
from footfall_adapters.kafka.committer import CommitterSettings, KafkaEventLog
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsSettings, ensure_topics
from footfall_core.clock import SystemClock
from footfall_core.problems import TryAgain
from footfall_local.stack import Stack
from tests.keys import run_keys
from tests.unit.test_telemetry import Since

pytestmark = pytest.mark.stack

START_SECONDS = 30.0
READY_SECONDS = 40.0


def until(what: str, found: Callable[[], Any], seconds: float = READY_SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return answer


class Process:
    """One of our processes, on ports that it chose."""

    def __init__(self, popen: "subprocess.Popen[bytes]", log: Path) -> None:
        self._popen = popen
        self._log = log
        self.health = self._port("probes")

    def _port(self, event: str) -> int:
        def found() -> int | None:
            assert self._popen.poll() is None, self._log.read_text()
            return next((line["port"] for line in self.lines() if line["event"] == event), None)

        return int(until(f"a port of {event}", found, START_SECONDS))

    def channel(self) -> grpc.Channel:
        return open_channel(f"127.0.0.1:{self._port('serving')}")

    def lines(self) -> list[dict[str, Any]]:
        """Return the whole lines of the log; each has to be JSON."""
        return [json.loads(line) for line in self._log.read_text().split("\n")[:-1]]

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}{path}", timeout=10) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def figures(self) -> dict[str, float]:
        """Return every sample, its name with its labels: `footfall_rpcs_total{code=OK}`."""
        _, text = self.get("/metrics")
        return {
            _key(sample.name, sample.labels): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def terminate(self) -> None:
        self._popen.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        return self._popen.wait(30)


def _key(name: str, labels: Mapping[str, str]) -> str:
    said = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return f"{name}{{{said}}}" if said else name


@contextmanager
def process(folder: Path, variables: Mapping[str, str], *arguments: str) -> Iterator[Process]:
    name = "-".join(arguments)
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", "footfall_cli.main", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "FOOTFALL_INSTANCE_NAME": name,
                "FOOTFALL_ACCESS_VERIFICATION_KEYS": str(run_keys().verification_keys),
                **variables,
            },
            stdout=output,
            stderr=output,
            cwd=folder,
        )
    try:
        yield Process(popen, log)
    finally:
        popen.kill()
        popen.wait()


@pytest.fixture
def variables(stack: Stack, tmp_path: Path) -> dict[str, str]:
    where = stack.addresses
    kafka = KafkaSettings(where["kafka"], topic_prefix=f"test-{uuid.uuid4().hex[:8]}-")
    ensure_topics(kafka, TopicsSettings())
    return {
        "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "FOOTFALL_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
        "FOOTFALL_REDIS_URL": f"redis://{where['redis']}/0",
        "FOOTFALL_REDIS_KEY_PREFIX": kafka.topic_prefix,
        "FOOTFALL_REDIS_LIFE_MS": "60000",
        "FOOTFALL_REDIS_WAIT_MS": "10000",
        "FOOTFALL_DRUID_BROKER_URL": f"http://{where['druid_broker']}",
        "FOOTFALL_DRUID_CONNECT_SECONDS": "10",
        "FOOTFALL_STATE_DIR": str(tmp_path / "state"),
        "FOOTFALL_HOST_UNREADY_SECONDS": "10",
    }


def batch(count: int, **fields: Any) -> ingest_pb2.WriteEventsRequest:
    events = [Event(name="page_view", client_id=f"c{i}") for i in range(count)]
    return ingest_pb2.WriteEventsRequest(property="properties/telemetry", events=events, **fields)


def _agree(process: Process, parts: Sequence[str], whole: str) -> bool:
    """Return whether figures that are counted one after another add up, in one look at them."""
    found = process.figures()
    return sum(found.get(part, 0) for part in parts) == found[whole]


def test_the_way_of_a_batch_in_figures(variables: dict[str, str], tmp_path: Path) -> None:
    with ExitStack() as running:
        ingest = running.enter_context(process(tmp_path, variables, "serve", "ingest"))
        events = running.enter_context(process(tmp_path, variables, "consume", "events"))
        assert ingest.get("/healthz")[0] == 200
        channel = running.enter_context(ingest.channel())
        stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
        until("the ingest server", ingest.is_ready)

        mixed = batch(4, writer_id="w", sequence=1)
        mixed.events[3].name = "not a name"
        for _ in range(2):
            assert stub.WriteEvents(mixed, timeout=20).accepted == 3
        assert stub.WriteEvents(batch(1, validate_only=True), timeout=20).accepted == 1
        with pytest.raises(grpc.RpcError):
            stub.WriteEvents(batch(1001), timeout=20)

        method = "method=/footfall.v1.IngestService/WriteEvents"
        ticks = "footfall_ticks_total"
        until("ticks", lambda: ingest.figures()[ticks] > 1)
        found = ingest.figures()
        expected = {
            f"footfall_rpcs_total{{code=OK,{method}}}": 3,
            f"footfall_rpcs_total{{code=INVALID_ARGUMENT,{method}}}": 1,
            f"footfall_rpc_duration_seconds_count{{{method}}}": 4,
            f"footfall_rpcs_open{{{method}}}": 0,
            "footfall_ingest_batches_total{outcome=stored}": 2,
            "footfall_ingest_batches_total{outcome=validated}": 1,
            "footfall_ingest_batches_total{outcome=refused}": 1,
            "footfall_ingest_events_total{outcome=accepted}": 6,
            "footfall_ingest_events_total{outcome=rejected}": 2,
            "footfall_ingest_refusals_total{code=NAME_INVALID,of=event}": 2,
            "footfall_ingest_refusals_total{code=InvalidRequest,of=batch}": 1,
            "footfall_ingest_store_duration_seconds_count": 2,
            "footfall_commit_transaction_batches_sum": 2,
            "footfall_commit_waiting_batches": 0,
            "footfall_commit_waiting_bytes": 0,
            "footfall_event_log_connected": 1,
        }
        assert {name: found.get(name) for name in expected} == expected
        assert found["footfall_ingest_bytes_total"] > 2 * mixed.ByteSize()
        # a tick may share a transaction with a batch, and commits go on while figures are gathered
        committed = "footfall_commit_transactions_total{outcome=committed}"
        until("agreement", lambda: _agree(ingest, [committed], "footfall_commit_transaction_duration_seconds_count"))
        assert found[committed] >= 2
        assert found["process_cpu_seconds_total"] > 0

        until("the event consumer", events.is_ready)
        duplicates = "footfall_processing_batches_total{outcome=duplicate}"
        until("the duplicate", lambda: events.figures().get(duplicates))
        lags = [f"footfall_processing_lag_seconds{{log=live,partition={partition}}}" for partition in range(4)]
        until("lags of all partitions", lambda: set(lags) <= events.figures().keys())
        found = events.figures()
        expected = {
            duplicates: 1,
            "footfall_processing_batches_total{outcome=new}": 1,
            "footfall_processing_errors_total{code=NAME_INVALID,stage=VALIDATION}": 1,
        }
        assert {name: found.get(name) for name in expected} == expected
        records = "footfall_processing_records_total{{kind={}}}".format
        raw = [records(kind) for kind in ("batches", "tick")]
        until("agreement", lambda: _agree(events, raw, "footfall_processing_record_duration_seconds_count"))
        ticks, second_stage = (found.get(records(kind), 0) for kind in ("tick", "purchases"))
        # some records of the second stage give a tick's row of their own
        assert 3 + ticks <= found["footfall_processing_rows_total{table=events}"] <= 3 + ticks + second_stage
        for partition in range(4):
            assert -1 < found[lags[partition]] < 20
            assert found[f"footfall_processing_lag_offsets{{log=live,partition={partition}}}"] >= 0

        ingest.terminate()
        until("not ready while it drains", lambda: not ingest.is_ready(), 10)
        events.terminate()
        assert (ingest.ended(), events.ended()) == (0, 0)
        assert {line["event"] for line in ingest.lines()} >= {"probes", "event log connected", "rpc", "draining"}
        assert "record" in {line["event"] for line in events.lines()}


def test_the_way_of_a_report_in_figures_and_two_kinds_on_one_port(variables: dict[str, str], tmp_path: Path) -> None:
    with ExitStack() as running:
        queries = running.enter_context(process(tmp_path, variables, "consume", "queries"))
        servers = running.enter_context(process(tmp_path, variables, "serve", "query", "errors"))
        channel = running.enter_context(servers.channel())
        for one in (queries, servers):
            until("all processes", one.is_ready)
        reports = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        request = query_pb2.RunReportRequest(
            property="properties/telemetry",
            metrics=[query_pb2.Metric(name="eventCount")],
            date_ranges=[query_pb2.DateRange(start_date="2026-01-01", end_date="2026-01-02")],
        )
        for _ in range(2):
            reports.RunReport(request, timeout=30)

        errors = errors_pb2_grpc.ErrorServiceStub(channel)  # type: ignore[no-untyped-call]
        following = errors.StreamErrors(errors_pb2.StreamErrorsRequest(property="properties/telemetry"), timeout=60)
        next(following)
        method = "method=/footfall.v1.ErrorService/StreamErrors"
        assert servers.figures()[f"footfall_rpcs_open{{{method}}}"] == 1
        following.cancel()
        until("the end of the stream", lambda: servers.figures()[f"footfall_rpcs_open{{{method}}}"] == 0)

        found = servers.figures()
        expected = {
            "footfall_reports_total{source=asked}": 1,
            "footfall_reports_total{source=cache}": 1,
            "footfall_queries_sent_total{attempt=first}": 1,
            "footfall_queries_waiting": 0,
            f"footfall_rpcs_total{{code=CANCELLED,{method}}}": 1,
        }
        assert {name: found.get(name) for name in expected} == expected
        found = queries.figures()
        assert found["footfall_queries_total{outcome=ok}"] == 1
        assert found["footfall_query_duration_seconds_count"] == 1
        assert found["footfall_druid_query_duration_seconds_count{outcome=ok}"] >= 2
        for log in ("live", "import"):
            age = f"footfall_data_complete_until_age_seconds{{log={log},table=events}}"
            # the stack may just be back from a test that had frozen it
            until(f"the age of what is complete of {log}", lambda age=age: -1 < queries.figures()[age] < 60)

        for one in (queries, servers):
            one.terminate()
            assert one.ended() == 0
        assert "query" in {line["event"] for line in queries.lines()}
        assert "rpc" in {line["event"] for line in servers.lines()}


def test_a_kafka_that_is_away_is_told_of_in_json(variables: dict[str, str], tmp_path: Path) -> None:
    nowhere = variables | {"FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    with process(tmp_path, nowhere, "consume", "queries") as queries:
        said = until("Kafka's client", lambda: [line for line in queries.lines() if line.get("logger") == "librdkafka"])
    assert said[0]["instance"] == "consume-queries"
    assert "127.0.0.1:1" in said[0]["event"]


async def test_a_transaction_that_fails_is_counted_and_nothing_waits_after_it(variables: dict[str, str]) -> None:
    kafka = KafkaSettings(
        variables["FOOTFALL_KAFKA_BOOTSTRAP_SERVERS"], topic_prefix=variables["FOOTFALL_KAFKA_TOPIC_PREFIX"]
    )
    since = Since()
    async with (
        KafkaEventLog(kafka, CommitterSettings(reconnect_seconds=30), "ingest-1", SystemClock()) as fenced,
        KafkaEventLog(kafka, CommitterSettings(reconnect_seconds=30), "ingest-1", SystemClock()),
    ):
        with pytest.raises(TryAgain):
            await fenced.append(b"batch", 0)
    assert since("footfall_commit_transactions_total", outcome="failed") == 1
    assert since("footfall_commit_waiting_batches") == since("footfall_commit_waiting_bytes") == 0

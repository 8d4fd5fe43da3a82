"""Events that a rule refused come back when the rule has changed, each once, whatever is killed meanwhile.

The rule of yesterday is put back in force by `tests/e2e/old_rules`, in the server that takes the events alone.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from unittest import mock

import grpc
import pytest

from footfall.channel import open_channel
from footfall.v1 import errors_pb2, errors_pb2_grpc, ingest_pb2, ingest_pb2_grpc, query_pb2, query_pb2_grpc
from footfall_local.ports import LOOPBACK
from footfall_local.stack import Stack
from tests.again import patient_channel
from tests.e2e.conftest import Footfall
from tests.e2e.embedded import embedded_in
from tests.e2e.processes import wait_for
from tests.integration import before_servers

OLD_RULES = {"TESTS_OLD_RULES": "1", "PYTHONPATH": str(Path(__file__).parent / "old_rules")}
BATCHES, EVENTS_A_BATCH = 25, 500
REFUSED_A_BATCH = 400
REFUSED = BATCHES * REFUSED_A_BATCH
EVENTS = BATCHES * EVENTS_A_BATCH
WRITERS = 5
HAPPENED = datetime.now(UTC) - timedelta(hours=30)
"""When the events happened: not today, so that their own time is seen to be kept."""


@dataclass
class Place:
    """A Footfall that runs."""

    footfall: Footfall
    asked: str
    """Address of its reports and errors."""
    redriven_at: str
    """Address of the server that redrives."""
    kill: Callable[[], None]
    """Kills that server."""
    start: Callable[[], None]
    """Starts it again; it may be elsewhere then."""


@contextmanager
def server_of(stack: Stack, kind: str, name: str, **more: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run a server beside those of the stack; it does not outlive the block."""
    # none that a connection may be given before it is listened at
    address, addresses = before_servers.addresses(name)[name], stack.addresses
    environment = os.environ | {
        "FOOTFALL_INSTANCE_NAME": name,
        "FOOTFALL_HOST_ADDRESS": address,
        "FOOTFALL_HEALTH_ADDRESS": f"{LOOPBACK}:0",
        "FOOTFALL_KAFKA_BOOTSTRAP_SERVERS": addresses["kafka"],
        "FOOTFALL_REDIS_URL": f"redis://{addresses['redis']}/0",
        "FOOTFALL_ACCESS_VERIFICATION_KEYS": str(stack.home.keys.verification_keys),
        **more,
    }
    command = [sys.executable, "-m", "footfall_cli.main", "serve", kind]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with grpc.insecure_channel(address) as channel:
                grpc.channel_ready_future(channel).result(60)
            yield address, process
        finally:
            process.terminate()  # in order, so that what it was elected for goes on at once elsewhere
            try:
                process.wait(30)
            finally:
                process.kill()


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest, tmp_path: Path, property_id: str) -> Iterator[Place]:
    """A Footfall in which events of `property_id` were refused by a rule that does not hold any more."""
    if request.param == "embedded":
        with embedded_in(tmp_path / "embedded") as process:
            with mock.patch.dict(os.environ, OLD_RULES):
                send(process.start(), property_id)
            process.stop()
            address = process.start()
            place = Place(Footfall(tmp_path), address, address, process.kill, lambda: None)

            def start() -> None:
                place.asked = place.redriven_at = process.start()

            place.start = start
            yield place
        return
    stack: Stack = request.getfixturevalue("stack")
    with server_of(stack, "ingest", "old-rules", **OLD_RULES) as (address, _):
        send(address, property_id)
    running: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        running[-1].kill()

    place = Place(Footfall(stack.home.folder), stack.addresses["grpc"], "", kill, lambda: None)

    def start_another() -> None:
        # one name for an ingest server and an error server: neither ends the other's transactions
        place.redriven_at, process = opened.enter_context(server_of(stack, "errors", "ingest-1"))
        running.append(process)

    place.start = start_another
    with ExitStack() as opened:
        start_another()
        yield place


def send(address: str, property_id: str) -> None:
    """Send events, most of which are refused."""
    with patient_channel(address) as channel:
        stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
        for number in range(BATCHES):
            request = ingest_pb2.WriteEventsRequest(
                property=f"properties/{property_id}",
                writer_id=f"writer-{number % WRITERS}",
                sequence=number // WRITERS + 1,
                trust_client_clock=True,
            )
            for index in range(EVENTS_A_BATCH):
                request.events.add(
                    name="page_view" if index % 5 == 0 else "store_visit",
                    client_id=f"client-{number}-{index}",
                    event_id=f"{number}-{index}",
                    timestamp_micros=int(HAPPENED.timestamp() * 1e6),
                )
            answer = stub.WriteEvents(request)
            assert len(answer.rejected) == REFUSED_A_BATCH


def listed(address: str, property_id: str) -> int:
    with patient_channel(address) as channel:
        stub = errors_pb2_grpc.ErrorServiceStub(channel)  # type: ignore[no-untyped-call]
        request = errors_pb2.ListErrorsRequest(property=f"properties/{property_id}", page_size=1)
        return int(stub.ListErrors(request, timeout=30).total_count)


def report_of(address: str, property_id: str) -> query_pb2.RunReportResponse:
    """Return events and users by name, of the day on which the events happened alone."""
    day = f"{HAPPENED:%Y-%m-%d}"
    with patient_channel(address) as channel:
        stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        return stub.RunReport(  # type: ignore[no-any-return]
            query_pb2.RunReportRequest(
                property=f"properties/{property_id}",
                dimensions=[query_pb2.Dimension(name="eventName")],
                metrics=[query_pb2.Metric(name="eventCount"), query_pb2.Metric(name="totalUsers")],
                date_ranges=[query_pb2.DateRange(start_date=day, end_date=day)],
            ),
            timeout=30,
        )


def is_complete(address: str, property_id: str, instant: float) -> bool | None:
    complete_until = report_of(address, property_id).metadata.data_complete_until
    return complete_until.ToMicroseconds() / 1e6 > instant or None


def by_name(address: str, property_id: str) -> dict[str, tuple[int, int]]:
    """Return the number of events and of users by the events' names."""
    return {
        row.dimension_values[0]: (row.metric_values[0].integer_value, row.metric_values[1].integer_value)
        for row in report_of(address, property_id).rows
    }


def redriven_until(place: Place, property_id: str, events: int) -> int:
    """Redrive from the beginning, kill the server when so many events were told, and return how many that were."""
    told, killing, status = 0, None, None
    request = errors_pb2.RedriveErrorsRequest(property=f"properties/{property_id}")
    with open_channel(place.redriven_at) as channel:
        stub = errors_pb2_grpc.ErrorServiceStub(channel)  # type: ignore[no-untyped-call]
        try:
            for message in stub.RedriveErrors(request):
                told = message.redriven_event_count
                if told >= events and killing is None:
                    # in the middle of the next page, whichever part of it that is
                    killing = threading.Timer(0.05, place.kill)
                    killing.start()
        except grpc.RpcError as ended:
            status = ended.code()
        finally:
            if killing is not None:
                killing.join()
    assert status is grpc.StatusCode.UNAVAILABLE
    place.start()
    return told


def redriven_to_the_end(address: str, property_id: str, *, look: bool = False) -> errors_pb2.RedriveErrorsResponse:
    """Redrive, or only look, and return the last message."""
    request = errors_pb2.RedriveErrorsRequest(property=f"properties/{property_id}", validate_only=look)
    with patient_channel(address) as channel:
        stub = errors_pb2_grpc.ErrorServiceStub(channel)  # type: ignore[no-untyped-call]
        *_, last = stub.RedriveErrors(request)
    return cast("errors_pb2.RedriveErrorsResponse", last)


def test_ten_thousand_events_refused_by_a_rule_that_changed_count_once_though_the_redrive_is_killed_twice(
    place: Place, property_id: str
) -> None:
    wait_for("all errors listed", lambda: True if listed(place.asked, property_id) == REFUSED else None, 90, pause=0.2)
    arguments = ("errors", "redrive", "--property", property_id, "--json", "--endpoint")
    looked = place.footfall(*arguments, place.redriven_at, "--dry-run").json
    assert (looked["total_count"], looked["redriven_count"], looked["redriven_event_count"]) == (REFUSED,) * 3
    assert by_name(place.asked, property_id)["page_view"][0] == EVENTS - REFUSED
    assert "store_visit" not in by_name(place.asked, property_id)

    told = [redriven_until(place, property_id, 1_500), redriven_until(place, property_id, 1_500)]
    # two people begin anew at once: what both find open is stored twice
    with ThreadPoolExecutor(2) as people:
        done = list(people.map(redriven_to_the_end, [place.redriven_at] * 2, [property_id] * 2))
    for message in done:
        assert (message.done, message.examined_count) == (True, REFUSED)
        assert message.redriven_count + message.redriven_before_count == REFUSED
    stored = sum(message.redriven_event_count for message in done)
    assert stored > REFUSED - min(message.redriven_before_count for message in done)

    # whatever was stored by now is in the report, copies too
    stored_by = time.time()
    wait_for("all of it in reports", lambda: is_complete(place.asked, property_id, stored_by), 90, pause=0.2)
    found = by_name(place.asked, property_id)
    print(json.dumps({"told": told, "stored by two at once": stored, "report": found}))  # for `pytest -s`
    assert found["store_visit"][0] == REFUSED
    assert abs(found["store_visit"][1] - REFUSED) < REFUSED * 0.05  # an estimate, in Druid
    assert found["page_view"][0] == EVENTS - REFUSED
    wait_for(
        "all errors marked",
        lambda: redriven_to_the_end(place.redriven_at, property_id, look=True).redriven_before_count == REFUSED or None,
        90,
        pause=0.5,
    )

"""Real events in over gRPC, right reports out."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from footfall.client import Client
from footfall.v1 import ingest_pb2, ingest_pb2_grpc
from footfall.v1.event_pb2 import Event
from tests.again import patient_channel
from tests.e2e.conftest import Footfall
from tests.e2e.figures import EXPECTED, figures
from tests.e2e.processes import wait_for

REPLAY = ("--format", "combined-log", "--site", "http://semicomplete.com", "--wait", "--json")


def replay(footfall: Footfall, log: Path, property_id: str, *arguments: str) -> dict[str, float]:
    answer: dict[str, float] = footfall("replay", str(log), "--property", property_id, *REPLAY, *arguments).json
    return answer


def test_the_real_log_gives_the_figures_of_independent_programs_however_often_it_is_sent(
    footfall: Footfall, access_log: Path, property_id: str
) -> None:
    first = replay(footfall, access_log, property_id)
    assert (first["events"], first["accepted"], first["rejected"]) == (10_000, 10_000, 0)
    assert figures(footfall, property_id) == EXPECTED
    again = replay(footfall, access_log, property_id)
    assert again["accepted"] == 10_000
    assert figures(footfall, property_id) == EXPECTED


def test_batches_of_seven_give_the_same_figures(footfall: Footfall, access_log: Path, property_id: str) -> None:
    replay(footfall, access_log, property_id, "--batch-size", "7")
    assert figures(footfall, property_id) == EXPECTED


def test_a_number_used_again_with_other_events_changes_nothing_and_shows_in_the_errors(
    footfall: Footfall, endpoint: str, property_id: str
) -> None:
    with patient_channel(endpoint) as channel:
        stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
        for sequence, name in ((1, "first"), (1, "second"), (2, "third")):
            answer = stub.WriteEvents(
                ingest_pb2.WriteEventsRequest(
                    property=f"properties/{property_id}",
                    writer_id="writer",
                    sequence=sequence,
                    events=[Event(name=name, client_id="c1")],
                )
            )
    wait_for("all of it in reports", lambda: is_complete(endpoint, property_id, answer.committed_time_micros))
    today = ("--from", "yesterday", "--to", "today")
    report = footfall(
        "report", "--property", property_id, "--dimensions", "eventName", "--metrics", "eventCount", *today, "--json"
    )
    assert {row["eventName"]: row["eventCount"] for row in report.json["rows"]} == {"first": 1, "third": 1}

    def errors() -> list[str]:
        lines = footfall("errors", "--property", property_id, "--json").out.splitlines()
        return [json.loads(line)["code"] for line in lines]

    # nothing says up to when they are complete
    wait_for("the error", lambda: errors() == ["SEQUENCE_REUSED"] or None, pause=0.5)


def is_complete(endpoint: str, property_id: str, committed_micros: int) -> bool | None:
    """Return whether reports have all live events that were acknowledged by then."""
    committed = datetime.fromtimestamp(committed_micros / 1e6, UTC)
    with Client(endpoint, property_id) as client:
        report = client.report([], ["eventCount"], "today", "today", min_data_complete_until=committed)
    until = report.metadata.data_complete_until
    return True if until is not None and until >= committed else None


def write_lines(name: str, *events: dict[str, object]) -> str:
    with tempfile.NamedTemporaryFile("w", prefix=name, suffix=".jsonl", delete=False) as file:
        file.writelines(json.dumps(event) + "\n" for event in events)
    return file.name

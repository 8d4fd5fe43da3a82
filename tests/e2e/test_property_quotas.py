"""A quota of a property's own, given and taken away by the command while Footfall runs, embedded and real."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest

from footfall.v1 import admin_pb2, ingest_pb2, ingest_pb2_grpc, query_pb2_grpc
from footfall.v1.event_pb2 import Event
from footfall_core.access.scopes import Scope
from footfall_core.access.signing_keys import read_signing_key
from footfall_local.stack import Stack
from tests.access import Keyring, reason_of, request_of
from tests.again import patient_channel
from tests.e2e.conftest import Footfall
from tests.e2e.embedded import embedded_in
from tests.e2e.processes import wait_for
from tests.keys import run_keys

SOON_SECONDS = 30.0
"""Within which all servers know of a change; it takes them some milliseconds, and this machine may be busy."""


@dataclass
class Place:
    """A Footfall that runs."""

    address: str
    footfall: Footfall

    def run(self, *arguments: str) -> Any:
        ran = self.footfall("properties", *arguments, "--endpoint", self.address)
        assert ran.code == 0, ran.err
        return ran.out

    def write(self, property_id: str, events: int = 1) -> dict[str, str]:
        """Send a batch, and return its trailers."""
        batch = ingest_pb2.WriteEventsRequest(
            property=f"properties/{property_id}", events=[Event(name="page_view", client_id="c")] * events
        )
        with patient_channel(self.address) as channel:
            stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            _, call = stub.WriteEvents.with_call(batch, timeout=30)
            return dict(call.trailing_metadata())

    def policy(self, property_id: str) -> str:
        return self.write(property_id)["ratelimit-policy"].split(",")[0]

    def report_policy(self, property_id: str) -> str:
        request = request_of("/footfall.v1.QueryService/RunReport", property_id)
        with patient_channel(self.address) as channel:
            stub = query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]
            _, call = stub.RunReport.with_call(request, timeout=30)
            return str(dict(call.trailing_metadata()).get("ratelimit-policy", ""))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("home")
    with embedded_in(home / "embedded") as process:
        yield Place(process.start(), Footfall(home))


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "embedded":
        found: Place = request.getfixturevalue("embedded")
        return found
    stack: Stack = request.getfixturevalue("stack")
    return Place(stack.addresses["grpc"], Footfall(stack.home.folder))


def test_a_quota_of_its_own_holds_while_it_is_given_and_for_nobody_else(place: Place, property_id: str) -> None:
    other = f"{property_id}-other"
    place.run("create", property_id)
    default = place.policy(property_id)
    assert default == place.policy(other)
    given = place.run(
        "update", property_id, "--events-per-second", "2", "--burst-seconds", "30", "--reports-per-second", "0"
    )
    assert "2 events/s, 0 reports/s, 30 burst seconds" in given
    wait_for("it holds", lambda: place.policy(property_id) == '"events";q=60;w=30;qu="events"' or None, SOON_SECONDS)
    # a batch may put the bucket into debt; the next one has to wait
    place.write(property_id, 500)
    refused = next(refusals(place, property_id))
    assert "its quota of 2 events a second (60 at once)" in refused
    place.write(other, 500)
    assert place.policy(other) == default
    wait_for("no limit of reports", lambda: place.report_policy(property_id) == "" or None, SOON_SECONDS)
    place.run("update", property_id, "--events-per-second", "default", "--burst-seconds", "default")
    wait_for("it is as all again", lambda: policy_or_refusal(place, property_id) == default or None, 60)
    shown = json.loads(place.run("show", property_id, "--json"))
    assert shown["quota"] == {"reports_per_second": 0.0}


def refusals(place: Place, property_id: str) -> Iterator[str]:
    """Yield what refused batches are told; another server may hold something still, and takes a few."""
    for _ in range(20):
        try:
            place.write(property_id, 500)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:  # type: ignore[attr-defined]
                raise
            yield str(error.details())  # type: ignore[attr-defined]


def policy_or_refusal(place: Place, property_id: str) -> str:
    """Return the policy; what a refusal says while the debt is paid back."""
    try:
        return place.policy(property_id)
    except grpc.RpcError as error:
        return str(error.details())  # type: ignore[attr-defined]


def test_what_it_cannot_be_is_said_in_a_sentence(place: Place, property_id: str) -> None:
    place.run("create", property_id, "--concurrent-reports", "7")
    for arguments, sentence in (
        (("--events-per-second", "0.5"), "1 to 1,000,000,000,000 are allowed, and 0 for no limit"),
        (("--bytes-per-second", "12"), "property.quota.bytes_per_second"),
        (("--burst-seconds", "0"), "1 to 3,600 are allowed."),
        (("--reports-per-second", "nan"), "nan is out of range"),
        (("--concurrent-reports", "1.5"), "neither a whole number nor default"),
        (("--concurrent-reports", "9" * 30), "is out of range"),
        (("--concurrent-reports", "-1"), "1 to 1,000,000 are allowed, and 0 for no limit"),
        (("--reports-per-second", "many"), "neither a number nor default"),
    ):
        ran = place.footfall("properties", "update", property_id, *arguments, "--endpoint", place.address)
        assert (ran.code, ran.out) == (2, ""), ran
        assert sentence in ran.err
    assert json.loads(place.run("show", property_id, "--json"))["quota"] == {"concurrent_reports": 7}


def test_a_merchants_own_key_does_not_change_it(place: Place, property_id: str) -> None:
    place.run("create", property_id)
    keyring = Keyring(read_signing_key(run_keys().signing_key.read_text()))
    own = [("authorization", f"Bearer {keyring.token(property_id, Scope.ADMIN)}")]
    for paths in (["quota"], ["quota.events_per_second"], ["display_name", "quota.burst_seconds"]):
        request = admin_pb2.UpdatePropertyRequest(property=admin_pb2.Property(name=f"properties/{property_id}"))
        request.property.quota.events_per_second = 1_000_000
        request.update_mask.paths.extend(paths)
        with grpc.insecure_channel(place.address) as channel:
            update = channel.unary_unary("/footfall.v1.AdminService/UpdateProperty")
            with pytest.raises(grpc.RpcError) as error:
                update(request.SerializeToString(), metadata=own, timeout=30)
        assert reason_of(error.value) == "OPERATORS_ONLY"
    assert "quota" not in json.loads(place.run("show", property_id, "--json"))


@pytest.mark.stack
def test_it_is_given_and_taken_away_in_json_too(stack: Stack, property_id: str) -> None:
    key = {"authorization": f"Bearer {os.environ['FOOTFALL_KEY']}"}
    with httpx.Client(base_url=f"http://{stack.addresses['grpc']}", headers=key, trust_env=False, timeout=30) as http:
        created = http.post(
            "/v1/properties", json={"propertyId": property_id, "property": {"quota": {"burstSeconds": 5}}}
        )
        assert created.json()["quota"] == {"burstSeconds": 5}
        change = {"property": {"quota": {"eventsPerSecond": 7}}, "updateMask": "quota.eventsPerSecond"}
        changed = http.patch(f"/v1/properties/{property_id}", json=change)
        assert changed.json()["quota"] == {"burstSeconds": 5, "eventsPerSecond": 7}
        change = {"property": {"quota": {"eventsPerSecond": 0.5}}, "updateMask": "quota.eventsPerSecond"}
        refused = http.patch(f"/v1/properties/{property_id}", json=change)
        assert refused.status_code == 400
        assert refused.json()["details"][1]["fieldViolations"][0]["field"] == "property.quota.events_per_second"
        cleared = http.patch(f"/v1/properties/{property_id}", json={"property": {}, "updateMask": "quota"})
        assert "quota" not in cleared.json()

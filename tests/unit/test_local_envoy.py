import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from footfall_local.envoy import GatewayPlan, configuration
from footfall_local.gateway import find_envoy
from footfall_local.problems import RequirementMissingError

PLAN = GatewayPlan(
    address="127.0.0.1:15000",
    admin_address="127.0.0.1:15001",
    clusters={
        "ingest": ["127.0.0.1:15002", "127.0.0.1:15003"],
        "query": ["127.0.0.1:15004"],
        "errors": ["127.0.0.1:15005"],
    },
)


def manager(plan: GatewayPlan = PLAN) -> dict[str, Any]:
    listener = configuration(plan)["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def routes(plan: GatewayPlan = PLAN) -> dict[str, dict[str, Any]]:
    (host,) = manager(plan)["route_config"]["virtual_hosts"]
    return {route["match"]["prefix"]: route["route"] for route in host["routes"]}


def test_each_service_has_its_cluster_and_the_servers_own_services_go_to_ingest() -> None:
    assert {prefix: route["cluster"] for prefix, route in routes().items()} == {
        "/footfall.v1.IngestService/": "ingest",
        "/footfall.v1.QueryService/": "query",
        "/footfall.v1.ErrorService/": "errors",
        "/grpc.health.v1.Health/": "ingest",
        "/grpc.reflection.v1.ServerReflection/": "ingest",
        "/grpc.reflection.v1alpha.ServerReflection/": "ingest",
    }


def test_no_time_limit_of_envoys_own_ends_a_stream_or_a_patient_request() -> None:
    assert manager()["stream_idle_timeout"] == "0s"
    for route in routes().values():
        assert route["timeout"] == "0s"
        assert route["max_stream_duration"] == {"grpc_timeout_header_max": "0s"}


def test_only_requests_that_no_server_can_have_seen_are_sent_again() -> None:
    for route in routes().values():
        allowed = set(route["retry_policy"]["retry_on"].split(","))
        assert allowed <= {"connect-failure", "refused-stream", "reset-before-request"}


def test_servers_are_asked_for_their_health_every_second() -> None:
    for cluster in configuration(PLAN)["static_resources"]["clusters"]:
        (check,) = cluster["health_checks"]
        assert "grpc_health_check" in check
        assert check["interval"] == check["no_traffic_interval"] == "1s"


def test_a_stack_without_some_servers_has_no_routes_to_them() -> None:
    plan = GatewayPlan(PLAN.address, PLAN.admin_address, {"query": PLAN.clusters["query"]})
    assert list(routes(plan)) == ["/footfall.v1.QueryService/"]


def test_envoy_itself_accepts_the_configuration(tmp_path: Path) -> None:
    try:
        envoy = find_envoy()
    except RequirementMissingError:
        pytest.skip("there is no Envoy on this machine")
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(configuration(PLAN)))
    answer = subprocess.run(
        [envoy, "--mode", "validate", "-c", str(file), "--log-level", "warning"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    # what is deprecated or ignored is said in warnings
    assert "[warning]" not in answer.stderr

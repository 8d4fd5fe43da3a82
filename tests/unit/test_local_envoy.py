import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from footfall_local.envoy import SERVICES, GatewayPlan, configuration
from footfall_local.gateway import find_envoy
from footfall_local.problems import RequirementMissingError
from footfall_local.tls import TlsFiles

PLAN = GatewayPlan(
    address="127.0.0.1:15000",
    admin_address="127.0.0.1:15001",
    clusters={
        "ingest": ["127.0.0.1:15002", "127.0.0.1:15003"],
        "query": ["127.0.0.1:15004"],
        "errors": ["127.0.0.1:15005"],
        "admin": ["127.0.0.1:15005"],
    },
)


def manager(plan: GatewayPlan = PLAN) -> dict[str, Any]:
    listener = configuration(plan)["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def routes(plan: GatewayPlan = PLAN) -> list[dict[str, Any]]:
    (host,) = manager(plan)["route_config"]["virtual_hosts"]
    return list(host["routes"])


def routed(plan: GatewayPlan = PLAN) -> list[dict[str, Any]]:
    """Return what is done on the routes that lead to a server."""
    return [route["route"] for route in routes(plan) if "route" in route]


def grpc_routes(plan: GatewayPlan = PLAN) -> dict[str, dict[str, Any]]:
    """Return the routes of plain gRPC by their path."""
    found = [route for route in routes(plan) if "grpc" in route["match"]]
    return {route["match"].get("prefix") or route["match"]["path"]: route for route in found}


def test_each_service_has_its_cluster_and_what_all_servers_can_answer_goes_to_any() -> None:
    assert {path: route["route"].get("cluster") for path, route in grpc_routes().items()} == {
        "/footfall.v1.IngestService/": "ingest",
        "/footfall.v1.QueryService/": "query",
        "/footfall.v1.ErrorService/": "errors",
        "/footfall.v1.AdminService/": "admin",
        "/grpc.reflection.v1.ServerReflection/": "any",
        "/grpc.reflection.v1alpha.ServerReflection/": "any",
        # by the service that is asked about
        "/grpc.health.v1.Health/Check": None,
    }


def test_plain_grpc_passes_no_filter_that_could_hold_it_up() -> None:
    *filters, router = manager()["http_filters"]
    assert all(each["disabled"] for each in filters)
    assert "disabled" not in router
    turned_on = {path: route.get("typed_per_filter_config") for path, route in grpc_routes().items()}
    assert [path for path, found in turned_on.items() if found] == ["/grpc.health.v1.Health/Check"]


def test_every_method_with_a_path_of_its_own_is_transcoded() -> None:
    filters = {each["name"]: each["typed_config"] for each in manager()["http_filters"]}
    transcoder = filters["envoy.filters.http.grpc_json_transcoder"]
    assert transcoder["services"] == list(SERVICES.values())
    assert set(transcoder["request_validation_options"].values()) == {True}
    (rest,) = (route for route in routes() if route["match"].get("prefix") == "/v1/")
    assert set(rest["typed_per_filter_config"]) == {
        "envoy.filters.http.buffer",
        "footfall.rest",
        "envoy.filters.http.grpc_json_transcoder",
        "footfall.ratelimit",
    }


def test_the_scripts_are_told_every_message_that_can_be_sent_as_json() -> None:
    (script,) = (each for each in manager()["http_filters"] if each["name"] == "footfall.rest")
    code = script["typed_config"]["default_source_code"]["inline_string"]
    told = set(re.findall(r"^MESSAGES\['footfall\.v1\.(\w+)'\]", code, re.MULTILINE))
    assert {"WriteEventsRequest", "Event", "Item", "RunReportRequest", "FilterExpression", "NumericValue"} <= told
    # answers are not read
    assert "RunReportResponse" not in told
    shapes = dict(re.findall(r"\['(\w+)'\] = (\{name = .*?\})", code))
    assert shapes["client_id"] == shapes["clientId"] == "{name = 'clientId'}"
    assert shapes["items"] == "{name = 'items', message = 'footfall.v1.Item', list = true}"
    assert shapes["params"] == "{name = 'params', map = true}"
    assert shapes["minDataCompleteUntil"] == "{name = 'minDataCompleteUntil', free = true}"


def test_no_time_limit_of_envoys_own_ends_a_stream_or_a_patient_request() -> None:
    assert manager()["stream_idle_timeout"] == "0s"
    for route in routed():
        assert route["timeout"] == "0s"
        assert route["max_stream_duration"] == {"grpc_timeout_header_max": "0s"}


def test_only_requests_that_no_server_can_have_seen_are_sent_again() -> None:
    for route in routed():
        allowed = set(route["retry_policy"]["retry_on"].split(","))
        assert allowed <= {"connect-failure", "refused-stream", "reset-before-request"}


def test_servers_are_asked_for_their_health_every_second() -> None:
    clusters = configuration(PLAN)["static_resources"]["clusters"]
    assert [cluster["name"] for cluster in clusters] == [*SERVICES, "any"]
    for cluster in clusters[:-1]:
        (check,) = cluster["health_checks"]
        assert "grpc_health_check" in check
        assert check["interval"] == check["no_traffic_interval"] == "1s"


def test_a_stack_without_some_servers_has_no_routes_to_them() -> None:
    plan = GatewayPlan(PLAN.address, PLAN.admin_address, {"query": PLAN.clusters["query"]})
    assert [path for path in grpc_routes(plan) if path.startswith("/footfall")] == ["/footfall.v1.QueryService/"]
    assert {route.get("cluster") for route in routed(plan)} == {"query", "any", None}


def policy(*origins: str) -> list[dict[str, Any]]:
    (host,) = manager(replace(PLAN, origins=origins or None))["route_config"]["virtual_hosts"]
    found: list[dict[str, Any]] = host["typed_per_filter_config"]["envoy.filters.http.cors"][
        "allow_origin_string_match"
    ]
    return found


def test_pages_of_this_machine_may_call_unless_others_are_named() -> None:
    (here,) = policy()
    pattern = re.compile(here["safe_regex"]["regex"])
    for origin in ("http://localhost", "http://localhost:3000", "https://127.0.0.1:8443", "http://[::1]:1"):
        assert pattern.fullmatch(origin), origin
    for origin in ("http://localhost.evil.example", "http://127x0x0x1", "https://shop.example", "null"):
        assert not pattern.fullmatch(origin), origin
    assert policy("https://shop.example", "https://pos.example:8443") == [
        {"exact": "https://shop.example"},
        {"exact": "https://pos.example:8443"},
    ]
    assert policy("*") == [{"safe_regex": {"regex": ".*"}}]


def test_a_certificate_is_for_the_one_listener() -> None:
    (listener,) = configuration(replace(PLAN, tls=TlsFiles(Path("/c.pem"), Path("/k.pem"))))["static_resources"][
        "listeners"
    ]
    (chain,) = listener["filter_chains"]
    tls = chain["transport_socket"]["typed_config"]["common_tls_context"]
    assert tls["alpn_protocols"] == ["h2", "http/1.1"]
    assert tls["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_2"
    assert "transport_socket" not in configuration(PLAN)["static_resources"]["listeners"][0]["filter_chains"][0]


PLANS = {
    "all": PLAN,
    "one kind of server": replace(PLAN, clusters={"errors": PLAN.clusters["errors"]}),
    "no server": replace(PLAN, clusters={}),
    "named origins": replace(PLAN, origins=("https://shop.example", "*")),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_envoy_itself_accepts_the_configuration(tmp_path: Path, plan: GatewayPlan) -> None:
    try:
        envoy = find_envoy()
    except RequirementMissingError:
        pytest.skip("there is no Envoy on this machine")
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(configuration(plan)))
    answer = subprocess.run(
        [envoy, "--mode", "validate", "-c", str(file), "--log-level", "warning"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    # what is deprecated or ignored is said in warnings
    assert "[warning]" not in answer.stderr

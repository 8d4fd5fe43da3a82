"""JSON over HTTP through a real Envoy, before servers that note what reaches them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio

from footfall.v1 import errors_pb2, errors_pb2_grpc, ingest_pb2, ingest_pb2_grpc, query_pb2, query_pb2_grpc
from footfall_core.problems import (
    FieldViolation,
    InvalidRequest,
    OverQuota,
    Problem,
    TryAgain,
)
from footfall_local.envoy import GatewayPlan
from footfall_server.hosts.status import CODES, status_of
from tests.integration.before_servers import addresses, envoy, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRITE = "/v1/properties/shop/events:write"
REPORT = "/v1/properties/shop:runReport"
STREAM = "/v1/properties/shop/errors:stream"
MiB = 1024 * 1024

Context = Any
"""A `grpc.aio.ServicerContext`, whose types say less than they cost here."""


@dataclass
class Servers(
    ingest_pb2_grpc.IngestServiceServicer,
    query_pb2_grpc.QueryServiceServicer,
    errors_pb2_grpc.ErrorServiceServicer,
):
    """All services in one server. It notes requests, answers `answer` with `trailers`, or fails with `problem`."""

    answer: Any = None
    problem: Problem | None = None
    trailers: tuple[tuple[str, str], ...] = ()
    requests: list[Any] = field(default_factory=list)

    async def _take(self, request: Any, context: Context) -> Any:
        self.requests.append(request)
        if self.problem is not None:
            status = status_of(self.problem)
            code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
            await context.abort(code, status.message, (*status.trailers, *self.trailers))
        context.set_trailing_metadata(self.trailers)
        return self.answer

    WriteEvents = ReportDiscardedEvents = RunReport = GetMetadata = ListErrors = GetError = _take

    async def StreamErrors(self, request: Any, context: Context) -> AsyncIterator[Any]:  # noqa: N802
        await self._take(request, context)
        yield errors_pb2.StreamErrorsResponse(error=errors_pb2.EventError(error_id="one"), resume_token="t1")
        yield errors_pb2.StreamErrorsResponse(error=errors_pb2.EventError(error_id="two"), resume_token="t2")
        await asyncio.sleep(3600)

    async def StreamEvents(self, requests: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:  # noqa: N802
        async for request in requests:
            yield ingest_pb2.StreamEventsResponse(sequence=request.batch.sequence)


@dataclass
class Gateway:
    http: httpx.AsyncClient
    address: str
    admin: str
    servers: Servers

    async def sees_healthy_servers(self) -> bool:
        """Return whether the gateway would send every call on."""
        clusters = (await self.http.get(f"http://{self.admin}/clusters")).text
        flags = [line.rsplit("::", 1)[1] for line in clusters.splitlines() if "::health_flags::" in line]
        return bool(flags) and set(flags) == {"healthy"}

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, content=content, headers={"content-type": "application/json"} | given)

    async def post_raw(self, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        """Send a path as it stands, and return status and body of the answer."""
        return await asyncio.to_thread(self._post_raw, path, body, kind)

    def _post_raw(self, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        with closing(HTTPConnection(self.address, timeout=20)) as connection:
            connection.request("POST", path, body, {"content-type": kind})
            answer = connection.getresponse()
            return answer.status, answer.read()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    at = addresses("gateway", "admin", "servers")
    servers = Servers()
    limit = ("grpc.max_receive_message_length", 4 * MiB)
    server = grpc.aio.server(options=[limit, ("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1)])
    ingest_pb2_grpc.add_IngestServiceServicer_to_server(servers, server)
    query_pb2_grpc.add_QueryServiceServicer_to_server(servers, server)
    errors_pb2_grpc.add_ErrorServiceServicer_to_server(servers, server)
    health = aio.HealthServicer()
    await health.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    server.add_insecure_port(at["servers"])
    await server.start()
    clusters = {name: [at["servers"]] for name in ("ingest", "query", "errors")}
    plan = GatewayPlan(at["gateway"], at["admin"], clusters)
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with (
        envoy(plan, folder),
        httpx.AsyncClient(base_url=f"http://{at['gateway']}", trust_env=False, timeout=20) as http,
    ):
        yield Gateway(http, at["gateway"], at["admin"], servers)
    await server.stop(None)


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(started: Gateway) -> Gateway:
    # between tests nobody runs the servers' loop, so that the gateway's health checks may have gone unanswered
    await until(started.sees_healthy_servers)
    servers = started.servers
    servers.answer, servers.problem, servers.trailers = ingest_pb2.WriteEventsResponse(), None, ()
    servers.requests.clear()
    return started


def fields_of(answer: httpx.Response) -> dict[str, str]:
    """Return the violations that an answer names, by field."""
    (bad,) = (detail for detail in answer.json()["details"] if detail["@type"].endswith("BadRequest"))
    return {violation["field"]: violation["description"] for violation in bad["fieldViolations"]}


async def test_a_batch_in_json_reaches_the_server_as_the_message_it_stands_for(gateway: Gateway) -> None:
    gateway.servers.answer = ingest_pb2.WriteEventsResponse(accepted=1, committed_time_micros=1_795_478_942_978_445)
    event = {
        "name": "purchase",
        "client_id": "ann",
        "timestampMicros": "1795478942978445",
        "value": 39.9,
        "items": [{"itemId": "hat", "quantity": 2}],
        "params": {"gift": True, "note": 'a "quoted" \\ word', "size": 3, "more": "über"},
    }
    answer = await gateway.post(WRITE, {"writerId": "w", "sequence": "7", "events": [event]})
    assert answer.status_code == 200
    # 64-bit integers are strings, as protobuf's JSON has them: JavaScript would round them
    assert answer.json() == {"accepted": 1, "committedTimeMicros": "1795478942978445"}
    assert "grpc-status" not in answer.headers
    (request,) = gateway.servers.requests
    assert (request.property, request.writer_id, request.sequence) == ("properties/shop", "w", 7)
    (got,) = request.events
    assert (got.client_id, got.timestamp_micros, got.value) == ("ann", 1_795_478_942_978_445, 39.9)
    assert got.items[0].quantity == 2
    assert {name: value.WhichOneof("kind") for name, value in got.params.items()} == {
        "gift": "bool_value",
        "note": "string_value",
        "size": "number_value",
        "more": "string_value",
    }
    assert got.params["note"].string_value == 'a "quoted" \\ word'


async def test_a_report_of_dropped_events_in_json_reaches_the_server_as_the_message_it_stands_for(
    gateway: Gateway,
) -> None:
    gateway.servers.answer = ingest_pb2.ReportDiscardedEventsResponse()
    report = {
        "writerId": "w",
        "reportNumber": "7",
        "startTime": "2026-03-01T12:00:00Z",
        "end_time": "2026-03-01T12:00:05Z",
        "discarded": [{"reason": "DISCARD_REASON_QUEUE_FULL", "count": "40"}],
    }
    answer = await gateway.post("/v1/properties/shop/events:reportDiscarded", report)
    assert (answer.status_code, answer.json()) == (200, {})
    (request,) = gateway.servers.requests
    assert (request.property, request.writer_id, request.report_number) == ("properties/shop", "w", 7)
    assert request.end_time.seconds - request.start_time.seconds == 5
    assert [(one.reason, one.count) for one in request.discarded] == [(ingest_pb2.DISCARD_REASON_QUEUE_FULL, 40)]

    wrong = await gateway.post(
        "/v1/properties/shop/events:reportDiscarded", report | {"discarded": [{"reson": "DISCARD_REASON_CLOSED"}]}
    )
    assert wrong.status_code == 400
    assert "discarded[0].reson" in fields_of(wrong)


async def test_enums_are_names_and_query_parameters_reach_into_messages(gateway: Gateway) -> None:
    error = errors_pb2.EventError(code=ingest_pb2.ERROR_CODE_NAME_INVALID, stage=errors_pb2.STAGE_VALIDATION)
    gateway.servers.answer = errors_pb2.ListErrorsResponse(errors=[error], total_count=1)
    answer = await gateway.http.get(
        "/v1/properties/shop/errors",
        params={
            "filter.stages": ["STAGE_INGEST", "STAGE_VALIDATION"],
            "start_time": "2026-01-01T00:00:00Z",
            "pageSize": 3,
        },
    )
    assert answer.json() == {
        "errors": [{"stage": "STAGE_VALIDATION", "code": "ERROR_CODE_NAME_INVALID"}],
        "totalCount": "1",
    }
    (request,) = gateway.servers.requests
    assert list(request.filter.stages) == [errors_pb2.STAGE_INGEST, errors_pb2.STAGE_VALIDATION]
    assert (request.page_size, request.start_time.ToJsonString()) == (3, "2026-01-01T00:00:00Z")


async def test_both_parts_of_a_path_are_bound(gateway: Gateway) -> None:
    gateway.servers.answer = errors_pb2.GetErrorResponse(payload_missing="It is gone.")
    answer = await gateway.http.get("/v1/properties/shop/errors/25upmk5lathgkvfy")
    assert answer.json() == {"payloadMissing": "It is gone."}
    (request,) = gateway.servers.requests
    assert (request.property, request.error_id) == ("properties/shop", "25upmk5lathgkvfy")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (WRITE, {"evnts": []}, "evnts"),
        (WRITE, {"events": [{"name": "a"}, {"naem": "b"}]}, "events[1].naem"),
        (WRITE, {"events": [{"items": [{"itemId": "x"}, {"itemid": "y"}]}]}, "events[0].items[1].itemid"),
        (REPORT, {"metricFilter": {"orGroup": {"expressions": [{"x": 1}]}}}, "metricFilter.orGroup.expressions[0].x"),
        (REPORT, {"dimensionFilter": {"filter": {"emptyFilter": {"x": 1}}}}, "dimensionFilter.filter.emptyFilter.x"),
    ],
)  # fmt: skip
async def test_a_field_that_does_not_exist_is_refused_by_its_path(
    gateway: Gateway, path: str, body: Any, field: str
) -> None:
    answer = await gateway.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert list(fields_of(answer)) == [field]
    assert f"no field {field.rpartition('.')[2]}" in answer.json()["message"]
    assert not gateway.servers.requests


async def test_a_refused_field_is_told_those_that_there_are(gateway: Gateway) -> None:
    answer = await gateway.post(REPORT, {"dateRanges": [{"start": "today"}]})
    assert fields_of(answer) == {
        "dateRanges[0].start": "There is no field start; allowed are startDate, endDate, name."
    }


async def test_parameters_have_the_names_that_their_events_give_them(gateway: Gateway) -> None:
    answer = await gateway.post(WRITE, {"events": [{"params": {"whatever": 1, "naem": {"deep": []}}}]})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ('{"events": [}', "something else is expected at line 1, column 13"),
        ('{"events":\n [{},]}', "something else is expected at line 2, column 6"),
        ('{"events": []', "it ends too early at line 1, column 14"),
        ('{"events": []} {}', "something else is expected at line 1, column 16"),
        # what the transcoder would take without a word
        ("{events: []}", "something else is expected at line 1, column 2"),
        ("{'events': []}", "something else is expected at line 1, column 2"),
        ('{"validateOnly": True}', "something else is expected at line 1, column 18"),
        ('{"writerId": "a\nb"}', "something else is expected at line 1, column 16"),
        ("[]", "something else is expected at line 1, column 1"),
        ("", "it ends too early at line 1, column 1"),
        (r'{"writerId": "\q"}', "something else is expected at line 1, column 16"),
        (r'{"writerId": "\u12g4"}', "something else is expected at line 1, column 16"),
        ('{"writerId": "\\', "it ends too early at line 1, column 16"),
        ('{"writerId": "a\x00"}', "something else is expected at line 1, column 16"),
        ('{"sequence": 01}', "something else is expected at line 1, column 14"),
        ('{"events": [{"value": 01.5}]}', "something else is expected at line 1, column 23"),
        ('{"events": [{"value": 1.}]}', "something else is expected at line 1, column 23"),
        ('{"events": [{"value": +1}]}', "something else is expected at line 1, column 23"),
        ('{"events": [{"value": 1e}]}', "something else is expected at line 1, column 23"),
        ('{"events": [{"value": -}]}', "something else is expected at line 1, column 23"),
    ],
)
async def test_what_is_no_json_is_refused_with_the_place(gateway: Gateway, body: str, where: str) -> None:
    answer = await gateway.post(WRITE, body)
    assert answer.status_code == 400
    assert answer.json() == {"code": 3, "message": f"The body is not JSON: {where}."}
    assert not gateway.servers.requests


@pytest.mark.parametrize(("number", "value"), [("0", 0), ("-0.5", -0.5), ("10", 10), ("1.5E+2", 150), ("2e-1", 0.2)])
async def test_every_way_to_write_a_number_is_taken(gateway: Gateway, number: str, value: float) -> None:
    answer = await gateway.post(WRITE, f'{{"events": [{{"value": {number}}}]}}')
    assert answer.status_code == 200
    assert gateway.servers.requests[0].events[0].value == value


async def test_every_way_to_write_a_text_is_taken(gateway: Gateway) -> None:
    # DEL is no control character to JSON
    body = r'{"writer\u0049d": "\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00' + '\x7f"}'
    assert (await gateway.post(WRITE, body)).status_code == 200
    assert gateway.servers.requests[0].writer_id == '"\\/\b\f\n\r\tü😀\x7f'


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (WRITE, '{"writerId": "a", "writerId": "b"}', "writerId"),
        (WRITE, '{"writerId": "a", "writer_id": "b"}', "writer_id"),
        (WRITE, r'{"events": [{"name": "a", "n\u0061me": "b"}]}', "events[0].name"),
        (WRITE, r'{"events": [{"params": {"\ud83d\ude00\u00fc\n": 1, "😀ü\n": 2}}]}', "events[0].params.😀ü\n"),
        (WRITE, r'{"events": [{"params": {"\\u0061": 1, "a": 2, "\u005cu0061": 3}}]}', r"events[0].params.\u0061"),
        (WRITE, '{"events": [{"params": {"a": {"b": 1, "b": 2}}}]}', "events[0].params.a.b"),
        (REPORT, '{"dateRanges": [{"start_date": "today", "startDate": "today"}]}', "dateRanges[0].startDate"),
    ],
)
async def test_a_name_that_is_given_twice_is_refused(gateway: Gateway, path: str, body: str, field: str) -> None:
    answer = await gateway.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert list(fields_of(answer)) == [field]
    assert answer.json()["message"].endswith(" is given twice.")
    assert not gateway.servers.requests


@pytest.mark.parametrize(
    ("path", "body", "field", "message"),
    [
        (WRITE, {"events": [None, {}]}, "events[0]", "There is null where an object belongs."),
        (WRITE, {"events": [{"items": [{}, None]}]}, "events[0].items[1]", "There is null where an object belongs."),
        (REPORT, {"metrics": [{}, None]}, "metrics[1]", "There is null where an object belongs."),
        (
            REPORT,
            {"dimensionFilter": {"filter": {"inListFilter": {"values": ["a", None]}}}},
            "dimensionFilter.filter.inListFilter.values[1]",
            "There is null where a single value belongs.",
        ),
        (WRITE, {"events": {"name": "a"}}, "events", "There is an object where a list belongs."),
        (WRITE, {"events": [[{}]]}, "events[0]", "There is a list where an object belongs."),
        (WRITE, {"events": [{"params": []}]}, "events[0].params", "There is a list where an object belongs."),
        (WRITE, {"writerId": ["a"]}, "writerId", "There is a list where a single value belongs."),
        (REPORT, {"metrics": "eventCount"}, "metrics", "There is a single value where a list belongs."),
        (REPORT, {"metricFilter": [{}]}, "metricFilter", "There is a list where an object belongs."),
    ],
)
async def test_what_has_another_shape_is_refused(
    gateway: Gateway, path: str, body: Any, field: str, message: str
) -> None:
    answer = await gateway.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert fields_of(answer) == {field: message}
    assert not gateway.servers.requests


async def test_null_is_a_field_that_is_not_given_and_a_value_that_parameters_may_have(gateway: Gateway) -> None:
    params = {"none": None, "some": [1, None]}
    body = {"writerId": None, "events": [{"name": "a", "items": None, "params": params}]}
    assert (await gateway.post(WRITE, body)).status_code == 200
    assert (await gateway.post(REPORT, {"metrics": None, "metricFilter": None})).status_code == 200
    assert gateway.servers.requests[0].events[0].params["some"].list_value.values[1].WhichOneof("kind") == "null_value"


async def test_a_body_that_is_nested_without_end_is_refused(gateway: Gateway) -> None:
    answer = await gateway.post(WRITE, '{"events": [{"params": {"deep": ' + "[" * 200_000)
    assert answer.json()["message"] == "The body is nested too deeply; allowed are 100 levels."


@pytest.mark.parametrize(
    "body",
    [
        {"events": [{"timestampMicros": "soon"}]},
        {"events": "none"},
        {"events": [{"value": "much"}]},
        {"property": "properties/other"},
    ],
)
async def test_a_value_that_does_not_fit_is_refused(gateway: Gateway, body: Any) -> None:
    answer = await gateway.post(WRITE, body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert not gateway.servers.requests


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("pageSzie=3", '"pageSzie"'),
        ("filter.stage=STAGE_INGEST", '"stage"'),
        ("filter.stages=NONE", '"NONE"'),
        ("pageSize=many", '"many"'),
    ],
)
async def test_a_query_parameter_that_means_nothing_is_refused(gateway: Gateway, query: str, named: str) -> None:
    answer = await gateway.http.get(f"/v1/properties/shop/errors?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert named in answer.json()["message"]
    assert not gateway.servers.requests


async def test_a_body_must_say_that_it_is_json(gateway: Gateway) -> None:
    # a page may send a form or plain text to any origin without being asked; JSON it may not
    for kind in ("application/x-www-form-urlencoded", "text/plain"):
        answer = await gateway.post(WRITE, {"events": []}, content_type=kind)
        assert (answer.status_code, answer.json()["code"]) == (400, 3)
        assert "content-type: application/json" in answer.json()["message"]
    assert (await gateway.post(WRITE, {"events": []}, content_type="application/json; charset=utf-8")).is_success
    answer = await gateway.post(WRITE, {"events": []}, content_encoding="gzip")
    assert "content-encoding" in answer.json()["message"]
    assert len(gateway.servers.requests) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/v1/properties/shop/events/:write",
        "/v1/properties/shop/events//:write",
        "/v1/properties/shop//events:write",
        "/v1/properties/shop/events:write/",
        "/v1/properties/shop/events/:write?a=b",
        "/v1/properties/shop/:runReport",
        "/v1/properties/shop//:runReport",
        "/v1/properties//:runReport",
        "/v1//properties/shop:runReport",
        # the transcoder looks for methods before it decodes; if that changes, there is still no other way in
        "/v1/properties/shop/events%2F:write",
        "/v1/properties/shop/events%2f%3awrite",
        "/v1/properties/shop/events%3Awrite",
        "/v1/properties/shop%2Fevents:write",
        "/v1/properties/shop/%3ArunReport",
        "/v1/properties/shop%3ArunReport",
        "/v1/properties/shop/events:writ%65",
        "/v1/properties/./shop:runReport/.",
        "/footfall.v1.IngestService/WriteEvents",
    ],
)
@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
async def test_there_is_no_other_way_to_a_method_than_its_own_path(gateway: Gateway, path: str, kind: str) -> None:
    # httpx would tidy some of them
    status, answer = await gateway.post_raw(path, b'{"evnts": []}', kind)
    assert status == 404
    assert not gateway.servers.requests
    if path.startswith("/v1/"):
        said = path.partition("?")[0]
        assert json.loads(answer) == {"code": 5, "message": f"There is no POST {said}."}


@pytest.mark.parametrize("path", ["/v1/properties/shop/errors/:stream", "/v1/properties/shop/errors/", "/v1//"])
async def test_a_path_with_an_empty_part_is_not_found(gateway: Gateway, path: str) -> None:
    answer = await gateway.http.get(path)
    assert (answer.status_code, answer.json()) == (404, {"code": 5, "message": f"There is no GET {path}."})


async def test_what_a_body_could_say_is_not_dropped_where_none_is_taken(gateway: Gateway) -> None:
    answer = await gateway.http.request("GET", "/v1/properties/shop/errors", json={"pageSize": 1})
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert answer.json()["message"] == "A GET request takes no body; use query parameters."
    for method in ("PUT", "PATCH", "DELETE"):
        answer = await gateway.http.request(method, WRITE, json={"events": []})
        assert (answer.status_code, answer.json()["message"]) == (404, f"There is no {method} {WRITE}.")
    assert not gateway.servers.requests


async def test_over_4_mib_is_said_clearly(gateway: Gateway) -> None:
    answer = await gateway.post(WRITE, {"events": [{"name": "x" * (4 * MiB)}]})
    assert answer.status_code == 413
    assert answer.json() == {"code": 8, "message": "The request is too large; allowed are 4 MiB."}
    # nearly that passes, whatever buffers are on the way
    body = {"events": [{"name": "x" * (4 * MiB - 100)}]}
    assert (await gateway.post(WRITE, body)).status_code == 200


async def test_a_large_answer_passes_whole(gateway: Gateway) -> None:
    row = query_pb2.Row(dimension_values=["/" + "p" * 90], metric_values=[query_pb2.MetricValue(integer_value=7)])
    gateway.servers.answer = query_pb2.RunReportResponse(rows=[row] * 100_000, row_count=100_000)
    answer = await gateway.post(REPORT, {"metrics": [{"name": "eventCount"}]})
    assert answer.status_code == 200
    assert len(answer.json()["rows"]) == 100_000


async def test_an_error_of_the_server_is_a_status_with_its_details(gateway: Gateway) -> None:
    gateway.servers.problem = InvalidRequest(FieldViolation("metrics[0].name", "'x' is not a metric."))
    answer = await gateway.post(REPORT, {"metrics": [{"name": "x"}]})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 3,
        "message": "metrics[0].name: 'x' is not a metric.",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INVALID_REQUEST", "domain": "footfall"},
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "metrics[0].name", "description": "'x' is not a metric."}],
            },
        ],
    }


async def test_what_may_be_tried_again_says_after_how_long(gateway: Gateway) -> None:
    gateway.servers.problem = TryAgain("Kafka is away.", retry_after_seconds=2.5)
    answer = await gateway.post(WRITE, {"events": []})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "3"
    details = {detail["@type"].rpartition(".")[2]: detail for detail in answer.json()["details"]}
    assert details["RetryInfo"]["retryDelay"] == "2.500s"
    assert len(gateway.servers.requests) == 1


LEFT = (("ratelimit-policy", '"events";q=1500;w=10'), ("ratelimit", '"events";r=1200;t=2'))
"""What is left of a quota, as a server says it behind its answers."""


async def test_what_is_left_of_a_quota_is_in_the_headers_of_answers(gateway: Gateway) -> None:
    gateway.servers.trailers = LEFT
    gateway.servers.answer = ingest_pb2.WriteEventsResponse(accepted=1)
    answer = await gateway.post(WRITE, {"events": []})
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1})
    assert [answer.headers[name] for name, _ in LEFT] == [value for _, value in LEFT]
    # a page of another origin may read them
    asked = await gateway.post(WRITE, {"events": []}, origin="http://localhost:3000")
    assert {name for name, _ in LEFT} <= set(asked.headers["access-control-expose-headers"].split(", "))
    gateway.servers.trailers = ()
    assert "ratelimit" not in (await gateway.post(WRITE, {"events": []})).headers


async def test_over_the_quota_is_429_with_the_time_to_wait_and_what_is_left(gateway: Gateway) -> None:
    gateway.servers.problem = OverQuota("Over the quota.", retry_after_seconds=2.5)
    gateway.servers.trailers = LEFT
    answer = await gateway.post(WRITE, {"events": []})
    assert (answer.status_code, answer.json()["code"]) == (429, 8)
    assert answer.headers["retry-after"] == "3"
    assert [answer.headers[name] for name, _ in LEFT] == [value for _, value in LEFT]
    details = {detail["@type"].rpartition(".")[2]: detail for detail in answer.json()["details"]}
    assert details["RetryInfo"]["retryDelay"] == "2.500s"
    assert details["ErrorInfo"]["reason"] == "OVER_QUOTA"


async def test_a_page_that_speaks_grpc_web_gets_what_is_left_with_the_other_trailers(gateway: Gateway) -> None:
    gateway.servers.trailers = LEFT
    framed = b"\0" + bytes(4)
    kind = "application/grpc-web+proto"
    answer = await gateway.post("/footfall.v1.IngestService/WriteEvents", framed, content_type=kind, x_grpc_web="1")
    assert b'ratelimit:"events";r=1200;t=2' in answer.content


HTTP_STATUS = {3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 14: 503, 16: 401}
"""As google/rpc/code.proto maps them."""


@pytest.mark.parametrize("problem", [problem for problem, _ in CODES], ids=lambda problem: str(problem.__name__))
async def test_each_problem_has_the_http_status_of_its_code(gateway: Gateway, problem: type[Problem]) -> None:
    more: dict[str, dict[str, Any]] = {
        "HistoryGone": {"earliest_resume_token": "t"},
        "OverQuota": {"retry_after_seconds": 1},
        "Unauthenticated": {"reason": "no_key"},
        "PermissionDenied": {"reason": "no_key"},
    }
    given = more.get(problem.__name__, {})
    raised = InvalidRequest.of("events", "bad") if problem is InvalidRequest else problem(message="So it is.", **given)
    gateway.servers.problem = raised
    answer = await gateway.post(REPORT, {})
    code = dict(CODES)[problem]
    assert (answer.status_code, answer.json()["code"]) == (HTTP_STATUS[code], code)


async def test_what_is_no_method_is_not_found(gateway: Gateway) -> None:
    for path in ("/v1/properties/shop/nothing", "/v1/nothing"):
        answer = await gateway.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, 5)
        assert path in answer.json()["message"]
    assert (await gateway.http.get(WRITE)).status_code == 404
    assert (await gateway.http.get("/")).status_code == 404


async def test_errors_are_streamed_as_lines_that_come_at_once(gateway: Gateway) -> None:
    async with gateway.http.stream("GET", STREAM, params={"resumeToken": "t0"}) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
        lines = answer.aiter_lines()
        read = [json.loads(await anext(lines)), json.loads(await anext(lines))]
    assert [(line["error"]["errorId"], line["resumeToken"]) for line in read] == [("one", "t1"), ("two", "t2")]
    assert gateway.servers.requests[0].resume_token == "t0"


async def test_a_stream_that_cannot_begin_is_a_status(gateway: Gateway) -> None:
    gateway.servers.problem = InvalidRequest.of("resume_token", "This is no token.")
    answer = await gateway.http.get(STREAM)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    assert fields_of(answer) == {"resume_token": "This is no token."}


async def test_grpc_passes_none_of_this(gateway: Gateway) -> None:
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(gateway.address, options=options) as channel:
        stream = ingest_pb2_grpc.IngestServiceStub(channel).StreamEvents()
        for number in range(1, 4):
            batch = ingest_pb2.WriteEventsRequest(sequence=number)
            await stream.write(ingest_pb2.StreamEventsRequest(batch=batch))
            # each answer is there before the next batch is sent: nothing between waits for the end of the stream
            assert (await stream.read()).sequence == number
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF
        # unknown fields are a newer client's, which protobuf takes
        newer = b"\x0a\x0fproperties/shop\xfa\x3f\x01x"
        write = channel.unary_unary("/footfall.v1.IngestService/WriteEvents")
        await write(newer, timeout=10)
    assert gateway.servers.requests[0].SerializeToString() == newer


async def test_the_openapi_document_is_served(gateway: Gateway) -> None:
    answer = await gateway.http.get("/openapi.yaml")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/yaml"
    assert "/v1/properties/{property}:runReport:" in answer.text

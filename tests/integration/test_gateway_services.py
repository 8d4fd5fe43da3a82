"""What the gateway answers for all servers together: health by service, reflection, and who may call from a browser."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from footfall.v1 import query_pb2
from footfall_core.access.needs import of_operators
from footfall_local.envoy import SERVICES, GatewayPlan
from footfall_server.hosts.call import Call, Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from tests.gates import everybody
from tests.integration.before_servers import addresses, envoy, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORT = "/footfall.v1.QueryService/RunReport"
PAGE = "http://localhost:3000"
KINDS = ("ingest", "query", "errors", "admin")


async def report(_request: bytes, _call: Call) -> bytes:
    return query_pb2.RunReportResponse(row_count=7).SerializeToString()


def server_of(kind: str, address: str) -> Server:
    """Return a real server, as our processes have it, of one kind."""
    route = Route(REPORT if kind == "query" else f"/{SERVICES[kind]}/Any", report, Kind.UNARY, needs=of_operators)
    return Server([route], HostSettings(address=address, unready_seconds=0, drain_seconds=0), everybody)


@dataclass
class Gateway:
    channel: grpc.aio.Channel
    http: httpx.AsyncClient
    at: dict[str, str]
    servers: dict[str, Server]

    async def health(self, service: str) -> str:
        """Return the status of a service, or the name of the code."""
        request = health_pb2.HealthCheckRequest(service=service)
        try:
            answer = await health_pb2_grpc.HealthStub(self.channel).Check(request, timeout=10)
        except grpc.aio.AioRpcError as error:
            return str(error.code().name)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    async def is_whole(self) -> bool:
        return await self.health("") == "SERVING"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    at = addresses("gateway", "envoy_admin", *KINDS)
    servers = {kind: server_of(kind, at[kind]) for kind in KINDS}
    for server in servers.values():
        await server.start()
    plan = GatewayPlan(at["gateway"], at["envoy_admin"], {kind: [at[kind]] for kind in KINDS})
    folder: Path = tmp_path_factory.mktemp("gateway")
    options = [("grpc.enable_http_proxy", 0)]
    async with (
        envoy(plan, folder),
        grpc.aio.insecure_channel(at["gateway"], options=options) as channel,
        httpx.AsyncClient(base_url=f"http://{at['gateway']}", trust_env=False) as http,
    ):
        gateway = Gateway(channel, http, at, servers)
        await until(gateway.is_whole)
        yield gateway
    for server in servers.values():
        await server.drain()


async def test_each_service_is_answered_for_by_its_own_servers(gateway: Gateway) -> None:
    assert [await gateway.health(service) for service in ("", *SERVICES.values())] == ["SERVING"] * (1 + len(SERVICES))
    assert await gateway.health("somebody.Else") == "NOT_FOUND"
    # longer than a service's name can be, so that its length takes two bytes
    assert await gateway.health("x" * 200) == "NOT_FOUND"


async def test_one_kind_of_server_that_is_away_is_said_of_its_service_and_of_the_whole(gateway: Gateway) -> None:
    await gateway.servers["query"].drain()

    async def noticed() -> bool:
        return await gateway.health(SERVICES["query"]) == "UNAVAILABLE"

    await until(noticed)
    assert await gateway.health("") == "UNAVAILABLE"
    assert await gateway.health(SERVICES["ingest"]) == "SERVING"
    assert await gateway.health("somebody.Else") == "NOT_FOUND"
    gateway.servers["query"] = server_of("query", gateway.at["query"])
    await gateway.servers["query"].start()

    async def back() -> bool:
        return await gateway.health("") == "SERVING"

    await until(back)


async def test_a_caller_cannot_choose_the_servers_by_a_header(gateway: Gateway) -> None:
    call = health_pb2_grpc.HealthStub(gateway.channel).Check(
        health_pb2.HealthCheckRequest(service=SERVICES["query"]), metadata=(("x-footfall-cluster", "ingest"),)
    )
    assert (await call).status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_names_every_service(gateway: Gateway) -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    call = reflection_pb2_grpc.ServerReflectionStub(gateway.channel).ServerReflectionInfo(iter([request]))
    answer = await call.read()
    assert {service.name for service in answer.list_services_response.service} >= set(SERVICES.values())


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


async def test_a_page_of_this_machine_may_ask_and_call(gateway: Gateway) -> None:
    asks = {"origin": PAGE, "access-control-request-method": "POST"}
    asked = await gateway.http.options(
        REPORT, headers=asks | {"access-control-request-headers": "content-type,x-grpc-web,x-user-agent"}
    )
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert {"content-type", "x-grpc-web"} <= set(asked.headers["access-control-allow-headers"].split(", "))
    called = await gateway.http.post(
        REPORT,
        content=framed(b""),
        headers={"origin": PAGE, "content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
    )
    assert called.headers["access-control-allow-origin"] == PAGE
    assert "grpc-status-details-bin" in called.headers["access-control-expose-headers"]
    answer = framed(query_pb2.RunReportResponse(row_count=7).SerializeToString())
    assert called.content.startswith(answer)
    # the trailers are a frame of their own in the body, because a page sees none
    assert called.content[len(answer)] == 0x80
    assert b"grpc-status:0" in called.content


async def test_the_text_form_of_grpc_web_is_taken_too(gateway: Gateway) -> None:
    text = "application/grpc-web-text"
    called = await gateway.http.post(
        REPORT, content=base64.b64encode(framed(b"")), headers={"content-type": text, "accept": text}
    )
    answer = framed(query_pb2.RunReportResponse(row_count=7).SerializeToString())
    assert called.text.startswith(base64.b64encode(answer).decode().rstrip("=")[:-1])


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "http://127x0x0x1", "null"]
)
async def test_a_page_from_elsewhere_is_told_nothing(gateway: Gateway, origin: str) -> None:
    asked = await gateway.http.options(
        "/v1/properties/shop:runReport", headers={"origin": origin, "access-control-request-method": "POST"}
    )
    called = await gateway.http.get("/v1/properties/shop/metadata", headers={"origin": origin})
    for answer in (asked, called):
        assert "access-control-allow-origin" not in answer.headers

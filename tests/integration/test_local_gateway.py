"""What Envoy does with calls, tried on a real one before servers that only echo."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio

from footfall import retry_info
from footfall_local.answers import AGAIN_SECONDS
from footfall_local.envoy import GatewayPlan
from tests.integration.before_servers import addresses, envoy, until

WRITE = "/footfall.v1.IngestService/WriteEvents"
STREAM = "/footfall.v1.ErrorService/StreamErrors"
MiB = 1024 * 1024


@dataclass
class Echo:
    """A server that answers each call with its own name, after whatever a test wants it to do."""

    name: str
    calls: int = 0
    act: Callable[[bytes, grpc.aio.ServicerContext], Awaitable[None]] | None = None
    serving: aio.HealthServicer = field(default_factory=aio.HealthServicer)
    server: grpc.aio.Server = field(init=False)

    async def start(self, address: str) -> None:
        self.server = grpc.aio.server(options=[("grpc.max_receive_message_length", 4 * MiB), ("grpc.so_reuseport", 0)])
        health_pb2_grpc.add_HealthServicer_to_server(self.serving, self.server)
        handlers = {
            "WriteEvents": grpc.unary_unary_rpc_method_handler(self.write),
        }
        streams = {"StreamErrors": grpc.unary_stream_rpc_method_handler(self.stream)}
        self.server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler("footfall.v1.IngestService", handlers),
                grpc.method_handlers_generic_handler("footfall.v1.ErrorService", streams),
            )
        )
        self.server.add_insecure_port(address)
        await self.server.start()

    async def write(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        self.calls += 1
        if self.act is not None:
            await self.act(request, context)
        return self.name.encode()

    async def stream(self, _request: bytes, _context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(3600)


@dataclass
class Gateway:
    channel: grpc.aio.Channel
    servers: list[Echo]

    async def write(self, request: bytes = b"", timeout: float = 10) -> str:
        call = self.channel.unary_unary(WRITE)
        return bytes(await call(request, timeout=timeout)).decode()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    at = addresses("gateway", "admin", "a", "b", "gone")
    servers = [Echo("a"), Echo("b")]
    for server in servers:
        await server.start(at[server.name])
        await server.serving.set("", health_pb2.HealthCheckResponse.SERVING)
    plan = GatewayPlan(
        at["gateway"], at["admin"], {"ingest": [at["a"], at["b"]], "errors": [at["a"]], "query": [at["gone"]]}
    )
    options = [("grpc.max_send_message_length", -1), ("grpc.enable_http_proxy", 0)]
    async with envoy(plan, tmp_path), grpc.aio.insecure_channel(at["gateway"], options=options) as channel:
        yield Gateway(channel, servers)
    for server in servers:
        await server.server.stop(None)


async def test_calls_are_spread_over_the_servers(gateway: Gateway) -> None:
    answers = [await gateway.write() for _ in range(40)]
    assert set(answers) == {"a", "b"}


async def test_a_large_request_passes_and_one_that_is_too_large_gets_the_servers_own_status(gateway: Gateway) -> None:
    assert await gateway.write(bytes(4 * MiB - 100)) in {"a", "b"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.write(bytes(6 * MiB))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "4194304" in (refused.value.details() or "")


async def test_a_status_of_the_server_passes_as_it_is_and_is_not_tried_again(gateway: Gateway) -> None:
    async def refuse(_request: bytes, context: grpc.aio.ServicerContext) -> None:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "draining", trailing_metadata=(("x-why", "because"),))

    for server in gateway.servers:
        server.act = refuse
    for _ in range(10):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await gateway.write()
        assert refused.value.details() == "draining"
        assert ("x-why", "because") in list(refused.value.trailing_metadata() or ())
    # ten calls, ten attempts: what a server answered is never sent to another
    assert sum(server.calls for server in gateway.servers) == 10


async def test_a_service_without_a_server_is_unavailable(gateway: Gateway) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.channel.unary_unary("/footfall.v1.QueryService/RunReport")(b"", timeout=10)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    details = dict(refused.value.trailing_metadata() or ())[retry_info.TRAILER]
    assert isinstance(details, bytes)
    assert retry_info.retry_delay(details) == AGAIN_SECONDS


async def test_what_is_no_service_of_ours_is_unimplemented(gateway: Gateway) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.channel.unary_unary("/somebody.Else/Call")(b"", timeout=10)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_no_call_fails_when_a_server_goes_away_between_calls(gateway: Gateway) -> None:
    await asyncio.gather(*(gateway.write() for _ in range(8)))
    await gateway.servers[0].server.stop(None)
    assert {await gateway.write() for _ in range(20)} == {"b"}


async def test_a_server_that_says_it_is_draining_gets_no_new_calls(gateway: Gateway) -> None:
    draining = gateway.servers[0]
    await draining.serving.set("", health_pb2.HealthCheckResponse.NOT_SERVING)

    async def only_the_other() -> bool:
        # so many that chance does not do it before the gateway has noticed
        return {await gateway.write() for _ in range(40)} == {"b"}

    await until(only_the_other)
    before = draining.calls
    assert {await gateway.write() for _ in range(20)} == {"b"}
    assert draining.calls == before


async def test_the_callers_deadline_reaches_the_server(gateway: Gateway) -> None:
    seen: list[float | None] = []

    async def note(_request: bytes, context: grpc.aio.ServicerContext) -> None:
        seen.append(context.time_remaining())

    for server in gateway.servers:
        server.act = note
    await gateway.write(timeout=30)
    assert seen[0] is not None
    assert 20 < seen[0] <= 30


async def test_a_stream_passes_what_comes_at_once_and_stays_open(gateway: Gateway) -> None:
    call = gateway.channel.unary_stream(STREAM)(b"")
    assert await call.read() == b"first"
    assert not call.done()
    call.cancel()

"""Serves routes with `grpc.aio`, with health, reflection and a drain.

`grpc.aio` is one of several possible hosts: nothing outside this file knows it.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any, cast

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from footfall.v1 import errors_pb2, ingest_pb2, query_pb2
from footfall_core.limits import MAX_REQUEST_BYTES
from footfall_server.hosts.call import Call, Kind, Route, StreamHandler, UnaryHandler
from footfall_server.hosts.status import StatusError
from footfall_server.hosts.steps import AROUND_EVERY_CALL

log = structlog.get_logger()

PUBLIC_SERVICES = tuple(
    service.full_name
    for file in (ingest_pb2, query_pb2, errors_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
)
"""Reflection names all of them on each server, so that the gateway may ask any."""

_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True)
class HostSettings:
    """Where and how to serve."""

    address: str = "127.0.0.1:0"
    """Host and port to listen on; port 0 takes a free one, which the log then names."""
    drain_seconds: float = 10.0
    """How long calls under way may take to end after SIGTERM."""
    unready_seconds: float = 1.5
    """How long to go on serving, as not healthy, after SIGTERM, so that the gateway's health check (every second)
    turns to other servers first. 0: none."""


async def serve(routes: Sequence[Route], settings: HostSettings) -> None:
    """Serve until SIGTERM or SIGINT, then drain: unhealthy first, no new calls next, and a deadline for the rest."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        server = Server(routes, settings)
        port = await server.start()
        stack.push_async_callback(server.drain)
        log.info("serving", address=settings.address, port=port, services=sorted({r.service for r in routes}))
        log.warning("every request is allowed: keys and quotas do not exist yet")
        await stop.wait()
        log.info("draining", seconds=settings.drain_seconds)


class Server:
    """A `grpc.aio` server of some routes."""

    def __init__(self, routes: Sequence[Route], settings: HostSettings) -> None:
        self._settings = settings
        self._draining = asyncio.Event()
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
                ("grpc.max_send_message_length", -1),
                # two processes on one port would share connections by hash; the gateway balances calls instead
                ("grpc.so_reuseport", 0),
                # clients ping every 30 s; without this the server answers with too_many_pings
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
                ("grpc.keepalive_permit_without_calls", 1),
            ]
        )
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (*PUBLIC_SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )
        self._services = sorted({route.service for route in routes})
        for service in self._services:
            methods = {r.method.rsplit("/", 1)[1]: self._hosted(r) for r in routes if r.service == service}
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))

    async def start(self) -> int:
        """Listen, say that it is healthy, and return the port.

        Raises:
            OSError: the address cannot be listened on.
        """
        try:
            port = self._server.add_insecure_port(self._settings.address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {self._settings.address}: is it taken?") from error
        await self._server.start()
        for name in ("", *self._services):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return int(port)

    async def drain(self) -> None:
        """Turn unhealthy, wait for the gateway to see it, end streams, and give calls under way their deadline."""
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(self._settings.unready_seconds)
        self._draining.set()
        await self._server.stop(self._settings.drain_seconds)

    def _hosted(self, route: Route) -> "grpc.RpcMethodHandler[bytes, bytes]":
        if route.kind is Kind.UNARY:
            return grpc.unary_unary_rpc_method_handler(cast("Any", self._unary(route)))
        return grpc.unary_stream_rpc_method_handler(cast("Any", self._server_stream(route)))

    def _unary(self, route: Route) -> Any:
        handler = cast("UnaryHandler", route.handler)

        async def answer(request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
            call = self._call(route, context)
            try:
                async with AsyncExitStack() as around:
                    for step in AROUND_EVERY_CALL:
                        await around.enter_async_context(step(call))
                    return await handler(request, call)
            except StatusError as status:
                await _abort(context, status)
                raise  # abort has raised already

        return answer

    def _server_stream(self, route: Route) -> Any:
        handler = cast("StreamHandler", route.handler)

        async def answers(request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> AsyncIterator[bytes]:
            call = self._call(route, context)
            try:
                async with AsyncExitStack() as around:
                    for step in AROUND_EVERY_CALL:
                        await around.enter_async_context(step(call))
                    # closed here, not by the garbage collector: a client that goes away leaves nothing behind
                    async with aclosing(handler(request, call)) as stream:
                        async for answer in stream:
                            yield answer
            except StatusError as status:
                await _abort(context, status)

        return answers

    def _call(self, route: Route, context: "grpc.aio.ServicerContext[bytes, bytes]") -> Call:
        metadata = {str(name): value for name, value in context.invocation_metadata() or () if isinstance(value, str)}
        return Call(
            method=route.method,
            metadata=metadata,
            peer_address=_peer_address(metadata, context.peer()),
            time_remaining=context.time_remaining,
            draining=self._draining,
        )


async def _abort(context: "grpc.aio.ServicerContext[bytes, bytes]", status: StatusError) -> None:
    await context.abort(_CODES[status.code], status.message, tuple(status.trailers))


def _peer_address(metadata: dict[str, str], peer: str) -> str:
    """Return the client's address: the last one that the gateway put into `x-forwarded-for`, else the connection's."""
    forwarded = metadata.get("x-forwarded-for", "")
    if forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    transport, _, rest = peer.partition(":")
    return (
        rest.rsplit(":", 1)[0].strip("[]").replace("%5B", "").replace("%5D", "") if transport.startswith("ip") else ""
    )

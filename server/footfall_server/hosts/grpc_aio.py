"""Serves routes with `grpc.aio`, with health, reflection and a drain.

`grpc.aio` is one of several possible hosts: nothing but this file and `grpc_messages` knows it.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from footfall.v1 import admin_pb2, errors_pb2, ingest_pb2, query_pb2
from footfall_core.limits import MAX_EVENT_BYTES, MAX_REQUEST_BYTES
from footfall_core.vitals import Vitals
from footfall_server.hosts.admission import Admission
from footfall_server.hosts.call import (
    BidiStreamHandler,
    Call,
    Kind,
    Route,
    StreamHandler,
    UnaryHandler,
)
from footfall_server.hosts.draining import Draining
from footfall_server.hosts.grpc_messages import Messages, abort, let_go, peer_address, read_request, write
from footfall_server.hosts.permit import Gate
from footfall_server.hosts.status import StatusError
from footfall_server.hosts.steps import AROUND_EVERY_CALL, AROUND_EVERY_STREAM

log = structlog.get_logger()

PUBLIC_SERVICES = tuple(
    service.full_name
    for file in (ingest_pb2, query_pb2, errors_pb2, admin_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
)
"""Reflection names all of them on each server, so that the gateway may ask any."""

MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES + MAX_EVENT_BYTES
"""Bytes of a message that is still read. Above the limit of a request by one event, which leaves room for a stream's
envelope, and lets the handler refuse in place a batch that its sender filled with one event too many: gRPC itself can
only end the whole stream."""

MAX_PORT = 65_535


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
    max_request_bytes: int = 32 * 1024 * 1024
    """Bytes of unary calls' requests that may be under way at once. Beyond it calls are told to try again, before
    their requests are read. A request is in memory several times over while it waits for its commit."""


async def serve(
    routes: Sequence[Route],
    settings: HostSettings,
    gate: Gate,
    vitals: Vitals,
    started: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain: unhealthy first, no new calls next, and a deadline for the rest.

    Args:
        routes: what is served.
        settings: where, and how long.
        gate: says who may call what.
        vitals: is told whether new calls are welcome.
        started: is told the port, once calls are taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        server = Server(routes, settings, gate)
        vitals.ready_when("host", server.is_serving)
        port = await server.start()
        stack.push_async_callback(server.drain)
        log.info("serving", address=settings.address, port=port, services=sorted({r.service for r in routes}))
        started(port)
        await stop.wait()
        log.info("draining", seconds=settings.drain_seconds)


class Server:
    """A `grpc.aio` server of some routes."""

    def __init__(self, routes: Sequence[Route], settings: HostSettings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        self._serving = False
        self._draining = Draining()
        self._admission = Admission(settings.max_request_bytes)
        self._server = grpc.aio.server(
            options=[
                # what is not read yet must stay with its sender: with probing on, a call's window grows to some MiB
                ("grpc.http2.bdp_probe", 0),
                # or each connection keeps a buffer of its largest read, some MiB
                ("grpc.experimental.tcp_max_read_chunk_size", 256 * 1024),
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
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
        _, _, port_text = self._settings.address.rpartition(":")
        # gRPC takes a port modulo 65,536
        if not port_text.isdecimal() or int(port_text) > MAX_PORT:
            raise OSError(
                f"FOOTFALL_HOST_ADDRESS: {self._settings.address!r} is not HOST:PORT with a port of 0 to {MAX_PORT}"
            )
        try:
            port = self._server.add_insecure_port(self._settings.address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {self._settings.address}: is it taken?") from error
        await self._server.start()
        for name in ("", *self._services):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        self._serving = True
        return int(port)

    def is_serving(self) -> bool:
        """Return whether new calls are welcome: it has started, and does not drain. Called from any thread."""
        return self._serving

    async def drain(self) -> None:
        """Turn unhealthy, wait for the gateway to see it, end streams, and give calls under way their deadline."""
        self._serving = False
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(self._settings.unready_seconds)
        self._draining.set()
        await self._server.stop(self._settings.drain_seconds)

    def _hosted(self, route: Route) -> "grpc.RpcMethodHandler[bytes, bytes]":
        match route.kind:
            case Kind.UNARY:
                # on the wire it is the same; but a call's request is read when there is room for it, and not before,
                # and a call that has none gets an answer
                return grpc.stream_unary_rpc_method_handler(cast("Any", self._unary(route)))
            case Kind.SERVER_STREAM:
                return grpc.stream_stream_rpc_method_handler(cast("Any", self._server_stream(route)))
            case Kind.BIDI_STREAM:
                return grpc.stream_stream_rpc_method_handler(cast("Any", self._bidi_stream(route)))

    def _unary(self, route: Route) -> Any:
        async def answer(_: object, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
            call = self._call(route, context)
            try:
                response = await self._answer(call, route, context)
            except StatusError as status:
                let_go(status)
                await abort(context, status, call)
                raise  # abort has raised already
            except asyncio.CancelledError as cancelled:
                let_go(cancelled)
                raise
            context.set_trailing_metadata(tuple(call.trailers.items()))
            return response

        return answer

    async def _answer(self, call: Call, route: Route, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        handler = cast("UnaryHandler", route.handler)
        async with AsyncExitStack() as around:
            for step in AROUND_EVERY_CALL:
                await around.enter_async_context(step(call))
            request = await self._admission.in_turn(
                partial(read_request, context), call.time_remaining(), in_vain=route.in_vain()
            )
            call.permit.enter(route.need_of(request))
            with self._admission.holding(len(request)):
                return await handler(request, call)

    def _server_stream(self, route: Route) -> Any:
        handler, need_of = cast("StreamHandler", route.handler), route.need_of

        async def answer_all(_: object, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
            async def let_in(call: Call) -> AsyncGenerator[bytes, None]:
                request = await self._admission.in_turn(partial(read_request, context))
                call.permit.enter(need_of(request))
                async with aclosing(handler(request, call)) as answers:
                    async for answer in answers:
                        yield answer

            await self._answer_all(route, context, let_in)

        return answer_all

    def _bidi_stream(self, route: Route) -> Any:
        handler, need_of = cast("BidiStreamHandler", route.handler), route.need_of

        async def answer_all(_: object, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
            def let_in(call: Call) -> AsyncGenerator[bytes, None]:
                return handler(Messages(need_of, call, context), call)

            await self._answer_all(route, context, let_in)

        return answer_all

    async def _answer_all(
        self,
        route: Route,
        context: "grpc.aio.ServicerContext[bytes, bytes]",
        answers_of: Callable[[Call], AsyncGenerator[bytes, None]],
    ) -> None:
        """Send a stream of answers.

        It writes by itself, where `grpc.aio` would also take a generator: a coroutine is told of a cancellation or a
        deadline while it waits for a client that does not read; a generator would be left at its `yield`.
        """
        call = self._call(route, context)
        try:
            async with AsyncExitStack() as around:
                for step in AROUND_EVERY_STREAM:
                    await around.enter_async_context(step(call))
                # closed here, not by the garbage collector: a client that goes away leaves nothing behind
                async with aclosing(answers_of(call)) as answers:
                    async for answer in answers:
                        await write(context, answer)
            context.set_trailing_metadata(tuple(call.trailers.items()))
        except StatusError as status:
            let_go(status)
            await abort(context, status, call)

    def _call(self, route: Route, context: "grpc.aio.ServicerContext[bytes, bytes]") -> Call:
        metadata = {str(name): value for name, value in context.invocation_metadata() or () if isinstance(value, str)}
        return Call(
            method=route.method,
            metadata=metadata,
            peer_address=peer_address(metadata, context.peer()),
            time_remaining=context.time_remaining,
            draining=self._draining,
            permit=self._gate(metadata),
        )

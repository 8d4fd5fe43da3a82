"""A server lets in who may, and nobody else: every method meets every kind of wrong key, through a real channel."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from footfall.aio.reading import hides_status
from footfall.v1.admin_pb2 import Key, KeyState, Property, PropertyState
from footfall.v1.ingest_pb2 import StreamEventsRequest, WriteEventsRequest
from footfall_adapters.sqlite.access import SqliteRegistry
from footfall_core import telemetry
from footfall_core.access.grant import EVERY_PROPERTY, key_name
from footfall_core.access.scopes import Scope
from footfall_core.access.signing_keys import new_signing_key, read_verification_keys, write_verification_keys
from footfall_core.access.tokens import Verifier
from footfall_core.clock import Micros, SystemClock
from footfall_server.hosts import call as calls
from footfall_server.hosts.call import Call, Denied, Kind, Route
from footfall_server.hosts.grpc_aio import HostSettings, Server
from footfall_server.hosts.keyed import KeyedGate
from footfall_server.hosts.rights import NEEDS
from tests.access import (
    OPERATORS,
    SERVER_STREAMS,
    STREAM_ERRORS,
    STREAM_EVENTS,
    Keyring,
    methods,
    now,
    reason_of,
    request_of,
)

SIGNING_KEY = new_signing_key(b"k" * 32)
KEYRING = Keyring(SIGNING_KEY)
REVOKED = "revoked-key"
KINDS = ("none", "garbage", "changed", "unsigned", "by a shared secret", "by a stranger", "by a forger", "expired")
KINDS += ("revoked", "without the scope", "another property's")


class Behind:
    """The handlers of all methods: they note that they were called, and streams stay open."""

    def __init__(self, registry: SqliteRegistry, port: int) -> None:
        self.registry = registry
        self.port = port
        self.called: list[str] = []
        self.denied: list[Denied] = []
        self.ended: list[BaseException] = []
        self.zone = ""
        self.may_import: list[bool] = []

    def routes(self) -> list[Route]:
        kinds = {STREAM_EVENTS: Kind.BIDI_STREAM, **dict.fromkeys(SERVER_STREAMS, Kind.SERVER_STREAM)}
        handlers: dict[Kind, Any] = {
            Kind.UNARY: self._unary,
            Kind.SERVER_STREAM: self._stream,
            Kind.BIDI_STREAM: self._bidi,
        }
        return [Route(m, handlers[kind], kind) for m in methods() for kind in [kinds.get(m, Kind.UNARY)]]

    async def _unary(self, _: bytes, call: Call) -> bytes:
        self.called.append(call.method)
        self.zone = call.permit.property.time_zone
        return b""

    async def _stream(self, _: bytes, call: Call) -> AsyncGenerator[bytes, None]:
        self.called.append(call.method)
        self.may_import.append(call.permit.may(Scope.IMPORT))
        yield b"open"
        try:
            await call.draining.wait()
        except BaseException as error:
            self.ended.append(error)
            raise

    async def _bidi(self, messages: AsyncIterator[calls.Message], call: Call) -> AsyncGenerator[bytes, None]:
        async for message in messages:
            if isinstance(message, Denied):
                self.denied.append(message)
                yield type(message.problem).__name__.encode()
            else:
                self.called.append(call.method)
                yield b"let in"


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[Behind]:
    registry = SqliteRegistry(tmp_path / "admin.sqlite")
    verifier = Verifier(read_verification_keys(write_verification_keys([SIGNING_KEY])))
    behind = Behind(registry, 0)
    gate = KeyedGate(verifier, registry, SystemClock())
    server = Server(behind.routes(), HostSettings(unready_seconds=0, drain_seconds=0), gate)
    behind.port = await server.start()
    await revoke(behind, "shop", REVOKED)
    yield behind
    await server.drain()
    registry.close()


async def revoke(behind: Behind, property_id: str, key_id: str) -> None:
    name = key_name(property_id, key_id)
    await behind.registry.put(name, Key(name=name, state=KeyState.KEY_STATE_REVOKED).SerializeToString())


async def put(behind: Behind, property_id: str, **fields: Any) -> None:
    found = Property(name=f"properties/{property_id}", state=PropertyState.PROPERTY_STATE_ACTIVE)
    found.MergeFrom(Property(**fields))
    await behind.registry.put(found.name, found.SerializeToString())


@asynccontextmanager
async def channel(behind: Behind) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{behind.port}") as opened:
        yield opened


def metadata(token: str | None, **more: str) -> tuple[tuple[str, str], ...]:
    return (*((("authorization", f"Bearer {token}"),) if token is not None else ()), *more.items())


async def first_of_stream(call: Any, message: bytes, metadata: tuple[tuple[str, str], ...]) -> Any:
    """Send a message on a stream, and return the first answer."""
    while True:
        stream = call(metadata=metadata)
        try:
            await stream.write(message)
            return await stream.read()
        except grpc.aio.AioRpcError as error:
            if not hides_status(error):  # the server may end the stream in the very moment of the write
                raise


async def answer(behind: Behind, method: str, request: Message | bytes, token: str | None, **more: str) -> bytes:
    """Call a method of any kind, and return the first answer."""
    data = request if isinstance(request, bytes) else request.SerializeToString()
    async with channel(behind) as opened:
        if method == STREAM_EVENTS:
            first = await first_of_stream(opened.stream_stream(method), data, metadata(token, **more))
        elif method in SERVER_STREAMS:
            first = await opened.unary_stream(method)(data, metadata=metadata(token, **more)).read()
        else:
            first = await opened.unary_unary(method)(data, metadata=metadata(token, **more))
        return bytes(first)


def test_every_method_of_the_contracts_says_what_it_needs() -> None:
    assert set(NEEDS) == set(methods())
    with pytest.raises(KeyError):
        _ = Route("/footfall.v1.QueryService/Forgotten", lambda request, call: None).need_of  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", methods())
async def test_no_method_takes_a_wrong_key(behind: Behind, method: str, kind: str) -> None:
    refused = KEYRING.refused(method, "shop", REVOKED)[kind]
    counted = telemetry.CALLS_REFUSED.labels(refused.reason.lower())
    before = counted._value.get()
    if method == STREAM_EVENTS and refused.code is grpc.StatusCode.PERMISSION_DENIED:
        # a batch is refused in its place, for the next may be another property's
        assert await answer(behind, method, request_of(method, "shop"), refused.token) == b"PermissionDenied"
        assert behind.denied[0].problem.reason.upper() == refused.reason  # type: ignore[attr-defined]
    else:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await answer(behind, method, request_of(method, "shop"), refused.token)
        assert (error.value.code(), reason_of(error.value)) == (refused.code, refused.reason)
        # one sentence, and nothing of the key in it
        assert (error.value.details() or "").endswith(".")
        assert (refused.token or "no token") not in (error.value.details() or "")
    assert behind.called == []
    assert counted._value.get() > before


async def test_who_redrives_may_see_errors_and_send_events(behind: Behind) -> None:
    method = "/footfall.v1.ErrorService/RedriveErrors"
    request = request_of(method, "shop")
    for scope, missing in ((Scope.ERRORS, "write"), (Scope.WRITE, "errors")):
        with pytest.raises(grpc.aio.AioRpcError, match=f"lacks the scope {missing}"):
            await answer(behind, method, request, KEYRING.token("shop", scope))
    await answer(behind, method, request, KEYRING.token("shop", Scope.ERRORS, Scope.WRITE))
    assert behind.called == [method]
    await answer(behind, method, request, KEYRING.token("shop", Scope.ERRORS, Scope.WRITE, Scope.IMPORT))
    assert behind.may_import == [False, True]


@pytest.mark.parametrize("method", methods())
async def test_every_method_takes_the_right_key(behind: Behind, method: str) -> None:
    if method not in OPERATORS:
        assert await answer(behind, method, request_of(method, "shop"), KEYRING.token("shop")) in {
            b"",
            b"open",
            b"let in",
        }
    await answer(behind, method, request_of(method, "shop"), KEYRING.token())
    assert set(behind.called) == {method}


@pytest.mark.parametrize("method", [m for m in methods() if m not in OPERATORS])
async def test_a_request_that_names_no_property_gets_no_further(behind: Behind, method: str) -> None:
    for request in (b"", b"\x0a\x04shop", b"\xff\xff"):
        if method == STREAM_EVENTS:
            assert await answer(behind, method, request, KEYRING.token()) == b"InvalidRequest"
        else:
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await answer(behind, method, request, KEYRING.token())
            assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert behind.called == []


async def test_of_a_property_that_is_named_twice_the_one_that_counts_is_looked_at(behind: Behind) -> None:
    mine, theirs = (WriteEventsRequest(property=f"properties/{name}").SerializeToString() for name in ("shop", "other"))
    assert WriteEventsRequest.FromString(mine + theirs).property == "properties/other"
    with pytest.raises(grpc.aio.AioRpcError, match="another property's"):
        await answer(behind, "/footfall.v1.IngestService/WriteEvents", mine + theirs, KEYRING.token("shop"))
    streamed = [StreamEventsRequest(batch=WriteEventsRequest.FromString(batch)) for batch in (mine, theirs)]
    twice = b"".join(message.SerializeToString() for message in streamed)
    assert await answer(behind, STREAM_EVENTS, twice, KEYRING.token("shop")) == b"PermissionDenied"


@pytest.mark.parametrize("authorization", ["", "Basic YTpi", "Bearer", "Bearer ", "Token x"])
async def test_another_kind_of_authorization_is_no_key(behind: Behind, authorization: str) -> None:
    async with channel(behind) as opened:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await opened.unary_unary("/footfall.v1.QueryService/GetMetadata")(
                b"", metadata=(("authorization", authorization),)
            )
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_history_takes_the_scope_import_too(behind: Behind) -> None:
    method = "/footfall.v1.IngestService/WriteEvents"
    batch = request_of(method, "shop")
    batch.historical_import = True  # type: ignore[attr-defined]
    with pytest.raises(grpc.aio.AioRpcError, match="lacks the scope import, and has write"):
        await answer(behind, method, batch, KEYRING.token("shop", Scope.WRITE))
    await answer(behind, method, batch, KEYRING.token("shop", Scope.WRITE, Scope.IMPORT))
    streamed = StreamEventsRequest(batch=batch)  # type: ignore[arg-type]
    assert await answer(behind, STREAM_EVENTS, streamed, KEYRING.token("shop", Scope.WRITE)) == b"PermissionDenied"


async def test_a_stream_goes_on_behind_a_batch_of_another_property(behind: Behind) -> None:
    async with channel(behind) as opened:
        stream = opened.stream_stream(STREAM_EVENTS)(metadata=metadata(KEYRING.token("shop")))
        said = []
        for name in ("shop", "other", "shop"):
            await stream.write(request_of(STREAM_EVENTS, name).SerializeToString())
            said.append(await stream.read())
    assert said == [b"let in", b"PermissionDenied", b"let in"]


@pytest.mark.parametrize("method", [STREAM_ERRORS, STREAM_EVENTS])
async def test_streams_end_when_their_key_is_revoked(behind: Behind, method: str) -> None:
    async with channel(behind) as opened:
        kind = opened.unary_stream if method == STREAM_ERRORS else opened.stream_stream
        data = request_of(method, "shop").SerializeToString()
        sent = metadata(KEYRING.token("shop", key_id="to-be-revoked"))
        stream = kind(method)(data, metadata=sent) if method == STREAM_ERRORS else kind(method)(metadata=sent)
        other = opened.unary_stream(STREAM_ERRORS)(
            request_of(STREAM_ERRORS, "shop").SerializeToString(), metadata=metadata(KEYRING.token("shop"))
        )
        if method == STREAM_EVENTS:
            await stream.write(data)
        assert await stream.read()
        assert await other.read() == b"open"
        await revoke(behind, "shop", "to-be-revoked")
        async with asyncio.timeout(5):
            assert await stream.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "revoked" in await stream.details()
        assert not other.done()


async def test_streams_end_when_their_key_expires(behind: Behind) -> None:
    async with channel(behind) as opened:
        soon = Micros(now() // 1_000_000 * 1_000_000 + 5_000_000)
        stream = opened.unary_stream(STREAM_ERRORS)(
            request_of(STREAM_ERRORS, "shop").SerializeToString(),
            metadata=metadata(KEYRING.token("shop", expires=soon)),
        )
        assert await stream.read() == b"open"
        async with asyncio.timeout(10):
            assert await stream.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "expired" in await stream.details()
        assert now() >= soon - 100_000


async def test_a_suspended_property_takes_and_shows_nothing_and_is_administered(behind: Behind) -> None:
    async with channel(behind) as opened:
        stream = opened.unary_stream(STREAM_ERRORS)(
            request_of(STREAM_ERRORS, "shop").SerializeToString(), metadata=metadata(KEYRING.token("shop"))
        )
        assert await stream.read() == b"open"
        await put(behind, "shop", state=PropertyState.PROPERTY_STATE_SUSPENDED)
        async with asyncio.timeout(5):
            assert await stream.code() is grpc.StatusCode.PERMISSION_DENIED
    for method in methods():
        if method in OPERATORS:
            continue
        if "AdminService" in method:
            await answer(behind, method, request_of(method, "shop"), KEYRING.token("shop"))
        elif method == STREAM_EVENTS:
            assert await answer(behind, method, request_of(method, "shop"), KEYRING.token()) == b"PermissionDenied"
        else:
            with pytest.raises(grpc.aio.AioRpcError, match="suspended"):
                await answer(behind, method, request_of(method, "shop"), KEYRING.token())


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://shop.example", True),
        ("http://shop.example:8080", True),
        ("https://www.shop.example", False),
        ("https://a.b.mirror.example", True),
        ("https://mirror.example", False),
        ("https://shop.example.evil.example", False),
        ("https://evilmirror.example", False),
        ("null", False),
        ("https://[", False),
        ("", True),
    ],
)
async def test_pages_of_other_hosts_are_refused(behind: Behind, origin: str, allowed: bool) -> None:
    await put(behind, "shop", allowed_hosts=["shop.example", "*.mirror.example"])
    call = answer(
        behind,
        "/footfall.v1.QueryService/GetMetadata",
        request_of("/footfall.v1.QueryService/GetMetadata", "shop"),
        KEYRING.token("shop"),
        **({"origin": origin} if origin else {}),
    )
    if allowed:
        await call
    else:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert reason_of(error.value) == "HOST_NOT_ALLOWED"


async def test_a_handler_sees_the_property_and_one_that_nobody_created_has_defaults(behind: Behind) -> None:
    method = "/footfall.v1.QueryService/RunReport"
    await put(behind, "shop", time_zone="Asia/Kolkata")
    await answer(behind, method, request_of(method, "shop"), KEYRING.token())
    assert behind.zone == "Asia/Kolkata"
    await answer(behind, method, request_of(method, "nobody-created-it"), KEYRING.token())
    assert behind.zone == "UTC"


@pytest.mark.parametrize("path", ["state", "quota", "quota.events_per_second"])
async def test_only_an_operator_resumes_what_is_suspended_and_changes_a_quota(behind: Behind, path: str) -> None:
    method = "/footfall.v1.AdminService/UpdateProperty"
    request = request_of(method, "shop")
    await answer(behind, method, request, KEYRING.token("shop"))
    request.update_mask.paths.append(path)  # type: ignore[attr-defined]
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await answer(behind, method, request, KEYRING.token("shop"))
    assert reason_of(error.value) == "OPERATORS_ONLY"
    await answer(behind, method, request, KEYRING.token())


async def test_only_operators_make_operators_keys(behind: Behind) -> None:
    for method in ("CreateKey", "ListKeys"):
        request = request_of(f"/footfall.v1.AdminService/{method}", "-")
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await answer(behind, f"/footfall.v1.AdminService/{method}", request, KEYRING.token("shop"))
        assert reason_of(error.value) == "OPERATORS_ONLY"
    revoking = request_of("/footfall.v1.AdminService/RevokeKey", "-")
    with pytest.raises(grpc.aio.AioRpcError):
        await answer(behind, "/footfall.v1.AdminService/RevokeKey", revoking, KEYRING.token("shop"))
    await answer(behind, "/footfall.v1.AdminService/RevokeKey", revoking, KEYRING.token(EVERY_PROPERTY))


async def test_health_and_reflection_need_no_key(behind: Behind) -> None:
    async with channel(behind) as opened:
        assert await opened.unary_unary("/grpc.health.v1.Health/Check")(b"") == b"\x08\x01"
        reflect = opened.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")()
        await reflect.write(b"\x3a\x00")
        assert b"footfall.v1.AdminService" in await reflect.read()

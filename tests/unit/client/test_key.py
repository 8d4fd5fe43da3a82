"""The client sends its key with every call of every kind, shows it nowhere, and does not try a refused one again."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

import footfall
import footfall.aio
from footfall.aio.channel import open_channel as open_aio_channel
from footfall.channel import open_channel
from footfall.failures import RefusedError
from footfall.key import find_key
from footfall.results import Loss
from footfall.v1 import admin_pb2, admin_pb2_grpc

KEY = "eyJ.secret.token"


class Doorkeeper(grpc.GenericRpcHandler):
    """Refuses every call, and notes what it was sent with."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self.code = code
        self.sent: list[tuple[str, str | None]] = []

    def service(self, handler_call_details: Any) -> Any:
        metadata = dict(handler_call_details.invocation_metadata)
        method = handler_call_details.method.rpartition("/")[2]
        self.sent.append((method, metadata.get("authorization")))

        def refuse(_: Any, context: grpc.ServicerContext) -> Any:
            context.abort(self.code, "The key may not do this.")

        if method == "StreamEvents":
            return grpc.stream_stream_rpc_method_handler(refuse)
        return grpc.unary_stream_rpc_method_handler(refuse)  # which also answers calls of one answer: with a status


@pytest.fixture(params=[grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED])
def doorkeeper(request: pytest.FixtureRequest) -> Iterator[tuple[Doorkeeper, str]]:
    doorkeeper = Doorkeeper(request.param)
    server = grpc.server(ThreadPoolExecutor(4), handlers=(doorkeeper,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield doorkeeper, f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


ASKS: dict[str, Callable[[Any], Any]] = {
    "RunReport": lambda client: client.report(["date"], ["eventCount"], "today", "today"),
    "GetMetadata": lambda client: client.metadata(),
    "ListErrors": lambda client: client.list_errors(),
    "GetError": lambda client: client.get_error("a" * 16),
}


@pytest.mark.parametrize("method", ASKS)
def test_what_is_asked_is_sent_with_the_key_once(doorkeeper: tuple[Doorkeeper, str], method: str) -> None:
    door, address = doorkeeper
    with footfall.Client(address, "shop", key=KEY, late_errors=False) as client, pytest.raises(RefusedError) as error:
        ASKS[method](client)
    assert (error.value.code, error.value.attempts) == (door.code.name, 1)
    assert door.sent == [(method, f"Bearer {KEY}")]
    assert KEY not in f"{error.value}{error.value!r}"


@pytest.mark.parametrize("method", ASKS)
async def test_the_same_for_asyncio(doorkeeper: tuple[Doorkeeper, str], method: str) -> None:
    door, address = doorkeeper
    async with footfall.aio.Client(address, "shop", key=KEY, late_errors=False) as client:
        with pytest.raises(RefusedError) as error:
            await ASKS[method](client)
    assert (error.value.code, error.value.attempts) == (door.code.name, 1)
    assert door.sent == [(method, f"Bearer {KEY}")]


def test_a_stream_of_errors_is_not_opened_again(doorkeeper: tuple[Doorkeeper, str]) -> None:
    door, address = doorkeeper
    with (
        footfall.Client(address, "shop", key=KEY, late_errors=False) as client,
        pytest.raises(RefusedError),
        client.errors() as errors,
    ):
        next(errors)
    assert door.sent == [("StreamErrors", f"Bearer {KEY}")]


async def test_nor_is_it_for_asyncio(doorkeeper: tuple[Doorkeeper, str]) -> None:
    door, address = doorkeeper
    async with footfall.aio.Client(address, "shop", key=KEY, late_errors=False) as client:
        with pytest.raises(RefusedError):
            async for _ in client.errors():
                pass
    assert door.sent == [("StreamErrors", f"Bearer {KEY}")]


@pytest.mark.parametrize("streaming", [True, False])
def test_events_are_sent_with_the_key_and_told_as_lost(doorkeeper: tuple[Doorkeeper, str], streaming: bool) -> None:
    door, address = doorkeeper
    lost: list[Loss] = []
    with footfall.Client(
        address, "shop", key=KEY, streaming=streaming, late_errors=False, report_discards=False, on_error=lost.append
    ) as client:
        client.track("page_view", client_id="c")
        assert client.flush(30)
    assert [loss.code for loss in lost] == [door.code.name]
    assert {sent for _, sent in door.sent} == {f"Bearer {KEY}"}
    # a stream that was refused before it took a batch: the batch gets a verdict of its own
    assert [method for method, _ in door.sent] == (["StreamEvents", "WriteEvents"] if streaming else ["WriteEvents"])


async def test_the_same_events_for_asyncio(doorkeeper: tuple[Doorkeeper, str]) -> None:
    door, address = doorkeeper
    lost: list[Loss] = []
    async with footfall.aio.Client(address, "shop", key=KEY, late_errors=False, on_error=lost.append) as client:
        await client.track("page_view", client_id="c")
        assert await client.flush(30)
    assert [loss.code for loss in lost] == [door.code.name]
    assert {sent for _, sent in door.sent} == {f"Bearer {KEY}"}


def test_the_environments_key_is_taken_unless_one_is_named(
    doorkeeper: tuple[Doorkeeper, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    door, address = doorkeeper
    monkeypatch.setenv("FOOTFALL_KEY", " from.the.environment\n")
    for key in (None, KEY, ""):
        with open_channel(address, key=key) as channel:
            stub = admin_pb2_grpc.AdminServiceStub(channel)  # type: ignore[no-untyped-call]
            with pytest.raises(grpc.RpcError):
                stub.GetProperty(admin_pb2.GetPropertyRequest(), timeout=10)
    assert [sent for _, sent in door.sent] == ["Bearer from.the.environment", f"Bearer {KEY}", None]


async def test_metadata_of_a_callers_own_goes_along(doorkeeper: tuple[Doorkeeper, str]) -> None:
    door, address = doorkeeper
    with open_channel(address, key=KEY) as channel, pytest.raises(grpc.RpcError):
        channel.unary_unary("/a/Method")(b"", metadata=(("x-own", "1"),), timeout=10)
    async with open_aio_channel(address, key=KEY) as aio_channel:
        assert aio_channel.get_state() is grpc.ChannelConnectivity.IDLE
        with pytest.raises(grpc.RpcError):
            await aio_channel.unary_unary("/a/Method")(b"", timeout=10)
    assert [sent for _, sent in door.sent] == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="no key of Footfall does") as error:
        footfall.Client("127.0.0.1:1", "shop", key=key)
    assert key not in str(error.value)
    assert find_key(f" {KEY}\n") == KEY


def test_a_key_is_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = footfall.Client("127.0.0.1:1", "shop", key=KEY)
    channel = open_channel("127.0.0.1:1", key=KEY)
    shown = [repr(client), str(client), repr(channel), repr(vars(client)), caplog.text]
    assert not any(KEY in text for text in shown)
    channel.close()
    client.close()

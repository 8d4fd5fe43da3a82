"""What a call of `grpc.aio` reads and writes, and how it ends."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import grpc

from footfall_core.access.needs import NeedOf
from footfall_core.problems import InvalidRequest, PermissionDenied
from footfall_server.hosts.call import Call, Denied, Message
from footfall_server.hosts.status import StatusError

_CODES = {code.value[0]: code for code in grpc.StatusCode}


@contextmanager
def _gone_is_cancelled() -> Iterator[None]:
    """Have a client that is gone, or a server that has stopped, cancel the block: nobody can be told anything."""
    try:
        yield
    except grpc.aio.AbortError:
        raise
    except grpc.aio.BaseError as error:
        raise asyncio.CancelledError from error


class Messages(AsyncIterator[Message]):
    """The messages of a stream as they come; each is taken from the network, and let in, when it is asked for."""

    def __init__(self, need_of: NeedOf, call: Call, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        self._need_of = need_of
        self._call = call
        self._context = context

    async def __anext__(self) -> Message:
        with _gone_is_cancelled():
            message: Any = await self._context.read()
        if message is grpc.aio.EOF:
            raise StopAsyncIteration
        return self._let_in(cast("bytes", message))

    def _let_in(self, message: bytes) -> Message:
        try:
            self._call.permit.admit(self._need_of(message))
        except (PermissionDenied, InvalidRequest) as problem:
            return Denied(message, problem)
        return message


async def read_request(context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
    """Return the one request of a call that has one."""
    with _gone_is_cancelled():
        message: Any = await context.read()
    if message is grpc.aio.EOF:
        raise InvalidRequest.of("", "The call has no request.")
    return cast("bytes", message)


async def write(context: "grpc.aio.ServicerContext[bytes, bytes]", answer: bytes) -> None:
    """Send an answer; return when the network has taken it, which it does not while the client does not read."""
    with _gone_is_cancelled():
        await context.write(answer)


def let_go(error: BaseException) -> None:
    """Have the frames that an error went through freed at once, and the request with them.

    Some of them hold the error itself, `AsyncExitStack`'s for one: such rings wait for the garbage collector, which
    counts objects and not bytes, so that a thousand refused requests of 4 MiB would stay.
    """
    links: list[BaseException | None] = [error]
    while links:
        if (link := links.pop()) is not None and link.__traceback__ is not None:
            traceback.clear_frames(link.__traceback__)
            link.__traceback__ = None
            links += (link.__cause__, link.__context__)


async def abort(context: "grpc.aio.ServicerContext[bytes, bytes]", status: StatusError, call: Call) -> None:
    """End a call with a status, by raising what `grpc.aio` ends calls with."""
    with _gone_is_cancelled():
        await context.abort(_CODES[status.code], status.message, (*status.trailers, *call.trailers.items()))


def peer_address(metadata: dict[str, str], peer: str) -> str:
    """Return the client's address: the last one that the gateway put into `x-forwarded-for`, else the connection's."""
    forwarded = metadata.get("x-forwarded-for", "")
    if forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    transport, _, rest = peer.partition(":")
    return (
        rest.rsplit(":", 1)[0].strip("[]").replace("%5B", "").replace("%5D", "") if transport.startswith("ip") else ""
    )

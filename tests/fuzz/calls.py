"""Makes calls of each kind, and looks at how they end."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from footfall.v1.ingest_pb2 import StreamEventsResponse, WriteEventsResponse
from tests.fuzz.metadata import Metadata
from tests.fuzz.samples import REDRIVE_ERRORS, STREAM_ERRORS, STREAM_EVENTS, WRITE_EVENTS

NEVER = frozenset({"UNKNOWN", "INTERNAL", "UNIMPLEMENTED"})
"""What no request may bring about, however wrong it is."""

ITS_OWN = "Internal error from Core"
"""What `grpc.aio` itself says at the client if a stream ends while it writes; the server's word is in its figures."""

NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


@dataclass(frozen=True)
class Call:
    """A call that is to be made."""

    method: str
    requests: Sequence[bytes]
    """One is right, but for a stream of requests."""
    metadata: Metadata
    timeout: float | None
    cut: int | None
    """After how many answers the client breaks off a stream; None: it reads to the end, where there is one."""
    patience: float
    """Seconds in which each answer of a stream has to come before the client breaks off all the same."""


class Calls:
    """Makes calls over a channel, and counts how they end."""

    def __init__(self, channel: grpc.aio.Channel, found: Counter[tuple[str, str]]) -> None:
        self._channel = channel
        self._found = found

    async def make(self, call: Call) -> None:
        """Make a call, and wait until it has ended.

        Raises:
            AssertionError: it ended in a way that none may.
        """
        sent: Any
        given: dict[str, Any] = {"timeout": call.timeout, "metadata": call.metadata}
        if call.method in {STREAM_EVENTS, STREAM_ERRORS, REDRIVE_ERRORS} or len(call.requests) != 1:
            sent = self._channel.stream_stream(call.method)(**given)
            writing = asyncio.create_task(_write(sent, call))
            # a stream of errors has no end of itself
            await self._read(sent, call, until=call.cut or 1 if call.method == STREAM_ERRORS else call.cut)
            # when nothing more is to be read, there is nothing to write: `grpc.aio` may wait for ever for it
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        else:
            sent = self._channel.unary_unary(call.method)(call.requests[0], **given)
            if call.method == WRITE_EVENTS and await sent.code() is grpc.StatusCode.OK:
                self._found["WriteEvents event", "OK"] += WriteEventsResponse.FromString(await sent).accepted
        self._count(call, _name(call), (await sent.code()).name, await sent.details())

    async def _read(self, sent: Any, call: Call, until: int | None) -> None:
        """Read so many answers, or those that come soon, and break off; or all of them."""
        answers = 0
        while until is None or answers < until:
            reading = asyncio.ensure_future(sent.read())
            done, _ = await asyncio.wait({reading}, timeout=call.patience)
            if not done:
                sent.cancel()
            (answer,) = await asyncio.gather(reading, return_exceptions=True)
            if not isinstance(answer, bytes):
                return  # it has ended, by either side
            self._look_at(answer, call)
            answers += 1
        sent.cancel()

    def _look_at(self, answer: bytes, call: Call) -> None:
        if call.method == STREAM_EVENTS:
            refusal = StreamEventsResponse.FromString(answer).refusal
            self._count(call, "StreamEvents batch", NAMES[refusal.code], refusal.message)
        elif call.method == STREAM_ERRORS:
            self._found["StreamErrors message", "OK"] += 1

    def _count(self, call: Call, name: str, status: str, details: str) -> None:
        assert status not in NEVER or details == ITS_OWN, (status, details, call)
        self._found[name, "(the client's own)" if details == ITS_OWN else status] += 1


def _name(call: Call) -> str:
    return call.method.rpartition("/")[2]


async def _write(sent: Any, call: Call) -> None:
    """Send the requests of a stream. A client that will break off a stream of batches does not say that it is done."""
    for request in call.requests:
        await sent.write(request)
    if call.cut is None or call.method != STREAM_EVENTS:
        await sent.done_writing()

"""`StreamErrors`: a property's errors as they are recorded, and heartbeats when there are none."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError, Heartbeat, StreamErrorsRequest, StreamErrorsResponse
from footfall_core.clock import Clock, Micros
from footfall_core.errors.feed import ErrorFeed, ErrorStream
from footfall_core.problems import InvalidRequest, TryAgain
from footfall_core.properties import parse_property
from footfall_server.hosts.call import Call

_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, up to which a `Timestamp` may reach."""


@dataclass(frozen=True)
class ErrorServerSettings:
    """How the error server streams."""

    heartbeat_seconds: float = 15.0
    """Seconds without another message after which a heartbeat is sent; less than any proxy's idle time-out."""


class StreamErrors:
    """The handler of `StreamErrors`."""

    def __init__(self, feed: ErrorFeed, settings: ErrorServerSettings, clock: Clock) -> None:
        self._feed = feed
        self._settings = settings
        self._clock = clock

    async def __call__(self, request: bytes, call: Call) -> AsyncGenerator[bytes, None]:
        """Push errors and heartbeats; see `footfall.v1.ErrorService`.

        Raises:
            InvalidRequest: the property or the start is wrong.
            TooSlow: the client reads too slowly.
            TryAgain: the server drains, or the log of errors is away.
        """
        property_id, start = _parse(request)
        call.log.update(property=property_id, pushed=0)
        with closing(await self._feed.open(property_id, start)) as stream:
            async with aclosing(self._messages(stream, call)) as messages:
                async for message in messages:
                    yield message.SerializeToString()

    async def _messages(self, stream: ErrorStream, call: Call) -> AsyncGenerator[StreamErrorsResponse, None]:
        drained = asyncio.create_task(call.draining.wait())
        arriving = asyncio.create_task(stream.next())
        live = False
        pushed = 0
        try:
            while True:
                await asyncio.wait(
                    {drained, arriving},
                    timeout=self._settings.heartbeat_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if drained.done():
                    raise TryAgain("This server is about to stop; call again with the time of the last error.")
                if not arriving.done():
                    yield self._heartbeat(live=live)
                    continue
                error: EventError | None = arriving.result()
                if error is None:
                    live = True
                    yield self._heartbeat(live=live)
                else:
                    pushed += 1
                    call.log["pushed"] = pushed
                    yield StreamErrorsResponse(error=error)
                arriving = asyncio.create_task(stream.next())
        finally:
            drained.cancel()
            arriving.cancel()
            await asyncio.gather(drained, arriving, return_exceptions=True)

    def _heartbeat(self, *, live: bool) -> StreamErrorsResponse:
        heartbeat = Heartbeat(live=live)
        heartbeat.time.FromMicroseconds(self._clock.now())
        return StreamErrorsResponse(heartbeat=heartbeat)


def _parse(request: bytes) -> tuple[str, Micros | None]:
    """Return the property's id and the start, if there is one."""
    try:
        wanted = StreamErrorsRequest.FromString(request)
    except DecodeError as error:
        raise InvalidRequest.of("", "The request is not a footfall.v1.StreamErrorsRequest in protobuf.") from error
    property_id = parse_property(wanted.property)
    if not wanted.HasField("start_time"):
        return property_id, None
    start = wanted.start_time
    if not 0 <= start.seconds <= _LAST_SECOND or not 0 <= start.nanos < 1_000_000_000:
        raise InvalidRequest.of("start_time", "Allowed are the years 1970 to 9999, and 0 to 999,999,999 nanos.")
    return property_id, Micros(start.ToMicroseconds())

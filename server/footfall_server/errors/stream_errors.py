"""`StreamErrors`: a property's errors as they are recorded, and heartbeats when there are none."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError, Heartbeat, StreamErrorsRequest, StreamErrorsResponse
from footfall_core import telemetry
from footfall_core.clock import Clock
from footfall_core.errors.feed import ErrorFeed, ErrorStream, OutOfHistoryError
from footfall_core.errors.following import following_of
from footfall_core.errors.resume_token import resume_token
from footfall_core.problems import HistoryGone, InvalidRequest, TryAgain
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.call import Call


class StreamErrors:
    """The handler of `StreamErrors`."""

    def __init__(self, feed: ErrorFeed, settings: ErrorServerSettings, clock: Clock) -> None:
        self._feed = feed
        self._settings = settings
        self._clock = clock

    async def __call__(self, request: bytes, call: Call) -> AsyncGenerator[bytes, None]:
        """Push errors and heartbeats, each with the token to resume behind it; see `footfall.v1.ErrorService`.

        Raises:
            InvalidRequest: the property, the filter, the start or the token is wrong.
            HistoryGone: the token is older than the history.
            TooSlow: the client reads too slowly.
            TryAgain: the server drains, or the log of errors is away.
        """
        selection, start = following_of(_parsed(request))
        fingerprint = selection.fingerprint()
        call.log.update(property=selection.property_id, resumed=isinstance(start, tuple), pushed=0)
        try:
            with closing(await self._feed.open(selection, start)) as stream:
                async with aclosing(self._messages(stream, call)) as messages:
                    async for message in messages:
                        # nothing is awaited between the message and its token
                        message.resume_token = resume_token(stream.position, fingerprint)
                        yield message.SerializeToString()
        except OutOfHistoryError as gone:
            raise HistoryGone(
                "The resume token is older than the history that is kept: errors may have been missed. Call again "
                "with the token in the trailer footfall-earliest-resume-token.",
                earliest_resume_token=resume_token(gone.earliest, fingerprint),
            ) from gone

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
                    raise TryAgain("This server is about to stop; call again with the last resume token.")
                if not arriving.done():
                    yield self._heartbeat(live=live)
                    continue
                error: EventError | None = arriving.result()
                if error is None:
                    live = True
                    yield self._heartbeat(live=live)
                else:
                    pushed += 1
                    telemetry.ERRORS_PUSHED.inc()
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


def _parsed(request: bytes) -> StreamErrorsRequest:
    try:
        return StreamErrorsRequest.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", "The request is not a footfall.v1.StreamErrorsRequest in protobuf.") from None

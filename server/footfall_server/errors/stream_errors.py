"""`StreamErrors`: a property's errors as they are recorded, and heartbeats when there are none."""

from collections.abc import AsyncGenerator, Callable
from contextlib import closing

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import Heartbeat, LeftOutErrors, StreamErrorsRequest, StreamErrorsResponse
from footfall_core import telemetry
from footfall_core.clock import Clock
from footfall_core.errors.feed import ErrorFeed, ErrorStream, OutOfHistoryError
from footfall_core.errors.following import following_of
from footfall_core.errors.resume_token import resume_token
from footfall_core.problems import HistoryGone, InvalidRequest, TryAgain
from footfall_server.errors.pulse import Pulses
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.call import Call


class StreamErrors:
    """The handler of `StreamErrors`."""

    def __init__(
        self, feed: ErrorFeed, settings: ErrorServerSettings, clock: Clock, draw: Callable[[float, float], float]
    ) -> None:
        """Stream what a feed has; `draw` returns a random number between two."""
        self._feed = feed
        self._clock = clock
        self._pulses = Pulses(settings, draw)

    async def __call__(self, request: bytes, call: Call) -> AsyncGenerator[bytes, None]:
        """Push errors and heartbeats, each with the token to resume behind it; see `footfall.v1.ErrorService`.

        Raises:
            InvalidRequest: the property, the filter, the start or the token is wrong.
            HistoryGone: the token is older than the history.
            TooSlow: the client reads too slowly.
            TryAgain: the server drains, or the log of errors is away.
        """
        wanted = following_of(_parsed(request))
        selection, start = wanted.selection, wanted.start
        fingerprint = selection.fingerprint()
        call.log.update(property=selection.property_id, resumed=isinstance(start, tuple), pushed=0)
        try:
            with (
                closing(await self._feed.open(selection, start, every_error=wanted.every_error)) as stream,
                self._pulses.of(call.draining) as pulse,
            ):
                stream.tell(pulse.look_soon)
                live = False
                while not pulse.ends:
                    error = None
                    if in_time := await pulse.next_before_a_beat(stream):
                        (error,) = in_time
                        live = live or error is None
                    # nothing is awaited from here to the message, so that its token and its counts belong together
                    token = resume_token(stream.position, fingerprint)
                    added = _behind(stream, call, token)
                    if error is not None:
                        telemetry.ERRORS_PUSHED.inc()
                        call.log["pushed"] += 1  # type: ignore[operator]  # a number, from above
                        pulse.told()
                        yield error.message + added.SerializeToString()
                    elif in_time or added.left_out or pulse.ends or pulse.is_due():
                        pulse.told()
                        added.heartbeat.CopyFrom(self._heartbeat(live=live))
                        yield added.SerializeToString()
        except OutOfHistoryError as gone:
            raise HistoryGone(
                "The resume token is older than the history that is kept: errors may have been missed. Call again "
                "with the token in the trailer footfall-earliest-resume-token.",
                earliest_resume_token=resume_token(gone.earliest, fingerprint),
            ) from gone
        raise TryAgain("This server is about to stop; call again with the last resume token.")

    def _heartbeat(self, *, live: bool) -> Heartbeat:
        heartbeat = Heartbeat(live=live)
        heartbeat.time.FromMicroseconds(self._clock.now())
        return heartbeat


def _behind(stream: ErrorStream, call: Call, token: str) -> StreamErrorsResponse:
    """Return what a message has beside its error or heartbeat."""
    added = StreamErrorsResponse(resume_token=token)
    for (stage, code), count in stream.left_out().counts():
        added.left_out.append(LeftOutErrors(stage=stage, code=code, count=count))  # type: ignore[arg-type]  # numbers
        telemetry.ERRORS_LEFT_OUT.inc(count)
        call.log["left_out"] = call.log.get("left_out", 0) + count  # type: ignore[operator]
    return added


def _parsed(request: bytes) -> StreamErrorsRequest:
    try:
        return StreamErrorsRequest.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", "The request is not a footfall.v1.StreamErrorsRequest in protobuf.") from None

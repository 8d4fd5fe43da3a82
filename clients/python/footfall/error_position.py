"""Where a follower of errors is, and how it goes on from there. No I/O, so that it serves threads and asyncio alike."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from footfall.left_out import LeftOutTally
from footfall.names import codes_of, stages_of
from footfall.v1.errors_pb2 import ErrorFilter, EventError, StreamErrorsRequest, StreamErrorsResponse

OVERLAP = timedelta(seconds=30)
"""How far a new stream reaches back if the server sends no tokens: errors of several partitions don't arrive in the
order of their times."""
REMEMBERED = 10_000
"""Error ids that are remembered, so that none is handed over twice: the server delivers at least once."""


def error_filter(stages: Iterable[str], codes: Iterable[str], writer_id: str) -> ErrorFilter:
    """Return which errors are wanted.

    Raises:
        TypeError: one string where a list belongs.
        ValueError: there is no such stage or code.
    """
    return ErrorFilter(stages=stages_of(stages), codes=codes_of(codes), writer_id=writer_id)


class ErrorPosition:
    """Begins where it is told to, and moves with each message."""

    def __init__(
        self,
        property_id: str,
        since: datetime | None,
        resume_token: str,
        wanted: ErrorFilter,
        *,
        every_error: bool,
        left_out: LeftOutTally,
    ) -> None:
        """Begin.

        Args:
            property_id: whose errors.
            since: an aware datetime; None means from now on.
            resume_token: begins behind this token instead.
            wanted: which errors.
            every_error: whether each is pushed also in a storm.
            left_out: is told of what was not pushed.

        Raises:
            ValueError: both are given, or the time has no zone.
        """
        if since is not None and resume_token:
            raise ValueError("since and resume_token are both given; a token says by itself where it begins")
        if since is not None and since.utcoffset() is None:
            raise ValueError("since has no time zone; use an aware datetime")
        self.resume_token = resume_token
        """Behind the newest message; empty if there was none yet."""
        self._property = f"properties/{property_id}"
        self._wanted = wanted
        self._every_error = every_error
        self.left_out = left_out
        """What was counted and not pushed so far."""
        self._since = since
        self._reached = since
        self._overlap = timedelta(0)
        self._seen: OrderedDict[str, None] = OrderedDict()

    def request(self) -> StreamErrorsRequest:
        """Return the request of the next stream."""
        request = StreamErrorsRequest(
            property=self._property,
            filter=self._wanted,
            resume_token=self.resume_token,
            every_error=self._every_error,
        )
        if not self.resume_token and self._reached is not None:
            start = self._reached - self._overlap
            request.start_time.FromDatetime(start if self._since is None else max(self._since, start))
        return request

    def is_moved_by(self, message: StreamErrorsResponse) -> bool:
        """Return whether a message that is not taken yet brings the caller on; a mere sign of life does not."""
        return (
            message.WhichOneof("message") == "error"
            or message.heartbeat.live
            or bool(message.left_out)
            or message.resume_token not in {"", self.resume_token}
        )

    def take(self, message: StreamErrorsResponse) -> EventError | None:
        """Move behind a message; return its error if it wasn't told before."""
        self.resume_token = message.resume_token or self.resume_token
        self.left_out.take(message)
        if message.WhichOneof("message") == "error":
            self._reach(message.error.time.ToDatetime(tzinfo=UTC))
            return message.error if self._is_new(message.error.error_id) else None
        if message.heartbeat.live:  # otherwise what lies before its time has not been pushed yet
            self._reach(message.heartbeat.time.ToDatetime(tzinfo=UTC))
        return None

    def _reach(self, instant: datetime) -> None:
        if self._reached is None or instant > self._reached:
            self._reached = instant
            self._overlap = OVERLAP

    def _is_new(self, error_id: str) -> bool:
        if error_id in self._seen:
            return False
        self._seen[error_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True


def is_live(message: StreamErrorsResponse) -> bool:
    """Return whether a message says that the stream has caught up."""
    return message.WhichOneof("message") == "heartbeat" and message.heartbeat.live

"""Follows the errors of a property across lost connections."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc

from footfall.failures import FootfallError, GivenUpError
from footfall.retry import RetryPolicy, given_up, pause_before_retry, refused
from footfall.v1.errors_pb2 import EventError, StreamErrorsRequest, StreamErrorsResponse
from footfall.v1.errors_pb2_grpc import ErrorServiceStub

OVERLAP = timedelta(seconds=30)
"""How far a new stream reaches back: errors of several partitions don't arrive in the order of their times."""
REMEMBERED = 10_000
"""Error ids that are remembered, so that the overlap isn't told twice."""


class ErrorStream:
    """Errors from an instant on. Each is told once, as far as the last 10,000 go."""

    def __init__(
        self,
        channel: grpc.Channel,
        property_id: str,
        since: datetime | None,
        *,
        follow: bool = True,
        silence_seconds: float = 60.0,
        retries: RetryPolicy | None = None,
        pause: Callable[[float], object] = time.sleep,
        on_reconnect: Callable[[FootfallError], None] | None = None,
    ) -> None:
        """Open nothing yet; see `Client.errors` for the arguments."""
        if since is not None and since.utcoffset() is None:
            raise ValueError("since has no time zone; use an aware datetime")
        # the generated stubs carry no types
        self._open = ErrorServiceStub(channel).StreamErrors  # type: ignore[no-untyped-call]
        self._property = f"properties/{property_id}"
        self._since = since
        self._position = since
        self._overlap = timedelta(0)
        self._follow = follow
        self._silence_seconds = silence_seconds
        self._retries = retries or RetryPolicy()
        self._pause = pause
        self._on_reconnect = on_reconnect
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._heard = time.monotonic()

    def __iter__(self) -> Iterator[EventError]:
        """Yield errors, reconnecting for as long as the policy has patience.

        Raises:
            RefusedError: the server refuses the stream.
            GivenUpError: it could not be reached, or never caught up.
        """
        attempts = 0
        self._heard = time.monotonic()
        while True:
            before = self._heard
            failure: grpc.RpcError | None = None
            try:
                for message in self._one_stream():
                    if message.WhichOneof("message") == "error":
                        if self._is_new(message.error):
                            yield message.error
                    elif message.heartbeat.live and not self._follow:
                        return
            except grpc.RpcError as error:
                failure = error
            attempts = 1 if self._heard > before else attempts + 1
            if not self._wait_before_reconnect(failure, attempts):
                return

    def _one_stream(self) -> Iterator[StreamErrorsResponse]:
        request = StreamErrorsRequest(property=self._property)
        if self._position is not None:
            start = self._position - self._overlap
            request.start_time.FromDatetime(start if self._since is None else max(self._since, start))
        call = self._open(request)
        with _Watch(call.cancel, self._silence_seconds) as watch:
            try:
                for message in call:
                    # while catching up, a heartbeat that isn't live is no progress
                    if self._follow or message.WhichOneof("message") == "error" or message.heartbeat.live:
                        watch.heard()
                        self._heard = time.monotonic()
                    self._advance(message)
                    yield message
            except grpc.RpcError as error:
                if watch.cancelled and not self._follow:
                    sentence = f"The error server didn't catch up; nothing came for {self._silence_seconds:.0f} s."
                    raise GivenUpError("DEADLINE_EXCEEDED", sentence) from error
                raise
            finally:
                call.cancel()

    def _advance(self, message: StreamErrorsResponse) -> None:
        stamp = message.error.time if message.WhichOneof("message") == "error" else message.heartbeat.time
        if message.WhichOneof("message") == "heartbeat" and not message.heartbeat.live:
            return  # what lies before its time has not been pushed yet
        reached = stamp.ToDatetime(tzinfo=UTC)
        if self._position is None or reached > self._position:
            self._position = reached
            self._overlap = OVERLAP

    def _is_new(self, error: EventError) -> bool:
        if error.error_id in self._seen:
            return False
        self._seen[error.error_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _wait_before_reconnect(self, failure: Any, attempts: int) -> bool:
        """Wait, and return whether to connect again; raises if that is no use."""
        wait = self._retries.first_delay_seconds
        if failure is not None:
            too_slow = failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            pause = pause_before_retry(failure, attempts, self._retries)
            if pause is None and not too_slow:
                raise refused(failure, attempts) from failure
            wait = pause if pause is not None else wait
            if time.monotonic() + wait - self._heard > self._retries.give_up_after_seconds:
                raise given_up(failure, attempts) from failure
            if self._on_reconnect is not None:
                self._on_reconnect(given_up(failure, attempts))
        return self._pause(wait) is not True


class _Watch:
    """Cancels a call on which nothing was heard for too long: only a message proves that the far end is alive."""

    def __init__(self, cancel: Callable[[], object], silence_seconds: float) -> None:
        self._cancel = cancel
        self._silence = silence_seconds
        self._last = time.monotonic()
        self._done = threading.Event()
        self.cancelled = False
        self._thread = threading.Thread(target=self._run, name="footfall-errors", daemon=True)

    def heard(self) -> None:
        """Say that something came."""
        self._last = time.monotonic()

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def _run(self) -> None:
        while not self._done.wait(max(0.01, self._last + self._silence - time.monotonic())):
            if time.monotonic() - self._last >= self._silence:
                self.cancelled = True
                self._cancel()
                return

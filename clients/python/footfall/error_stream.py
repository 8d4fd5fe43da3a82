"""Follows the errors of a property across lost connections."""

import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, Self
from weakref import WeakMethod

import grpc

from footfall.error_position import ErrorPosition, is_live
from footfall.reconnecting import Reconnecting
from footfall.retry import Setback
from footfall.v1.errors_pb2 import EventError
from footfall.watch import Watch


def _as_long_as_wanted(seconds_left: Callable[[], float]) -> Callable[[], float]:
    """Return the same for a watch, which must not keep alive a stream that its user has let go of half-way."""
    there = WeakMethod(seconds_left)

    def ask() -> float:
        method = there()
        return method() if method else 0.0

    return ask


class ErrorStream:
    """An iterator over errors, each handed over once; see `Client.errors`. Meant for one thread.

    for error in (stream := client.errors(resume_token=bookmark.read())):
        handle(error)
        bookmark.write(stream.resume_token)
    """

    def __init__(
        self,
        open_stream: Any,
        position: ErrorPosition,
        reconnecting: Reconnecting,
        *,
        follow: bool,
        pause: Callable[[float], object],
    ) -> None:
        """Open nothing yet.

        Args:
            open_stream: the stub's method.
            position: where to begin.
            reconnecting: what to do when a stream ends.
            follow: False ends when all errors recorded until now have been told.
            pause: waits between streams; True from it ends the iteration.
        """
        self._open = open_stream
        self._position = position
        self._reconnecting = reconnecting
        self._follow = follow
        self._pause = pause
        self._errors = self._run()
        self._resume_token = position.resume_token
        self._handing_over = False

    @property
    def resume_token(self) -> str:
        """Resumes behind the error handed over last, so keep it when that error is dealt with; empty before the first.

        It moves on with heartbeats, while the next error is waited for. Valid for the same property and filter.
        """
        return self._resume_token

    @property
    def left_out(self) -> Mapping[tuple[str, str], int]:
        """How many errors of each stage and code were counted in place of being told, because there are too many."""
        return self._position.left_out.totals

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> EventError:
        return next(self._errors)

    def close(self) -> None:
        """End the stream; the iterator is exhausted."""
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> Generator[EventError]:
        while True:
            setback: Setback | None = None
            self._reconnecting.began(time.monotonic())
            call = self._open(self._position.request())
            with Watch(call.cancel, _as_long_as_wanted(self._seconds_until_silent)) as watch:
                try:
                    for message in call:
                        if self._follow or self._position.is_moved_by(message):
                            self._reconnecting.heard(time.monotonic())
                        error = self._position.take(message)
                        self._resume_token = self._position.resume_token
                        if error is not None:
                            self._handing_over = True
                            yield error
                            self._reconnecting.heard(time.monotonic())
                            self._handing_over = False
                        if is_live(message) and not self._follow:
                            return
                except grpc.RpcError as failure:
                    setback = Setback.of(failure)
                finally:
                    call.cancel()
            if not self._go_on(setback, silent=watch.cancelled):
                return

    def _go_on(self, setback: Setback | None, *, silent: bool) -> bool:
        """Wait until the next stream is due; return False if there shall be none."""
        pause, token = self._reconnecting.after(setback, time.monotonic(), silent=silent)
        if token:
            self._position.resume_token = self._resume_token = token
        return self._pause(pause) is not True

    def _seconds_until_silent(self) -> float:
        # whoever takes his time over an error is not the server's silence
        now = time.monotonic()
        return self._reconnecting.seconds_until_silent(now) or (0.1 if self._handing_over else 0.0)

"""Follows the errors of a property across lost connections; for asyncio."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any, Self

import grpc

from footfall.aio.reading import CallCancelledError, read
from footfall.error_position import ErrorPosition, is_live
from footfall.reconnecting import Reconnecting
from footfall.retry import Setback
from footfall.v1.errors_pb2 import EventError, StreamErrorsResponse


class ErrorStream:
    """An asynchronous iterator over errors, each handed over once; see `Client.errors`. Meant for one task.

    async for error in (stream := client.errors(resume_token=bookmark.read())):
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
        closed: asyncio.Event,
    ) -> None:
        """Open nothing yet.

        Args:
            open_stream: the stub's method.
            position: where to begin.
            reconnecting: what to do when a stream ends.
            follow: False ends when all errors recorded until now have been told.
            closed: set when the client is closed, which ends the iteration.
        """
        self._open = open_stream
        self._position = position
        self._reconnecting = reconnecting
        self._follow = follow
        self._closed = closed
        self._errors = self._run()

    @property
    def resume_token(self) -> str:
        """Resumes behind the error handed over last, so keep it when that error is dealt with; empty before the first.

        It moves on with heartbeats, while the next error is waited for. Valid for the same property and filter.
        """
        return self._position.resume_token

    @property
    def left_out(self) -> Mapping[tuple[str, str], int]:
        """How many errors of each stage and code were counted in place of being told, because there are too many."""
        return self._position.left_out.totals

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EventError:
        return await anext(self._errors)

    async def aclose(self) -> None:
        """End the stream; the iterator is exhausted."""
        await self._errors.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _run(self) -> AsyncGenerator[EventError]:
        while not self._closed.is_set():
            setback: Setback | None = None
            silent = False
            self._reconnecting.began(time.monotonic())
            call = self._open(self._position.request())
            try:
                while (message := await self._read(call)) is not None:
                    if self._follow or self._position.is_moved_by(message):
                        self._reconnecting.heard(time.monotonic())
                    error = self._position.take(message)
                    if error is not None:
                        yield error
                        # whoever takes his time over an error is not the server's silence
                        self._reconnecting.heard(time.monotonic())
                    if is_live(message) and not self._follow:
                        return
            except grpc.RpcError as failure:
                setback = Setback.of(failure)
            except CallCancelledError:
                setback = Setback(grpc.StatusCode.CANCELLED, "The stream was cancelled.")
            except TimeoutError:
                silent = True
                setback = Setback(grpc.StatusCode.CANCELLED, "The stream was silent.")
            finally:
                call.cancel()
            if self._closed.is_set():
                return
            pause, token = self._reconnecting.after(setback, time.monotonic(), silent=silent)
            self._position.resume_token = token or self._position.resume_token
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), pause)

    async def _read(self, call: Any) -> StreamErrorsResponse | None:
        """Return the next message; None if the server ended the stream.

        Raises:
            grpc.RpcError: the stream failed.
            CallCancelledError: it was cancelled.
            TimeoutError: it is silent.
        """
        async with asyncio.timeout(self._reconnecting.seconds_until_silent(time.monotonic())):
            message: StreamErrorsResponse | None = await read(call)
        return message

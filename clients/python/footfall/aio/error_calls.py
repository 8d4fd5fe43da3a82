"""Errors, as a client follows, lists, looks up and redrives them; for asyncio."""

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any, Unpack

import grpc

from footfall.aio.asking import Asking
from footfall.aio.error_stream import ErrorStream
from footfall.aio.reading import CallCancelledError, read
from footfall.error_list import AsyncErrorList, ErrorWithPayload, ListOptions, get_request, list_request, read_error
from footfall.following import FollowOptions, begin_following
from footfall.redrive import ENDED, Redrive, RedriveOptions, redrive_request
from footfall.retry import Setback
from footfall.v1.errors_pb2 import RedriveErrorsResponse


class ErrorCalls(Asking):
    """The part of a client that reads errors, and redrives them."""

    def errors(self, since: datetime | None = None, **options: Unpack[FollowOptions]) -> ErrorStream:
        """Return an iterator over the property's errors as they are recorded, each once.

        It goes on through lost connections until the client is closed. Its `resume_token` begins a later one behind
        the error handed over last.

        Args:
            since: an aware datetime; None means from now on.
            **options: `resume_token`, `stages`, `codes`, `writer_id`, `follow`, `every_error`, `silence_seconds`,
                `on_gap`, `on_reconnect`, `on_left_out`: see `footfall.following.FollowOptions`.

        Raises:
            HistoryLostError: a token is older than the history, and there is no `on_gap`, while iterating.
            RefusedError: the server refuses the stream, while iterating.
            GivenUpError: the server could not be reached for the policy's time, while iterating.
            TypeError: one string where a list belongs, or there is no such option.
            ValueError: the time has no zone, a token is given too, or there is no such stage or code.
            RuntimeError: the client is closed.
        """
        self._check_open()
        position, reconnecting, follow = begin_following(
            self._property_id, self._retries, since, time.monotonic(), **options
        )
        return ErrorStream(self._errors.StreamErrors, position, reconnecting, follow=follow, closed=self._closed)

    async def list_errors(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        timeout: float = 30.0,
        **options: Unpack[ListOptions],
    ) -> AsyncErrorList:
        """Count the property's errors by hour, stage and code, and list them, newest first.

        The counts are there at once; an iteration asks for further pages as it comes to them.

        Args:
            start: the first instant, an aware datetime; None means 24 hours before the end.
            end: the instant after the last; None means now.
            timeout: seconds a page.
            **options: `stages`, `codes`, `writer_id`, `page_size`: see `footfall.error_list.ListOptions`.

        Raises:
            RefusedError: the server refuses the list.
            GivenUpError: a page could not be had in time.
            TypeError: one string where a list belongs, or there is no such option.
            ValueError: a time has no zone, or there is no such stage or code.
            RuntimeError: the client is closed.
        """
        request = list_request(self._property_id, start, end, **options)

        async def ask(request: Any) -> Any:
            return await self._ask(self._errors.ListErrors, request, timeout)

        return AsyncErrorList(request, await ask(request), ask)

    async def get_error(self, error_id: str, *, timeout: float = 30.0) -> ErrorWithPayload:
        """Return one error with what was sent.

        Raises:
            RefusedError: there is no such error (`NOT_FOUND`), or it is older than 30 days.
            GivenUpError: it could not be had within `timeout` seconds.
            RuntimeError: the client is closed.
        """
        return read_error(await self._ask(self._errors.GetError, get_request(self._property_id, error_id), timeout))

    def redrive_errors(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        validate_only: bool = False,
        **options: Unpack[RedriveOptions],
    ) -> AsyncGenerator[RedriveErrorsResponse]:
        """Bring refused events back, as they were or repaired; each counts once, however often it is redriven.

        An iteration does it, and says about every 500 errors how far it is, as counts over all of it. It goes on
        through lost connections. One that was broken off is begun anew: what was brought back is passed over.

        Args:
            start: the first instant, an aware datetime; None means 24 hours before the end.
            end: the instant after the last; None means now.
            validate_only: stores nothing, and says what would become of the errors.
            **options: `stages`, `codes`, `writer_id`, `error_ids`, `repairs`: see `footfall.redrive.RedriveOptions`.

        Raises:
            RefusedError: the server refuses it, while iterating.
            GivenUpError: the server could not be reached for the policy's time, while iterating.
            TypeError: one string where a list belongs, or there is no such option.
            ValueError: a time has no zone, or there is no such stage or code.
            RuntimeError: the client is closed.
        """
        self._check_open()
        request = redrive_request(self._property_id, start, end, validate_only=validate_only, **options)
        return self._redrive(Redrive(request, self._retries, time.monotonic()))

    async def _redrive(self, redrive: Redrive) -> AsyncGenerator[RedriveErrorsResponse]:
        while True:
            call = self._errors.RedriveErrors(redrive.begin(time.monotonic()))
            try:
                while (message := await read(call)) is not None:
                    yield redrive.take(message, time.monotonic())
                    if redrive.done:
                        return
                setback = ENDED
            except grpc.RpcError as error:
                setback = Setback.of(error)
            except CallCancelledError:
                setback = ENDED
            finally:
                call.cancel()
            pause = redrive.pause_after(setback, time.monotonic())
            try:
                async with asyncio.timeout(pause):
                    await self._closed.wait()
            except TimeoutError:
                continue
            raise setback.given_up()

"""Errors, as a client follows, lists and looks them up; for asyncio."""

import time
from datetime import datetime
from typing import Any, Unpack

from footfall.aio.asking import Asking
from footfall.aio.error_stream import ErrorStream
from footfall.error_list import AsyncErrorList, ErrorWithPayload, ListOptions, get_request, list_request, read_error
from footfall.following import FollowOptions, begin_following


class ErrorCalls(Asking):
    """The part of a client that reads errors."""

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

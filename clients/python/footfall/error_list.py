"""Errors counted and listed, and one error with its payload."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from footfall.error_position import error_filter
from footfall.names import code_name, stage_name
from footfall.v1.errors_pb2 import (
    EventError,
    GetErrorRequest,
    GetErrorResponse,
    ListErrorsRequest,
    ListErrorsResponse,
)
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How many errors of a kind there are in an hour."""

    hour: datetime
    """Its begin, UTC."""
    stage: str
    """Which stage found them, for example `VALIDATION`."""
    code: str
    """Kind of mistake, for example `NAME_INVALID`."""
    count: int


@dataclass(frozen=True, slots=True)
class ErrorWithPayload:
    """One error, and what was sent."""

    error: EventError
    event: Event | None
    """The event, if the error is about one event."""
    batch: WriteEventsRequest | None
    """The batch, if the error is about the whole of it."""
    payload_missing: str
    """One sentence on why there is no payload; empty if there is."""


class ListOptions(TypedDict, total=False):
    """Which errors to count and list."""

    stages: Iterable[str]
    """Only errors found by these, for example `VALIDATION`; empty means all."""
    codes: Iterable[str]
    """Only errors of these kinds, for example `NAME_INVALID`; empty means all."""
    writer_id: str
    """Only errors of this writer; empty means all."""
    page_size: int
    """Errors a page, at most 1,000; 0, the default, means 100."""


def list_request(
    property_id: str,
    start: datetime | None,
    end: datetime | None,
    *,
    stages: Iterable[str] = (),
    codes: Iterable[str] = (),
    writer_id: str = "",
    page_size: int = 0,
) -> ListErrorsRequest:
    """Return the request of the first page; see `Client.list_errors` and `ListOptions` for the arguments.

    Raises:
        TypeError: one string where a list belongs, or there is no such option.
        ValueError: a time has no zone, or there is no such stage or code.
    """
    request = ListErrorsRequest(
        property=f"properties/{property_id}", filter=error_filter(stages, codes, writer_id), page_size=page_size
    )
    for argument, instant, field in (("start", start, request.start_time), ("end", end, request.end_time)):
        if instant is not None:
            if instant.utcoffset() is None:
                raise ValueError(f"{argument} has no time zone; use an aware datetime")
            field.FromDatetime(instant)
    return request


def get_request(property_id: str, error_id: str) -> GetErrorRequest:
    """Return the request of one error."""
    return GetErrorRequest(property=f"properties/{property_id}", error_id=error_id)


def read_error(answer: GetErrorResponse) -> ErrorWithPayload:
    """Return one error with its payload."""
    payload = answer.WhichOneof("payload")
    return ErrorWithPayload(
        error=answer.error,
        event=answer.event if payload == "event" else None,
        batch=answer.batch if payload == "batch" else None,
        payload_missing=answer.payload_missing,
    )


class _Counted:
    """The first page, and what it says of all."""

    def __init__(self, request: ListErrorsRequest, first: ListErrorsResponse) -> None:
        self._request = request
        self._first = first
        self.total_count: int = first.total_count
        """How many there are over all pages."""
        self.counts: tuple[ErrorCount, ...] = tuple(
            ErrorCount(c.hour.ToDatetime(tzinfo=UTC), stage_name(c.stage), code_name(c.code), c.count)
            for c in first.counts
        )
        """How many there are by hour, stage and code, over all pages."""

    def _next(self, page: ListErrorsResponse) -> ListErrorsRequest:
        request = ListErrorsRequest()
        request.CopyFrom(self._request)
        request.page_token = page.next_page_token
        return request


class ErrorList(_Counted):
    """A property's errors, newest first. Further pages are asked for when an iteration comes to them."""

    def __init__(
        self,
        request: ListErrorsRequest,
        first: ListErrorsResponse,
        ask: Callable[[ListErrorsRequest], ListErrorsResponse],
    ) -> None:
        """Begin with the first page; `ask` brings the others."""
        super().__init__(request, first)
        self._ask = ask

    def __iter__(self) -> Iterator[EventError]:
        page = self._first
        yield from page.errors
        while page.next_page_token:
            page = self._ask(self._next(page))
            yield from page.errors


class AsyncErrorList(_Counted):
    """The same for asyncio: `async for error in await client.list_errors()`."""

    def __init__(
        self,
        request: ListErrorsRequest,
        first: ListErrorsResponse,
        ask: Callable[[ListErrorsRequest], Awaitable[ListErrorsResponse]],
    ) -> None:
        """Begin with the first page; `ask` brings the others."""
        super().__init__(request, first)
        self._ask = ask

    async def __aiter__(self) -> AsyncIterator[EventError]:
        page = self._first
        for error in page.errors:
            yield error
        while page.next_page_token:
            page = await self._ask(self._next(page))
            for error in page.errors:
                yield error

"""Asks the servers of one property; for asyncio."""

import asyncio
from dataclasses import replace
from typing import Any

import grpc.aio

from footfall.aio.retries import call_with_retries
from footfall.retry import RetryPolicy
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.query_pb2_grpc import QueryServiceStub


class Asking:
    """What calls that change nothing share; see `footfall.asking.Asking`."""

    def __init__(self, channel: grpc.aio.Channel, property_id: str, retries: RetryPolicy) -> None:
        """Ask nothing yet."""
        # the generated stubs carry no types
        self._queries = QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        self._errors = ErrorServiceStub(channel)  # type: ignore[no-untyped-call]
        self._property_id = property_id
        self._retries = retries
        self._closed = asyncio.Event()
        """Set when nobody wants answers any more."""

    async def _ask(self, method: Any, request: Any, timeout: float) -> Any:
        """Call a method that changes nothing; its type is the stub's, which is none."""
        self._check_open()
        policy = replace(self._retries, give_up_after_seconds=timeout, attempt_seconds=timeout)
        return await call_with_retries(lambda seconds: method(request, timeout=seconds), policy)

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise RuntimeError("the client is closed")

"""Asks the servers of one property."""

import os
import threading
from dataclasses import replace
from typing import Any

import grpc

from footfall.retry import RetryPolicy, call_with_retries
from footfall.v1.errors_pb2_grpc import ErrorServiceStub
from footfall.v1.query_pb2_grpc import QueryServiceStub


class Asking:
    """What calls that change nothing share: they are tried again without care, until nobody wants answers."""

    def __init__(self, channel: grpc.Channel, property_id: str, retries: RetryPolicy) -> None:
        """Ask nothing yet.

        Args:
            channel: the caller closes it.
            property_id: whose reports and errors.
            retries: the pauses between attempts; how long all of them may take is each call's own.
        """
        # the generated stubs carry no types
        self._queries = QueryServiceStub(channel)  # type: ignore[no-untyped-call]
        self._errors = ErrorServiceStub(channel)  # type: ignore[no-untyped-call]
        self._property_id = property_id
        self._retries = retries
        self._closed = threading.Event()
        """Set when nobody wants answers any more."""
        self._process = os.getpid()

    def _ask(self, method: Any, request: Any, timeout: float) -> Any:
        """Call a method that changes nothing; its type is the stub's, which is none."""
        self._check_open()
        policy = replace(self._retries, give_up_after_seconds=timeout, attempt_seconds=timeout)
        answer, _ = call_with_retries(lambda seconds: method(request, timeout=seconds), policy, pause=self._closed.wait)
        return answer

    def _check_open(self) -> None:
        self._check_process()
        if self._closed.is_set():
            raise RuntimeError("the client is closed")

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError("the client was made before a fork, in the parent process; make one in this process")

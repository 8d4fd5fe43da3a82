"""How commands call `AdminService`, and how what it answers is shown."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table

from footfall.failures import FootfallError
from footfall.retry import RetryPolicy, Setback, call_with_retries
from footfall.v1.admin_pb2_grpc import AdminServiceStub
from footfall_cli.endpoint import find_endpoint, open_keyed_channel
from footfall_cli.terminal import failure_of

SECONDS = 10.0
"""How long a call is tried for."""
PAGE = 1_000

Ask = Callable[[str, Message], Any]
"""Calls a method by name."""


@contextmanager
def administration(endpoint: str | None, seconds: float = SECONDS) -> Iterator[Ask]:
    """Yield what calls the methods of `AdminService`; what goes wrong ends the command.

    Args:
        endpoint: where; None: as `find_endpoint` finds it.
        seconds: how long a call is tried for.

    Raises:
        Failure: a call was refused, or nobody answers.
    """
    address = find_endpoint(endpoint)
    policy = RetryPolicy(give_up_after_seconds=seconds, attempt_seconds=seconds)
    with closing(open_keyed_channel(address)) as channel:
        stub = AdminServiceStub(channel)  # type: ignore[no-untyped-call]  # the generated stubs carry no types

        def ask(method: str, request: Message) -> Any:
            call = getattr(stub, method)

            def attempt(seconds: float) -> Any:
                try:
                    return call(request, timeout=seconds)
                except grpc.RpcError as error:
                    if error.code() is grpc.StatusCode.ABORTED:  # somebody else was first, and stays that
                        raise Setback.of(error).refused() from error
                    raise

            answer, _ = call_with_retries(attempt, policy)
            return answer

        try:
            yield ask
        except FootfallError as error:
            raise failure_of(error, address) from None


def pages(ask: Ask, method: str, request: Any, of: str) -> Iterator[Any]:
    """Yield what stands in all pages of a list."""
    request.page_size = PAGE
    while True:
        page = ask(method, request)
        yield from getattr(page, of)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def show(table: Table) -> None:
    """Write a table; to a file or a pipe, which have no width to fit in, with every cell whole."""
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=100_000)).print(table)


def fields_of(message: Message) -> dict[str, Any]:
    """Return a message by the contract's names, as programs read it."""
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return found


def shown_time(message: Message, field: str) -> str:
    """Return an instant as people read it; nothing if it is not set."""
    stamp: Timestamp = getattr(message, field)
    return f"{stamp.ToDatetime(tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}" if message.HasField(field) else ""


def word(enum: Any, number: int) -> str:
    """Return the last word of an enum's value in lower case: `active` of `KEY_STATE_ACTIVE`."""
    return str(enum.Name(number)).rsplit("_", 1)[1].lower()

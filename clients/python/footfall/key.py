"""The key that every call is sent with. It is never logged, and no `repr` shows it."""

import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import grpc

VARIABLE = "FOOTFALL_KEY"
"""Holds the key of a program that names none."""

_KEY = re.compile(r"[\x21-\x7e]+")


def find_key(key: str | None) -> str:
    """Return a key, or that of the environment if it is None; empty if there is none.

    Raises:
        ValueError: it cannot be one.
    """
    found = (os.environ.get(VARIABLE, "") if key is None else key).strip()
    if found and _KEY.fullmatch(found) is None:
        # what it was stays unsaid: it may be one, with something else around it
        raise ValueError("the key holds blanks, line breaks or characters beyond ASCII; no key of Footfall does")
    return found


def metadata_of(key: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata of a call with a key; empty for the empty key."""
    return (("authorization", f"Bearer {key}"),) if key else ()


def keyed(channel: grpc.Channel, key: str) -> grpc.Channel:
    """Return a channel whose calls are all sent with a key."""
    return grpc.intercept_channel(channel, _WithKey(key)) if key else channel


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: Any
    compression: Any


class _WithKey(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds the key to the metadata. gRPC's own credentials for calls are refused on channels of plain text."""

    def __init__(self, key: str) -> None:
        self._metadata = metadata_of(key)

    def _call(self, go_on: Callable[[Any, Any], Any], call: Any, request: Any) -> Any:
        metadata = (*(call.metadata or ()), *self._metadata)
        # only what gRPC's own calls have is taken along: `compression` is not in the type of details
        compression = getattr(call, "compression", None)
        details = _Details(call.method, call.timeout, metadata, call.credentials, call.wait_for_ready, compression)
        return go_on(details, request)

    # one for all four: what differs between them is the continuation's to know
    intercept_unary_unary = _call  # type: ignore[assignment]
    intercept_unary_stream = _call  # type: ignore[assignment]
    intercept_stream_unary = _call  # type: ignore[assignment]
    intercept_stream_stream = _call  # type: ignore[assignment]

"""The key that every call is sent with. It is never logged, and no `repr` shows it."""

import os
import re
from typing import Any

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
    return _Keyed(channel, key) if key else channel


class _Call:
    """One method, called with the key in its metadata."""

    def __init__(self, call: Any, metadata: tuple[tuple[str, str], ...]) -> None:
        self._call = call
        self._metadata = metadata

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._call(request, timeout, (*(metadata or ()), *self._metadata), **more)

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._call.with_call(request, timeout, (*(metadata or ()), *self._metadata), **more)

    def future(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._call.future(request, timeout, (*(metadata or ()), *self._metadata), **more)


class _Keyed(grpc.Channel):
    """Adds the key to the metadata of each call.

    gRPC's own credentials for calls are refused on channels of plain text. Its interceptors look a method up anew at
    each call, which on a channel that is being closed crashes the process (1.85).
    """

    def __init__(self, channel: grpc.Channel, key: str) -> None:
        self._channel = channel
        self._metadata = metadata_of(key)

    def unary_unary(self, *arguments: Any, **more: Any) -> Any:
        return _Call(self._channel.unary_unary(*arguments, **more), self._metadata)

    def unary_stream(self, *arguments: Any, **more: Any) -> Any:
        return _Call(self._channel.unary_stream(*arguments, **more), self._metadata)

    def stream_unary(self, *arguments: Any, **more: Any) -> Any:
        return _Call(self._channel.stream_unary(*arguments, **more), self._metadata)

    def stream_stream(self, *arguments: Any, **more: Any) -> Any:
        return _Call(self._channel.stream_stream(*arguments, **more), self._metadata)

    def subscribe(self, callback: Any, try_to_connect: bool = False) -> None:
        self._channel.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Any) -> None:
        self._channel.unsubscribe(callback)

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> "_Keyed":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

"""Asking again what was away for a moment, as every client does."""

import time
from collections.abc import Callable
from typing import TypeVar

import grpc

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.5


def again(call: Callable[[], T]) -> T:
    """Return what a call answers, made again while its status is UNAVAILABLE.

    For tests of something else than that: a machine that stands still for a second makes its parts give each other up.

    Raises:
        grpc.RpcError: another status, or a minute over.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > give_up:  # type: ignore[attr-defined]
                raise
            time.sleep(PAUSE_SECONDS)

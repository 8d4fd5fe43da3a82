"""Asking again what was away for a moment, as every client does."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from footfall.channel import parse_endpoint
from footfall.key import find_key, keyed

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.5
_RETRIES = {
    "maxAttempts": 5,  # gRPC takes no more
    "initialBackoff": "1s",
    "maxBackoff": "8s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
PATIENTLY = ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": _RETRIES}]}))
"""Option of a channel whose calls are made again, for some 15 s, while they end with UNAVAILABLE before an answer."""


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


def patient_channel(endpoint: str) -> grpc.Channel:
    """Return a channel as a client has it, for stubs that are called as they are: see `PATIENTLY`."""
    address = parse_endpoint(endpoint)
    options = [*address.options, PATIENTLY, ("grpc.per_rpc_retry_buffer_size", 8 * 1024 * 1024)]
    return keyed(grpc.insecure_channel(address.target, options), find_key(None))


async def answered(begin: Callable[[], Any]) -> Any:
    """Return a call of `grpc.aio` that was answered, begun again while its status is UNAVAILABLE: see `again`."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        call = begin()
        try:
            await call
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > give_up:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return call

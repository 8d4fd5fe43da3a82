"""Tries calls again; for asyncio."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import grpc

from footfall.failures import FootfallError
from footfall.retry import Attempts, RetryPolicy, Setback

T = TypeVar("T")


async def call_with_retries(attempt: Callable[[float], Awaitable[T]], policy: RetryPolicy) -> T:
    """Try until it succeeds; see `footfall.retry.call_with_retries`.

    Raises:
        RefusedError: the answer will always be the same.
        GivenUpError: the policy's time is up.
    """
    attempts = Attempts(policy, time.monotonic())
    while True:
        try:
            return await attempt(attempts.begin(time.monotonic()))
        except grpc.RpcError as error:
            try:
                pause = attempts.pause_after(Setback.of(error), time.monotonic())
            except FootfallError as failure:
                raise failure from error
        await asyncio.sleep(pause)

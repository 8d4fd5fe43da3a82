"""Which calls are tried again, when, and for how long. The table is that of the contract of a write."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

from footfall.failures import FootfallError, GivenUpError, RefusedError

T = TypeVar("T")

PUSHBACK = "grpc-retry-pushback-ms"
"""The trailer in which a server says after how many milliseconds to try again (gRFC A6)."""

RETRIED = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
    }
)
"""Outcomes of which nobody knows that they will always be the same. RESOURCE_EXHAUSTED is one only if the server
says when to try again: without that it means a batch that is too large."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patiently a call is tried again."""

    give_up_after_seconds: float = 72 * 3600
    """One deadline for all attempts together. Longer than the default is unsafe for writes: the server forgets a
    writer after seven days, and a retry after that would count twice."""
    attempt_seconds: float = 30
    """Deadline of one attempt."""
    first_delay_seconds: float = 0.1
    """Longest pause before the second attempt; doubles with each further one."""
    longest_delay_seconds: float = 10
    """Where the doubling ends. A delay that the server asks for may be longer."""


def pause_before_retry(
    error: grpc.RpcError,
    attempts: int,
    policy: RetryPolicy,
    draw: Callable[[float, float], float] = random.uniform,
) -> float | None:
    """Return the seconds to wait before trying again, or None if that would never help.

    The pause is drawn between nothing and the exponential bound ("full jitter"), so that clients that failed together
    don't come back together; a delay that the server asked for comes on top of that.
    """
    asked = _pushback_seconds(error)
    if asked is not None and asked < 0:
        return None
    code = error.code()
    if code not in RETRIED and not (code is grpc.StatusCode.RESOURCE_EXHAUSTED and asked is not None):
        return None
    # the exponent is bounded because 2 ** 1024 is no float
    bound = min(policy.longest_delay_seconds, policy.first_delay_seconds * 2.0 ** min(attempts - 1, 32))
    return (asked or 0.0) + draw(0.0, bound)


def call_with_retries(
    attempt: Callable[[float], T],
    policy: RetryPolicy,
    *,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[T, int]:
    """Try until it succeeds, and return the answer and how often it was tried.

    Args:
        attempt: makes one attempt within the seconds it is given; raises `grpc.RpcError`.
        policy: how patiently.
        pause: waits for some seconds. If it returns True, nobody wants the answer any more, and the call is given up.
        clock: seconds that never go back.

    Raises:
        RefusedError: the answer will always be the same.
        GivenUpError: the policy's time is up, or `pause` said so.
    """
    deadline = clock() + policy.give_up_after_seconds
    attempts = 0
    while True:
        attempts += 1
        try:
            return attempt(max(0.001, min(policy.attempt_seconds, deadline - clock()))), attempts
        except grpc.RpcError as error:
            wait = pause_before_retry(error, attempts, policy)
            if wait is None:
                raise refused(error, attempts) from error
            if clock() + wait >= deadline:
                raise given_up(error, attempts) from error
            if pause(wait) is True:
                raise given_up(error, attempts) from error


def refused(error: grpc.RpcError, attempts: int = 1) -> FootfallError:
    """Return the failure of a call that is not worth trying again."""
    return RefusedError(error.code().name, error.details() or "", attempts=attempts)


def given_up(error: grpc.RpcError, attempts: int = 1) -> FootfallError:
    """Return the failure of a call that was tried in vain; the last attempt says why."""
    return GivenUpError(error.code().name, error.details() or "", attempts=attempts)


def _pushback_seconds(error: grpc.RpcError) -> float | None:
    """Return the delay that the server asks for, negative if it asks not to be tried again, None if it says nothing."""
    trailers: Any = error.trailing_metadata()  # its type says nothing of pairs
    for name, value in trailers or ():
        if name == PUSHBACK:
            try:
                return int(value) / 1000
            except ValueError:
                return -1.0  # gRFC A6: what can't be read means no
    return None

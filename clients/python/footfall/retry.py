"""Which calls are tried again, when, and for how long. The table is that of the contract of a write."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

from footfall import retry_info
from footfall.failures import FootfallError, GivenUpError, HistoryLostError, RefusedError

T = TypeVar("T")

PUSHBACK = "grpc-retry-pushback-ms"
"""The trailer in which a server says after how many milliseconds to try again (gRFC A6)."""
EARLIEST = "footfall-earliest-resume-token"
"""The trailer in which an error server says where its history begins."""

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

    def longest_pause(self, attempts: int) -> float:
        """Return the bound of the pause after so many attempts, in seconds."""
        # the exponent is bounded because 2 ** 1024 is no float
        return min(self.longest_delay_seconds, self.first_delay_seconds * 2.0 ** min(attempts - 1, 32))


@dataclass(frozen=True, slots=True)
class Setback:
    """Why an attempt failed."""

    code: grpc.StatusCode
    message: str = ""
    asked_seconds: float | None = None
    """The delay that the server asks for; negative if it asks not to be tried again, None if it says nothing."""
    earliest_resume_token: str = ""
    """Of a refusal because history is lost: where it begins."""

    @classmethod
    def of(cls, error: grpc.RpcError) -> "Setback":
        """Return what a call's failure says."""
        return cls(error.code(), error.details() or "", _pushback_seconds(error), _trailer(error, EARLIEST) or "")

    def of_stream(self, *, heard: bool) -> "Setback":
        """Return what it says of a stream that can be gone on from.

        A gateway resets a stream whose server is gone without a word, which gRPC calls INTERNAL. A server that makes a
        mistake makes it at once: it is believed when nothing was heard on the stream.
        """
        if heard and self.code is grpc.StatusCode.INTERNAL:
            return Setback(grpc.StatusCode.UNAVAILABLE, f"The stream was cut off: {self.message}")
        return self

    def pause(
        self, attempts: int, policy: RetryPolicy, draw: Callable[[float, float], float] = random.uniform
    ) -> float | None:
        """Return the seconds to wait before trying again, or None if that would never help.

        The pause is drawn between nothing and the exponential bound ("full jitter"), so that clients that failed
        together don't come back together; a delay that the server asked for comes on top of that.
        """
        asked = self.asked_seconds
        if asked is not None and asked < 0:
            return None
        if self.code not in RETRIED and not (self.code is grpc.StatusCode.RESOURCE_EXHAUSTED and asked is not None):
            return None
        return (asked or 0.0) + draw(0.0, policy.longest_pause(attempts))

    def refused(self, attempts: int = 1) -> RefusedError:
        """Return the failure of what is not worth trying again."""
        if self.code is grpc.StatusCode.OUT_OF_RANGE and self.earliest_resume_token:
            return HistoryLostError(self.code.name, self.message, self.earliest_resume_token, attempts=attempts)
        return RefusedError(self.code.name, self.message, attempts=attempts)

    def given_up(self, attempts: int = 1) -> GivenUpError:
        """Return the failure of what was tried in vain; the last attempt says why."""
        return GivenUpError(self.code.name, self.message, attempts=attempts)


class Attempts:
    """The attempts of one call: how long each may take, and when the next one is due."""

    def __init__(self, policy: RetryPolicy, now: float) -> None:
        """Begin; `now` and all later ones are seconds that never go back."""
        self._policy = policy
        self._deadline = now + policy.give_up_after_seconds
        self.made = 0
        """How often it was tried."""

    def begin(self, now: float) -> float:
        """Begin an attempt, and return how many seconds it may take."""
        self.made += 1
        return max(0.001, min(self._policy.attempt_seconds, self._deadline - now))

    def pause_after(self, setback: Setback, now: float) -> float:
        """Return the seconds to wait before the next attempt.

        Raises:
            RefusedError: the answer will always be the same.
            GivenUpError: the policy's time is up.
        """
        pause = setback.pause(self.made, self._policy)
        if pause is None:
            raise setback.refused(self.made)
        if now + pause >= self._deadline:
            raise setback.given_up(self.made)
        return pause


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
    attempts = Attempts(policy, clock())
    while True:
        try:
            return attempt(attempts.begin(clock())), attempts.made
        except grpc.RpcError as error:
            setback = Setback.of(error)
            try:
                wait = attempts.pause_after(setback, clock())
            except FootfallError as failure:
                raise failure from error
            if pause(wait) is True:
                raise setback.given_up(attempts.made) from error


def _pushback_seconds(error: grpc.RpcError) -> float | None:
    """Return the delay that the server asks for, negative if it asks not to be tried again, None if it says nothing."""
    value = _trailer(error, PUSHBACK)
    if value is None:
        details = _trailer(error, retry_info.TRAILER)
        return retry_info.retry_delay(details) if isinstance(details, bytes) else None
    try:
        return int(value) / 1000
    except ValueError:
        return -1.0  # gRFC A6: what can't be read means no


def _trailer(error: grpc.RpcError, wanted: str) -> Any:
    trailers: Any = error.trailing_metadata()  # its type says nothing of pairs
    return next((value for name, value in trailers or () if name == wanted), None)

"""Decides what follows when a stream of errors ended. No I/O, so that it serves threads and asyncio alike."""

from collections.abc import Callable

import grpc

from footfall.failures import FootfallError, GivenUpError, HistoryLostError
from footfall.retry import RetryPolicy, Setback

OnGap = Callable[[HistoryLostError], None]
OnReconnect = Callable[[FootfallError], None]


class Reconnecting:
    """Counts the streams in vain, and how long nothing was heard. Instants are seconds that never go back."""

    def __init__(
        self,
        retries: RetryPolicy,
        *,
        follow: bool,
        silence_seconds: float,
        on_gap: OnGap | None,
        on_reconnect: OnReconnect | None,
        now: float,
    ) -> None:
        """Begin; see `Client.errors` for the arguments."""
        self._retries = retries
        self._follow = follow
        self._silence_seconds = silence_seconds
        self._on_gap = on_gap
        self._on_reconnect = on_reconnect
        self._heard = now
        self._began = now
        self._in_vain = 0

    def began(self, now: float) -> None:
        """Say that a stream is being opened."""
        self._began = now
        self._in_vain += 1

    def heard(self, now: float) -> None:
        """Say that a message came that is progress."""
        self._began = self._heard = now
        self._in_vain = 0

    def seconds_until_silent(self, now: float) -> float:
        """Return when the stream has been silent for too long."""
        return max(0.0, self._began + self._silence_seconds - now)

    def after(self, setback: Setback | None, now: float, *, silent: bool) -> tuple[float, str]:
        """Return the seconds to wait before the next stream, and the token to go on from if it isn't the newest.

        Args:
            setback: why the stream ended; None if the server just ended it.
            now: the instant.
            silent: whether it was cancelled because nothing came.

        Raises:
            FootfallError: another stream would be no use, or was not wanted.
        """
        if silent and not self._follow:
            sentence = f"The error server didn't catch up; nothing came for {self._silence_seconds:.0f} s."
            raise GivenUpError("DEADLINE_EXCEEDED", sentence)
        attempts = max(1, self._in_vain)
        if setback is None:
            return self._retries.longest_pause(attempts), ""
        setback = setback.of_stream(heard=not self._in_vain)
        pause = setback.pause(attempts, self._retries)
        if pause is None:
            failure = setback.refused(attempts)
            if isinstance(failure, HistoryLostError) and self._on_gap is not None:
                self._on_gap(failure)
                return self._retries.longest_pause(attempts), failure.earliest_resume_token
            if setback.code is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise failure
            pause = self._retries.first_delay_seconds  # it read too slowly
        if now + pause - self._heard > self._retries.give_up_after_seconds:
            raise setback.given_up(attempts)
        if self._on_reconnect is not None:
            self._on_reconnect(setback.given_up(attempts))
        return pause, ""

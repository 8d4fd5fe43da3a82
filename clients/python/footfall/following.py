"""How a follower of errors begins: what `Client.errors` takes, for threads and asyncio alike."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from footfall.error_position import ErrorPosition, error_filter
from footfall.left_out import LeftOutTally, OnLeftOut
from footfall.reconnecting import OnGap, OnReconnect, Reconnecting
from footfall.retry import RetryPolicy


class FollowOptions(TypedDict, total=False):
    """Which errors to follow, and how."""

    resume_token: str
    """Begins where an earlier iterator with the same filter was, instead of at a time."""
    stages: Iterable[str]
    """Only errors found by these, for example `VALIDATION`; empty means all."""
    codes: Iterable[str]
    """Only errors of these kinds, for example `NAME_INVALID`; empty means all."""
    writer_id: str
    """Only errors of this writer; empty means all."""
    follow: bool
    """False ends when all errors recorded until now have been told; by default it goes on."""
    every_error: bool
    """Whether each error is told also in a storm, where otherwise most are counted: see `ErrorStream.left_out`. By
    default those until now are, and those to come are not."""
    silence_seconds: float
    """A stream on which nothing comes for so long, not even a heartbeat, is opened anew; 60 by default."""
    on_gap: OnGap | None
    """Is told if the token is older than the history that is kept, so that errors were missed; the iterator then goes
    on from the earliest. Without it that raises `HistoryLostError`."""
    on_reconnect: OnReconnect | None
    """Is told why a stream ended, before the next one is opened."""
    on_left_out: OnLeftOut | None
    """Is told how many errors of a kind were counted and not told. Without it the log says so once."""


def begin_following(
    property_id: str,
    retries: RetryPolicy,
    since: datetime | None,
    now: float,
    *,
    resume_token: str = "",
    stages: Iterable[str] = (),
    codes: Iterable[str] = (),
    writer_id: str = "",
    follow: bool = True,
    every_error: bool | None = None,
    silence_seconds: float = 60.0,
    on_gap: OnGap | None = None,
    on_reconnect: OnReconnect | None = None,
    on_left_out: OnLeftOut | None = None,
) -> tuple[ErrorPosition, Reconnecting, bool]:
    """Return where to begin, what to do when a stream ends, and whether to go on for ever; see `FollowOptions`.

    Args:
        property_id: whose errors.
        retries: how patiently streams are opened again.
        since: an aware datetime; None means from now on.
        now: seconds that never go back.
        resume_token: begins there instead.
        stages: which ones.
        codes: which ones.
        writer_id: whose.
        follow: whether to go on for ever.
        every_error: whether none is left out.
        silence_seconds: bound of silence.
        on_gap: is told of history that was lost.
        on_reconnect: is told of streams that ended.
        on_left_out: is told what was left out.

    Raises:
        TypeError: one string where a list belongs, or there is no such option.
        ValueError: the time has no zone, a token is given too, or there is no such stage or code.
    """
    position = ErrorPosition(
        property_id,
        since,
        resume_token,
        error_filter(stages, codes, writer_id),
        every_error=not follow if every_error is None else every_error,
        left_out=LeftOutTally(on_left_out),
    )
    reconnecting = Reconnecting(
        retries,
        follow=follow,
        silence_seconds=silence_seconds,
        on_gap=on_gap,
        on_reconnect=on_reconnect,
        now=now,
    )
    return position, reconnecting, follow

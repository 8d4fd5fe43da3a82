"""Until when a handler may take."""

from footfall_core.clock import Micros
from footfall_server.hosts.call import Call

LONGEST_WAY_BACK = 4.0
"""Seconds that an answer is given to reach its caller, at most: through a gateway, on machines that are busy."""
SHARE_OF_WAY_BACK = 0.4
"""The part of the caller's time that it is given if that is less."""


def seconds_for_work(call: Call) -> float | None:
    """Return how long a call may still be worked on so that its answer comes in time; None without a deadline."""
    remaining = call.time_remaining()
    return None if remaining is None else remaining - min(LONGEST_WAY_BACK, remaining * SHARE_OF_WAY_BACK)


def deadline_of(call: Call, now: Micros, max_seconds: float, margin_seconds: float) -> Micros:
    """Return the time at which an answer is given up.

    Args:
        call: whose caller may have set a deadline.
        now: the current time.
        max_seconds: how long an answer may take in any case.
        margin_seconds: how long before the caller's deadline it ends, at most a tenth of the time there is: the caller
            gets a sentence then, instead of its own library's time-out.
    """
    seconds = max_seconds
    if (remaining := call.time_remaining()) is not None:
        seconds = min(seconds, remaining - min(margin_seconds, remaining / 10))
    return Micros(now + int(seconds * 1e6))

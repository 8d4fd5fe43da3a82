"""The token bucket: what is in it, who gets how much of it, and when there is something again. Pure."""

from dataclasses import dataclass

from footfall_core.clock import Micros
from footfall_core.quota.quota import Limit

_ROUNDING = 1e-6
"""Tokens; rates are no powers of two."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a server asks of a bucket."""

    limit: Limit
    spent: float
    """Tokens that it has used and did not have; they are taken, into debt if need be."""
    wanted: float
    """Tokens that it would like to have; it gets those that are there, as far as they go."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What it gets."""

    granted: float
    """Tokens, from 0 to those that were wanted; they are no longer in the bucket."""
    left: float
    """Tokens in the bucket now; negative if it is in debt."""

    def wait_seconds(self, limit: Limit) -> float:
        """Return the seconds until something is handed out again, never negative."""
        return max(0.0, (limit.least - self.left) / limit.per_second)


@dataclass(frozen=True, slots=True)
class Level:
    """What was in a bucket at some time."""

    tokens: float
    at: Micros


def settle(level: Level | None, order: Order, now: Micros) -> tuple[Level, Grant]:
    """Return the bucket after an order, and what was granted.

    In any span of t seconds it hands out no more than per_second * t + burst, since it never hands out what is not
    there; what was spent unasked is made good before anything else is handed out.

    Args:
        level: None for a bucket that nobody asked for anything yet: it is full.
        order: what is asked.
        now: the current time; if it stepped back, the bucket does not fill meanwhile.
    """
    limit = order.limit
    tokens = limit.burst
    if level is not None:
        filled = max(0, now - level.at) * limit.per_second / 1e6
        tokens = min(limit.burst, level.tokens + filled)
    tokens -= order.spent
    granted = min(order.wanted, tokens) if tokens >= limit.least - _ROUNDING else 0.0
    tokens -= granted
    return Level(tokens, now), Grant(granted, tokens)

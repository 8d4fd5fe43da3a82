"""When a part that died is started again: the decision alone, without clock or process."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """How patient the supervisor is. Times are in seconds."""

    first_delay_s: float = 1.0
    """Before the first restart."""
    longest_delay_s: float = 30.0
    """The delay doubles from death to death up to this, and then stays there for ever."""
    forgiven_after_s: float = 60.0
    """A part that was healthy for this long starts again with the first delay."""
    deaths_before_up: int = 3
    """So many deaths of one part, before the whole stack was up once, end the start."""


@dataclass(frozen=True)
class Restart:
    """What follows from a death."""

    deaths: int
    """Deaths in a row, this one included."""
    delay_s: float
    """How long to wait before the part is started again."""


def after_death(policy: RestartPolicy, deaths_before: int, healthy_for_s: float) -> Restart:
    """Decide what follows from a death.

    Args:
        policy: the patience.
        deaths_before: deaths in a row before this one.
        healthy_for_s: how long the part was healthy in the life that just ended, 0 if it never was.
    """
    deaths = 1 if healthy_for_s >= policy.forgiven_after_s else deaths_before + 1
    # the exponent is bounded because a float overflows after a thousand deaths, which is one night
    delay = policy.first_delay_s * 2.0 ** min(deaths - 1, 32)
    return Restart(deaths=deaths, delay_s=min(delay, policy.longest_delay_s))

"""Whether an event shows that its user is active, as GA4 defines it."""

from collections.abc import Mapping

ENGAGEMENT_TIME = "engagement_time_msec"
"""Parameter: how long the page or app was in view since the last event. Milliseconds."""
SESSION_ENGAGED = "session_engaged"
"""Parameter: 1 from the event on at which the session became an engaged one; GA4's own clients send it."""


def is_active_user(params: Mapping[str, str | bool | int | float]) -> bool:
    """Return whether an event makes its user an active one.

    GA4 counts a user as active who has an engaged session, who was engaged for some time, or whose first visit it is
    (support.google.com/analytics/answer/12253918). So: an `engagement_time_msec` above 0, or a `session_engaged` of 1
    or true. Both may come as text, as in GA4's own examples. The events of a first visit, `first_visit` and
    `first_open`, are made by GA4 itself; their names are reserved and not taken here.

    Args:
        params: the event's parameters, as plain values.
    """
    time, engaged = params.get(ENGAGEMENT_TIME), params.get(SESSION_ENGAGED)
    return (time is not None and _number(time) > 0) or (engaged is not None and _number(engaged) == 1)


def _number(value: str | float) -> float:
    """Return a number, also one written as text; 1 for true and "true", 0 for everything else."""
    if isinstance(value, str):
        if value.lower() == "true":
            return 1.0
        try:
            return float(value)
        except ValueError:
            return 0.0
    return float(value)

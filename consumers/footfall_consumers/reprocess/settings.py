"""How reprocessings are run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunnerSettings:
    """How reprocessings are run."""

    look_seconds: float = 1.0
    """How often the runner looks whether a worker has ended, or something is to be started, put to rest or removed."""
    pause_seconds: float = 3.0
    """How long after a worker has failed before the next one is started for the same run."""
    stuck_pause_seconds: float = 30.0
    """The same after one that could not go on for a reason that does not go away by itself."""
    drain_seconds: float = 20.0
    """How long a worker may take to end before it is killed."""
    say_seconds: float = 2.0
    """How often a worker says how far it is."""

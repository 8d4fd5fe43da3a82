"""How far the live run's consumers are behind the log."""

from dataclasses import dataclass

from footfall_core.clock import Micros


@dataclass(frozen=True, slots=True)
class LogLag:
    """How far one kind of events is processed."""

    until: Micros | None
    """Everything that was acknowledged before this is processed; None: not known."""
    records: int
    """Records of the log that are not."""

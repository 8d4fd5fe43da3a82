"""When errors are a storm, as the servers of errors are told."""

from dataclasses import dataclass

from footfall_core.errors.storms import StormRule


@dataclass(frozen=True)
class ErrorStormSettings:
    """What a stream is pushed of a storm of errors. The same on all servers, so that all push the same ones."""

    first: int = 1_000
    """Errors of each stage and code that are pushed in a window; beyond them a sample is, and the rest is counted."""
    window_seconds: float = 10.0
    """Length of a window."""
    one_in: int = 1_000
    """One in so many errors is in the sample."""

    def rule(self) -> StormRule:
        """Return the rule, with what makes no sense made the least that does."""
        return StormRule(max(0, self.first), max(1, round(self.window_seconds * 1000)), max(1, self.one_in))

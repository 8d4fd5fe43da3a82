"""Which processing is at work."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProcessingSettings:
    """Which processing is at work."""

    run: str = "1"
    """Name of the run, stamped on every row. It stands for all that decides what a row says: the rules, and the data
    that they look things up in."""

"""How a query server answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QuerySettings:
    """How long a query server takes."""

    max_seconds: float = 30.0
    """How long a report may take whose caller sets no deadline, or a later one."""
    margin_seconds: float = 0.25
    """How long before the caller's deadline a report is given up, at most a tenth of the time there is: the caller
    gets a sentence then, instead of its own library's time-out."""

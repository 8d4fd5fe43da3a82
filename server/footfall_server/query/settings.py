"""How a query server answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QuerySettings:
    """How long a query server takes."""

    max_seconds: float = 30.0
    """How long a report may take whose caller sets no deadline, or a later one."""

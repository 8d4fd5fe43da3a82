"""How a query consumer runs queries."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QueriesSettings:
    """How many queries a query consumer runs, and how it ends."""

    concurrency: int = 8
    """Reports that are computed at a time; what is beyond waits in Kafka, where another consumer may take it."""
    ticks_life_ms: int = 200
    """How long a look for the newest ticks serves reports; their `data_complete_until` is that much older at most.
    Milliseconds."""
    look_seconds: float = 5.0
    """How often to look for ticks when nobody asks for reports, for the figure of their age."""
    drain_seconds: float = 10.0
    """How long reports under way may take to end when the process is to stop."""

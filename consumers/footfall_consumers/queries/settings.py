"""How a query consumer runs queries."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QueriesSettings:
    """How many queries a query consumer runs, and how it ends."""

    concurrency: int = 8
    """Reports that are computed at a time; what is beyond waits in Kafka, where another consumer may take it."""
    drain_seconds: float = 10.0
    """How long reports under way may take to end when the process is to stop."""

"""Where Druid is, and how long it may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DruidSettings:
    """The Druid cluster that query consumers ask."""

    broker_url: str
    """URL of a broker or router, `http://host:port`."""
    overlord_url: str = ""
    """URL of an overlord or router; only `footfall provision` asks it."""
    connect_seconds: float = 1.0
    """How long a connection to the broker may take."""
    pool_size: int = 32
    """Queries that one process has under way at a time; each report makes up to five."""

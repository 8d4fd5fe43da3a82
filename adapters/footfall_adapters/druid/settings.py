"""Where Druid is, and how long it may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DruidSettings:
    """The Druid cluster that query consumers ask."""

    broker_url: str
    """URL of a broker or router, `http://host:port`."""
    connect_seconds: float = 1.0
    """How long a connection to the broker may take."""
    pool_size: int = 32
    """Queries that one process has under way at a time; each report makes up to five."""
    max_sketches: int = 100
    """Distinct counts times rows that one query may keep as sketches of 262 kB in Druid's merge buffer
    (`druid.processing.buffer.sizeBytes`): 100 fit 50 MiB, 1,000 fit 500 MiB. Reports of more are counted otherwise."""
    max_groups: int = 200_000
    """Rows of a report that are held here at a time to bring counts together that Druid made one by one."""
    max_matched_values: int = 100_000
    """Different values of a dimension that a regular expression may be matched with; more are refused."""

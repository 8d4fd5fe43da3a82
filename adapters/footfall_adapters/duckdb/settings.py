"""How much a report may take of the embedded store."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DuckdbSettings:
    """The reports that DuckDB computes inside this process."""

    readers: int = 4
    """Reports that are computed at a time; others wait for their turn. DuckDB uses all cores for each of them."""
    max_matched_values: int = 100_000
    """Different values of a dimension that a regular expression, or a comparison that ignores case, may be matched
    with; more are refused. Of a comparison that ignores case only values beyond ASCII are among them."""

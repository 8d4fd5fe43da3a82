"""A quota of a property's own: what stands in the place of what the settings say for every property."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from footfall.v1.admin_pb2 import PropertyQuota
from footfall_core.problems import FieldViolation
from footfall_core.quota.quota import Quota


@dataclass(frozen=True, slots=True)
class Range:
    """What a part of a quota may be."""

    least: float
    most: float
    or_no_limit: bool
    """Whether 0 is allowed too, and means that there is no limit."""

    def mistake(self, value: float) -> str | None:
        """Return what is wrong with a value, or None."""
        if self.least <= value <= self.most or (value == 0 and self.or_no_limit):
            return None
        allowed = f"{self.least:,g} to {self.most:,.0f} are allowed"
        return f"{value:,g} is out of range; {allowed}{', and 0 for no limit' if self.or_no_limit else ''}."


_MOST_A_SECOND = 1e12

RANGES = {
    "events_per_second": Range(1, _MOST_A_SECOND, or_no_limit=True),
    "bytes_per_second": Range(1_024, _MOST_A_SECOND, or_no_limit=True),
    "reports_per_second": Range(0.1, _MOST_A_SECOND, or_no_limit=True),
    "concurrent_reports": Range(1, 1_000_000, or_no_limit=True),
    # a burst of nothing would be no quota
    "burst_seconds": Range(1, 3_600, or_no_limit=False),
}
"""What the fields of a `PropertyQuota` may be, by name; those of `Quota` are called alike."""


def quota_violations(own: PropertyQuota, field: str) -> Iterator[FieldViolation]:
    """Yield what is wrong with a quota, by the field's name."""
    for part, value in own.ListFields():
        if mistake := RANGES[part.name].mistake(value):
            yield FieldViolation(f"{field}.{part.name}", mistake)


def with_own(default: Quota, own: PropertyQuota) -> Quota:
    """Return what a property may use: what is set of its own, and of the rest what every property may."""
    return replace(default, **{part.name: value for part, value in own.ListFields()})


def change_own(own: PropertyQuota, given: PropertyQuota, part: str) -> None:
    """Take one field of a quota over from another, or its absence."""
    if given.HasField(part):
        setattr(own, part, getattr(given, part))
    else:
        own.ClearField(part)

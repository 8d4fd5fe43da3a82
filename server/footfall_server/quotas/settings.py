"""What properties may use, unless they have quotas of their own."""

from dataclasses import dataclass

from footfall_core.quota.quota import Quota


@dataclass(frozen=True)
class QuotaSettings:
    """What each property may use that has no quota of its own, over all servers together. 0 is no limit."""

    events_per_second: float = 100_000
    """Events that are sent to be stored or checked, good and bad ones alike."""
    bytes_per_second: float = 100 * 1024 * 1024
    """Bytes of their batches, as they are on the wire, after decompression."""
    reports_per_second: float = 200
    """Reports, and looks into the errors, that have to be computed; what the cache answers is free."""
    concurrent_reports: int = 100
    """Those that one server may have under way for a property. It is counted by each server alone."""
    waiting_bytes: int = 32 * 1024 * 1024
    """Bytes of a property's batches that may wait for their commit on one server: below what all may have there
    together, so that one property does not fill it. Beyond, its callers are told to try again."""
    burst_seconds: float = 10
    """How many seconds' worth may be used at once, after a time in which nothing was."""

    def quota(self) -> Quota:
        """Return what a property may use that has no quota of its own."""
        return Quota(
            events_per_second=self.events_per_second,
            bytes_per_second=self.bytes_per_second,
            reports_per_second=self.reports_per_second,
            concurrent_reports=self.concurrent_reports,
            waiting_bytes=self.waiting_bytes,
            burst_seconds=self.burst_seconds,
        )

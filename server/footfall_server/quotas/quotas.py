"""The quotas of writes and of reports."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from footfall_core import telemetry
from footfall_core.problems import OverQuota, TryAgain
from footfall_core.quota.ports import Buckets
from footfall_core.quota.quota import BYTES, EVENTS, REPORTS
from footfall_server.hosts.call import Call
from footfall_server.quotas.of_properties import QuotaOf
from footfall_server.quotas.spending import Spending

SECONDS_OF_A_REPORT = 1.0
"""After how long to ask again when too many reports are under way: most are done in less."""


class WriteQuotas:
    """What properties may write; used on one event loop."""

    def __init__(self, buckets: Buckets, quota_of: QuotaOf) -> None:
        self._spending = Spending(buckets, lambda property_id: quota_of(property_id).writes)
        self._quota_of = quota_of
        self._waiting: Counter[str] = Counter()

    async def admit(self, property_id: str, events: int, size: int) -> None:
        """Return once a batch of so many events and bytes may be taken, and count it.

        Raises:
            OverQuota: the property is over its quota.
        """
        await self._spending.spend(property_id, {EVENTS: events, BYTES: size}, f"the batch of {events:,} events")

    @contextmanager
    def waiting(self, property_id: str, size: int) -> Iterator[None]:
        """Count a batch of so many bytes as waiting for its commit until the block ends.

        One batch may always wait, however large it is. One whose caller has left does not count any more.

        Raises:
            TryAgain: too much of the property's waits on this server.
        """
        most, now = self._quota_of(property_id).waiting_bytes, self._waiting[property_id]
        if most and now and now + size > most:
            telemetry.QUOTA_REFUSALS.labels("waiting_bytes").inc()
            raise TryAgain("Too much of this property's is in flight.")
        self._waiting[property_id] += size
        try:
            yield
        finally:
            self._waiting[property_id] -= size
            if not self._waiting[property_id]:
                del self._waiting[property_id]

    def fields(self, property_id: str) -> dict[str, str]:
        """Return what the property's callers are told; see `Spending.fields`."""
        return self._spending.fields(property_id)


class ReportQuotas:
    """What properties may ask; used on one event loop."""

    def __init__(self, buckets: Buckets, quota_of: QuotaOf) -> None:
        self._spending = Spending(buckets, lambda property_id: quota_of(property_id).reads)
        self._quota_of = quota_of
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def admitted(self, property_id: str, reports: int = 1) -> AsyncIterator[None]:
        """Enter once a report may be computed, and count it as under way until the block ends.

        Args:
            property_id: whose quota it is.
            reports: as how many it counts, if it takes the work of several, one after the other.

        Raises:
            OverQuota: the property is over its quota.
        """
        most = self._quota_of(property_id).concurrent_reports
        if most and self._under_way[property_id] >= most:
            telemetry.QUOTA_REFUSALS.labels("concurrent_reports").inc()
            raise OverQuota(
                f"The property has {self._under_way[property_id]:,} reports under way on this server, and its quota "
                "allows no more: try again when one of them is answered.",
                retry_after_seconds=SECONDS_OF_A_REPORT,
            )
        self._under_way[property_id] += 1
        try:
            await self._spending.spend(property_id, {REPORTS: reports}, "the report")
            yield
        finally:
            self._under_way[property_id] -= 1
            if not self._under_way[property_id]:
                del self._under_way[property_id]

    def fields(self, property_id: str) -> dict[str, str]:
        """Return what the property's callers are told; see `Spending.fields`."""
        return self._spending.fields(property_id)

    @asynccontextmanager
    async def answering(self, property_id: str, call: Call, reports: int = 1) -> AsyncIterator[None]:
        """Enter as `admitted` does, and have the call's caller told what is left, however the block ends."""
        try:
            async with self.admitted(property_id, reports):
                yield
        finally:
            call.trailers.update(self.fields(property_id))

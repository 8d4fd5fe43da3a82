"""The buckets of quotas in the process's own memory: all there are in one process, and what is left without Redis."""

from collections.abc import Sequence

from cachetools import LRUCache

from footfall_core import telemetry
from footfall_core.clock import Clock
from footfall_core.quota.bucket import Grant, Level, Order, settle

MAX_BUCKETS = 100_000
"""Buckets that are kept, some 30 MB; beyond, those unused for longest are forgotten, which makes them full."""

_OWN = telemetry.QUOTA_SETTLEMENTS.labels("own")


class MemoryBuckets:
    """The port `Buckets`; used on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._levels: LRUCache[tuple[str, str], Level] = LRUCache(MAX_BUCKETS)

    async def settle(self, property_id: str, orders: Sequence[Order]) -> list[Grant]:
        """Settle with a property's buckets: see the port."""
        _OWN.inc()
        return self.settle_at_once(property_id, orders)

    def settle_at_once(self, property_id: str, orders: Sequence[Order]) -> list[Grant]:
        """Settle without a turn of the event loop, and uncounted."""
        now = self._clock.now()
        grants = []
        for order in orders:
            key = (property_id, order.limit.name)
            self._levels[key], grant = settle(self._levels.get(key), order, now)
            grants.append(grant)
        return grants

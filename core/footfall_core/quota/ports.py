"""What quotas need from outside: buckets that all servers share."""

from collections.abc import Sequence
from typing import Protocol

from footfall_core.quota.bucket import Grant, Order


class Buckets(Protocol):
    """The buckets of all properties."""

    async def settle(self, property_id: str, orders: Sequence[Order]) -> list[Grant]:
        """Settle with a property's buckets, one for each limit's name, all at once; see `bucket.settle`.

        Takes some tens of milliseconds at most, and never raises but on cancellation: where the shared buckets are
        away, it settles with buckets of this process, as if there were no other. May be called by many at a time on
        one event loop. Not idempotent. Buckets that nobody uses may be forgotten once they are full.
        """
        ...

"""What one server may spend of a property's buckets without asking. Pure.

A server takes some tenths of a second's worth at a time, and spends it as batches come: so it asks a few times a
second, however many batches there are. A batch is let in as long as something is in the purse, and may overdraw it; the
next settlement pays that back. So a batch that is larger than a whole burst is let in too, and a longer wait follows.
"""

from collections.abc import Mapping, Sequence

from footfall_core.quota.bucket import Grant, Order
from footfall_core.quota.quota import Limit

LEASE_SECONDS = 0.2
"""How many seconds' worth a server takes at once. What it holds and does not spend is lost to the others."""

RENEWED_AT = 0.5
"""Part of a lease below which the next one is asked for, so that whoever comes later need not wait for it."""


class Purse:
    """What one server may spend of a property's buckets of some limits. All instants are seconds that never go back."""

    def __init__(self, limits: tuple[Limit, ...]) -> None:
        """Begin with nothing: not settled yet.

        Args:
            limits: one for each bucket.
        """
        self.limits = limits
        self._leases = tuple(max(limit.least, min(limit.burst, limit.per_second * LEASE_SECONDS)) for limit in limits)
        self._tokens = [0.0] * len(limits)
        self._grants: Sequence[Grant] | None = None
        self._settled_at = 0.0

    def may_spend(self) -> bool:
        """Return whether something is left of every limit."""
        return all(tokens > 0 for tokens in self._tokens)

    def runs_low(self) -> bool:
        """Return whether it is time to settle, before nothing is left."""
        return any(t < lease * RENEWED_AT for t, lease in zip(self._tokens, self._leases, strict=True))

    def spend(self, costs: Mapping[str, float]) -> None:
        """Take what something costs by the limits' names, into debt if need be."""
        for index, limit in enumerate(self.limits):
            self._tokens[index] -= costs[limit.name]

    def closed(self, now: float) -> tuple[Limit, float] | None:
        """Return the limit that nothing is to be had of for longest, and for how many seconds; None if all may be had.

        It is what the last settlement said; before the first one everything may be had.
        """
        if self._grants is None:
            return None
        waits = [
            (self._settled_at + grant.wait_seconds(limit) - now, index)
            for index, (limit, grant) in enumerate(zip(self.limits, self._grants, strict=True))
            if self._tokens[index] <= 0
        ]
        seconds, index = max(waits, default=(0.0, 0))
        return (self.limits[index], seconds) if seconds > 0 else None

    def orders(self) -> list[Order]:
        """Return what to settle: the debts, and what fills the leases up."""
        return [
            Order(limit, spent=max(0.0, -tokens), wanted=lease - max(0.0, tokens))
            for limit, lease, tokens in zip(self.limits, self._leases, self._tokens, strict=True)
        ]

    def settled(self, orders: Sequence[Order], grants: Sequence[Grant], now: float) -> None:
        """Take what orders brought. What was spent since they were made stays spent."""
        for index, (order, grant) in enumerate(zip(orders, grants, strict=True)):
            self._tokens[index] += order.spent + grant.granted
        self._grants = grants
        self._settled_at = now

    def left(self, now: float) -> list[float] | None:
        """Return what a property may still use of each limit, as far as this server knows; None if it knows nothing.

        What other servers took since the last settlement is not known yet.
        """
        if self._grants is None:
            return None
        filled = max(0.0, now - self._settled_at)
        return [
            max(0.0, min(limit.burst, tokens + grant.left + limit.per_second * filled))
            for limit, tokens, grant in zip(self.limits, self._tokens, self._grants, strict=True)
        ]

"""Spends the quotas of properties: most of the time without asking anybody."""

import asyncio
import time
from collections.abc import Callable, Mapping, MutableMapping
from math import ceil

from cachetools import LRUCache

from footfall_core import telemetry
from footfall_core.problems import OverQuota
from footfall_core.quota.fields import LEFT, POLICY, left_field, policy_field
from footfall_core.quota.ports import Buckets
from footfall_core.quota.purse import Purse
from footfall_core.quota.quota import Limit

MAX_PURSES = 20_000
"""Properties whose purse is kept, some 20 MB; beyond, those unused for longest are forgotten with what is in them."""


class Spending:
    """What this server spends of all properties' quotas of one kind; used on one event loop."""

    def __init__(
        self,
        buckets: Buckets,
        limits_of: Callable[[str], tuple[Limit, ...]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing.

        Args:
            buckets: where more is to be had.
            limits_of: returns the limits of a property; none means that it may use what it likes.
            monotonic: a clock that never steps back, in seconds.
        """
        self._buckets = buckets
        self._limits_of = limits_of
        self._monotonic = monotonic
        self._purses: MutableMapping[str, Purse] = LRUCache(MAX_PURSES)
        self._settling: dict[str, asyncio.Task[None]] = {}

    async def spend(self, property_id: str, costs: Mapping[str, float], thing: str) -> None:
        """Return once something may be done, which costs so much by the limits' names.

        It mostly returns at once. It waits if nothing is left in this server's purse, for as long as `Buckets.settle`
        takes, and only if there may be more: while there is none, it refuses without asking.

        Args:
            property_id: whose quota it is.
            costs: what it costs, by name; those without a limit are free.
            thing: what is to be done, for the sentence: `the batch of 500 events`.

        Raises:
            OverQuota: the quota is used up.
        """
        purse = self._purse(property_id)
        if purse is None:
            return
        while not purse.may_spend():
            if (closed := purse.closed(self._monotonic())) is not None:
                raise _over(*closed, thing)
            # shielded: whoever leaves must not take the others' settlement along
            await asyncio.shield(self._settlement(property_id, purse))
        purse.spend(costs)
        if purse.runs_low():
            self._settlement(property_id, purse)

    def fields(self, property_id: str) -> dict[str, str]:
        """Return what a caller is told of a property's quota, as far as this server knows.

        It is nothing if there is no limit, or before something was spent.
        """
        purse = self._purses.get(property_id)
        left = None if purse is None else purse.left(self._monotonic())
        if purse is None or left is None:
            return {}
        return {POLICY: policy_field(purse.limits), LEFT: left_field(purse.limits, left)}

    def _purse(self, property_id: str) -> Purse | None:
        limits = self._limits_of(property_id)
        if not limits:
            return None
        purse = self._purses.get(property_id)
        if purse is None or purse.limits != limits:
            purse = self._purses[property_id] = Purse(limits)
        return purse

    def _settlement(self, property_id: str, purse: Purse) -> "asyncio.Task[None]":
        """Return the settlement under way, or begin one."""
        task = self._settling.get(property_id)
        # One that is done and not forgotten yet is none: to await it does not give way, so whoever comes while the
        # purse is overdrawn would take it again and again, and the loop would never get to forgetting it.
        if task is None or task.done():
            task = self._settling[property_id] = asyncio.create_task(self._settle(property_id, purse))
            task.add_done_callback(lambda done: self._forget(property_id, done))
        return task

    def _forget(self, property_id: str, done: "asyncio.Task[None]") -> None:
        if self._settling.get(property_id) is done:
            del self._settling[property_id]

    async def _settle(self, property_id: str, purse: Purse) -> None:
        orders = purse.orders()
        grants = await self._buckets.settle(property_id, orders)
        purse.settled(orders, grants, self._monotonic())


def _over(limit: Limit, seconds: float, thing: str) -> OverQuota:
    telemetry.QUOTA_REFUSALS.labels(limit.name).inc()
    return OverQuota(
        f"The property has used up its quota of {limit.per_second:,.10g} {limit.name} a second "
        f"({limit.burst:,.10g} at once); try {thing} again in {ceil(seconds * 1e3) / 1e3:,} s.",
        retry_after_seconds=seconds,
    )

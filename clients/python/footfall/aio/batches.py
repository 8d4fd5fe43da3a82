"""Events on their way from the tasks that track them to the one that sends them."""

import asyncio
import time

from footfall.aio.bell import Bell
from footfall.gathering import Batch, BatchPolicy, Gathering
from footfall.v1.event_pb2 import Event


class Batches:
    """A `Gathering` between tasks of one loop."""

    is_kept = False
    """Whether what is held outlives the process."""
    starts_with_work = False
    first_own = 1

    def __init__(self, policy: BatchPolicy) -> None:
        self._policy = policy
        self._changed = Bell()
        self._gathering = Gathering(policy)

    @property
    def held_bytes(self) -> int:
        """Serialized bytes of the events that wait or are under way."""
        return self._gathering.held_bytes

    async def put(self, event: Event) -> bool:
        """Add an event; return False if there is no room for it and the policy doesn't wait for some.

        Raises:
            RuntimeError: closed.
        """
        size = event.ByteSize()
        while not self._gathering.closed and not self._gathering.has_room(size):
            if self._policy.when_full == "refuse":
                return False
            await self._changed.wait()
        if self._gathering.closed:
            raise RuntimeError("the client is closed")
        self._gathering.put(event, size, time.monotonic())
        self._changed.ring()
        return True

    async def take(self) -> Batch | None:
        """Wait for a batch that is complete, or old enough; return None when closed and empty.

        The batch counts as held until it is settled.
        """
        while not self._gathering.is_ready(now := time.monotonic()):
            if self._gathering.closed:
                return None
            await self._changed.wait(self._gathering.seconds_until_old(now))
        return self._gathering.take()

    def settle(self, batch: Batch) -> None:
        """Say that a batch is stored, or given up."""
        self._gathering.settle(batch)
        self._changed.ring()

    async def flush(self, timeout: float | None) -> bool:
        """Send what was put so far without delay, and return whether all of it was settled in time."""
        upto = self._gathering.hurry()
        self._changed.ring()
        try:
            async with asyncio.timeout(timeout):
                while not self._gathering.is_settled(upto):
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Take no more events, and end whoever waits to add one; what is held can still be taken."""
        self._gathering.closed = True
        self._changed.ring()

    async def release(self) -> None:
        """Do nothing: what is left in memory is nobody's."""

"""Events on their way from the tasks that track them to the one that sends them, by way of a spool."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from footfall.aio.bell import Bell
from footfall.gathering import Batch, BatchPolicy
from footfall.spool.policy import SpoolPolicy
from footfall.spool.spool import Spool
from footfall.v1.event_pb2 import Event

T = TypeVar("T")


class SpooledBatches:
    """A `Spool` between tasks of one loop. All work on the disk is one thread's, so the loop never waits for it."""

    is_kept = True
    """Whether what is held outlives the process."""

    def __init__(self, spool: Spool, batching: BatchPolicy, policy: SpoolPolicy) -> None:
        self.first_own = spool.first_own
        self.starts_with_work = spool.has_leftovers
        self._spool = spool
        self._waits_for_room = batching.when_full == "block"
        self._sync_seconds = policy.sync_seconds
        self._sync_due = False
        self._changed = Bell()
        self._disk = ThreadPoolExecutor(1, "footfall-spool")

    @property
    def held_bytes(self) -> int:
        """Bytes of files that wait or are under way."""
        return self._spool.held_bytes

    async def put(self, event: Event) -> bool:
        """Keep an event; return False if there is no room for it and the policy doesn't wait for some.

        Raises:
            RuntimeError: closed.
            SpoolError: the disk did not take it.
        """
        serialized = event.SerializeToString()
        while not self._spool.closed and not self._spool.reserve(len(serialized)):
            if not self._waits_for_room:
                return False
            await self._changed.wait()
        if self._spool.closed:
            raise RuntimeError("the client is closed")
        arrival = self._spool.announce(serialized)  # on the loop, so that what waits together is written together
        if await self._on_disk(lambda: self._spool.keep(arrival)):
            self._changed.ring()
        if self._sync_seconds and not self._sync_due:
            self._sync_due = True
            asyncio.get_running_loop().call_later(self._sync_seconds, self._sync)
        return True

    async def take(self) -> Batch | None:
        """Wait for a batch that is complete, or old enough; return None when closed and empty."""
        while True:
            if (batch := await self._on_disk(self._spool.take)) is not None:
                return batch
            self._changed.ring()  # one that holds nothing is settled by now
            seconds = self._spool.seconds_until_ready()
            if seconds is None and self._spool.closed:
                return None
            if seconds != 0:
                await self._changed.wait(seconds)

    def settle(self, batch: Batch) -> None:
        """Say that a batch is stored, or given up."""
        sequence = batch.sequence
        assert sequence is not None
        settled = self._disk.submit(self._spool.settle, sequence)
        asyncio.wrap_future(settled).add_done_callback(lambda _: self._changed.ring())

    async def flush(self, timeout: float | None) -> bool:
        """Send what was put so far without delay, and return whether all of it was settled in time."""
        upto = self._spool.hurry()
        self._changed.ring()
        try:
            async with asyncio.timeout(timeout):
                while not self._spool.is_settled(upto):
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Take no more events, and end whoever waits to add one; what is held can still be taken."""
        self._spool.closed = True
        self._changed.ring()

    async def release(self) -> None:
        """Leave what is not settled to whoever opens the spool next."""
        await self._on_disk(self._spool.release)
        self._disk.shutdown(wait=False)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)

    def _sync(self) -> None:
        self._sync_due = False  # what is put from now on may come too late for this one
        if not self._spool.closed:
            self._disk.submit(self._spool.sync)

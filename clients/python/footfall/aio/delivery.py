"""Sends batches in the background, and says of every event that is not stored; for asyncio."""

import asyncio
import logging
from functools import partial

from footfall.aio.batches import Batches
from footfall.aio.stream_writer import StreamWriter
from footfall.delivery import GOODBYE_SECONDS
from footfall.failures import FootfallError, RefusedError
from footfall.gathering import Batch, BatchPolicy
from footfall.losses import NEVER_SENT, OnError, losses_of, tell
from footfall.results import Loss, Outcome
from footfall.stream_writer import WriterClosedError
from footfall.v1.event_pb2 import Event

log = logging.getLogger("footfall")


class Delivery:
    """A task that gathers events into batches and hands them to a writer. It starts with the first event."""

    def __init__(self, writer: StreamWriter, policy: BatchPolicy, on_error: OnError):
        """Start nothing yet.

        Args:
            writer: sends the batches, and is closed with this.
            policy: when a batch is complete.
            on_error: gets every event that is not stored; called on the loop.
        """
        self._batches = Batches(policy)
        self._writer = writer
        self._on_error = on_error
        self._stopped = False
        self._task: asyncio.Task[None] | None = None

    async def add(self, event: Event) -> None:
        """Take an event; waits, or tells `on_error`, when too much is held."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="footfall")
        if not await self._batches.put(event):
            tell(self._on_error, Loss((event,), "QUEUE_FULL", "Too many events wait to be sent."))

    async def flush(self, timeout: float | None) -> bool:
        """Send what is held, and return whether all of it was stored or told to `on_error` in time."""
        return await self._batches.flush(timeout)

    async def close(self, timeout: float | None) -> None:
        """Take no more, give what is held its time, then stop; what is left by then goes to `on_error`."""
        self._batches.close()
        if self._task is None:
            return
        all_sent = await self._batches.flush(timeout)
        self._stopped = True
        # a stream on which nothing is owed ends by itself
        await self._writer.close(GOODBYE_SECONDS if all_sent else 0)
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while (batch := await self._batches.take()) is not None:
            if self._stopped:
                self._tell_end(batch, NEVER_SENT)
            else:
                await self._send(batch)

    async def _send(self, batch: Batch) -> None:
        try:
            outcome = await self._writer.send(batch.events)
        except WriterClosedError:
            self._tell_end(batch, NEVER_SENT)
        except Exception as error:  # the task must outlive whatever protobuf raises, and the events must be told of
            log.exception("a batch could not be sent")
            self._tell_end(batch, RefusedError("INTERNAL", str(error)))
        else:
            outcome.add_done_callback(partial(self._settle, batch))

    def _settle(self, batch: Batch, outcome: asyncio.Future[Outcome]) -> None:
        failure = outcome.exception()
        self._tell_end(batch, failure if isinstance(failure, FootfallError) else outcome.result())

    def _tell_end(self, batch: Batch, end: Outcome | FootfallError) -> None:
        try:
            for loss in losses_of(batch.events, end):
                tell(self._on_error, loss)
        finally:
            self._batches.settle(batch)

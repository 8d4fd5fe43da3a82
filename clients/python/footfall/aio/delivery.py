"""Sends batches in the background, and says of every event that is not stored; for asyncio."""

import asyncio
import logging
from functools import partial

from footfall.aio.batches import Batches
from footfall.aio.spooled_batches import SpooledBatches
from footfall.aio.stream_writer import StreamWriter
from footfall.delivery import GOODBYE_SECONDS
from footfall.failures import FootfallError, GivenUpError, RefusedError, SpoolError
from footfall.gathering import Batch
from footfall.losses import EXPIRED, NEVER_SENT
from footfall.results import Outcome
from footfall.settlement import Settlement
from footfall.stream_writer import WriterClosedError
from footfall.v1.event_pb2 import Event

log = logging.getLogger("footfall")


class Delivery:
    """A task that takes batches and hands them to a writer. It starts with the first event, or with leftovers."""

    def __init__(
        self,
        writer: StreamWriter,
        batches: Batches | SpooledBatches,
        settlement: Settlement,
        patience_seconds: float,
    ):
        """Start only if earlier runs left something to send; see `footfall.delivery.Delivery`.

        The settlement is told on the loop.
        """
        self._batches = batches
        self._writer = writer
        self._settlement = settlement
        self._patience_seconds = patience_seconds
        self._stopped = False
        self._task: asyncio.Task[None] | None = None
        if batches.starts_with_work:
            self._start()

    @property
    def held_bytes(self) -> int:
        """Bytes that wait or are under way."""
        return self._batches.held_bytes

    async def add(self, event: Event) -> None:
        """Take an event; waits, or tells `on_error`, when too much is held.

        Raises:
            RuntimeError: closed.
            SpoolError: the spool's disk did not take it.
        """
        self._start()
        try:
            taken = await self._batches.put(event)
        except SpoolError:
            self._settlement.spool_failed()
            raise
        if taken:
            self._settlement.took()
        else:
            self._settlement.found_no_room(event)

    async def flush(self, timeout: float | None) -> bool:
        """Send what is held, and return whether all of it was stored or told to `on_error` in time."""
        return await self._batches.flush(timeout)

    async def close(self, timeout: float | None) -> None:
        """Take no more, give what is held its time, then stop.

        What is left by then goes to `on_error`, or stays in the spool if there is one. See `release`.
        """
        self._batches.close()
        if self._task is not None:
            all_sent = await self._batches.flush(timeout)
            self._stopped = True
            # a stream on which nothing is owed ends by itself
            await self._writer.close(GOODBYE_SECONDS if all_sent else 0)
            await asyncio.wait([self._task])

    async def release(self) -> None:
        """Let the next one have the spool, if there is one; when nothing uses it any more."""
        await self._batches.release()

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="footfall")

    async def _run(self) -> None:
        try:
            await self._send_all()
        except asyncio.CancelledError:  # nobody but the loop's end does that
            if self._batches.is_kept:
                log.info("the loop ended before the client was closed; what was not sent is in the spool")
            else:
                sentence = "the loop ended before the client was closed: what was tracked and not sent is lost"
                log.error(sentence)  # noqa: TRY400 - where it was cancelled tells nobody anything
            raise

    async def _send_all(self) -> None:
        # what a spool keeps need not be read to be left there
        while not (self._stopped and self._batches.is_kept) and (batch := await self._batches.take()) is not None:
            taken_over = batch.sequence is not None and batch.sequence < self._batches.first_own
            if taken_over:
                self._settlement.took_over(batch)
            if batch.damaged:
                self._settlement.found_damage(batch, taken_over=taken_over)
            if not batch.events:
                self._batches.settle(batch)
            elif self._stopped:
                self._end(batch, NEVER_SENT)
            elif batch.age_seconds >= self._patience_seconds:
                self._end(batch, EXPIRED)
            else:
                await self._send(batch)

    async def _send(self, batch: Batch) -> None:
        patience = self._patience_seconds - batch.age_seconds
        try:
            outcome = await self._writer.send(batch.events, sequence=batch.sequence, patience=patience)
        except WriterClosedError:
            self._end(batch, NEVER_SENT)
        except Exception as error:  # the task must outlive whatever protobuf raises, and the events must be told of
            log.exception("a batch could not be sent")
            self._end(batch, RefusedError("INTERNAL", str(error), attempts=0))
        else:
            outcome.add_done_callback(partial(self._settle, batch))

    def _settle(self, batch: Batch, outcome: asyncio.Future[Outcome]) -> None:
        failure = outcome.exception()
        self._end(batch, failure if isinstance(failure, FootfallError) else outcome.result())

    def _end(self, batch: Batch, end: Outcome | FootfallError) -> None:
        if self._batches.is_kept and self._stopped and isinstance(end, GivenUpError):
            return  # it was not given up: the next run sends it, under the same number
        try:
            self._settlement.ended(batch, end)
        finally:
            self._batches.settle(batch)

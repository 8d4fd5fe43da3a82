"""Tells the server what the client dropped itself, in the background; for asyncio."""

import asyncio
import logging

import grpc
import grpc.aio

from footfall.discards import ATTEMPT_SECONDS, LAST_REPORTS, LAST_SECONDS, Discards, Schedule
from footfall.retry import RetryPolicy, Setback
from footfall.v1.ingest_pb2_grpc import IngestServiceStub

log = logging.getLogger("footfall")


class DiscardReports:
    """A task that starts with the first event that is dropped; see `footfall.discard_reports.DiscardReports`."""

    def __init__(self, channel: grpc.aio.Channel, discards: Discards, retries: RetryPolicy) -> None:
        """Tell nothing yet."""
        # the generated stubs carry no types
        self._report = IngestServiceStub(channel).ReportDiscardedEvents  # type: ignore[no-untyped-call]
        self._discards = discards
        self._schedule = Schedule(discards, retries)
        self._due = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        discards.on_discard = self.wake

    def wake(self) -> None:
        """Tell what was added, soon; to be called on the loop."""
        self._due.set()
        if self._task is None and not self._closing.is_set():
            self._task = asyncio.create_task(self._run(), name="footfall-discards")

    async def close(self) -> None:
        """Tell what is left, once and for at most a second; then stop."""
        self._closing.set()
        self._due.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=LAST_SECONDS)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._closing.is_set():
            await self._due.wait()
            if not await self._closes_within(self._schedule.pause):
                self._due.clear()  # before the counts are read: what is added from now on is for the next time
                await self._tell(ATTEMPT_SECONDS)
                if not self._discards.is_empty:
                    self._due.set()
        for _ in range(LAST_REPORTS):
            if not await self._tell(LAST_SECONDS):
                return

    async def _closes_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._closing.wait()
        except TimeoutError:
            return False

    async def _tell(self, seconds: float) -> bool:
        """Make one attempt; return whether the server took a report."""
        report = self._discards.report()
        if report is None:
            return False
        try:
            await self._report(report, timeout=seconds)
        except grpc.RpcError as error:
            setback = Setback.of(error)
        except Exception as error:  # noqa: BLE001 - what gRPC raises for a channel that was closed
            setback = Setback(grpc.StatusCode.INTERNAL, str(error))
        else:
            self._schedule.taken()
            return True
        log.debug("what was dropped could not be reported: %s %s", setback.code.name, setback.message)
        self._schedule.failed(setback)
        return False

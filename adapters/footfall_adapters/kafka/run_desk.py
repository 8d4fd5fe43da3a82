"""Runs and servings for a process whose main thread is taken: followed on a thread of their own."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from footfall_adapters.kafka.runs import KafkaRunStore
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.clock import Clock
from footfall_core.runs.book import Entry
from footfall_core.runs.records import progress_name
from footfall_core.runs.serving import Serving
from footfall_core.wire.runs_pb2 import RunProgress


class RunDesk:
    """What a worker asks and says of runs; each call waits for its answer, and may come from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, store: KafkaRunStore) -> None:
        self._loop = loop
        self._store = store

    def entry(self, run_id: str) -> Entry | None:
        """Return what is known of a run, or None if nobody asked for it."""
        return asyncio.run_coroutine_threadsafe(self._entry(run_id), self._loop).result()

    async def _entry(self, run_id: str) -> Entry | None:
        return self._store.book.entry(run_id)

    def serving(self, epoch: int | None) -> Serving:
        """Return the serving of an epoch, or the newest, be it that it takes effect only in a moment."""
        return asyncio.run_coroutine_threadsafe(self._serving(epoch), self._loop).result()

    async def _serving(self, epoch: int | None) -> Serving:
        book = self._store.book
        return book.newest if epoch is None else book.servings[epoch]

    def say(self, run_id: str, progress: RunProgress) -> None:
        """Store how far a run is.

        Raises:
            TryAgain: it is not stored, or not known to be.
        """
        put = self._store.put(progress_name(run_id), progress.SerializeToString())
        asyncio.run_coroutine_threadsafe(put, self._loop).result()


@contextmanager
def run_desk(kafka: KafkaSettings, clock: Clock) -> Iterator[RunDesk]:
    """Yield a desk that knows all that was stored before; until the block ends it learns of the rest."""
    known: Future[RunDesk] = Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def follow() -> None:
        async with KafkaRunStore(kafka, clock) as store:
            known.set_result(RunDesk(loop, store))
            await stop.wait()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(follow())
        except BaseException as error:
            if known.done():
                raise
            known.set_exception(error)

    thread = threading.Thread(target=run, name="run-desk", daemon=True)
    thread.start()
    try:
        yield known.result()
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        thread.join()

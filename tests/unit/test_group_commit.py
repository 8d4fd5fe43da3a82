"""What may wait for a commit, without any log behind it."""

import asyncio
import gc
import weakref

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.group_commit import MAX_REPORT_BYTES, WaitingBatches
from footfall_core.problems import TryAgain


def test_errors_that_wait_are_bounded_by_their_bytes_also_when_their_commit_fails() -> None:
    waiting = WaitingBatches(1, 1)
    for _ in range(10):
        waiting.report(EventError(message="x" * (MAX_REPORT_BYTES // 4)))
    gathered = waiting.take()
    assert gathered is not None
    assert len(gathered.reports) == 3  # the fourth is a few bytes longer than its message
    waiting.report(EventError(message="x" * (MAX_REPORT_BYTES // 2)))
    waiting.report_again(gathered)
    again = waiting.take()
    assert again is not None
    assert len(again.reports) == 2


class Batch:
    """Stands for bytes; a test can see when it ends, which of bytes it cannot."""

    def __len__(self) -> int:
        return 1


async def test_a_batch_whose_commit_failed_is_let_go_without_the_garbage_collector() -> None:
    waiting = WaitingBatches(100, 100)
    batch = Batch()
    seen = weakref.ref(batch)
    gc.collect()
    gc.disable()
    try:
        append = asyncio.create_task(waiting.append(batch, 0))  # type: ignore[arg-type]
        del batch
        await asyncio.sleep(0)
        gathered = await asyncio.to_thread(waiting.take)
        assert gathered is not None
        waiting.settle(gathered, TryAgain("away"))
        del gathered
        with pytest.raises(TryAgain):
            await append
        del append
        await asyncio.sleep(0)
        assert seen() is None
    finally:
        gc.enable()

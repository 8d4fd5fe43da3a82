"""How batches that wait share commits, with a commit that the test makes itself."""

import asyncio
import gc
import weakref

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.group_commit import MAX_REPORT_BYTES, Gathered, WaitingBatches
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.problems import TryAgain

LIVE, IMPORT = EventKind.LIVE, EventKind.IMPORT


async def waiting_of(waiting: WaitingBatches, *batches: tuple[bytes, EventKind]) -> list["asyncio.Task[Micros]"]:
    """Have batches wait, in this order."""
    tasks = [asyncio.create_task(waiting.append(batch, 0, kind)) for batch, kind in batches]
    await asyncio.sleep(0)
    return tasks


def taken(waiting: WaitingBatches) -> tuple[Gathered, list[bytes]]:
    gathered = waiting.take()
    assert gathered is not None
    return gathered, [pending.raw_batch[:2] for pending in gathered.batches]


async def test_live_batches_go_before_a_backfill_and_each_kind_in_its_order() -> None:
    waiting = WaitingBatches(max_pending_bytes=100_000, max_commit_bytes=1_000)
    backfill = [(b"i%d" % number + bytes(400), IMPORT) for number in range(4)]
    tasks = await waiting_of(waiting, *backfill, *((b"l%d" % number + bytes(300), LIVE) for number in range(2)))
    commits = []
    while sum(map(len, commits)) < 6:
        gathered, names = taken(waiting)
        commits.append(names)
        waiting.settle(gathered, Micros(1))
    assert commits == [[b"l0", b"l1"], [b"i0", b"i1"], [b"i2", b"i3"]]
    assert await asyncio.gather(*tasks) == [1] * 6


async def test_a_backfill_leaves_half_of_the_room_to_live_batches() -> None:
    waiting = WaitingBatches(max_pending_bytes=1_000, max_commit_bytes=1_000)
    first = await waiting_of(waiting, (bytes(500), IMPORT))
    with pytest.raises(TryAgain, match="Too much is in flight"):
        await waiting.append(b"x", 0, IMPORT)
    first += await waiting_of(waiting, (bytes(500), LIVE))
    with pytest.raises(TryAgain, match="Too much is in flight"):
        await waiting.append(b"x", 0, LIVE)
    gathered, _ = taken(waiting)
    waiting.settle(gathered, Micros(1))
    await asyncio.gather(*first)
    # what was committed makes room for its own kind
    again = await waiting_of(waiting, (bytes(500), IMPORT), (bytes(500), LIVE))
    gathered, _ = taken(waiting)
    waiting.settle(gathered, Micros(2))
    assert await asyncio.gather(*again) == [2, 2]


async def test_without_a_backfill_live_batches_may_take_all_of_the_room() -> None:
    waiting = WaitingBatches(max_pending_bytes=1_000, max_commit_bytes=1_000)
    tasks = await waiting_of(waiting, (bytes(1_000), LIVE))
    gathered, _ = taken(waiting)
    waiting.settle(gathered, Micros(1))
    assert await asyncio.gather(*tasks) == [1]


def test_ticks_are_committed_as_long_as_the_one_before_was() -> None:
    waiting = WaitingBatches(1_000, 1_000, away="Kafka has not been reached yet.")
    assert not waiting.tick()
    waiting.came_back()
    assert waiting.tick()
    assert not waiting.tick()  # nobody has taken the one before
    gathered, _ = taken(waiting)
    assert gathered.tick
    waiting.settle(gathered, TryAgain("not confirmed"))
    assert not waiting.tick()
    gathered, _ = taken(waiting)
    assert gathered.tick  # it is tried all the same
    waiting.settle(gathered, Micros(1))
    assert waiting.tick()


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
        append = asyncio.create_task(waiting.append(batch, 0, LIVE))  # type: ignore[arg-type]
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

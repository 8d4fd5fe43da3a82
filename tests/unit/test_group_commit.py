"""How batches that wait share commits, with a commit that the test makes itself."""

import asyncio

import pytest

from footfall_adapters.group_commit import Gathered, WaitingBatches
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

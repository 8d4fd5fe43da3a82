"""Puts what all raw partitions of both logs hand on into one order: that of the log's own time. Pure.

Live, purchases count in the order in which they come from the first stage, and which of two partitions is ahead is
chance. A run that processes the log again is to come to the same rows each time. So each record waits until all raw
partitions have passed its time, as ticks tell, and then goes on behind everything that is older: by the broker's time,
then live before imported, then by partition, then as it stands there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from footfall_core.kinds import EventKind
from footfall_core.processing.purchases import Load
from footfall_core.processing.record import Place
from footfall_core.wire.run_purchases_pb2 import HandedOn, RunPurchasesRecord, Waiting, WaitingSource

WAITING_KEY = "~waiting"
"""Key of what waits in a partition's state; what waits itself is behind it, by raw partition and number."""


def handed_on(record: bytes, place: Place, *, last: bool) -> bytes:
    """Return what the first stage of a run tells its second one.

    Args:
        record: a `PurchasesRecord`.
        place: of the raw record that it was made of.
        last: whether the raw partition hands on nothing more.
    """
    handed = HandedOn(
        record=record,
        imported=place.log is EventKind.IMPORT,
        raw_partition=place.partition,
        log_time_ms=place.log_time_ms,
        last=last,
    )
    return RunPurchasesRecord(handed_on=handed).SerializeToString()


@dataclass(slots=True)
class Released:
    """What need not wait any more."""

    records: list[bytes] = field(default_factory=list)
    """Each the bytes of a `PurchasesRecord`, in order."""
    state: dict[str, bytes | None] = field(default_factory=dict)
    """New state by key; None: it is gone."""


def put_in_order(handed: HandedOn, load: Load, raw_partitions: int) -> Released:
    """Have a record wait, and return those that need not wait any more.

    Args:
        handed: the record.
        load: returns what the partition's state has under a key, or None.
        raw_partitions: how many raw partitions each log has.
    """
    released = Released()
    waiting = Waiting.FromString(load(WAITING_KEY) or b"")
    while len(waiting.sources) < 2 * raw_partitions:
        waiting.sources.add()
    number = handed.raw_partition + (raw_partitions if handed.imported else 0)
    source, before = waiting.sources[number], _passed(waiting)
    # the brokers' clocks may differ, and a partition may move from one to another
    handed.log_time_ms = source.newest_ms = max(source.newest_ms, handed.log_time_ms)
    source.last = handed.last
    released.state[_key(number, source.next)] = handed.SerializeToString()
    source.next += 1
    if (passed := _passed(waiting)) is None or before is None or passed > before:
        released.records += _take(waiting, passed, load, released.state)
    released.state[WAITING_KEY] = waiting.SerializeToString()
    return released


def _passed(waiting: Waiting) -> int | None:
    """Return the time that all raw partitions have reached, before which nothing is to come; None: nothing is."""
    return min((source.newest_ms for source in waiting.sources if not source.last), default=None)


def _take(waiting: Waiting, passed: int | None, load: Load, state: dict[str, bytes | None]) -> Iterator[bytes]:
    """Yield what is older than a time, in order, and take it out of what waits."""
    look = _over(load, state)
    heads = [head for number, source in enumerate(waiting.sources) if (head := _head(number, source, look))]
    heapify(heads)
    while heads and (passed is None or heads[0][0] < passed):
        _, number, record = heappop(heads)
        source = waiting.sources[number]
        state[_key(number, source.first)] = None
        source.first += 1
        yield record
        if (head := _head(number, source, look)) is not None:
            heappush(heads, head)


def _head(number: int, source: WaitingSource, load: Load) -> tuple[int, int, bytes] | None:
    if source.first == source.next:
        return None
    stored = load(_key(number, source.first))
    assert stored is not None, "what waits is lost"
    handed = HandedOn.FromString(stored)
    return handed.log_time_ms, number, handed.record


def _over(load: Load, state: dict[str, bytes | None]) -> Callable[[str], bytes | None]:
    """Return what loads from new state first."""
    return lambda key: state[key] if key in state else load(key)


def _key(number: int, item: int) -> str:
    return f"{WAITING_KEY}/{number}/{item}"

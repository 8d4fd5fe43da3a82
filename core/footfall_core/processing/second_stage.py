"""What becomes of one record of `events.purchases`, where all purchases of a transaction meet. Pure.

The first stage wrote it (`footfall_core.processing.purchase_records`). One partition of it takes in purchases and ticks
from every raw partition of both logs: a transaction counts once, whether it is live or imported. A tick of a raw
partition says that no purchase from there is still to come that was acknowledged before it, so the oldest of the newest
ticks of all of them says so of all of that log. Each log has its own: imports may be hours behind.
"""

from collections.abc import Callable

from footfall_core.clock import Micros
from footfall_core.columns import EVENT_COLUMNS, ITEM_COLUMNS
from footfall_core.kinds import EventKind
from footfall_core.processing.purchases import Counted, Load, count_once
from footfall_core.processing.rows import RowOrigin, tick_row
from footfall_core.properties import PURCHASES_TICK_PROPERTY
from footfall_core.wire.purchase_pb2 import PassedTick, PurchasesRecord
from footfall_core.wire.state_pb2 import PassedTicks

TICKS_KEY = "~ticks"
"""Key of the newest ticks of live events in a partition's state; no transaction's key looks like it."""

TICKS_KEYS = {EventKind.LIVE: TICKS_KEY, EventKind.IMPORT: "~ticks-imports"}
"""The keys by log."""

HOUR_MICROS = 3_600_000_000

CountPurchases = Callable[[bytes, int, Load], Counted]
"""`process_purchases` with all that stays the same: of a record's bytes, its partition, and a way to load state."""


def process_purchases(
    run: str, record: bytes, partition: int, load: Load, *, group: str, raw_partitions: int
) -> Counted:
    """Decide what becomes of a record.

    Args:
        run: the processing version at work.
        record: the record's bytes.
        partition: of `events.purchases`, in which it stands.
        load: returns what the partition's state has under a key, or None.
        group: the consumer group whose records are to be processed; those of others give nothing.
        raw_partitions: how many raw partitions there are.
    """
    message = PurchasesRecord.FromString(record)
    if message.group != group:
        return Counted()
    log = EventKind.IMPORT if message.imported else EventKind.LIVE
    if message.HasField("tick"):
        return _passed(message.tick, log, run, load, partition=partition, raw_partitions=raw_partitions)
    return count_once(run, message.purchases, load, log)


def _passed(tick: PassedTick, log: EventKind, run: str, load: Load, *, partition: int, raw_partitions: int) -> Counted:
    """Note a tick; the one of all raw partitions of its log follows when it has moved on."""
    newest = list(PassedTicks.FromString(load(TICKS_KEYS[log]) or b"").newest_micros)
    newest += [0] * (raw_partitions - len(newest))
    before = min(newest)
    # two servers may tick at once for a moment, each by its own clock
    newest[tick.raw_partition] = max(newest[tick.raw_partition], tick.time_micros)
    counted = Counted(log=log, state={TICKS_KEYS[log]: PassedTicks(newest_micros=newest).SerializeToString()})
    if (passed := Micros(min(newest))) > before:
        counted.tick_micros = passed
        origin = RowOrigin(run, passed // HOUR_MICROS, partition)
        counted.lines = [tick_row(passed, origin, EVENT_COLUMNS, PURCHASES_TICK_PROPERTY)]
        counted.item_lines = [tick_row(passed, origin, ITEM_COLUMNS, PURCHASES_TICK_PROPERTY)]
    return counted

"""The records of `events.purchases`: the purchases of one raw record by partition, and its ticks. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.partitioning import partition_of
from footfall_core.processing.record import MAX_ROW_RECORD_BYTES
from footfall_core.wire.purchase_pb2 import PassedTick, Purchase, PurchasesRecord


def purchase_records(
    group: str, purchases: Iterable[Purchase], partitions: int, log: EventKind = EventKind.LIVE
) -> Iterator[tuple[int, bytes]]:
    """Pack purchases into records of at most `MAX_ROW_RECORD_BYTES`; one larger purchase goes alone.

    Args:
        group: the consumer group whose second stage is to read them.
        purchases: of one raw record, in order.
        partitions: how many partitions there are.
        log: in which the raw record stands.

    Yields:
        The partition, which is that of the purchases' transactions, and the record; in order within a partition.
    """
    packed: dict[int, list[Purchase]] = defaultdict(list)
    sizes: dict[int, int] = defaultdict(int)
    for purchase in purchases:
        partition = partition_of(purchase.property_id, purchase.transaction_id, partitions)
        size = purchase.ByteSize() + _FRAME
        if packed[partition] and sizes[partition] + size > MAX_ROW_RECORD_BYTES:
            yield partition, _record(group, packed.pop(partition), log)
            sizes[partition] = 0
        packed[partition].append(purchase)
        sizes[partition] += size
    for partition, together in packed.items():
        yield partition, _record(group, together, log)


def passed_tick(group: str, raw_partition: int, time_micros: Micros, log: EventKind = EventKind.LIVE) -> bytes:
    """Return the record that says in every partition that a tick has passed a raw partition of a log."""
    tick = PassedTick(raw_partition=raw_partition, time_micros=time_micros)
    return PurchasesRecord(group=group, tick=tick, imported=log is EventKind.IMPORT).SerializeToString()


_FRAME = 8
"""Bytes around a message in a message, at most."""


def _record(group: str, purchases: list[Purchase], log: EventKind) -> bytes:
    return PurchasesRecord(group=group, purchases=purchases, imported=log is EventKind.IMPORT).SerializeToString()

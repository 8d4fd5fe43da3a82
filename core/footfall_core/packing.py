"""How the batches of one commit become raw records."""

from collections.abc import Iterable, Iterator

from footfall_core.wire.raw_pb2 import RawRecord

MAX_RAW_RECORD_BYTES = 1024 * 1024
"""Bytes of the largest raw record of several batches; a larger batch goes alone, and fails no neighbour."""

MAX_RAW_BATCH_BYTES = 5 * 1024 * 1024
"""Bytes of the largest batch with its verdicts: a request of 4 MiB, 1,000 sentences; Kafka takes 6 MiB a record."""


def raw_records(batches: Iterable[bytes]) -> Iterator[bytes]:
    """Pack serialized `RawBatch`es into serialized `RawRecord`s, in order."""
    packed: list[bytes] = []
    size = 0
    for batch in batches:
        if packed and size + len(batch) > MAX_RAW_RECORD_BYTES:
            yield RawRecord(batches=packed).SerializeToString()
            packed, size = [], 0
        packed.append(batch)
        size += len(batch)
    if packed:
        yield RawRecord(batches=packed).SerializeToString()


def tick_record(time_micros: int) -> bytes:
    """Return the raw record of a tick."""
    return RawRecord(tick_time_micros=time_micros).SerializeToString()

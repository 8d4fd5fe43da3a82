"""How the batches of one commit become raw records."""

from collections.abc import Iterable, Iterator

from footfall_core.wire.raw_pb2 import RawRecord

MAX_RAW_RECORD_BYTES = 1024 * 1024
"""Largest raw record of several batches; a larger batch goes alone, so that no batch can fail its neighbours."""


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

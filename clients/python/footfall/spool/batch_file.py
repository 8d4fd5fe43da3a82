"""The file of a batch.

`FOOTFALL`, Unix time in microseconds of its first event, then each event as the length, the CRC and the bytes of its
message. All numbers are little-endian.
"""

import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from footfall.spool.disk import sync, sync_folder, write_all

MAGIC = b"FOOTFALL"
_HEAD = struct.Struct("<8sq")
_EVENT = struct.Struct("<II")

HEAD_BYTES = _HEAD.size
EVENT_BYTES = _EVENT.size
"""What an event takes besides its own bytes."""


class BatchFile:
    """A batch that still takes events."""

    def __init__(self, path: Path) -> None:
        """Make no file yet."""
        self.path = path
        self.length = 0
        """Bytes that hold whole events that were taken; what is behind them counts for nothing."""
        self._descriptor: int | None = None

    def append(self, events: Sequence[bytes], tracked_micros: int, *, to_disk: bool) -> None:
        """Add events: all of them, or none if it fails.

        Args:
            events: serialized.
            tracked_micros: Unix time in microseconds; the first call's stands for the batch.
            to_disk: whether to return only when they are on the disk.

        Raises:
            OSError: the disk is full, read-only or broken.
        """
        data = b"".join(_EVENT.pack(len(event), crc32(event)) + event for event in events)
        is_new = self._descriptor is None
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            data = _HEAD.pack(MAGIC, tracked_micros) + data
        try:
            write_all(self._descriptor, data)
            if to_disk:
                sync(self._descriptor)
                if is_new:
                    sync_folder(self.path.parent)
        except OSError:
            with suppress(OSError):  # otherwise `fix` cuts it off
                os.ftruncate(self._descriptor, self.length)
            os.lseek(self._descriptor, self.length, os.SEEK_SET)
            if self.length == 0:
                self.close()  # the next one begins with a head again
            raise
        self.length += len(data)

    def sync(self) -> None:
        """Return when all that was added is on the disk."""
        if self._descriptor is not None:
            sync(self._descriptor)
            sync_folder(self.path.parent)

    def close(self) -> None:
        """Take no more."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A batch as it is sent, now and after any crash."""

    tracked_micros: int
    """When its first event was tracked, as Unix time in microseconds."""
    events: tuple[bytes, ...]
    """Serialized; none if the process died before it had taken any."""
    cut: int
    """Bytes behind the last readable event that were cut off: `track` had not returned for them, or they are broken."""
    damaged: int
    """Whole events in what was cut off, as far as can be told: the disk did not keep them. After a power failure the
    last may be one for which `track` had not returned."""


def fix(path: Path, length: int | None = None) -> Fixed:
    """Let a batch be on the disk as it is, for good, and return it. To be called before it is sent.

    Args:
        path: its file, to which nothing is added any more.
        length: bytes that were taken; None takes all whole events that are found.

    Raises:
        OSError: it cannot be read, or cannot be brought to the disk.
    """
    descriptor = os.open(path, os.O_RDWR)
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            data = file.read()
        tracked_micros, events, end = _read(data if length is None else data[:length])
        if end < len(data):
            os.ftruncate(descriptor, end)
        sync(descriptor)
        sync_folder(path.parent)
    finally:
        os.close(descriptor)
    return Fixed(tracked_micros, tuple(events), len(data) - end, _whole_events(data, end))


def _read(data: bytes) -> tuple[int, list[bytes], int]:
    """Return the time, the whole events, and the length of what they take."""
    events: list[bytes] = []
    if len(data) < HEAD_BYTES or not data.startswith(MAGIC):
        return 0, events, 0
    tracked_micros = _HEAD.unpack_from(data)[1]
    end = HEAD_BYTES
    while end + EVENT_BYTES <= len(data):
        length, checksum = _EVENT.unpack_from(data, end)
        event = data[end + EVENT_BYTES : end + EVENT_BYTES + length]
        if len(event) < length or length == 0 or crc32(event) != checksum:
            break
        events.append(event)
        end += EVENT_BYTES + length
    return tracked_micros, events, end


def _whole_events(data: bytes, end: int) -> int:
    """Return how many events of full length stand behind the readable ones; one if the file's head is none."""
    if end == 0:
        return int(len(data) >= HEAD_BYTES)
    count = 0
    while end + EVENT_BYTES <= len(data):
        length, _ = _EVENT.unpack_from(data, end)
        end += EVENT_BYTES + length
        if length == 0 or end > len(data):
            break
        count += 1
    return count

"""What all live streams of the same errors have in common: each error is looked at, and made ready, once for all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.recent_errors import RecordedError
from footfall_core.errors.feed import PushedError
from footfall_core.errors.sieve import Sieve
from footfall_core.errors.storms import Kind, LeftOut

if TYPE_CHECKING:
    from footfall_adapters.kafka.error_stream import KafkaErrorStream

Entry = tuple[int, int, PushedError | Kind]
"""Partition, offset, and the error, or the kind of one that is left out."""


@dataclass(frozen=True, slots=True)
class PlacedError:
    """An error that is pushed, where it is recorded, and what is left out between it and the one before."""

    partition: int
    offset: int
    error: PushedError
    before: LeftOut | None = None


@dataclass(slots=True)
class Stretch:
    """What streams are pushed of a stretch of the log. Shared by them, so that nobody changes it once it is made."""

    errors: list[PlacedError] = field(default_factory=list)
    behind: LeftOut = field(default_factory=LeftOut)
    """What is left out behind the last of them."""
    entries: list[Entry] = field(default_factory=list)
    """The same one by one."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Stretch":
        """Return the stretch that has these entries."""
        made = cls()
        for entry in entries:
            made.entries.append(entry)
            partition, offset, found = entry
            if isinstance(found, PushedError):
                made.errors.append(PlacedError(partition, offset, found, made.behind or None))
                made.behind = LeftOut() if made.behind else made.behind
            else:
                made.behind.add(partition, offset, found)
        return made

    def since(self, places: Mapping[int, int]) -> "Stretch":
        """Return what there is of it from these offsets on; all of partitions that they do not name."""
        return Stretch.of(entry for entry in self.entries if entry[1] >= places.get(entry[0], 0))


class Channel:
    """The live streams of the same errors."""

    def __init__(self, sieve: Sieve) -> None:
        self._sieve = sieve
        self.streams: set[KafkaErrorStream] = set()

    def hand_out(self, records: Iterable[tuple[RecordedError, EventError]]) -> None:
        """Offer the next records of the property to each stream."""
        stretch = sifted(self._sieve, records)
        if stretch.entries:
            for stream in tuple(self.streams):
                stream.offer(stretch)


def sifted(sieve: Sieve, records: Iterable[tuple[RecordedError, EventError]]) -> Stretch:
    """Return what a sieve lets by."""
    return Stretch.of(
        (at.partition, at.offset, found)
        for at, error in records
        if (found := sieve.sift(at.partition, at.recorded_ms, error)) is not None
    )

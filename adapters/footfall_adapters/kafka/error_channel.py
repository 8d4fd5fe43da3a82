"""What all live streams of the same errors have in common: each error is looked at, and made ready, once for all."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.kafka.recent_errors import RecordedError
from footfall_core.errors.feed import PushedError
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.sieve import Sieve
from footfall_core.errors.storms import Kind, LeftOut

if TYPE_CHECKING:
    from footfall_adapters.kafka.error_stream import KafkaErrorStream

Record = tuple[RecordedError, EventError]
"""A record of the log, and the error in it."""

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

    def hand_out(self, records: Iterable[Record]) -> None:
        """Offer the next records of the property to each stream."""
        stretch = sifted(self._sieve, records)
        if stretch.entries:
            for stream in tuple(self.streams):
                stream.offer(stretch)


ChannelKey = tuple[ErrorSelection, bool]
"""What streams of one channel have in common: the selection, and whether they are pushed every error."""


class PropertyChannels:
    """The channels of one property.

    Those of single writers are looked up by the errors, not asked one by one: each client of a property may follow its
    own, and the property may have thousands.
    """

    def __init__(self) -> None:
        self._of_writers: defaultdict[str, dict[ChannelKey, Channel]] = defaultdict(dict)
        """By writer; those of all writers are the empty one's."""

    def __iter__(self) -> Iterator[Channel]:
        for channels in self._of_writers.values():
            yield from channels.values()

    def get_or_add(self, key: ChannelKey, make: Callable[[], Channel]) -> Channel:
        """Return a channel, made if it is not there."""
        channels = self._of_writers[key[0].writer_id]
        return channels.get(key) or channels.setdefault(key, make())

    def without(self, key: ChannelKey, stream: "KafkaErrorStream") -> bool:
        """Take a stream away; return whether any channel is left."""
        writer_id = key[0].writer_id
        if (channels := self._of_writers.get(writer_id)) and (channel := channels.get(key)):
            channel.streams.discard(stream)
            if not channel.streams:
                del channels[key]
                if not channels:
                    del self._of_writers[writer_id]
        return bool(self._of_writers)

    def hand_out(self, records: Sequence[Record]) -> None:
        """Offer the next records of the property to whom they may concern."""
        for channel in tuple(self._of_writers.get("", {}).values()):
            channel.hand_out(records)
        by_writer: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            if (writer_id := record[1].writer_id) and writer_id in self._of_writers:
                by_writer[writer_id].append(record)
        for writer_id, theirs in by_writer.items():
            for channel in tuple(self._of_writers[writer_id].values()):
                channel.hand_out(theirs)


def sifted(sieve: Sieve, records: Iterable[Record]) -> Stretch:
    """Return what a sieve lets by."""
    return Stretch.of(
        (at.partition, at.offset, found)
        for at, error in records
        if (found := sieve.sift(at.partition, at.recorded_ms, error)) is not None
    )

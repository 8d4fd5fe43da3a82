"""The errors that were recorded last, in memory: what a stream that was away for a moment asks for.

Some minutes of the log, so that thousands of streams that come from a server that was stopped need not read Kafka each.
All of it belongs to the event loop's thread.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from footfall_core.errors.feed import Position

OVERHEAD_BYTES = 400
"""What a kept record takes besides its own bytes, about."""


@dataclass(frozen=True, slots=True)
class RecordedError:
    """A record of the log."""

    partition: int
    offset: int
    recorded_ms: int
    """When the log recorded it, Unix milliseconds."""
    property_id: str
    record: bytes
    """The serialized `EventError`."""


class RecentErrors:
    """Keeps the newest records in a bound of bytes, and in one of number for each property.

    What a property has lost by its own bound takes room a while longer, up to a third of what all are given.

    The second one keeps the storm of one property from driving out what the streams of all others go on from.
    """

    def __init__(self, most_bytes: int, most_of_one: int) -> None:
        """Keep nothing yet.

        Args:
            most_bytes: bytes of all records; 0 keeps none.
            most_of_one: records of one property.
        """
        self._most_bytes = most_bytes
        self._most_of_one = most_of_one
        self.begin({}, {})

    def begin(self, places: Mapping[int, int], since_ms: Mapping[int, int]) -> None:
        """Begin anew.

        Args:
            places: the offset of each partition's next record.
            since_ms: Unix milliseconds; what a partition recorded from then on will all be added.
        """
        self._lows, self._low_ms = dict(places), dict(since_ms)
        self._bytes = 0
        self._in_order: deque[RecordedError] = deque()
        self._of: defaultdict[str, deque[RecordedError]] = defaultdict(deque)
        self._dead: set[int] = set()
        """Which ones, by `id`, are in order still though they were dropped by their property's bound."""
        self._own_lows: dict[str, _Lows] = {}

    def add(self, found: RecordedError) -> None:
        """Keep the next record of its partition."""
        if not self._most_bytes:
            self._let_go(found)
            return
        self._in_order.append(found)
        self._bytes += _size(found)
        own = self._of[found.property_id]
        own.append(found)
        if len(own) > self._most_of_one:
            self._drop_oldest_of(found.property_id)
        if len(self._dead) > max(self._most_of_one, len(self._in_order) // 4):
            self._clear_dead()
        while self._bytes > self._most_bytes:
            self._drop_oldest()

    def has_all_behind(self, property_id: str, position: Position) -> bool:
        """Return whether every record of a property from a position on is here, as far as the log was read."""
        own = self._own_lows.get(property_id, _NONE)
        return bool(self._lows) and all(
            at >= max(self._lows.get(partition, 0), own.offsets.get(partition, 0))
            for partition, at in enumerate(position)
        )

    def has_all_since(self, property_id: str, start_ms: int) -> bool:
        """Return whether every record of a property that was recorded at or after a time (Unix ms) is here."""
        own = self._own_lows.get(property_id, _NONE)
        return bool(self._low_ms) and start_ms >= max(*self._low_ms.values(), own.since_ms)

    def of(self, property_id: str) -> Iterator[RecordedError]:
        """Yield a property's records in the order in which they came."""
        yield from self._of.get(property_id, ())

    def _drop_oldest_of(self, property_id: str) -> None:
        oldest = self._of[property_id].popleft()
        self._bytes -= _size(oldest)
        self._dead.add(id(oldest))
        own = self._own_lows.setdefault(property_id, _Lows({}, 0))
        own.offsets[oldest.partition] = oldest.offset + 1
        own.since_ms = max(own.since_ms, oldest.recorded_ms + 1)

    def _clear_dead(self) -> None:
        self._in_order = deque(each for each in self._in_order if id(each) not in self._dead)
        self._dead.clear()

    def _drop_oldest(self) -> None:
        while id(oldest := self._in_order.popleft()) in self._dead:
            self._dead.remove(id(oldest))
        self._bytes -= _size(oldest)
        own = self._of[oldest.property_id]
        own.popleft()
        self._let_go(oldest)
        if not own:
            del self._of[oldest.property_id]
            # what it lost by its own bound came before this one, and so did all that the others have had of then
            lost = self._own_lows.pop(oldest.property_id, _NONE)
            for partition, offset in lost.offsets.items():
                self._raise_low(partition, offset, lost.since_ms)

    def _let_go(self, found: RecordedError) -> None:
        self._raise_low(found.partition, found.offset + 1, found.recorded_ms + 1)

    def _raise_low(self, partition: int, offset: int, since_ms: int) -> None:
        self._lows[partition] = max(self._lows.get(partition, 0), offset)
        self._low_ms[partition] = max(self._low_ms.get(partition, 0), since_ms)


@dataclass(slots=True)
class _Lows:
    """From where on a property has all, after some were dropped by its own bound."""

    offsets: dict[int, int]
    since_ms: int


_NONE = _Lows({}, 0)


def _size(found: RecordedError) -> int:
    return len(found.record) + OVERHEAD_BYTES

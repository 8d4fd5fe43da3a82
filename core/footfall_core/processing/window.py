"""The dedupe window of one writer: which of its sequences were seen. Pure; the state is handed in and out.

    1 … floor      left the window with gaps among them: seen or not is no longer known
    floor+1 … low  seen, every one
    above low      the sequences in `above` were seen, the others not yet

A writer in order has nothing above `low` and takes about 20 bytes; one whose batches overtake each other, or who left
a number out, keeps what lies above as runs, at most 4,096 sequences. The fingerprints of the last 64 batches tell a
repeated batch from another one under the same number; an older repeated number is taken for the repeated batch.

A writer is forgotten when none of its batches has come for longer than `WINDOW_TTL`. "Now" is the time of the record at
hand, and the window itself holds when the writer was last seen, so that the same log always gives the same rows: what
keeps windows only clears away, some time later, what is not used any more.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from footfall_core.wire.state_pb2 import WriterWindow

WINDOW_TTL = timedelta(days=7)
"""A writer's window is used up to this long after the writer's last batch, by the times of raw records."""

WINDOW_KEPT = WINDOW_TTL + timedelta(days=1)
"""What keeps windows removes none before this, counted likewise. The day more is for times that step back: a broker
that takes over stamps records by its own clock, and a window that was removed by a later time would be missed. Steps of
less than half a day are covered: one at the record that wrote the window last, and one at the record that asks."""

WINDOW_TTL_MS = WINDOW_TTL // timedelta(milliseconds=1)

MAX_ABOVE = 4_096
MAX_JUMP = 1_000_000
MAX_FINGERPRINTS = 64


class Sighting(Enum):
    """What a batch's sequence says of it."""

    NEW = "new"
    """Not seen before: it counts."""
    DUPLICATE = "duplicate"
    """The same batch again: it is dropped without an error."""
    REUSED = "reused"
    """The number was used before, with other events."""
    TOO_OLD = "too old"
    """Older than the window: whether it was seen is no longer known."""
    JUMP = "jump"
    """Too far ahead of what was seen."""


@dataclass(slots=True)
class Window:
    """A writer's window; see the module for what the numbers mean."""

    low: int = 0
    floor: int = 0
    above: list[tuple[int, int]] = field(default_factory=list)
    """First and last of each run of sequences above `low` that were seen, ascending; gaps lie between them."""
    fingerprints: dict[int, int] = field(default_factory=dict)
    """By sequence, in the order of arrival."""
    last_seen_ms: int = 0
    """Time of the newest record with a batch of the writer that was not refused, Unix milliseconds; 0 if unknown."""

    @property
    def newest(self) -> int:
        """The largest sequence that was seen; 0 for a writer that is not known."""
        return self.above[-1][1] if self.above else self.low

    def sight(self, sequence: int, fingerprint: int) -> Sighting:
        """Say what a batch is. Nothing changes: see `remember`."""
        if sequence <= self.floor:
            return Sighting.TOO_OLD
        if sequence <= self.low or self._is_above(sequence):
            known = self.fingerprints.get(sequence)
            return Sighting.REUSED if known is not None and known != fingerprint else Sighting.DUPLICATE
        # a writer that is not known may begin anywhere: its window may have expired, or the log may begin after it
        if self.newest and sequence > self.newest + MAX_JUMP:
            return Sighting.JUMP
        return Sighting.NEW

    def remember(self, sequence: int, fingerprint: int) -> None:
        """Note a new batch as seen."""
        if sequence == self.low + 1 and not self.above:
            self.low = sequence  # a writer in order
        else:
            self._add(sequence)
            if sum(last - first + 1 for first, last in self.above) > MAX_ABOVE:
                # the gap below the oldest of them is given up
                self.floor = self.above[0][0] - 1
                self.low = self.above.pop(0)[1]
            elif self.above[0][0] == self.low + 1:
                self.low = self.above.pop(0)[1]
        self.fingerprints[sequence] = fingerprint
        if len(self.fingerprints) > MAX_FINGERPRINTS:
            del self.fingerprints[next(iter(self.fingerprints))]

    def seen_at(self, now_ms: int) -> bool:
        """Note that a batch came, new or again, and return whether the window is another one for that."""
        if now_ms <= self.last_seen_ms:
            return False
        self.last_seen_ms = now_ms
        return True

    def _is_above(self, sequence: int) -> bool:
        index = bisect_right(self.above, sequence, key=_first) - 1
        return index >= 0 and sequence <= self.above[index][1]

    def _add(self, sequence: int) -> None:
        """Put a sequence among those above, joined with the runs that it touches."""
        index = bisect_right(self.above, sequence, key=_first)
        first = last = sequence
        if index < len(self.above) and self.above[index][0] == sequence + 1:
            last = self.above.pop(index)[1]
        if index > 0 and self.above[index - 1][1] == sequence - 1:
            index -= 1
            first = self.above.pop(index)[0]
        self.above.insert(index, (first, last))


def _first(run: tuple[int, int]) -> int:
    return run[0]


def decode_window(stored: bytes | None, now_ms: int) -> Window:
    """Return a stored window; an empty one for a writer that is not known, or not any more.

    Args:
        stored: what `encode_window` returned, or None. One that does not say when its writer was last seen is of a
            version before, and is used for as long as it is there.
        now_ms: the time of the record at hand, Unix milliseconds.
    """
    if stored is None:
        return Window()
    message = WriterWindow.FromString(stored)
    if message.last_seen_ms and now_ms - message.last_seen_ms > WINDOW_TTL_MS:
        return Window()
    window = Window(low=message.low, floor=message.floor, last_seen_ms=message.last_seen_ms)
    at = message.low
    for gap, length in zip(message.above_gaps, message.above_lengths, strict=True):
        window.above.append((at + gap, at + gap + length - 1))
        at += gap + length - 1
    window.fingerprints = dict(zip(message.recent_sequences, message.recent_fingerprints, strict=True))
    return window


def encode_window(window: Window) -> bytes:
    """Return the stored form of a window."""
    message = WriterWindow(
        low=window.low,
        floor=window.floor,
        recent_sequences=window.fingerprints.keys(),
        recent_fingerprints=window.fingerprints.values(),
        last_seen_ms=window.last_seen_ms,
    )
    at = window.low
    for first, last in window.above:
        message.above_gaps.append(first - at)
        message.above_lengths.append(last - first + 1)
        at = last
    return message.SerializeToString()

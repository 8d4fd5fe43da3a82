"""The dedupe window of one writer: which of its sequences were seen. Pure; the state is handed in and out.

    1 … floor      left the window with gaps among them: seen or not is no longer known
    floor+1 … low  seen, every one
    above low      the sequences in `above` were seen, the others not yet

A writer in order has nothing above `low` and takes about 20 bytes; one whose batches overtake each other keeps what
lies above, at most 4,096 sequences. The fingerprints of the last 64 batches tell a repeated batch from another one
under the same number; an older repeated number is taken for the repeated batch.
"""

from bisect import insort
from dataclasses import dataclass, field
from enum import Enum

from footfall_core.wire.state_pb2 import WriterWindow

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
    above: list[int] = field(default_factory=list)
    """Ascending."""
    fingerprints: dict[int, int] = field(default_factory=dict)
    """By sequence, in the order of arrival."""

    def sight(self, sequence: int, fingerprint: int) -> Sighting:
        """Say what a batch is. Nothing changes: see `remember`."""
        if sequence <= self.floor:
            return Sighting.TOO_OLD
        if sequence <= self.low or sequence in self.above:
            known = self.fingerprints.get(sequence)
            return Sighting.REUSED if known is not None and known != fingerprint else Sighting.DUPLICATE
        newest = self.above[-1] if self.above else self.low
        if sequence > newest + MAX_JUMP:
            return Sighting.JUMP
        return Sighting.NEW

    def remember(self, sequence: int, fingerprint: int) -> None:
        """Note a new batch as seen."""
        if sequence == self.low + 1 and not self.above:
            self.low = sequence  # a writer in order
        else:
            insort(self.above, sequence)
            self._close_gaps()
        self.fingerprints[sequence] = fingerprint
        if len(self.fingerprints) > MAX_FINGERPRINTS:
            del self.fingerprints[next(iter(self.fingerprints))]

    def _close_gaps(self) -> None:
        closed = 0
        if len(self.above) > MAX_ABOVE:
            # the gap below the oldest of them is given up
            self.floor = self.low = self.above[0]
            closed = 1
        while closed < len(self.above) and self.above[closed] == self.low + 1:
            self.low += 1
            closed += 1
        del self.above[:closed]


def decode_window(stored: bytes | None) -> Window:
    """Return a stored window; an empty one for a writer that is not known."""
    if stored is None:
        return Window()
    message = WriterWindow.FromString(stored)
    window = Window(low=message.low, floor=message.floor)
    at = message.low
    for delta in message.above_deltas:
        at += delta
        window.above.append(at)
    window.fingerprints = dict(zip(message.recent_sequences, message.recent_fingerprints, strict=True))
    return window


def encode_window(window: Window) -> bytes:
    """Return the stored form of a window."""
    message = WriterWindow(
        low=window.low,
        floor=window.floor,
        recent_sequences=window.fingerprints.keys(),
        recent_fingerprints=window.fingerprints.values(),
    )
    at = window.low
    for sequence in window.above:
        message.above_deltas.append(sequence - at)
        at = sequence
    return message.SerializeToString()

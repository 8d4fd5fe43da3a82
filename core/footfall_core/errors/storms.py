"""What a stream is pushed when there are too many errors: the first ones, a sample, and the number of the others. Pure.

Of each stage and code the first errors of a window are pushed, so that a rare kind is never crowded out by a frequent
one. Windows are whole multiples of their length by the time at which the log recorded an error, and counted by its
partition: so everybody who reads the log from the same place on takes the same ones. Beyond them a sample is pushed,
which the error's id alone decides: it is the same for every stream.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zlib import crc32

Kind = tuple[int, int]
"""Numbers of `footfall.v1.Stage` and `footfall.v1.ErrorCode`."""


@dataclass(frozen=True, slots=True)
class StormRule:
    """How many errors of a kind a stream is pushed."""

    first: int
    """Errors of each kind in a window that are pushed whatever their ids are."""
    window_ms: int
    """Milliseconds."""
    one_in: int
    """One in so many of the others is pushed."""

    def samples(self, error_id: str) -> bool:
        """Return whether an error is in the sample."""
        return crc32(error_id.encode()) % self.one_in == 0


class Sampler:
    """Decides about the errors of one selection, in the order of the log."""

    def __init__(self, rule: StormRule | None) -> None:
        """Begin; None pushes every error."""
        self._rule = rule
        self._windows: dict[tuple[int, Kind], tuple[int, int]] = {}
        """The newest window of each partition and kind, and how many it has."""

    def pushes(self, partition: int, recorded_ms: int, kind: Kind, error_id: str) -> bool:
        """Return whether the next error is pushed; otherwise it is to be counted.

        Args:
            partition: of the log.
            recorded_ms: when the log recorded it, Unix milliseconds.
            kind: of the error.
            error_id: of the error.
        """
        rule = self._rule
        if rule is None:
            return True
        window, count = self._windows.get((partition, kind), (-1, 0))
        # the log's clock may step back: what is late counts in the newest window
        if (newest := recorded_ms // rule.window_ms) > window:
            window, count = newest, 0
        self._windows[partition, kind] = window, count + 1
        return count < rule.first or rule.samples(error_id)


class LeftOut:
    """How many errors were left out, by kind, and how far in the log they are counted."""

    __slots__ = ("_counts", "_places")

    def __init__(self) -> None:
        self._counts: dict[Kind, int] = {}
        self._places: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, partition: int, offset: int, kind: Kind) -> None:
        """Count one error at its place."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._places[partition] = offset + 1

    def join(self, later: "LeftOut") -> None:
        """Count what was left out behind this."""
        for kind, count in later._counts.items():  # noqa: SLF001 - another of the same
            self._counts[kind] = self._counts.get(kind, 0) + count
        self._places |= later._places  # noqa: SLF001

    @property
    def places(self) -> Mapping[int, int]:
        """The offset behind the last one that was left out in each partition."""
        return self._places

    def counts(self) -> Iterator[tuple[Kind, int]]:
        """Yield how many of each kind."""
        yield from sorted(self._counts.items())

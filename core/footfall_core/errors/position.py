"""Places in the log of errors: how far a stream has come, and whether the log still reaches back to where one was."""

from collections.abc import Mapping

from footfall_core.errors.feed import OutOfHistoryError, Position


class Bookmark:
    """How far a stream has come in each partition. It never moves back."""

    def __init__(self, places: Mapping[int, int]) -> None:
        """Begin at the offset of each partition's next record."""
        self._places = dict(places)

    @property
    def position(self) -> Position:
        """The offset of each partition's next record."""
        return tuple(self._places[partition] for partition in sorted(self._places))

    def passed(self, partition: int, offset: int) -> None:
        """Move behind a record."""
        self.reached({partition: offset + 1})

    def reached(self, places: Mapping[int, int]) -> None:
        """Move to the places that are further on than the bookmark is."""
        for partition, offset in places.items():
            if offset > self._places.get(partition, 0):
                self._places[partition] = offset


def go_on_from(position: Position, lows: Position, ends: Position) -> Position:
    """Return where a stream goes on that was at `position`: there, if the log still has all that came after it.

    A partition that the position does not name was added later, so it is read from its first record. An offset behind
    the end, or a partition that is not there, says that the log was made anew.

    Args:
        position: where the stream was.
        lows: the first offset of each partition that the log still has.
        ends: the offset behind the last record of each.

    Raises:
        OutOfHistoryError: records between `position` and what the log has are gone. Whether any of them would have
            been the stream's is not known.
    """
    added = len(ends) - len(position)
    if added < 0 or any(at > end for at, end in zip(position, ends, strict=False)):
        raise OutOfHistoryError(lows)
    wanted = position + (0,) * added
    if any(at < low for at, low in zip(wanted, lows, strict=True)):
        raise OutOfHistoryError(tuple(map(max, wanted, lows)))
    return wanted

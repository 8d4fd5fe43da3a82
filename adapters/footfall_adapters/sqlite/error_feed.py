"""The errors of all properties from SQLite: each stream reads the table at its own pace, from a place of its own.

Nothing waits in memory for a slow reader: what it has not read is in the table. So a stream never ends because its
client is slow.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable

import structlog

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.sqlite.database import reason
from footfall_adapters.sqlite.reading import Row, SqliteReader
from footfall_core.clock import Micros
from footfall_core.errors.feed import OutOfHistoryError, Position, PushedError
from footfall_core.errors.position import go_on_from
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.sieve import Sieve
from footfall_core.errors.storms import LeftOut, StormRule
from footfall_core.problems import TryAgain

log = structlog.get_logger()

_CHUNK = 500
"""Errors that are read at a time."""

_PARTITION = 0
"""The table is one partition."""

_BEGINNING = "SELECT COALESCE((SELECT value FROM places WHERE name = 'beginning'), 1)"
_FIRST = "SELECT value FROM places WHERE name = 'first_error'"
# the table counts on behind errors that are gone
_END = "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'errors'), 0) + 1"


class SqliteErrorFeed:
    """An `ErrorFeed`, on one event loop; `wake` tells it from any thread that errors were stored."""

    def __init__(self, reader: SqliteReader, rule: StormRule) -> None:
        self._reader = reader
        self._rule = rule
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._closed = False

    def wake(self) -> None:
        """Have streams look for new errors; called from any thread."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    @property
    def changed(self) -> asyncio.Event:
        """What is set when errors are stored after now."""
        return self._changed

    def close(self) -> None:
        """End all streams: what waits is told to try again."""
        self._closed = True
        self._wake()

    def check_open(self) -> None:
        """Raise `TryAgain` if streams are to end."""
        if self._closed:
            raise TryAgain("This server is about to stop; call again.")

    async def open(
        self, selection: ErrorSelection, start: Micros | Position | None, *, every_error: bool = False
    ) -> "SqliteErrorStream":
        """Return a stream: see the port."""
        since = (
            "SELECT MIN(offset) FROM errors WHERE property = ? AND recorded_ms >= ?",
            [selection.property_id, start // 1000 if isinstance(start, int) else 0],
        )
        [[(beginning,)], [(low,)], [(end,)], [(found,)]] = await self.read(
            (_BEGINNING, []), (_FIRST, []), (_END, []), since
        )
        if start is None:
            place = end
        elif isinstance(start, tuple):
            (place,) = go_on_from(start or (beginning,), (low,), (end,))
        else:
            place = end if found is None else found
        sieve = Sieve(selection, None if every_error else self._rule)
        return SqliteErrorStream(self, selection.property_id, sieve, max(place, low), end)

    async def read(self, *queries: tuple[str, list[object]]) -> list[list[Row]]:
        """Return the rows of some queries.

        Raises:
            TryAgain: the errors cannot be read.
        """
        self.check_open()
        try:
            return await self._reader.rows(*queries)
        except sqlite3.Error as error:
            log.warning("errors not read", reason=str(error))
            raise TryAgain(f"The log of errors cannot be read: {reason(error)}.") from None


class SqliteErrorStream:
    """An `ErrorStream`.

    Args:
        feed: that opened it.
        property_id: whose errors.
        sieve: lets by which of them.
        place: the offset of the next error to look at.
        end: the offset behind the last error when it was opened.
    """

    def __init__(self, feed: SqliteErrorFeed, property_id: str, sieve: Sieve, place: int, end: int) -> None:
        self._feed = feed
        self._property_id = property_id
        self._sieve = sieve
        self._place = place
        self._scanned = place
        self._end = end
        self._waiting: deque[tuple[int, PushedError, LeftOut]] = deque()
        """Offset, error, and what is left out in front of it."""
        self._behind = LeftOut()
        """What is left out behind those."""
        self._left_out = LeftOut()
        self._tell: Callable[[], None] = lambda: None
        self._said_live = False

    @property
    def position(self) -> Position:
        """Where a later stream goes on: see the port."""
        self._keep_up()
        return (self._place,)

    def left_out(self) -> LeftOut:
        """Return what was left out in front of `position`: see the port."""
        self._keep_up()
        taken, self._left_out = self._left_out, LeftOut()
        return taken

    def tell(self, left_out: Callable[[], None]) -> None:
        """Call `left_out` when there is more of it: see the port."""
        self._tell = left_out

    async def next(self) -> PushedError | None:
        """Wait for the next error and return it; return None once, when the stream has caught up: see the port."""
        while True:
            self._feed.check_open()
            if not self._said_live and self._has_caught_up():
                self._said_live = True
                return None
            if self._waiting:
                offset, error, before = self._waiting.popleft()
                self._left_out.join(before)
                self._place = offset + 1
                return error
            changed = self._feed.changed  # before looking: what is stored meanwhile sets it
            if await self._look():
                continue
            if self._said_live or not self._has_caught_up():
                await changed.wait()

    def _has_caught_up(self) -> bool:
        """Return whether all errors that were there when the stream was opened were returned."""
        return self._scanned >= self._end and (not self._waiting or self._waiting[0][0] >= self._end)

    def _keep_up(self) -> None:
        """Move on behind all that was looked at, unless something waits to be returned."""
        if not self._waiting:
            self._left_out.join(self._behind)
            self._behind = LeftOut()
            self._place = self._scanned

    async def _look(self) -> bool:
        """Read the next errors, and return whether anything was found or there may be more."""
        wanted = (
            "SELECT offset, recorded_ms, error FROM errors WHERE property = ? AND offset >= ? ORDER BY offset LIMIT ?",
            [self._property_id, self._scanned, _CHUNK],
        )
        [[(low,)], [(end,)], rows] = await self._feed.read((_FIRST, []), (_END, []), wanted)
        if self._scanned < low:
            raise OutOfHistoryError((low,))
        for offset, recorded_ms, record in rows:
            found = self._sieve.sift(_PARTITION, recorded_ms, EventError.FromString(record))
            if isinstance(found, PushedError):
                self._waiting.append((offset, found, self._behind))
                self._behind = LeftOut()
            elif found is not None:
                self._behind.add(_PARTITION, offset, found)
        self._scanned = rows[-1][0] + 1 if len(rows) == _CHUNK else end
        if self._behind:
            self._tell()
        return bool(rows)

    def close(self) -> None:
        """Give everything up: see the port."""
        self._waiting.clear()

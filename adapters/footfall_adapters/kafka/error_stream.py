"""One reader's stream of errors: the past first if it asked for it, then the present from a bounded queue."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from footfall_adapters.kafka.error_channel import PlacedError, Stretch
from footfall_adapters.kafka.error_history import ErrorHistory, Past
from footfall_core import telemetry
from footfall_core.errors.feed import Position, PushedError
from footfall_core.errors.position import Bookmark
from footfall_core.errors.selection import ErrorSelection
from footfall_core.errors.storms import LeftOut
from footfall_core.problems import Problem, TooSlow

_EARLY_ERRORS = 10_000
"""How many errors may be offered before it is known where the past ends and so which of them the past has."""


class KafkaErrorStream:
    """An `ErrorStream`. All of it happens on the event loop's thread.

    Args:
        selection: which errors.
        longest: how many errors of the present may wait.
        patience: how long, in seconds, the past may wait for `next` to be called.
        feed_places: the offset of each partition's next record that is not offered yet; the feed keeps it up to date,
            and everything before it was offered.
        forget: is called once, when nothing is to be offered any more.
    """

    def __init__(
        self,
        selection: ErrorSelection,
        longest: int,
        patience: float,
        feed_places: Mapping[int, int],
        forget: Callable[["KafkaErrorStream"], None],
    ) -> None:
        self.selection = selection
        self._longest = self._most = longest
        self._patience = patience
        self._feed_places = feed_places
        self._forget = forget
        self._history: ErrorHistory | None = None
        self._reading: asyncio.Future[Past | None] | None = None
        self._early: list[Stretch] | None = None
        """What was offered before it was known where the past ends; None when it is known."""
        self._past: deque[PlacedError] = deque()
        self._past_behind = LeftOut()
        """What was left out behind `_past`."""
        self._past_places: Mapping[int, int] = {}
        """How far the topic is read with what is in `_past`."""
        self._present: deque[PlacedError] = deque()
        self._present_behind = LeftOut()
        self._since: Mapping[int, int] = {}
        """The offsets from which on the present is this stream's; what is before them is the past's."""
        self._bookmark = Bookmark(feed_places)
        self._left_out = LeftOut()
        """In front of the bookmark, and not asked for yet."""
        self._tell: Callable[[], None] = lambda: None
        self._changed = asyncio.Event()
        self._live_at: Mapping[int, int] = {}
        """Where the topic ended when the stream was opened: it is live when the feed has come there."""
        self._before_live = 0
        """How many of `_present` are returned before it says that it is live."""
        self._said_live = False
        self._problem: Exception | None = None
        self._closed = False
        self._asked = False
        """Whether `next` is under way."""
        self._served_at = 0.0
        """When it last ended, by the loop's clock."""
        self._watcher: asyncio.TimerHandle | None = None

    async def begin_with(self, history: ErrorHistory) -> None:
        """Read the past first; what is offered meanwhile waits. Called at most once, before `next`.

        Raises:
            OutOfHistoryError: the log does not have all of it.
            TryAgain: Kafka is away.
        """
        self._history = history
        self._early = []
        self._bookmark = Bookmark(await history.begin())
        self._since = history.until
        early, self._early = self._early, None
        for stretch in early:
            # the feed is ahead of what it offered then
            self._take(stretch.since(self._since))
        self._served_at = asyncio.get_running_loop().time()
        self._watch()

    def begin_behind(self, places: Mapping[int, int], recent: Stretch, ends: Mapping[int, int]) -> None:
        """Begin with what the feed has kept of the past. Called at most once, before `next`.

        Args:
            places: where the past begins, perhaps ahead of the feed.
            recent: all of it, up to where the feed is.
            ends: where the topic ends.
        """
        self._bookmark = Bookmark(places)
        self._past.extend(recent.errors)
        self._past_behind.join(recent.behind)
        self._past_places = dict(self._feed_places)
        self._since, self._live_at = places, ends

    def offer(self, stretch: Stretch) -> None:
        """Take what comes next; end the stream if too much waits."""
        if self._early is not None:
            self._early.append(stretch)
            if sum(len(each.errors) for each in self._early) > _EARLY_ERRORS:
                self._end_slow(f"More than {_EARLY_ERRORS:,} errors came before the past could be read")
            return
        if self._since:
            stretch = stretch.since(self._since)
            if all(self._feed_places.get(partition, 0) >= offset for partition, offset in self._since.items()):
                self._since = {}
        self._take(stretch)

    def _take(self, stretch: Stretch) -> None:
        if self._closed:
            return
        # as long as it reads what is past, it does not read too slowly what comes; nor what has come meanwhile
        if self._history is not None:
            self._most = max(self._longest, _EARLY_ERRORS)
        elif len(self._present) <= self._longest:
            self._most = self._longest
        if len(self._present) + len(stretch.errors) > self._most:
            self._end_slow(f"More than {self._most:,} errors wait to be read")
            return
        self._keep_up()
        errors = iter(stretch.errors)
        if self._present_behind and (first := next(errors, None)):
            before, self._present_behind = self._present_behind, LeftOut()
            before.join(first.before or LeftOut())
            self._present.append(PlacedError(first.partition, first.offset, first.error, before))
        self._present.extend(errors)
        self._present_behind.join(stretch.behind)
        if stretch.behind:
            self._tell()
        if stretch.errors:
            self._changed.set()

    def moved(self) -> bool:
        """Look where the feed is now, and return whether the stream is, or will be, live without looking again."""
        if any(self._feed_places.get(partition, 0) < end for partition, end in self._live_at.items()):
            return False
        if self._live_at:
            self._live_at, self._before_live = {}, len(self._present)
            self._changed.set()
        return True

    def fail(self, problem: Problem) -> None:
        """End the stream: what waits is dropped, and `next` raises."""
        self._problem = problem
        self._present.clear()
        self._past.clear()
        self._changed.set()
        self.close()

    @property
    def position(self) -> Position:
        """See `ErrorStream`."""
        self._keep_up()
        return self._bookmark.position

    def left_out(self) -> LeftOut:
        """See `ErrorStream`."""
        self._keep_up()
        if not self._left_out:
            return self._left_out
        taken, self._left_out = self._left_out, LeftOut()
        return taken

    def tell(self, left_out: Callable[[], None]) -> None:
        """See `ErrorStream`."""
        self._tell = left_out

    async def next(self) -> PushedError | None:
        """See `ErrorStream`."""
        self._asked = True
        try:
            return await self._next()
        finally:
            self._asked = False
            self._served_at = asyncio.get_running_loop().time()

    def close(self) -> None:
        """See `ErrorStream`."""
        if not self._closed:
            self._closed = True
            self._forget(self)
            if self._watcher:
                self._watcher.cancel()
            if self._history:
                self._history.close()
            if self._reading:
                self._reading.add_done_callback(_let_go)

    def _end_slow(self, what: str) -> None:
        telemetry.SLOW_READERS.inc()
        self.fail(
            TooSlow(f"{what}; call again with the resume token of the last message that arrived, and read faster.")
        )

    def _watch(self) -> None:
        """End the stream if its client leaves the past waiting: few may read the past, and others want to."""
        if self._closed or not self._history:
            return
        loop = asyncio.get_running_loop()
        left = self._patience if self._asked else self._served_at + self._patience - loop.time()
        if left > 0:
            self._watcher = loop.call_later(left, self._watch)
        else:
            self._end_slow(f"Past errors waited {self._patience:g} seconds to be read")

    async def _next(self) -> PushedError | None:
        while True:
            if self._problem:
                raise self._problem
            if self._past:
                return self._delivered(self._past.popleft())
            if self._history:
                await self._read_past(self._history)
            elif not self._said_live and self.moved() and not self._before_live:
                self._said_live = True
                return None
            elif self._present:
                self._before_live = max(0, self._before_live - 1)
                return self._delivered(self._present.popleft())
            else:
                self._changed.clear()
                await self._changed.wait()

    def _delivered(self, placed: PlacedError) -> PushedError:
        if placed.before:
            self._pass(placed.before)
        self._bookmark.passed(placed.partition, placed.offset)
        return placed.error

    def _pass(self, left_out: LeftOut) -> None:
        self._left_out.join(left_out)
        self._bookmark.reached(left_out.places)

    def _keep_up(self) -> None:
        """Move the bookmark on with the log, as far as nothing that was read waits to be delivered."""
        if self._closed or self._past:
            return
        if self._past_behind:
            self._pass(self._past_behind)
            self._past_behind = LeftOut()
        self._bookmark.reached(self._past_places)
        if not self._history and not self._present:
            if self._present_behind:
                self._pass(self._present_behind)
                self._present_behind = LeftOut()
            self._bookmark.reached(self._feed_places)

    async def _read_past(self, history: ErrorHistory) -> None:
        # a task of its own, so that whoever gives up waiting loses nothing of it
        self._reading = self._reading or asyncio.ensure_future(history.read())
        await asyncio.wait({self._reading})
        reading, self._reading = self._reading, None
        past = reading.result()
        if past is None:
            # what the past took is given back as soon as the present is reached
            history.close()
            self._past_places = history.until
            self._history = None
        elif not self._closed:
            self._keep_up()  # what the read before left out is in front of all of this
            self._past.extend(past.found.errors)
            self._past_behind.join(past.found.behind)
            self._past_places = past.places
            if past.found.behind:
                self._tell()


def _let_go(reading: "asyncio.Future[Past | None]") -> None:
    """Take what nobody waits for any more, be it a failure."""
    with suppress(asyncio.CancelledError):
        reading.exception()

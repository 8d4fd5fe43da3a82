"""Sends the batches of a file: several at a time, each until it is durable, and never faster than asked for."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Protocol

from footfall.failures import FootfallError
from footfall.results import Outcome
from footfall.v1.event_pb2 import Event
from footfall_cli.replay.plan import Batch

INTERRUPTIBLE_SECONDS = 0.2
"""Longest single wait of the main thread: a Ctrl-C that arrives just before a wait is noticed only after it."""


@dataclass(slots=True)
class Tally:
    """What became of the events sent."""

    accepted: int = 0
    rejected: int = 0
    retried_batches: int = 0
    seconds: float = 0.0
    """From the first attempt to the last acknowledgement."""
    last_acknowledged: float = 0.0
    """By the monotonic clock."""
    committed_time_micros: int = 0
    """The latest of all batches."""
    earliest_micros: int = 0
    latest_micros: int = 0
    """The events' own times; 0: not known."""


class FailedBatchError(Exception):
    """A batch that was not stored, or of which that is not known; the ones before it are."""

    def __init__(self, batch: Batch, cause: FootfallError) -> None:
        super().__init__(str(cause))
        self.batch = batch
        self.cause = cause


class Send(Protocol):
    """Sends a batch without waiting for what becomes of it."""

    def __call__(self, events: Sequence[Event], *, sequence: int) -> Future[Outcome]:
        """Send a batch under a number."""


class Sending:
    """Sends batches with one writer."""

    def __init__(
        self,
        send: Send,
        *,
        under_way: int,
        rate: float | None,
        refuse: Callable[[int, str], None],
        acknowledged: Callable[[Batch], None],
    ) -> None:
        """Send nothing yet.

        Args:
            send: how.
            under_way: batches that may be under way at once. The server commits those that arrive together in one
                transaction; and it remembers thousands of numbers of a writer, so that these may overtake each other.
            rate: events a second; None as fast as it goes.
            refuse: told the number of each line whose event the server rejected, and why.
            acknowledged: told of each batch that is durable, in order.
        """
        self._send = send
        self._at_once = under_way
        self._rate = rate
        self._refuse = refuse
        self._acknowledged = acknowledged
        self._under_way: deque[tuple[Batch, Future[Outcome]]] = deque()
        self.tally = Tally()

    def run(self, batches: Iterable[Batch]) -> None:
        """Send all of them.

        Raises:
            FailedBatchError: a batch failed for good; nothing after it was begun, but a few may be under way.
        """
        started, sent = time.monotonic(), 0
        for batch in batches:
            # the window slides with the oldest batch, so that none gets far ahead of one that is being retried
            while len(self._under_way) >= self._at_once or (self._under_way and self._under_way[0][1].done()):
                self._settle_oldest()
            if self._rate is not None:
                # by the schedule, not by the last batch, so that delays don't add up
                sleep_until(started + sent / self._rate)
            self._under_way.append((batch, self._send(batch.events, sequence=batch.sequence)))
            sent += len(batch.events)
        while self._under_way:
            self._settle_oldest()
        self.tally.last_acknowledged = time.monotonic()
        self.tally.seconds = self.tally.last_acknowledged - started

    def _settle_oldest(self) -> None:
        batch, future = self._under_way.popleft()
        while not wait([future], INTERRUPTIBLE_SECONDS).done:
            pass
        try:
            outcome = future.result()
        except FootfallError as error:
            raise FailedBatchError(batch, error) from error
        for rejected in outcome.rejected:
            field = rejected.field.removeprefix(f"events[{rejected.index}]").removeprefix(".")
            sentence = f"{rejected.code}: {rejected.message}"
            self._refuse(batch.lines[rejected.index], f"{field}: {sentence}" if field else sentence)
        tally = self.tally
        tally.accepted += outcome.accepted
        tally.rejected += len(outcome.rejected)
        tally.retried_batches += outcome.attempts > 1
        tally.committed_time_micros = max(tally.committed_time_micros, outcome.committed_time_micros)
        times = [event.timestamp_micros for event in batch.events if event.timestamp_micros > 0]
        if times:
            tally.earliest_micros = min([*times, tally.earliest_micros or times[0]])
            tally.latest_micros = max([*times, tally.latest_micros])
        self._acknowledged(batch)


def sleep_until(due: float) -> None:
    """Sleep until an instant of the monotonic clock."""
    while (left := due - time.monotonic()) > 0:
        time.sleep(min(left, INTERRUPTIBLE_SECONDS))

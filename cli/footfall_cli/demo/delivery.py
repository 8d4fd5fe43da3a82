"""Sends the days of a demo, each under its writer, and checks every answer against what the generator meant."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date

from footfall.results import Outcome
from footfall.v1.event_pb2 import Event
from footfall_cli.demo.arrivals import Arrival
from footfall_cli.demo.batches import batches_of, writer_id_of
from footfall_cli.demo.figures import Figures
from footfall_cli.demo.history import arrivals_on
from footfall_cli.demo.settings import Demo
from footfall_cli.replay.plan import Batch
from footfall_cli.replay.sending import Send, Sending, Tally
from footfall_cli.replay.ways import STREAMED_AT_ONCE


@dataclass(slots=True)
class Delivered:
    """What became of the days."""

    tally: Tally = field(default_factory=Tally)
    """Of all days together."""
    figures: Figures = field(default_factory=Figures)
    """What the acknowledged events are to come out as."""
    surprises: int = 0
    """Events that were refused and should not have been, or the other way round, or with another code."""


class Delivery:
    """Sends days, one after the other."""

    def __init__(
        self,
        open_way: Callable[[str], AbstractContextManager[Send]],
        *,
        rate: float | None,
        surprised: Callable[[str], None],
        progressed: Callable[[float], None],
    ) -> None:
        """Send nothing yet.

        Args:
            open_way: returns the way of sending for a writer id.
            rate: events a second; None as fast as it goes.
            surprised: told of each event with another answer than the one it was made for, in a sentence.
            progressed: told after each batch how much of its day is sent, from 0 to 1.
        """
        self._open_way = open_way
        self._rate = rate
        self._surprised = surprised
        self._progressed = progressed
        self.delivered = Delivered()

    def send(self, demo: Demo, day: date, until_micros: int) -> None:
        """Send what a day brought before an instant.

        Raises:
            FailedBatchError: a batch failed for good; the ones before it are stored.
        """
        arrivals = arrivals_on(demo, day)
        batches = list(batches_of(arrivals, until_micros))
        if not batches:
            return
        outcomes: deque[Future[Outcome]] = deque()

        def acknowledged(batch: Batch) -> None:
            self._compare(batch, arrivals, outcomes.popleft().result())
            self._progressed(batch.sequence / len(batches))

        with self._open_way(writer_id_of(demo, day)) as send:

            def send_and_keep(events: Sequence[Event], *, sequence: int) -> Future[Outcome]:
                outcomes.append(send(events, sequence=sequence))
                return outcomes[-1]

            sending = Sending(
                send_and_keep,
                under_way=STREAMED_AT_ONCE,
                rate=self._rate,
                refuse=lambda _number, _reason: None,  # most are meant to be, and `_compare` has them all
                acknowledged=acknowledged,
            )
            try:
                sending.run(batches)
            finally:
                self._add(sending.tally)

    def _compare(self, batch: Batch, arrivals: Sequence[Arrival], outcome: Outcome) -> None:
        refused = {rejected.index: rejected for rejected in outcome.rejected}
        for index, place in enumerate(batch.lines):
            arrival, rejected = arrivals[place], refused.get(index)
            self.delivered.figures.add(arrival)
            if (rejected.code if rejected else "") != arrival.code:
                self.delivered.surprises += 1
                answer = f"refused, {rejected.code}: {rejected.message}" if rejected else "stored"
                meant = f"refused with {arrival.code}" if arrival.code else "stored"
                self._surprised(f"event {arrival.event.event_id} was to be {meant}, and was {answer}")

    def _add(self, tally: Tally) -> None:
        whole = self.delivered.tally
        whole.accepted += tally.accepted
        whole.rejected += tally.rejected
        whole.retried_batches += tally.retried_batches
        whole.seconds += tally.seconds
        whole.last_acknowledged = max(whole.last_acknowledged, tally.last_acknowledged)
        whole.committed_time_micros = max(whole.committed_time_micros, tally.committed_time_micros)
        earliest = [micros for micros in (whole.earliest_micros, tally.earliest_micros) if micros]
        whole.earliest_micros = min(earliest, default=0)
        whole.latest_micros = max(whole.latest_micros, tally.latest_micros)

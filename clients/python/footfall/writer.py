"""One writer: numbers its batches, so that each is stored once however often it is sent."""

import itertools
import secrets
import time
from collections.abc import Callable, Iterable

import grpc

from footfall.outbox import outcome_of
from footfall.results import Outcome
from footfall.retry import RetryPolicy, call_with_retries
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest, WriteEventsResponse
from footfall.v1.ingest_pb2_grpc import IngestServiceStub


class Writer:
    """Writes batches, each by a call of its own, and waits until they are durable; `StreamWriter` doesn't wait.

    A number that was given out is never used for other events: a batch that was given up leaves a gap, which the
    server doesn't mind. Safe to use from several threads, as long as no batch is more than some hundred ahead of the
    oldest that is under way: the server remembers the last 4,096.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        property_id: str,
        *,
        writer_id: str | None = None,
        historical_import: bool = False,
        retries: RetryPolicy | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Write nothing yet.

        Args:
            channel: from `footfall.channel.open_channel`; the caller closes it.
            property_id: the property that the events belong to.
            writer_id: names this run of this client; None draws one at random.
            historical_import: event times may be arbitrarily old.
            retries: how patiently to retry.
            pause: waits between attempts; True from it means to give up.
        """
        self.writer_id = writer_id or secrets.token_hex(16)
        # the generated stubs carry no types
        self._write_events = IngestServiceStub(channel).WriteEvents  # type: ignore[no-untyped-call]
        self._property = f"properties/{property_id}"
        self._historical_import = historical_import
        self._retries = retries or RetryPolicy()
        self._pause = pause
        self._sequences = itertools.count(1)

    def next_sequence(self) -> int:
        """Return the number of the next batch and never again; for who hands batches to several threads in order."""
        return next(self._sequences)

    def write(self, events: Iterable[Event], *, sequence: int | None = None) -> Outcome:
        """Write one batch of 1 to 1,000 events, and return when it is durable.

        Args:
            events: the events.
            sequence: a number from `next_sequence`; None takes the next one.

        Raises:
            RefusedError: the batch as a whole was refused; nothing of it is stored.
            GivenUpError: it was retried in vain; it may or may not be stored.
        """
        request = WriteEventsRequest(
            property=self._property,
            writer_id=self.writer_id,
            sequence=sequence or self.next_sequence(),
            events=events,
            historical_import=self._historical_import,
        )

        def attempt(seconds: float) -> WriteEventsResponse:
            request.sent_time_micros = time.time_ns() // 1000
            answer: WriteEventsResponse = self._write_events(request, timeout=seconds)
            return answer

        answer, attempts = call_with_retries(attempt, self._retries, pause=self._pause)
        return outcome_of(answer, request.sequence, attempts)

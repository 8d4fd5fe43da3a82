"""Which batches wait, which are sent and have no answer yet, and which are to be sent again. No clock, lock or I/O.

A batch goes over the stream, and its answer comes back over it, in order. It waits again when the stream ends, or when
the server refuses it for now. It goes by a call of its own (`WriteEvents`) when a stream was refused for good, or the
server answered out of step: of several batches without an answer nobody knows which of them was meant. A server that
has no streams (`UNIMPLEMENTED`, for example a gateway that doesn't let them through) gets such calls only.
"""

import random
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import grpc

from footfall.failures import FootfallError, GivenUpError
from footfall.names import code_name
from footfall.results import Outcome, Rejected
from footfall.retry import RetryPolicy, Setback
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import BatchRefusal, StreamEventsRequest, StreamEventsResponse, WriteEventsResponse

MAX_AHEAD = 1_000
"""How far a batch may be ahead of the oldest one that is not settled; the server remembers 4,096 numbers a writer."""

_STATUSES: dict[int, grpc.StatusCode] = {status.value[0]: status for status in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class StreamPolicy:
    """How much may be under way at once."""

    under_way_batches: int = 16
    """Batches without an outcome, at least 1."""
    under_way_bytes: int = 16 * 1024 * 1024
    """Their serialized bytes; a batch that is larger travels alone."""
    idle_seconds: float = 30
    """How long a stream without batches is kept open."""

    def __post_init__(self) -> None:
        if not 1 <= self.under_way_batches <= MAX_AHEAD:
            raise ValueError(f"under_way_batches is {self.under_way_batches}; allowed are 1 to {MAX_AHEAD:,}")
        if self.under_way_bytes < 1:
            raise ValueError(f"under_way_bytes is {self.under_way_bytes}; allowed is a positive number")


@dataclass(slots=True)
class Parcel:
    """A batch on its way."""

    sequence: int
    message: StreamEventsRequest
    """The batch; whoever sends it stamps the time."""
    size: int
    """Serialized bytes."""
    deadline: float
    """When it is given up."""
    due: float
    """Not to be sent before."""
    attempts: int = 0
    setback: Setback | None = None
    """Why the last attempt failed."""
    alone: bool = False
    """To be sent by a call of its own."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A batch whose end is known: stored, refused, or given up."""

    sequence: int
    end: Outcome | FootfallError


class OutOfStepError(Exception):
    """The server answered what it was not sent; which answer belongs to which batch is no longer known."""


class Outbox:
    """The batches of one writer. All instants are seconds that never go back."""

    def __init__(
        self,
        policy: StreamPolicy,
        retries: RetryPolicy,
        *,
        streaming: bool = True,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Hold nothing yet.

        Args:
            policy: how much may be under way.
            retries: how patiently batches are sent again.
            streaming: False sends each batch by a call of its own.
            draw: draws a number between two others.
        """
        self.streaming = streaming
        """Whether there are streams; False for good once the server said that it has none."""
        self._policy = policy
        self._retries = retries
        self._draw = draw
        self._waiting: list[Parcel] = []
        """In order of their sequences."""
        self._sent: deque[Parcel] = deque()
        """On the stream, in the order in which they were sent."""
        self._calling: Parcel | None = None
        """Under way by a call of its own."""
        self._bytes = 0
        self._failures = 0
        """Streams that ended since the last answer."""
        self._resume_at = 0.0
        self._last_heard = 0.0
        self._half_closed_at: float | None = None
        self._out_of_step = False
        """Whether the stream's answers can't be told apart any more."""

    @property
    def is_empty(self) -> bool:
        """Whether every batch is settled."""
        return not (self._waiting or self._sent or self._calling)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be sent: all is settled, or waits for its answer."""
        return not self._waiting

    @property
    def owes_answers(self) -> bool:
        """Whether answers are owed on the stream."""
        return bool(self._sent)

    def has_room(self, sequence: int, size: int) -> bool:
        """Return whether a batch of this number and so many bytes may be added."""
        if self.is_empty:
            return True
        under_way = self._all()
        return (
            len(under_way) < self._policy.under_way_batches
            and self._bytes + size <= self._policy.under_way_bytes
            and sequence - min(parcel.sequence for parcel in under_way) < MAX_AHEAD
        )

    def add(self, message: StreamEventsRequest, size: int, now: float, patience: float | None = None) -> None:
        """Add a batch that has its sequence, to be given up after so many seconds; None means the policy's."""
        deadline = now + (self._retries.give_up_after_seconds if patience is None else patience)
        self._wait(Parcel(message.batch.sequence, message, size, deadline, due=now))
        self._bytes += size

    def wants_stream(self, now: float) -> bool:
        """Return whether a stream is to be opened now."""
        return self.streaming and now >= self._resume_at and self._first_due(now) is not None

    def stream_began(self, now: float) -> None:
        """Say that a stream is being opened."""
        self._last_heard = now
        self._half_closed_at = None

    def stream_half_closed(self, now: float) -> None:
        """Say that nothing more is sent on the stream: it is over when the server ends it, or takes too long to."""
        self._half_closed_at = now

    def next_for_stream(self, now: float) -> Parcel | None:
        """Return the next batch to be sent on the stream; None if there is none yet."""
        parcel = self._first_due(now)
        if parcel is None:
            return None
        if not self._sent:
            self._last_heard = now
        self._waiting.remove(parcel)
        self._sent.append(parcel)
        parcel.attempts += 1
        return parcel

    def next_call(self, now: float) -> tuple[Parcel, float] | None:
        """Return the next batch to be sent by a call of its own, and how long that may take; None if there is none."""
        parcel = self._first_due(now, alone=True)
        if parcel is None and not self.streaming and now >= self._resume_at:
            parcel = self._first_due(now)
        if parcel is None:
            return None
        self._waiting.remove(parcel)
        self._calling = parcel
        parcel.attempts += 1
        return parcel, max(0.001, min(self._retries.attempt_seconds, parcel.deadline - now))

    def seconds_until_due(self, now: float) -> float | None:
        """Return when there may be something to send; None if nothing waits."""
        if not self._waiting:
            return None
        due = min(parcel.due if parcel.alone else max(parcel.due, self._resume_at) for parcel in self._waiting)
        return max(0.0, due - now)

    def seconds_until_overdue(self, now: float) -> float:
        """Return when the stream is to be given up, as far as can be said now; 0 if answers or its end are overdue."""
        patience = min(self._retries.attempt_seconds, self._retries.give_up_after_seconds)
        if not self._sent:
            if self._half_closed_at is None:
                # whatever is sent from now on is not overdue earlier
                return patience
            return max(0.0, max(self._half_closed_at, self._last_heard) + patience - now)
        until = min(self._last_heard + self._retries.attempt_seconds, *(parcel.deadline for parcel in self._sent))
        return max(0.0, until - now)

    def answered(self, message: StreamEventsResponse, now: float) -> list[Settled]:
        """Take the stream's next answer; return what is settled by it.

        Raises:
            OutOfStepError: it belongs to no batch that was sent, or not to the one whose turn it is.
        """
        outcome = message.WhichOneof("outcome")
        try:
            self._check_step(message.sequence, outcome)
        except OutOfStepError:
            self._out_of_step = True
            raise
        parcel = self._sent.popleft()
        self._last_heard = now
        self._failures = 0
        if outcome == "answer":
            return [self._settle(parcel, outcome_of(message.answer, parcel.sequence, parcel.attempts))]
        setback = _setback(message.refusal)
        pause = None
        if setback.asked_seconds is not None:
            pause = setback.asked_seconds + self._draw(0.0, self._retries.longest_pause(parcel.attempts))
        return self._try_again(parcel, setback, pause, now)

    def stream_ended(self, setback: Setback | None, now: float) -> list[Settled]:
        """Say that the stream is over: what has no answer waits again, in order. Return what is given up.

        Args:
            setback: why; None if it ended because nothing more was to be sent, and everything is answered.
            now: the instant.
        """
        unanswered = list(self._sent)
        self._sent.clear()
        out_of_step, self._out_of_step = self._out_of_step, False
        if setback is None and not unanswered:
            return []
        setback = setback or Setback(grpc.StatusCode.UNAVAILABLE, "The stream ended before everything was answered.")
        self._failures += 1
        pause = setback.pause(self._failures, self._retries, self._draw)
        for parcel in unanswered:
            parcel.setback = setback
            self._wait(parcel)
        if setback.code is grpc.StatusCode.UNIMPLEMENTED:
            self.streaming = False
            return []
        if pause is None or out_of_step:
            # nobody knows which batch was meant, or whether any: each gets a status of its own
            for parcel in unanswered or self._next_due(now):
                parcel.alone = True
        if pause is None:
            return []
        self._resume_at = now + pause
        # the pause is the streams'; a call of its own is not bound by it
        late = [parcel for parcel in self._waiting if not parcel.alone and parcel.deadline <= self._resume_at]
        for parcel in late:
            self._waiting.remove(parcel)
        return [self._settle(parcel, setback.given_up(parcel.attempts)) for parcel in late]

    def call_answered(self, answer: WriteEventsResponse) -> list[Settled]:
        """Take the answer of the call that is under way."""
        parcel = self._end_call()
        return [self._settle(parcel, outcome_of(answer, parcel.sequence, parcel.attempts))]

    def call_failed(self, setback: Setback, now: float) -> list[Settled]:
        """Say that the call that is under way failed; return what is settled by it."""
        parcel = self._end_call()
        parcel.alone = False
        return self._try_again(parcel, setback, setback.pause(parcel.attempts, self._retries, self._draw), now)

    def abandon(self) -> list[Settled]:
        """Give up everything, because nobody waits any more."""
        parcels = sorted(self._all(), key=lambda parcel: parcel.sequence)
        under_way = {id(parcel) for parcel in (*self._sent, self._calling)}
        self._waiting.clear()
        self._sent.clear()
        self._calling = None
        settled = []
        for parcel in parcels:
            if parcel.attempts == 0:
                failure = GivenUpError("CLOSED", "It was closed before this could be sent.", attempts=0)
            elif parcel.setback is None or id(parcel) in under_way:
                failure = GivenUpError("CANCELLED", "It was closed before the answer came.", attempts=parcel.attempts)
            else:
                failure = parcel.setback.given_up(parcel.attempts)
            settled.append(self._settle(parcel, failure))
        return settled

    def _all(self) -> list[Parcel]:
        calling = [self._calling] if self._calling else []
        return [*self._waiting, *self._sent, *calling]

    def _wait(self, parcel: Parcel) -> None:
        insort(self._waiting, parcel, key=lambda waiting: waiting.sequence)

    def _first_due(self, now: float, *, alone: bool = False) -> Parcel | None:
        return next((p for p in self._waiting if p.due <= now and p.alone == alone), None)

    def _next_due(self, now: float) -> list[Parcel]:
        # what waits for a later instant must not be made a call: a stream that is open then would keep it waiting
        parcel = self._first_due(now)
        return [] if parcel is None else [parcel]

    def _check_step(self, sequence: int, outcome: str | None) -> None:
        if not self._sent:
            raise OutOfStepError(f"The server answered batch {sequence}, and no answer is owed.")
        owed = self._sent[0].sequence
        if owed != sequence:
            raise OutOfStepError(f"The server answered batch {sequence}; the answer to batch {owed} is owed.")
        if outcome is None:
            raise OutOfStepError(f"The server's answer to batch {sequence} is empty.")

    def _end_call(self) -> Parcel:
        assert self._calling is not None
        parcel, self._calling = self._calling, None
        return parcel

    def _try_again(self, parcel: Parcel, setback: Setback, pause: float | None, now: float) -> list[Settled]:
        if pause is None:
            return [self._settle(parcel, setback.refused(parcel.attempts))]
        if now + pause >= parcel.deadline:
            return [self._settle(parcel, setback.given_up(parcel.attempts))]
        parcel.setback = setback
        parcel.due = now + pause
        self._wait(parcel)
        return []

    def _settle(self, parcel: Parcel, end: Outcome | FootfallError) -> Settled:
        self._bytes -= parcel.size
        return Settled(parcel.sequence, end)


def batch_message(
    property_name: str, writer_id: str, sequence: int, events: Iterable[Event], historical_import: bool
) -> StreamEventsRequest:
    """Return a batch as it travels."""
    message = StreamEventsRequest()
    batch = message.batch
    batch.property, batch.writer_id, batch.sequence = property_name, writer_id, sequence
    batch.historical_import = historical_import
    batch.events.extend(events)
    return message


def outcome_of(answer: WriteEventsResponse, sequence: int, attempts: int) -> Outcome:
    """Return what became of a batch that was answered."""
    rejected = tuple(Rejected(r.index, r.event_id, r.field, code_name(r.code), r.message) for r in answer.rejected)
    return Outcome(sequence, answer.accepted, rejected, answer.committed_time_micros, attempts)


def _setback(refusal: BatchRefusal) -> Setback:
    delay = refusal.retry_delay.ToTimedelta().total_seconds() if refusal.HasField("retry_delay") else None
    return Setback(_STATUSES.get(refusal.code, grpc.StatusCode.UNKNOWN), refusal.message, delay)

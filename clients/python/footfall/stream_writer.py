"""Writes many batches over one stream, several of them under way at once."""

import itertools
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, Self

import grpc

from footfall.outbox import Outbox, OutOfStepError, Parcel, Settled, StreamPolicy, batch_message
from footfall.results import Outcome
from footfall.retry import RetryPolicy, Setback
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import StreamEventsRequest, WriteEventsResponse
from footfall.v1.ingest_pb2_grpc import IngestServiceStub
from footfall.watch import Watch

log = logging.getLogger("footfall")


class WriterClosedError(RuntimeError):
    """The writer was closed and takes nothing more."""


class NoAnswerError(Exception):
    """The server owed answers for so long that the stream was cancelled."""


class StreamWriter:
    """Sends batches without waiting for the answers of those before, and sends again what has none.

        with StreamWriter(channel, "my-shop") as writer:
            outcomes = [writer.send(batch) for batch in batches]
        for outcome in outcomes:
            print(outcome.result().accepted)

    A number that was given out is never used for other events: a batch that was given up leaves a gap, which the
    server doesn't mind. Safe to use from several threads; make it after a fork, not before. Its threads start with the
    first batch.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        property_id: str,
        *,
        writer_id: str | None = None,
        historical_import: bool = False,
        streaming: bool = True,
        policy: StreamPolicy | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        """Write nothing yet.

        Args:
            channel: from `footfall.channel.open_channel`; the caller closes it, after this writer.
            property_id: the property that the events belong to.
            writer_id: names this run of this client; None draws one at random.
            historical_import: event times may be arbitrarily old.
            streaming: False sends each batch by a call of its own, one after the other.
            policy: how much may be under way.
            retries: how patiently batches are sent again. `attempt_seconds` is also how long the server may owe
                answers before its stream is given up and a new one opened.
        """
        self.writer_id = writer_id or secrets.token_hex(16)
        stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]  # the generated stubs carry no types
        self._stream_events = stub.StreamEvents
        self._write_events = stub.WriteEvents
        self._property = f"properties/{property_id}"
        self._historical_import = historical_import
        self._policy = policy or StreamPolicy()
        self._outbox = Outbox(self._policy, retries or RetryPolicy(), streaming=streaming)
        self._sequences = itertools.count(1)
        self._lock = threading.RLock()
        """Held around the outbox and all that follows. Entered itself, since a Ctrl-C in the midst of a condition's
        `__enter__`, which is Python, leaves the lock held by nobody."""
        self._changed = threading.Condition(self._lock)
        self._outcomes: dict[int, Future[Outcome]] = {}
        self._thread: threading.Thread | None = None
        self._stream = 0
        """Number of the stream that is open, 0 if none is, so that a stream that ended takes nothing more."""
        self._streams = itertools.count(1)
        self._call: Any = None
        self._closed = False
        self._over = False

    def next_sequence(self) -> int:
        """Return the number of the next batch and never again; for who hands batches to several threads in order."""
        return next(self._sequences)

    def send(
        self, events: Iterable[Event], *, sequence: int | None = None, patience: float | None = None
    ) -> Future[Outcome]:
        """Send one batch of 1 to 1,000 events, soon; wait while too much is under way.

        Args:
            events: the events.
            sequence: a number from `next_sequence`, or of one's own; None takes the next one.
            patience: seconds after which it is given up; None means the policy's.

        Returns:
            What becomes of it: an `Outcome` when the batch is durable, `RefusedError` if nothing of it is stored,
            `GivenUpError` if it was retried in vain and may or may not be stored. Callbacks run on the thread that
            reads the answers and should return soon.

        Raises:
            WriterClosedError: the writer is closed; a RuntimeError.
            ValueError: the number is under way already.
        """
        message = batch_message(
            self._property, self.writer_id, sequence or self.next_sequence(), events, self._historical_import
        )
        number, size = message.batch.sequence, message.batch.ByteSize()
        outcome: Future[Outcome] = Future()
        outcome.set_running_or_notify_cancel()  # what is under way cannot be called back
        with self._lock:
            while not self._closed and not self._outbox.has_room(number, size):
                # in parts: a Ctrl-C that arrives just before a wait is noticed only after it
                self._changed.wait(0.2)
            if self._closed:
                raise WriterClosedError("the writer is closed")
            if number in self._outcomes:
                raise ValueError(f"sequence {number} is under way already")
            self._outbox.add(message, size, time.monotonic(), patience)
            self._outcomes[number] = outcome
            if self._thread is None:
                # not a daemon would keep a program alive that forgot to close its writer
                self._thread = threading.Thread(target=self._run, name="footfall-stream", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return outcome

    def close(self, timeout: float | None = None) -> None:
        """Give what was sent `timeout` seconds (None: as long as it takes), then give the rest up."""
        with self._lock:
            self._closed = True
            self._changed.notify_all()
        if self._thread is None or self._thread is threading.current_thread():
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            with self._lock:
                self._over = True
                if self._call is not None:
                    self._call.cancel()
                self._changed.notify_all()
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exception: type[BaseException] | None, *_: object) -> None:
        self.close(None if exception is None else 0)

    def _run(self) -> None:
        try:
            while (step := self._next_step()) is not None:
                step()
        finally:
            with self._lock:
                self._closed = True
                settled = self._outbox.abandon()
                self._changed.notify_all()
            self._tell(settled)

    def _next_step(self) -> Callable[[], None] | None:
        """Wait for something to do; None is the end."""
        with self._lock:
            while not (self._over or (self._closed and self._outbox.is_empty)):
                now = time.monotonic()
                if (step := self._outbox.next_call(now)) is not None:
                    return partial(self._one_call, *step)
                if self._outbox.wants_stream(now):
                    self._stream = next(self._streams)
                    self._outbox.stream_began(now)
                    return self._one_stream
                self._changed.wait(self._outbox.seconds_until_due(now))
            return None

    def _begin(self, call: Callable[[], Any]) -> Any:
        with self._lock:
            self._call = call()
            if self._over:
                self._call.cancel()
            return self._call

    def _one_stream(self) -> None:
        """Send on one stream until it ends."""
        setback: Setback | None = None
        try:
            self._read_answers(self._begin(lambda: self._stream_events(self._requests(self._stream))))
        except grpc.RpcError as error:
            setback = Setback.of(error)
        except OutOfStepError as error:
            setback = Setback(grpc.StatusCode.UNKNOWN, str(error))
        except NoAnswerError:
            setback = Setback(grpc.StatusCode.DEADLINE_EXCEEDED, "The server owed answers for too long.")
        except Exception as error:  # the thread must outlive whatever gRPC raises, and the batches must be told of
            log.exception("a stream could not be used")
            setback = Setback(grpc.StatusCode.INTERNAL, str(error))
        with self._lock:
            if setback is None and self._stream:
                setback = Setback(grpc.StatusCode.UNAVAILABLE, "The server ended the stream.")
            self._stream = 0
            self._call = None
            settled = [] if self._over else self._outbox.stream_ended(setback, time.monotonic())
            self._changed.notify_all()
        self._tell(settled)

    def _read_answers(self, call: Any) -> None:
        with Watch(call.cancel, self._seconds_until_overdue) as watch:
            try:
                for message in call:
                    with self._lock:
                        settled = self._outbox.answered(message, time.monotonic())
                        self._changed.notify_all()
                    self._tell(settled)
            except grpc.RpcError as error:
                if not watch.cancelled:
                    raise
                if self._owes_answers():
                    raise NoAnswerError from error
                # a half-closed stream that the server doesn't end is over all the same
            finally:
                call.cancel()

    def _seconds_until_overdue(self) -> float:
        with self._lock:
            return self._outbox.seconds_until_overdue(time.monotonic())

    def _owes_answers(self) -> bool:
        with self._lock:
            return self._outbox.owes_answers

    def _requests(self, stream: int) -> Iterator[StreamEventsRequest]:
        """Yield what is to be sent on a stream. gRPC runs this on a thread of its own, as fast as the server reads."""
        while (parcel := self._next_on(stream)) is not None:
            parcel.message.batch.sent_time_micros = time.time_ns() // 1000
            yield parcel.message

    def _next_on(self, stream: int) -> Parcel | None:
        """Wait for the next batch to be sent on a stream; None if it is to be half-closed, or over."""
        with self._lock:
            idle_since = time.monotonic()
            while self._stream == stream:
                now = time.monotonic()
                if (parcel := self._outbox.next_for_stream(now)) is not None:
                    return parcel
                if self._outbox.owes_answers:
                    idle_since = now
                idle = idle_since + self._policy.idle_seconds - now
                if self._outbox.is_idle and (self._closed or idle <= 0):
                    self._stream = 0  # from here on the end is expected
                    self._outbox.stream_half_closed(now)
                    return None
                due = self._outbox.seconds_until_due(now)
                self._changed.wait(max(0.0, idle) if due is None else due)
            return None

    def _one_call(self, parcel: Parcel, seconds: float) -> None:
        """Send one batch by a call of its own."""
        parcel.message.batch.sent_time_micros = time.time_ns() // 1000
        end: WriteEventsResponse | Setback
        try:
            end = self._begin(lambda: self._write_events.future(parcel.message.batch, timeout=seconds)).result()
        except grpc.RpcError as error:
            end = Setback.of(error)
        except grpc.FutureCancelledError:
            end = Setback(grpc.StatusCode.CANCELLED, "The call was cancelled.")
        except Exception as error:  # as for streams
            log.exception("a batch could not be sent")
            end = Setback(grpc.StatusCode.INTERNAL, str(error))
        with self._lock:
            self._call = None
            settled: list[Settled] = []
            if not isinstance(end, Setback):
                settled = self._outbox.call_answered(end)
            elif not self._over:
                settled = self._outbox.call_failed(end, time.monotonic())
            self._changed.notify_all()
        self._tell(settled)

    def _tell(self, settled: Iterable[Settled]) -> None:
        for batch in settled:
            outcome = self._outcomes.pop(batch.sequence)
            if isinstance(batch.end, Outcome):
                outcome.set_result(batch.end)
            else:
                outcome.set_exception(batch.end)

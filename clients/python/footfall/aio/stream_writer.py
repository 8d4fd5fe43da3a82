"""Writes many batches over one stream, several of them under way at once; for asyncio."""

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Self

import grpc
import grpc.aio

from footfall.aio.bell import Bell
from footfall.aio.reading import CallCancelledError, hides_status, read
from footfall.outbox import Outbox, OutOfStepError, Parcel, Settled, StreamPolicy, batch_message
from footfall.results import Outcome
from footfall.retry import RetryPolicy, Setback
from footfall.stream_writer import NoAnswerError, WriterClosedError
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsResponse
from footfall.v1.ingest_pb2_grpc import IngestServiceStub

log = logging.getLogger("footfall")


class StreamWriter:
    """What `footfall.StreamWriter` is, on an event loop: `send` is awaited for room, its future for the outcome.

        async with StreamWriter(channel, "my-shop") as writer:
            outcomes = [await writer.send(batch) for batch in batches]
        for outcome in outcomes:
            print((await outcome).accepted)

    Its task starts with the first batch. To be used on one loop.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        property_id: str,
        *,
        writer_id: str | None = None,
        historical_import: bool = False,
        streaming: bool = True,
        policy: StreamPolicy | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        """Write nothing yet; see `footfall.StreamWriter` for the arguments. The channel is one of `grpc.aio`."""
        self.writer_id = writer_id or secrets.token_hex(16)
        stub = IngestServiceStub(channel)  # type: ignore[no-untyped-call]  # the generated stubs carry no types
        self._stream_events = stub.StreamEvents
        self._write_events = stub.WriteEvents
        self._property = f"properties/{property_id}"
        self._historical_import = historical_import
        self._policy = policy or StreamPolicy()
        self._outbox = Outbox(self._policy, retries or RetryPolicy(), streaming=streaming)
        self._sequences = itertools.count(1)
        self._changed = Bell()
        self._outcomes: dict[int, asyncio.Future[Outcome]] = {}
        self._task: asyncio.Task[None] | None = None
        self._half_closed = False
        self._heard = False
        """Whether an answer came on the stream that is open."""
        self._closed = False

    def next_sequence(self) -> int:
        """Return the number of the next batch and never again."""
        return next(self._sequences)

    async def send(
        self, events: Iterable[Event], *, sequence: int | None = None, patience: float | None = None
    ) -> asyncio.Future[Outcome]:
        """Send one batch of 1 to 1,000 events, soon; wait while too much is under way.

        Args:
            events: the events.
            sequence: a number from `next_sequence`, or of one's own; None takes the next one.
            patience: seconds after which it is given up; None means the policy's.

        Returns:
            What becomes of it: an `Outcome` when the batch is durable, `RefusedError` if nothing of it is stored,
            `GivenUpError` if it was retried in vain and may or may not be stored.

        Raises:
            WriterClosedError: the writer is closed; a RuntimeError.
            ValueError: the number is under way already.
        """
        message = batch_message(
            self._property, self.writer_id, sequence or self.next_sequence(), events, self._historical_import
        )
        number, size = message.batch.sequence, message.batch.ByteSize()
        while not self._closed and not self._outbox.has_room(number, size):
            await self._changed.wait()
        if self._closed:
            raise WriterClosedError("the writer is closed")
        if number in self._outcomes:
            raise ValueError(f"sequence {number} is under way already")
        self._outbox.add(message, size, time.monotonic(), patience)
        outcome = self._outcomes[number] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="footfall-stream")
        self._changed.ring()
        return outcome

    async def close(self, timeout: float | None = None) -> None:
        """Give what was sent `timeout` seconds (None: as long as it takes), then give the rest up."""
        self._closed = True
        self._changed.ring()
        if self._task is None:
            return
        await asyncio.wait([self._task], timeout=timeout)
        self._task.cancel()
        await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, exception: type[BaseException] | None, *_: object) -> None:
        await self.close(None if exception is None else 0)

    async def _run(self) -> None:
        try:
            while not (self._closed and self._outbox.is_empty):
                now = time.monotonic()
                if (call := self._outbox.next_call(now)) is not None:
                    await self._one_call(*call)
                elif self._outbox.wants_stream(now):
                    await self._one_stream()
                else:
                    await self._changed.wait(self._outbox.seconds_until_due(now))
        finally:
            self._closed = True
            self._tell(self._outbox.abandon())

    async def _one_stream(self) -> None:
        """Send on one stream until it ends."""
        self._half_closed = self._heard = False
        self._outbox.stream_began(time.monotonic())
        setback: Setback | None = None
        try:
            await self._exchange(self._stream_events())
        except grpc.RpcError as error:
            setback = Setback.of(error)
            if self._heard and hides_status(error):
                # it has taken batches, so it was not refused; before that, each batch had better get its own verdict
                setback = Setback(grpc.StatusCode.UNAVAILABLE, "The stream ended while a batch was being sent.")
        except CallCancelledError:
            setback = Setback(grpc.StatusCode.CANCELLED, "The stream was cancelled.")
        except OutOfStepError as error:
            setback = Setback(grpc.StatusCode.UNKNOWN, str(error))
        except NoAnswerError:
            setback = Setback(grpc.StatusCode.DEADLINE_EXCEEDED, "The server owed answers for too long.")
        except Exception as error:  # the task must outlive whatever gRPC raises, and the batches must be told of
            log.exception("a stream could not be used")
            setback = Setback(grpc.StatusCode.INTERNAL, str(error))
        if setback is None and not self._half_closed:
            setback = Setback(grpc.StatusCode.UNAVAILABLE, "The server ended the stream.")
        self._tell(self._outbox.stream_ended(setback, time.monotonic()))

    async def _exchange(self, call: Any) -> None:
        """Send on a stream and read its answers, each as fast as the server takes and gives them."""
        overdue = asyncio.Event()
        helpers = [asyncio.create_task(self._watch(call, overdue)), asyncio.create_task(self._send_on(call))]
        try:
            while (message := await read(call)) is not None:
                self._heard = True
                self._tell(self._outbox.answered(message, time.monotonic()))
        except CallCancelledError as error:
            if not overdue.is_set():
                raise
            if self._outbox.owes_answers:
                raise NoAnswerError from error
            # a half-closed stream that the server doesn't end is over all the same
        finally:
            call.cancel()
            for helper in helpers:
                helper.cancel()
            await asyncio.wait(helpers)

    async def _watch(self, call: Any, overdue: asyncio.Event) -> None:
        while (left := self._outbox.seconds_until_overdue(time.monotonic())) > 0:  # noqa: ASYNC110 - for time alone
            await asyncio.sleep(left)
        overdue.set()
        call.cancel()

    async def _send_on(self, call: Any) -> None:
        # when the call is over, its reader says why
        with suppress(grpc.RpcError, asyncio.InvalidStateError):
            while (parcel := await self._next_on_stream()) is not None:
                parcel.message.batch.sent_time_micros = time.time_ns() // 1000
                await call.write(parcel.message)
            self._half_closed = True
            self._outbox.stream_half_closed(time.monotonic())
            await call.done_writing()

    async def _next_on_stream(self) -> Parcel | None:
        """Wait for the next batch; None if the stream is to be half-closed."""
        idle_since = time.monotonic()
        while True:
            now = time.monotonic()
            if (parcel := self._outbox.next_for_stream(now)) is not None:
                return parcel
            if self._outbox.owes_answers:
                idle_since = now
            idle = idle_since + self._policy.idle_seconds - now
            if self._outbox.is_idle and (self._closed or idle <= 0):
                return None
            due = self._outbox.seconds_until_due(now)
            await self._changed.wait(max(0.0, idle) if due is None else due)

    async def _one_call(self, parcel: Parcel, seconds: float) -> None:
        """Send one batch by a call of its own."""
        parcel.message.batch.sent_time_micros = time.time_ns() // 1000
        try:
            answer: WriteEventsResponse = await self._write_events(parcel.message.batch, timeout=seconds)
        except grpc.RpcError as error:
            self._tell(self._outbox.call_failed(Setback.of(error), time.monotonic()))
        except Exception as error:  # as for streams
            log.exception("a batch could not be sent")
            self._tell(self._outbox.call_failed(Setback(grpc.StatusCode.INTERNAL, str(error)), time.monotonic()))
        else:
            self._tell(self._outbox.call_answered(answer))

    def _tell(self, settled: Iterable[Settled]) -> None:
        for batch in settled:
            outcome = self._outcomes.pop(batch.sequence)
            if outcome.cancelled():  # nobody wants to know; it is under way all the same
                continue
            if isinstance(batch.end, Outcome):
                outcome.set_result(batch.end)
            else:
                outcome.set_exception(batch.end)
                # the failure of a batch that nobody asks about must not be logged as forgotten
                outcome.exception()
        self._changed.ring()

"""`StreamEvents`: batches as they come, an answer for each, in order."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import structlog
from google.protobuf.message import DecodeError

from footfall.v1.ingest_pb2 import BatchRefusal, StreamEventsResponse
from footfall_core.intake import Refused
from footfall_core.problems import InvalidRequest, Problem, TryAgain
from footfall_core.wire.access_pb2 import AddressedBatch
from footfall_core.wire.raw_pb2 import StreamedBatch
from footfall_server.hosts.call import Call, Denied, Message
from footfall_server.hosts.status import code_name, code_of, sentence_of, violations_of
from footfall_server.ingest.batch_intake import BatchIntake, described
from footfall_server.ingest.figures import count_refused
from footfall_server.ingest.under_way import SharedRoom, UnderWay

log = structlog.get_logger()


@dataclass(frozen=True)
class IngestStreamSettings:
    """How much of one stream may be under way: read, and its answer not yet taken by the network."""

    max_batches: int = 128
    """Batches under way; the server reads no further while there are as many. It is also the most that one stream can
    bring into one group commit."""
    max_bytes: int = 8 * 1024 * 1024
    """Bytes of the batches under way; the server reads no further while they have as many. The last one read may
    exceed it."""
    max_bytes_together: int = 32 * 1024 * 1024
    """Bytes of the batches under way on all streams of the server; while they have as many, each stream is read one
    batch at a time."""


class StreamEvents:
    """The handler of `StreamEvents`."""

    def __init__(self, intake: BatchIntake, settings: IngestStreamSettings) -> None:
        self._intake = intake
        self._settings = settings
        self._shared = SharedRoom(settings.max_bytes_together)

    async def __call__(self, messages: AsyncIterator[Message], call: Call) -> AsyncGenerator[bytes, None]:
        """Take batches and answer each; see `footfall.v1.IngestService`.

        Several batches are under way at once, so that one stream fills a group commit. Whatever ends the reading, all
        that was read is answered first.

        Raises:
            InvalidRequest: a message is no `StreamEventsRequest`.
            TryAgain: the server drains.
        """
        call.log.update(batches=0, events=0)
        under_way = UnderWay(self._settings.max_batches, self._settings.max_bytes, self._shared)
        reading = asyncio.create_task(self._read(messages, call, under_way))
        reading.add_done_callback(lambda _: under_way.end())
        draining = asyncio.create_task(call.draining.wait())
        draining.add_done_callback(lambda _: reading.cancel())
        try:
            async with aclosing(under_way.results()) as answers:
                async for answer in answers:
                    yield answer
            if reading.cancelled():
                raise TryAgain("This server is about to stop; send what has no answer on another stream.")
            reading.result()
        finally:
            # What was handed to the log goes its way; only nobody waits for it any more. All are told before the first
            # is awaited, because another cancellation may come here: the deadline's and the client's can be two.
            left = (draining, reading, *under_way.give_up())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _read(self, messages: AsyncIterator[Message], call: Call, under_way: UnderWay) -> None:
        """Begin batches as they come, until the client has half-closed the stream."""
        async for message in messages:
            denial = message.problem if isinstance(message, Denied) else None
            content = message.message if isinstance(message, Denied) else message
            try:
                batch = StreamedBatch.FromString(content).batch
            except DecodeError as error:
                raise InvalidRequest.of(
                    "", "The message is not a footfall.v1.StreamEventsRequest in protobuf."
                ) from error
            under_way.begin(self._answer(batch, denial, call), len(content))
            await under_way.room()

    async def _answer(self, batch: bytes, denial: Problem | None, call: Call) -> bytes:
        """Return the bytes of one batch's answer, and log the batch when it has one."""
        started = time.perf_counter()
        line: dict[str, object] = {}
        code = "CANCELLED"
        try:
            response = _denied(batch, denial, line) if denial else await self._outcome(batch, call, line)
            code = code_name(response.refusal.code)
            call.log["batches"] = cast("int", call.log["batches"]) + 1
            call.log["events"] = cast("int", call.log["events"]) + response.answer.accepted
            return response.SerializeToString()
        finally:
            ms = round((time.perf_counter() - started) * 1e3, 1)
            log.info("batch", method=call.method, code=code, ms=ms, **line)

    async def _outcome(self, batch: bytes, call: Call, line: dict[str, object]) -> StreamEventsResponse:
        """Return what became of a batch: nothing that is wrong with one concerns the others."""
        sequence = 0
        try:
            decision = await self._intake.take(batch, call)
            sequence = decision.sequence
            call.trailers.update(self._intake.quota_fields(decision.property_id))
            line.update(described(decision))
            if isinstance(decision, Refused):
                return _refused(decision.problem, sequence, line)
            return StreamEventsResponse(answer=await self._intake.store(decision, call), sequence=sequence)
        except Problem as problem:
            return _refused(problem, sequence, line)
        except Exception as error:
            log.exception("unexpected error", method=call.method)
            return _refused(error, sequence, line)


def _denied(batch: bytes, denial: Problem, line: dict[str, object]) -> StreamEventsResponse:
    """Return the refusal of a batch that was not let in. It is in nobody's errors: whose would it be?"""
    if isinstance(denial, InvalidRequest):
        count_refused(denial)
    try:
        line["sequence"] = sequence = AddressedBatch.FromString(batch).sequence
    except DecodeError:
        sequence = 0
    return _refused(denial, sequence, line)


def _refused(error: Exception, sequence: int, line: dict[str, object]) -> StreamEventsResponse:
    """Return what a `WriteEvents` of its own would have had as its status."""
    refusal = BatchRefusal(code=code_of(error), message=sentence_of(error))
    if isinstance(error, InvalidRequest):
        for violation in violations_of(error):
            refusal.violations.add(field=violation.field, description=violation.description)
    if isinstance(error, Problem) and error.retry_after_seconds is not None:
        refusal.retry_delay.FromNanoseconds(int(error.retry_after_seconds * 1e9))
    line["message"] = refusal.message
    return StreamEventsResponse(refusal=refusal, sequence=sequence)

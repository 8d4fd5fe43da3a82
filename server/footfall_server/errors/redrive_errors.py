"""`RedriveErrors`: find errors, read what was sent, repair and check it, and put what passes into the raw log again.

It keeps nothing: whoever is cut off goes on with a token, or begins anew. What is then stored twice counts once, since
the event consumer knows the origin of each event.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing

from google.protobuf.message import DecodeError

from footfall.v1.errors_pb2 import EventError, ListErrorsResponse, NotRedrivableReason, RedriveErrorsRequest
from footfall_core import telemetry
from footfall_core.access.scopes import Scope
from footfall_core.clock import Clock
from footfall_core.errors.payload import log_of
from footfall_core.errors.ports import RawRecords
from footfall_core.kinds import EventKind
from footfall_core.ports import EventLog
from footfall_core.problems import InvalidRequest, TryAgain
from footfall_core.redrive.marks import identity_of, mark_of, marked_by, marks_of
from footfall_core.redrive.repairs import Step
from footfall_core.redrive.request import Redriving, redriving_of
from footfall_core.redrive.revival import Revival, revivals, why_not
from footfall_core.redrive.tally import Tally
from footfall_core.report.answer import answer_from_bytes
from footfall_core.report.ports import QueryBus
from footfall_core.wire.query_pb2 import ErrorsQuestion
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import deadline_of
from footfall_server.quotas.at_once import AtOnce
from footfall_server.quotas.quotas import ReportQuotas

MAX_BYTES_AT_A_TIME = 4 * 1024 * 1024
"""Bytes of batches that are handed to the log before their commit is awaited; one larger batch goes alone."""

SECONDS_OF_A_REDRIVE = 5.0
"""After how long to ask again when too many of a property are under way: a few thousand errors take as long."""


class RedriveErrors:
    """The handler of `RedriveErrors`."""

    def __init__(
        self,
        bus: QueryBus,
        raw: RawRecords,
        log: EventLog,
        *,
        quotas: ReportQuotas,
        settings: ErrorServerSettings,
        clock: Clock,
    ) -> None:
        self._bus = bus
        self._raw = raw
        self._log = log
        self._quotas = quotas
        self._settings = settings
        self._clock = clock
        self._redrives = AtOnce(settings.redrives_at_once, "redrives", retry_after_seconds=SECONDS_OF_A_REDRIVE)
        self._repairing = asyncio.Semaphore(1)
        """Of all that is under way one batch at a time is repaired and checked, in turns."""

    async def __call__(self, request: bytes, call: Call) -> AsyncGenerator[bytes, None]:
        """Redrive errors page by page, and say after each how far it is; see `footfall.v1.ErrorService`.

        Raises:
            InvalidRequest: the property, the filter, the range, a repair or the token is wrong.
            OverQuota: the property is over its quota of reports, or has too many redrives under way.
            TryAgain: the server drains, or the store, the raw log or its reading is away; all but what the last message
                told of may have been stored or not.
        """
        redriving = redriving_of(_parsed(request), self._clock.now())
        call.log.update(property=redriving.property_id, validate_only=redriving.validate_only, events=0)
        tally, imports = Tally(), call.permit.may(Scope.IMPORT)
        with self._redrives.one(redriving.property_id):
            async with aclosing(self._pages(redriving, tally, call)) as pages:
                async for errors, marked, token in pages:
                    open_errors = [error for error in errors if identity_of(error) not in marked]
                    tally.passed_over(len(errors) - len(open_errors))
                    await self._redrive(open_errors, redriving, tally, imports=imports)
                    message = tally.message(token)
                    call.log["events"] = message.redriven_event_count
                    yield message.SerializeToString()

    async def _pages(
        self, redriving: Redriving, tally: Tally, call: Call
    ) -> AsyncGenerator[tuple[Sequence[EventError], frozenset[tuple[str, int]], str], None]:
        """Yield errors, what was redriven before, among it some of them, and what to go on with behind them."""
        if redriving.named:
            yield await self._named(redriving, tally, call)
            return
        question = redriving.page
        while True:
            if call.draining.is_set():
                raise TryAgain("This server is about to stop; call again with the last resume token.")
            found, marks = await self._ask(call, question, marks_of(question))
            tally.total = found.total_count or tally.total
            # a full page may be the last one: then the one behind it is empty
            more = len(found.errors) == question.limit
            if more:
                question = redriving.page_behind(found.errors[-1])
            yield found.errors, marked_by(marks.errors), redriving.token_of(question) if more else ""
            if not more:
                return

    async def _named(
        self, redriving: Redriving, tally: Tally, call: Call
    ) -> tuple[Sequence[EventError], frozenset[tuple[str, int]], str]:
        errors: list[EventError] = []
        marks: list[EventError] = []
        # the store is asked for one at a time, and each is a look into the errors as any other
        async with self._quotas.answering(redriving.property_id, call, len(redriving.named)):
            for question in redriving.named:
                found, marks_found = await self._found(call, question, marks_of(question))
                if not found.errors:
                    tally.not_redrivable(question.error_id, NotRedrivableReason.NOT_REDRIVABLE_REASON_NOT_FOUND)
                errors += found.errors
                marks += marks_found.errors
        tally.total = len(redriving.named)
        return errors, marked_by(marks), ""

    async def _ask(self, call: Call, *questions: ErrorsQuestion) -> list[ListErrorsResponse]:
        """Return what the store finds; all of it counts as one report."""
        async with self._quotas.answering(questions[0].property_id, call):
            return await self._found(call, *questions)

    async def _found(self, call: Call, *questions: ErrorsQuestion) -> list[ListErrorsResponse]:
        deadline = deadline_of(call, self._clock.now(), self._settings.max_seconds, self._settings.margin_seconds)
        answers = await asyncio.gather(*(self._bus.ask(question, deadline) for question in questions))
        return [ListErrorsResponse.FromString(answer_from_bytes(answer).response) for answer in answers]

    async def _redrive(
        self, errors: Sequence[EventError], redriving: Redriving, tally: Tally, *, imports: bool
    ) -> None:
        """Redrive the errors of a page; return when all that passes is durable."""
        waiting: list[Revival] = []
        size = 0
        for (kind, partition, offset), those in _by_record(errors, tally):
            record = await self._raw.read(kind, partition, offset)
            for revival in await self._revivals(record, kind, those, redriving.steps, imports=imports):
                tally.tried(revival)
                if redriving.validate_only or revival.raw_batch is None:
                    continue
                if waiting and size + len(revival.raw_batch) > MAX_BYTES_AT_A_TIME:
                    await self._store(waiting)
                    waiting, size = [], 0
                waiting.append(revival)
                size += len(revival.raw_batch)
        await self._store(waiting)

    async def _revivals(
        self,
        record: bytes | None,
        kind: EventKind,
        errors: Sequence[EventError],
        steps: Sequence[Step],
        *,
        imports: bool,
    ) -> list[Revival]:
        """Return what comes of the errors of one raw record: half a second of work if its batches are large."""
        async with self._repairing:
            return await asyncio.to_thread(lambda: list(revivals(record, kind, errors, steps, imports=imports)))

    async def _store(self, waiting: Sequence[Revival]) -> None:
        """Have batches in the log, and then their errors marked as redriven."""
        await asyncio.gather(
            *(self._log.append(each.raw_batch, each.partition, each.kind) for each in waiting if each.raw_batch)
        )
        telemetry.REDRIVEN_EVENTS.inc(sum(revival.events for revival in waiting))
        for revival in waiting:
            for error in revival.redriven:
                if not self._log.report(mark_of(error)):
                    raise TryAgain("Errors cannot be marked as redriven now; call again with the last resume token.")


def _by_record(errors: Iterable[EventError], tally: Tally) -> list[tuple[tuple[EventKind, int, int], list[EventError]]]:
    """Return the errors that can be redriven by the place of their raw record, in the order of the log."""
    by_record: dict[tuple[EventKind, int, int], list[EventError]] = defaultdict(list)
    for error in errors:
        if (reason := why_not(error)) is not None:
            tally.not_redrivable(error.error_id, reason)
            continue
        by_record[log_of(error.payload), error.payload.partition, error.payload.offset].append(error)
    return sorted(by_record.items(), key=lambda group: (group[0][0].value, *group[0][1:]))


def _parsed(request: bytes) -> RedriveErrorsRequest:
    try:
        return RedriveErrorsRequest.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", "The request is not a footfall.v1.RedriveErrorsRequest in protobuf.") from None

"""The handler of `RedriveErrors` between a log, a store of errors and a raw log of its own, all in SQLite."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.errors_pb2 import EventError, NotRedrivableReason, RedriveErrorsRequest, RedriveErrorsResponse, Stage
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_adapters.sqlite.error_store import SqliteErrorStore
from footfall_adapters.sqlite.event_log import SqliteEventLog, SqliteLogSettings
from footfall_adapters.sqlite.raw_records import SqliteRawRecords
from footfall_adapters.sqlite.reading import SqliteReader
from footfall_adapters.sqlite.state import SqliteState
from footfall_core.access.scopes import Scope
from footfall_core.clock import Micros, SystemClock
from footfall_core.intake import Arrival, Taken, take
from footfall_core.kinds import EventKind
from footfall_core.problems import OverQuota, TryAgain
from footfall_core.processing.record import Place, process_record
from footfall_core.processing.versions import Version
from footfall_core.quota.quota import Quota
from footfall_core.redrive import request as redrive_request
from footfall_core.redrive.revival import Revival, revivals
from footfall_core.report.answer import Answer, answer_to_bytes
from footfall_core.wire.query_pb2 import ErrorsQuestion
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from footfall_server.errors import redrive_errors
from footfall_server.errors.redrive_errors import SECONDS_OF_A_REDRIVE, RedriveErrors
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.call import Call
from footfall_server.hosts.draining import Draining
from footfall_server.quotas.quotas import ReportQuotas
from tests.redrives import batch, default, rename

CLOCK = SystemClock()
RENAMED = [rename("name", "params.sent_name"), default("name", "page_view")]


class Bus:
    """Asks the store at once."""

    def __init__(self, store: SqliteErrorStore) -> None:
        self._store = store

    async def ask(self, question: Any, deadline: Micros) -> bytes:
        assert isinstance(question, ErrorsQuestion)
        found = await self._store.find(question, deadline)
        return answer_to_bytes(Answer(found.SerializeToString()))


class Permit:
    """What the caller's key has."""

    def __init__(self, *scopes: Scope) -> None:
        self._scopes = scopes

    def may(self, scope: Scope) -> bool:
        return scope in self._scopes


class Redriven:
    """The handler, and what is around it."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._state = stack.enter_context(closing(SqliteState(folder / "state", CLOCK)))
        self._store = SqliteErrorStore(stack.enter_context(closing(SqliteReader(folder / "state", "errors"))), CLOCK)
        self.log = SqliteEventLog(folder / "log", SqliteLogSettings(), CLOCK, self._state.put_errors)
        self.records = stack.enter_context(closing(SqliteRawRecords(folder / "log")))
        self.draining = Draining()
        self.permit = Permit(Scope.ERRORS, Scope.WRITE, Scope.IMPORT)

    async def send(self, *requests: WriteEventsRequest) -> list[EventError]:
        """Put batches into the log, each in a record of its own, and their errors into the store."""
        found = []
        for request in requests:
            offset = self.log.end
            taken = take(request.SerializeToString(), Arrival(CLOCK.now(), "192.0.2.1", "", ""))
            assert isinstance(taken, Taken)
            await self.log.append(taken.raw_batch, None)
            (record,) = self.records.after(offset, 1)
            place = Place(0, offset, record.log_time_micros // 1000)
            found += process_record(Version("1"), record.record, place, lambda _: None).errors
        await self.put(*found)
        return found

    async def put(self, *errors: EventError) -> None:
        await asyncio.to_thread(self._state.put_errors, errors)

    def handler(self, quota: Quota | None = None) -> RedriveErrors:
        return RedriveErrors(
            Bus(self._store),
            self.records,
            self.log,
            quotas=ReportQuotas(MemoryBuckets(CLOCK), lambda _: quota or Quota()),
            settings=ErrorServerSettings(),
            clock=CLOCK,
        )

    def call(self) -> Call:
        return Call("redrive", {}, "", lambda: None, self.draining, self.permit)  # type: ignore[arg-type]

    async def redrive(self, quota: Quota | None = None, **fields: Any) -> list[RedriveErrorsResponse]:
        answers = self.handler(quota)(request_of(**fields), self.call())
        return [RedriveErrorsResponse.FromString(data) async for data in answers]

    def stored(self, offset: int) -> list[RawBatch]:
        records = self.records.after(offset, 100_000_000)
        return [RawBatch.FromString(each) for one in records for each in RawRecord.FromString(one.record).batches]


def request_of(**fields: Any) -> bytes:
    return RedriveErrorsRequest(**{"property": "properties/shop"} | fields).SerializeToString()


@pytest.fixture
async def redriven(tmp_path: Path) -> AsyncIterator[Redriven]:
    async with AsyncExitStack() as stack:
        made = Redriven(tmp_path, stack)
        await stack.enter_async_context(made.log)
        yield made


async def test_what_passes_is_stored_and_passed_over_from_then_on(redriven: Redriven) -> None:
    await redriven.send(batch("not a name", "page_view"), batch("nor this", sequence=2), batch("page_view", sequence=3))
    end = redriven.log.end
    (looked,) = await redriven.redrive(repairs=RENAMED, validate_only=True)
    assert (looked.total_count, looked.redriven_count, looked.redriven_event_count, looked.done) == (2, 2, 2, True)
    assert redriven.log.end == end
    (done,) = await redriven.redrive(repairs=RENAMED)
    assert (done.redriven_count, done.redriven_before_count) == (2, 0)
    origins = {each.redriven.origin.offset for each in redriven.stored(end)}
    assert origins == {0, 1}
    while (last := await redriven.redrive(repairs=RENAMED))[-1].redriven_before_count != 2:
        await asyncio.sleep(0.01)  # the marks come with the next commit
    assert (last[-1].redriven_count, last[-1].examined_count) == (0, 2)


async def test_pages_follow_each_other_and_a_token_goes_on_behind_one(
    redriven: Redriven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrive_request, "PAGE", 3)
    await redriven.send(*(batch("not a name", sequence=number) for number in range(1, 10)))
    messages = await redriven.redrive(repairs=RENAMED, validate_only=True)
    # nine errors are three full pages, so that only the fourth, which is empty, says that it is all
    assert [message.examined_count for message in messages] == [3, 6, 9, 9]
    assert [message.done for message in messages] == [False, False, False, True]
    rest = await redriven.redrive(repairs=RENAMED, validate_only=True, resume_token=messages[0].resume_token)
    assert [message.examined_count for message in rest] == [3, 6, 6]
    assert rest[-1].total_count == 0


async def test_another_batch_under_the_same_number_is_not_taken_for_redriven(redriven: Redriven) -> None:
    # both are refused under the number of a third, so their errors have one id
    errors = await redriven.send(batch("not a name"), batch("nor this"))
    now = CLOCK.now()
    for number, (error, hours) in enumerate(zip(errors, (30, 2), strict=True)):
        error.error_id, error.code, error.payload.offset = "one id", ErrorCode.ERROR_CODE_SEQUENCE_REUSED, number
        error.time.FromMicroseconds(now - hours * 3_600_000_000)
        await redriven.put(error)
    day, two_days = Timestamp(), Timestamp()
    day.FromMicroseconds(now - 86_400_000_000)
    two_days.FromMicroseconds(now - 2 * 86_400_000_000)
    mine = {"codes": [ErrorCode.ERROR_CODE_SEQUENCE_REUSED]}
    end = redriven.log.end
    (newer,) = await redriven.redrive(start_time=day, filter=mine, repairs=RENAMED)
    assert newer.redriven_count == 1
    while (await redriven.redrive(start_time=day, filter=mine, repairs=RENAMED))[-1].redriven_before_count != 1:
        await asyncio.sleep(0.01)  # the marks come with the next commit
    (older,) = await redriven.redrive(start_time=two_days, filter=mine, repairs=RENAMED)
    assert older.redriven_count == 1
    assert {each.redriven.origin.offset for each in redriven.stored(end)} == {0, 1}


async def test_errors_by_their_ids_are_redriven_and_those_that_are_none_are_named(redriven: Redriven) -> None:
    first, _ = await redriven.send(batch("not a name"), batch("nor this", sequence=2))
    (message,) = await redriven.redrive(error_ids=[first.error_id, "nobody"], repairs=RENAMED)
    assert (message.total_count, message.examined_count) == (2, 2)
    assert (message.redriven_count, message.not_redrivable_count) == (1, 1)
    assert list(message.not_redrivable[0].error_ids) == ["nobody"]


async def test_each_error_by_its_id_counts_as_a_report(redriven: Redriven) -> None:
    errors = await redriven.send(*(batch("not a name", sequence=number) for number in range(1, 6)))
    handler, call = redriven.handler(Quota(reports_per_second=0.01, burst_seconds=700)), redriven.call()
    request = request_of(error_ids=[each.error_id for each in errors], repairs=RENAMED)
    (answer,) = [RedriveErrorsResponse.FromString(data) async for data in handler(request, call)]
    assert answer.redriven_count == 5
    assert call.trailers["ratelimit"].startswith('"reports";r=2;')


async def test_a_property_has_two_redrives_under_way_and_another_one_is_not_in_their_way(
    redriven: Redriven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrive_request, "PAGE", 1)
    await redriven.send(*(batch("not a name", sequence=number) for number in range(1, 4)))
    handler, request = redriven.handler(), request_of(validate_only=True)
    under_way = [handler(request, redriven.call()) for _ in range(2)]
    for answers in under_way:
        await anext(answers)
    with pytest.raises(OverQuota, match="The property has 2 redrives under way on this server") as refused:
        await anext(handler(request, redriven.call()))
    assert refused.value.retry_after_seconds == SECONDS_OF_A_REDRIVE
    other = handler(request_of(property="properties/another"), redriven.call())
    assert [RedriveErrorsResponse.FromString(data).done async for data in other] == [True]
    await under_way[0].aclose()  # its caller leaves
    assert len([data async for data in handler(request, redriven.call())]) == 4
    await under_way[1].aclose()


async def test_what_is_repaired_is_repaired_one_at_a_time_and_not_on_the_event_loop(
    redriven: Redriven, monkeypatch: pytest.MonkeyPatch
) -> None:
    await redriven.send(*(batch("not a name", sequence=number) for number in range(1, 4)))
    threads, at_once, most = set(), 0, 0

    def noted(*arguments: Any, **more: Any) -> list[Revival]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        threads.add(threading.get_ident())
        found = list(revivals(*arguments, **more))
        another.wait(0.05)  # which would come meanwhile
        at_once -= 1
        return found

    another = threading.Event()
    monkeypatch.setattr(redrive_errors, "revivals", noted)
    handler = redriven.handler()

    async def all_of_it() -> None:
        async for _ in handler(request_of(validate_only=True), redriven.call()):
            pass

    await asyncio.gather(all_of_it(), all_of_it())
    assert threading.get_ident() not in threads
    assert most == 1


async def test_what_cannot_be_redriven_is_counted_by_its_reason(redriven: Redriven) -> None:
    (good,) = await redriven.send(batch("not a name"))
    others = []
    for number, (stage, code) in enumerate(
        [
            (Stage.STAGE_INGEST, ErrorCode.ERROR_CODE_VALUE_INVALID),
            (Stage.STAGE_CLIENT, ErrorCode.ERROR_CODE_CLIENT_DISCARDED),
            (Stage.STAGE_DEDUPE, ErrorCode.ERROR_CODE_SEQUENCE_TOO_OLD),
            (Stage.STAGE_PROCESSING, ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION),
            (Stage.STAGE_DEDUPE, ErrorCode.ERROR_CODE_SEQUENCE_REUSED),
        ]
    ):
        error = EventError(error_id=f"other{number}", property=good.property, stage=stage, code=code, time=good.time)
        if number > 1:
            error.payload.offset = 1_000
        others.append(error)
    await redriven.put(*others)
    (message,) = await redriven.redrive(repairs=RENAMED)
    assert (message.total_count, message.redriven_count, message.not_redrivable_count) == (6, 1, 5)
    assert [list(why.error_ids) for why in message.not_redrivable] == [[f"other{n}"] for n in (0, 1, 3, 2, 4)]
    assert [why.error_count for why in message.not_redrivable] == [1] * 5


async def test_a_server_that_drains_says_so_before_the_next_page(redriven: Redriven) -> None:
    await redriven.send(batch("not a name"))
    redriven.draining.set()
    with pytest.raises(TryAgain, match="call again with the last resume token"):
        await redriven.redrive(repairs=RENAMED)


async def test_a_page_counts_as_a_report(redriven: Redriven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrive_request, "PAGE", 1)
    await redriven.send(*(batch("not a name", sequence=number) for number in range(1, 6)))
    with pytest.raises(OverQuota):
        await redriven.redrive(Quota(reports_per_second=0.01, burst_seconds=200), repairs=RENAMED)


@pytest.mark.parametrize("validate_only", [True, False])
async def test_history_comes_back_by_a_key_for_imports_alone(redriven: Redriven, *, validate_only: bool) -> None:
    imported, _ = await redriven.send(batch("not a name", historical_import=True), batch("not a name", sequence=2))
    end = redriven.log.end
    redriven.permit = Permit(Scope.ERRORS, Scope.WRITE)
    (message,) = await redriven.redrive(repairs=RENAMED, validate_only=validate_only)
    assert (message.redriven_count, message.not_redrivable_count) == (1, 1)
    (why,) = message.not_redrivable
    assert why.reason == NotRedrivableReason.NOT_REDRIVABLE_REASON_IMPORT_NOT_ALLOWED
    assert list(why.error_ids) == [imported.error_id]
    assert "the scope import" in why.message
    assert [each.redriven.origin.offset for each in redriven.stored(end)] == ([] if validate_only else [1])
    redriven.permit = Permit(Scope.ERRORS, Scope.WRITE, Scope.IMPORT)
    (message,) = await redriven.redrive(error_ids=[imported.error_id], repairs=RENAMED)
    assert message.redriven_count == 1


async def test_a_redriven_import_goes_into_its_own_log(redriven: Redriven, monkeypatch: pytest.MonkeyPatch) -> None:
    (error,) = await redriven.send(batch("not a name", historical_import=True))
    error.error_id, error.payload.imported = "imported", True
    await redriven.put(error)
    kinds = []
    append = redriven.log.append

    async def noted(raw_batch: bytes, partition: int | None, kind: EventKind = EventKind.LIVE) -> Micros:
        kinds.append((partition, kind))
        return await append(raw_batch, partition, kind)

    monkeypatch.setattr(redriven.log, "append", noted)
    await redriven.redrive(error_ids=["imported"], repairs=RENAMED)
    assert kinds == [(0, EventKind.IMPORT)]

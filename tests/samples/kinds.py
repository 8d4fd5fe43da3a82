"""What travels or is kept: how the present code writes a sample of each kind, and how it reads one.

A reader is the code's own, and returns what the bytes mean as JSON; a field that has no meaning is left out.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from footfall.v1 import query_pb2
from footfall.v1.admin_pb2 import CreatePropertyRequest, Key, Property
from footfall.v1.errors_pb2 import ErrorCount, EventError, ListErrorsResponse, Repair, Stage
from footfall.v1.event_pb2 import Event, Item
from footfall.v1.ingest_pb2 import ErrorCode, StreamEventsRequest, WriteEventsRequest
from footfall_core.access.grant import Grant
from footfall_core.access.key_rules import key_of
from footfall_core.access.property_rules import new_property
from footfall_core.access.scopes import Scope, listed
from footfall_core.access.signing_keys import new_signing_key, read_verification_keys, write_verification_keys
from footfall_core.access.tokens import Signer, Verifier
from footfall_core.clock import Micros
from footfall_core.columns import ERRORS, EVENTS, ITEMS, Table
from footfall_core.completeness import Completeness
from footfall_core.enrichment.country import Country
from footfall_core.errors.page_token import PageStart, page_start_of, page_token
from footfall_core.errors.records import error_record
from footfall_core.errors.resume_token import position_of, resume_token
from footfall_core.errors.rows import error_row
from footfall_core.errors.selection import ErrorSelection
from footfall_core.intake import Arrival, Taken, take
from footfall_core.kinds import EventKind
from footfall_core.packing import raw_records, tick_record
from footfall_core.partitioning import partition_of
from footfall_core.problems import TryAgain
from footfall_core.processing.fingerprint import fingerprint_of
from footfall_core.processing.in_order import WAITING_KEY, handed_on, put_in_order
from footfall_core.processing.origins import ORIGIN_PREFIX, Origins
from footfall_core.processing.purchase_records import passed_tick, purchase_records
from footfall_core.processing.purchases import Counted
from footfall_core.processing.record import Outcome, Place, process_record, row_records
from footfall_core.processing.second_stage import TICKS_KEY, process_purchases
from footfall_core.processing.versions import Version
from footfall_core.processing.window import Window, decode_window, encode_window
from footfall_core.redrive.repairs import steps_of
from footfall_core.redrive.revival import revivals
from footfall_core.report import results
from footfall_core.report.answer import Answer, answer_from_bytes, answer_to_bytes
from footfall_core.report.plan import PlannedHours, PlannedServing, plan_from_bytes, plan_to_bytes
from footfall_core.report.planner import plan_report
from footfall_core.runs.records import definition_of, serving_of, serving_record
from footfall_core.runs.run import LIVE, Run
from footfall_core.runs.serving import LEAD_MICROS, Served, Serving
from footfall_core.wire import query_pb2 as bus
from footfall_core.wire.access_pb2 import Addressed, AddressedBatch
from footfall_core.wire.purchase_pb2 import PurchasesRecord
from footfall_core.wire.raw_pb2 import BatchHead, RawBatch, RawRecord, StreamedBatch
from footfall_core.wire.run_purchases_pb2 import CountedElsewhere, HandedOn, RunPurchasesRecord, Waiting, WaitingSource
from footfall_core.wire.runs_pb2 import RunCancelled, RunClosed, RunDefinition, RunProgress, RunStage, ServingRecord
from footfall_core.wire.state_pb2 import CountedOrigin, CountedTransaction, PassedTicks, WriterWindow

NOW = Micros(1_790_000_000_000_000)
PLACE = Place(partition=2, offset=1_234_567_890_123, log_time_ms=NOW // 1000)
SIGNING_KEY = new_signing_key(b"only for the samples, not a key!")
RUN = Run("r202609211333abcd", "2", 497_000, 497_222)
SERVING = Serving(
    7, Micros(0), (Served(LIVE, 0, 497_000), Served(RUN.id, 497_000, 497_222), Served(LIVE, 497_222, None)), undone_by=5
)
SELECTION = ErrorSelection("shop", stages=frozenset({2}), codes=frozenset({1, 3}), writer_id="writer-1")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@dataclass(frozen=True)
class Kind:
    """One kind of bytes."""

    make: Callable[[], bytes]
    read: Callable[[bytes], Any]
    messages: Callable[[bytes], list[Message]] = lambda _: []
    """The messages in the bytes, so that a test sees which types and fields have samples."""


# ---- a batch on its way ----


def _request() -> bytes:
    item = Item(item_id="h1", item_name="Hat", item_brand="Hatters", item_category="Hats", item_variant="red")
    item.price, item.quantity = 19.95, 2
    purchase = Event(
        name="purchase",
        event_id="e1",
        timestamp_micros=NOW - 5_000_000,
        client_id="client-1",
        user_id="user-1",
        session_id="session-1",
        page_location="https://shop.example/thanks?utm_source=news&utm_medium=email&utm_campaign=spring",
        page_referrer="https://shop.example/basket",
        page_title="Thank\tyou",
        user_agent=AGENT,
        ip_override="192.0.2.7",
        language="de-CH",
        currency="EUR",
        value=39.9,
        transaction_id="t-1",
        items=[item],
    )
    purchase.params["tier"].string_value = "gold"
    purchase.params["engagement_time_msec"].number_value = 1200
    refused = Event(name="not a name", event_id="e2", client_id="client-1")
    request = WriteEventsRequest(property="properties/shop", writer_id="writer-1", sequence=7, sent_time_micros=NOW)
    request.events.extend([purchase, refused])
    return request.SerializeToString()


def _raw_batch() -> bytes:
    arrival = Arrival(NOW, "192.0.2.1", AGENT, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    taken = take(_request(), arrival)
    assert isinstance(taken, Taken)
    return taken.raw_batch


def _raw_record() -> bytes:
    (record,) = raw_records([_raw_batch()])
    return record


def _processed(record: bytes, stored: bytes | None = None, *, of_an_origin: bool = False) -> Outcome:
    def country_of(_: str) -> Country:
        return Country("CH", "Switzerland")

    def load(key: str) -> bytes | None:
        return stored if key.startswith(ORIGIN_PREFIX) is of_an_origin else None

    return process_record(Version("1"), record, PLACE, load, country_of=country_of)


def _window() -> bytes:
    window = Window()
    for sequence in (1, 2, 3, 5, 6, 9):
        window.remember(sequence, 1000 + sequence)
    return encode_window(dataclasses.replace(window, floor=1))


def _dated_window() -> bytes:
    window = decode_window(_window(), 0)
    window.seen_at(NOW // 1000)
    return encode_window(window)


def _purchases(kind: EventKind = EventKind.LIVE) -> bytes:
    """Return the one record of the sample's purchases."""
    request = WriteEventsRequest.FromString(_request())
    request.historical_import = kind is EventKind.IMPORT
    request.events.reverse()  # so that neither index is 0
    view = WriteEventsRequest(property="properties/shop", events=[Event(name="page_view", client_id="client-2")])
    batches = [take(each.SerializeToString(), Arrival(NOW, "192.0.2.1", AGENT, "")) for each in (view, request)]
    (raw,) = raw_records([each.raw_batch for each in batches if isinstance(each, Taken)])
    ((_, record),) = purchase_records("event-consumers", _processed(raw).purchases, 4, kind)
    return record


def _counted(record: bytes) -> Counted:
    return process_purchases("1", record, 2, lambda _: None, group="event-consumers", raw_partitions=2)


def _tick_handed_on(kind: EventKind = EventKind.LIVE) -> bytes:
    return passed_tick("event-consumers", 1, NOW, kind)


def _rows(lines: list[str]) -> bytes:
    (record,) = row_records(lines)
    return record


def _rows_of(table: Table) -> Callable[[bytes], Any]:
    def read(record: bytes) -> list[dict[str, str]]:
        names = [column.name for column in table.columns]
        # a row that was written before the last columns were added is shorter
        return [
            {name: value for name, value in zip(names, line.split("\t"), strict=False) if value}
            for line in record.decode().split("\n")
        ]

    return read


def _error() -> EventError:
    (error,) = _processed(_raw_record()).errors
    return error


def _imported_error() -> EventError:
    request = WriteEventsRequest.FromString(_request())
    request.historical_import = True
    taken = take(request.SerializeToString(), Arrival(NOW, "192.0.2.1", AGENT, ""))
    assert isinstance(taken, Taken)
    (record,) = raw_records([taken.raw_batch])
    place = dataclasses.replace(PLACE, log=EventKind.IMPORT)
    (error,) = process_record(Version("1"), record, place, lambda _: None).errors
    return error


def _redriven(*, whole: bool) -> bytes:
    """Return the sample's refused event, or all of its batch, redriven with a repair."""
    error = _error()
    error.payload.batch_index = 1  # so that it is not 0
    (record,) = raw_records([_raw_batch(), _raw_batch()])
    if whole:
        error.ClearField("event_index")
        error.stage, error.code = Stage.STAGE_PROCESSING, ErrorCode.ERROR_CODE_PROCESSING_FAILED
    rename, default = Repair(), Repair()
    setattr(rename.rename, "from", "name")
    rename.rename.to = "params.sent_name"
    default.set_default.path, default.set_default.value.string_value = "name", "page_view"
    (revival,) = revivals(record, EventKind.LIVE, [error], steps_of([rename, default]), imports=True)
    assert revival.raw_batch is not None
    return revival.raw_batch


def _origin() -> bytes:
    (record,) = raw_records([_redriven(whole=False)])
    (origin,) = _processed(record).origins.values()
    return origin


def _refused_batch() -> bytes:
    origins = Origins(lambda _: None)
    origins.refuse("key")
    return origins.state()["key"]


def _counted_at_last(data: bytes) -> Any:
    """Return what becomes of the sample's batch, sent again, and redriven long after, if this is known of it."""
    again = _processed(_raw_record(), data, of_an_origin=True)
    late = RawBatch.FromString(_redriven(whole=True))
    late.redriven.origin.log_time_ms -= 30 * 86_400_000
    (record,) = raw_records([late.SerializeToString()])
    return {
        "purchases": len(again.purchases),
        "counted": [list(CountedOrigin.FromString(kept).event_indexes) for kept in again.origins.values()],
        "redriven": _processed(record, data, of_an_origin=True).redriven,
    }


def _counted_before(data: bytes) -> Any:
    """Return what becomes of the sample's redriven event if this is known of its origin, and the keys for ever."""
    (record,) = raw_records([_redriven(whole=False)])
    (both,) = raw_records([_redriven(whole=True)])
    outcome = _processed(record, data, of_an_origin=True)
    return {
        "counted": outcome.redriven,
        "counted_before": outcome.redriven_before,
        "keys": sorted(_processed(both).origins),
    }


# ---- a report on its way ----


def _plan() -> bytes:
    def only(field: str, **condition: Any) -> query_pb2.FilterExpression:
        return query_pb2.FilterExpression(filter=query_pb2.Filter(field_name=field, **condition))

    begins = query_pb2.StringFilter(match_type=query_pb2.StringFilter.MATCH_TYPE_BEGINS_WITH, value="/hats")
    regexp = query_pb2.StringFilter(match_type=query_pb2.StringFilter.MATCH_TYPE_PARTIAL_REGEXP, value="hats?$")
    listed = query_pb2.InListFilter(values=["page_view", "purchase"], case_sensitive=True)
    between = query_pb2.BetweenFilter(
        from_value=query_pb2.NumericValue(int64_value=1), to_value=query_pb2.NumericValue(double_value=9.5)
    )
    either = query_pb2.FilterExpressionList(
        expressions=[only("pagePath", string_filter=begins), only("pagePath", string_filter=regexp)]
    )
    every = query_pb2.FilterExpressionList(
        expressions=[
            query_pb2.FilterExpression(or_group=either),
            query_pb2.FilterExpression(not_expression=only("eventName", in_list_filter=listed)),
        ]
    )
    request = query_pb2.RunReportRequest(
        property="properties/shop",
        dimensions=[query_pb2.Dimension(name=name) for name in ("date", "pagePath", "event.tier")],
        metrics=[query_pb2.Metric(name=name) for name in ("eventCount", "totalUsers")],
        date_ranges=[query_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-31", name="march")],
        dimension_filter=query_pb2.FilterExpression(and_group=every),
        metric_filter=only("eventCount", between_filter=between),
        time_zone="Asia/Kathmandu",
        limit=25,
        offset=50,
        include_bots=True,
    )
    return plan_to_bytes(plan_report(request, NOW))


def _report() -> bytes:
    response = query_pb2.RunReportResponse(
        dimension_headers=["date"],
        metric_headers=[query_pb2.MetricHeader(name="eventCount", type=query_pb2.METRIC_TYPE_INTEGER)],
        rows=[query_pb2.Row(dimension_values=["20260301"], metric_values=[query_pb2.MetricValue(integer_value=3)])],
        totals=[query_pb2.MetricValue(integer_value=3)],
        row_count=1,
        metadata=query_pb2.ReportMetadata(time_zone="Asia/Kathmandu"),
    )
    return answer_to_bytes(Answer(response.SerializeToString(), Completeness(NOW, Micros(NOW - 1))))


def _last_part(answer: bytes) -> bytes:
    *_, last = results.parts("query-1", "attempt-1", bytes(results.PART_BYTES) + answer)
    return last


def _list_of_errors() -> bytes:
    count = ErrorCount(stage=_error().stage, code=_error().code, count=3)
    count.hour.FromSeconds(NOW // 3_600_000_000 * 3_600)
    response = ListErrorsResponse(errors=[_error()], total_count=3, counts=[count])
    return answer_to_bytes(Answer(response.SerializeToString()))


def _answer_of(response: type[Message]) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        answer = answer_from_bytes(data)
        said = response()
        said.ParseFromString(answer.response)
        known = answer.completeness
        imported = {} if known.imported is None else {"imported_data_complete_until": known.imported}
        return {"response": _said(said), "data_complete_until": known.live, **imported}

    return read


def _asked(**question: Any) -> bytes:
    return bus.QueryRequest(
        query_id="query-1",
        reply_partition=3,
        deadline_micros=NOW + 30_000_000,
        begin_before_micros=NOW + 5_000_000,
        **question,
    ).SerializeToString()


def _errors_question() -> bus.ErrorsQuestion:
    return bus.ErrorsQuestion(
        property_id="shop",
        stages=[2],
        codes=[1, 3],
        writer_id="writer-1",
        start_micros=NOW - 3_600_000_000,
        end_micros=NOW,
        limit=100,
        after_time_ms=NOW // 1000,
        after_error_id="aaaabbbbccccdddd",
        error_id="eeeeffffgggghhhh",
    )


# ---- reading ----


def _said(message: Message) -> Any:
    return MessageToDict(message, preserving_proto_field_name=True)


def _message(make: Callable[[], bytes], kind: type[Message]) -> Kind:
    def parsed(data: bytes) -> Message:
        message = kind()
        message.ParseFromString(data)
        return message

    return Kind(make, lambda data: _said(parsed(data)), lambda data: [parsed(data)])


def _marks(data: bytes) -> Any:
    """Return a batch, and what must stay the same of it for ever, or its retries would count twice."""
    request = WriteEventsRequest.FromString(data)
    return {
        "request": _said(request),
        "fingerprint": str(fingerprint_of(request)),
        "partition_of_4": partition_of("shop", request.writer_id, 4),
        "partition_of_64": partition_of("shop", request.writer_id, 64),
    }


def _seen(data: bytes) -> Any:
    window = decode_window(data, NOW // 1000)
    seen = {str(n): window.sight(n, 1000 + n).name for n in (1, 3, 4, 5, 6, 7, 8, 9, 10, 2_000_000)}
    return {"seen": seen, "with_other_events": window.sight(9, 1).name}


def _seen_for_a_week(data: bytes) -> Any:
    """Return what a window of that time means, and up to when it is used."""
    weeks_end = NOW // 1000 + 7 * 24 * 3_600_000
    used = {f"{ms} ms after seven days": decode_window(data, weeks_end + ms) != Window() for ms in (0, 1)}
    return _seen(data) | {"used": used}


def _remembered(data: bytes) -> Any:
    """Return what becomes of the sample's purchase if this is what is known of its transaction."""
    counted = process_purchases("1", _purchases(), 2, lambda _: data, group="event-consumers", raw_partitions=2)
    return {"rows": len(counted.lines), "errors": [error.message for error in counted.errors]}


def _ticks_known(data: bytes) -> Any:
    """Return which tick follows if these are known and the other raw partition's comes."""
    later = passed_tick("event-consumers", 0, Micros(NOW + 1))
    counted = process_purchases("1", later, 2, lambda _: data, group="event-consumers", raw_partitions=2)
    return _rows_of(EVENTS)(_rows(counted.lines))


def _partition_of_purchases(data: bytes) -> Any:
    """Return the record, and where its transaction must go for ever."""
    record = PurchasesRecord.FromString(data)
    (purchase,) = record.purchases
    where = {f"partition_of_{n}": partition_of(purchase.property_id, purchase.transaction_id, n) for n in (4, 64)}
    return {"record": _said(record), **where}


# ---- access ----


def _property() -> bytes:
    given = Property(
        display_name="Shop", time_zone="Europe/Berlin", currency_code="EUR", allowed_hosts=["shop.example"]
    )
    return new_property(CreatePropertyRequest(property_id="shop", property=given), NOW).SerializeToString()


def _property_with_a_quota() -> bytes:
    given = Property()
    given.quota.events_per_second, given.quota.bytes_per_second, given.quota.reports_per_second = 20_000, 0, 0.5
    given.quota.concurrent_reports, given.quota.burst_seconds = 7, 60
    return new_property(CreatePropertyRequest(property_id="shop", property=given), NOW).SerializeToString()


def _grant() -> Grant:
    return Grant("a85b8da13b3c61d9", "shop", frozenset({Scope.READ, Scope.ERRORS}), Micros(NOW + 1_000_000))


def _granted(data: bytes) -> Any:
    verifier = Verifier(read_verification_keys(write_verification_keys([SIGNING_KEY])))
    return dataclasses.asdict(verifier.grant_of(data.decode())) | {
        "scopes": listed(verifier.grant_of(data.decode()).scopes)
    }


def _import() -> bytes:
    return WriteEventsRequest(property="properties/p", sequence=7, historical_import=True).SerializeToString()


# ---- runs ----


def _run_definition() -> bytes:
    return definition_of(RUN, dry_run=True, request_id="nightly", now=NOW).SerializeToString()


def _run_progress() -> bytes:
    said = RunProgress(
        stage=RunStage.RUN_STAGE_RUNNING,
        records_done=10,
        records_total=100,
        rows=5_000,
        processed_until_micros=NOW - 3_000_000,
        imported_processed_until_micros=NOW - 2_000_000,
        estimated_end_micros=NOW + 60_000_000,
        start_time_micros=NOW - 10_000_000,
        end_time_micros=NOW + 1,
        update_time_micros=NOW,
        failure="The log begins later.",
        caught_up_time_micros=NOW - 1,
        failed_batches=2,
        serving_epoch=7,
    )
    return said.SerializeToString()


def _handed_on() -> bytes:
    place = dataclasses.replace(PLACE, log=EventKind.IMPORT)
    return handed_on(_purchases(EventKind.IMPORT), place, last=True)


def _counted_elsewhere() -> bytes:
    known = CountedElsewhere(keys=["shop/t-1", "shop/t-2"], log_hours=[497_222, 497_223])
    return RunPurchasesRecord(counted_elsewhere=known).SerializeToString()


def _waiting() -> bytes:
    """Return what waits of the sample's purchase, while others have not come as far."""
    handed = HandedOn(record=_purchases(), raw_partition=1, log_time_ms=PLACE.log_time_ms)
    before = Waiting(sources=[WaitingSource(first=3, next=3, newest_ms=5, last=True)] * 2).SerializeToString()
    waiting = put_in_order(handed, lambda key: before if key == WAITING_KEY else None, 2).state[WAITING_KEY]
    assert waiting is not None
    return waiting


def _serving() -> bytes:
    return serving_record(SERVING, LEAD_MICROS).SerializeToString()


def _served(data: bytes) -> Any:
    return dataclasses.asdict(serving_of(ServingRecord.FromString(data), NOW))


def _plan_of_runs() -> bytes:
    live = PlannedHours(LIVE, "", 0, RUN.start_hour)
    of_runs = PlannedServing(7, (live, PlannedHours(RUN.id, RUN.mark, RUN.start_hour, None)))
    return plan_to_bytes(dataclasses.replace(plan_from_bytes(_plan()), serving=of_runs))


KINDS: dict[str, Kind] = {
    # events.raw
    "write_events_request": Kind(_request, _marks),
    "raw_batch": _message(_raw_batch, RawBatch),
    "raw_record": _message(_raw_record, RawRecord),
    "redriven_event": _message(lambda: _redriven(whole=False), RawBatch),
    "redriven_batch": _message(lambda: _redriven(whole=True), RawBatch),
    "tick": _message(lambda: tick_record(NOW), RawRecord),
    # what a stream of batches sends, as the ingest server reads it
    "streamed_batch": _message(
        lambda: StreamEventsRequest(batch=WriteEventsRequest.FromString(_request())).SerializeToString(), StreamedBatch
    ),
    # the same request, as far as its quota needs it
    "batch_head": _message(_request, BatchHead),
    # the event consumer's state
    "writer_window": Kind(_window, _seen, lambda data: [WriterWindow.FromString(data)]),
    "writer_window_with_its_time": Kind(_dated_window, _seen_for_a_week, lambda data: [WriterWindow.FromString(data)]),
    "counted_transaction": Kind(
        lambda: next(iter(_counted(_purchases()).state.values())),
        _remembered,
        lambda data: [CountedTransaction.FromString(data)],
    ),
    "refused_batch": Kind(_refused_batch, _counted_at_last, lambda data: [CountedOrigin.FromString(data)]),
    "counted_origin": Kind(_origin, _counted_before, lambda data: [CountedOrigin.FromString(data)]),
    "passed_ticks": Kind(
        lambda: _counted(_tick_handed_on()).state[TICKS_KEY], _ticks_known, lambda data: [PassedTicks.FromString(data)]
    ),
    # events.purchases
    "purchases": Kind(_purchases, _partition_of_purchases, lambda data: [PurchasesRecord.FromString(data)]),
    "passed_tick": _message(_tick_handed_on, PurchasesRecord),
    "purchases_of_an_import": _message(lambda: _purchases(EventKind.IMPORT), PurchasesRecord),
    "passed_tick_of_an_import": _message(lambda: _tick_handed_on(EventKind.IMPORT), PurchasesRecord),
    # a run's own topic of purchases, and what waits there
    "handed_on": _message(_handed_on, RunPurchasesRecord),
    "counted_elsewhere": _message(_counted_elsewhere, RunPurchasesRecord),
    "waiting": _message(_waiting, Waiting),
    # events.rows, items.rows, errors.rows
    "event_rows": Kind(
        lambda: _rows(_counted(_purchases()).lines + _processed(tick_record(NOW)).lines), _rows_of(EVENTS)
    ),
    "item_rows": Kind(
        lambda: _rows(_counted(_purchases()).item_lines + _processed(tick_record(NOW)).item_lines), _rows_of(ITEMS)
    ),
    "error_rows": Kind(lambda: _rows([error_row(_error())]), _rows_of(ERRORS)),
    # errors
    "event_error": _message(lambda: error_record(_error())[1], EventError),
    "event_error_of_an_import": _message(lambda: error_record(_imported_error())[1], EventError),
    # queries.requests
    "plan": Kind(_plan, lambda data: dataclasses.asdict(plan_from_bytes(data))),
    "plan_of_runs": Kind(_plan_of_runs, lambda data: dataclasses.asdict(plan_from_bytes(data))),
    "query_of_a_report": _message(lambda: _asked(plan=_plan()), bus.QueryRequest),
    "query_of_errors": _message(lambda: _asked(errors=_errors_question()), bus.QueryRequest),
    # queries.results
    "result_begun": _message(lambda: results.begun("query-1", "queries-1"), bus.QueryResult),
    "result_part": _message(lambda: _last_part(_report()), bus.QueryResult),
    "result_failure": _message(lambda: results.failure("query-1", TryAgain("Later.")), bus.QueryResult),
    # the answer in those parts, and in Redis
    "answer_report": Kind(_report, _answer_of(query_pb2.RunReportResponse), lambda data: [bus.Answer.FromString(data)]),
    "answer_errors": Kind(_list_of_errors, _answer_of(ListErrorsResponse), lambda data: [bus.Answer.FromString(data)]),
    # tokens that clients keep
    "resume_token": Kind(
        lambda: resume_token((0, 127, 128, 2**40), SELECTION.fingerprint()).encode(),
        lambda data: list(position_of(data.decode(), SELECTION)),
    ),
    "page_token": Kind(
        lambda: page_token(
            PageStart(Micros(NOW - 1), NOW, NOW // 1000, "aaaabbbbccccdddd"), SELECTION.fingerprint()
        ).encode(),
        lambda data: dataclasses.asdict(page_start_of(data.decode(), SELECTION.fingerprint())),
    ),
    # properties, control
    "property": _message(_property, Property),
    "property_with_a_quota": _message(_property_with_a_quota, Property),
    "key": _message(lambda: key_of(_grant(), "our reports", NOW).SerializeToString(), Key),
    # control: runs, and which of them serve
    "run_definition": _message(_run_definition, RunDefinition),
    "run_cancelled": _message(lambda: RunCancelled(time_micros=NOW).SerializeToString(), RunCancelled),
    "run_closed": _message(lambda: RunClosed(time_micros=NOW, end_hour=494_900).SerializeToString(), RunClosed),
    "run_expired": _message(lambda: RunCancelled(time_micros=NOW, expired=True).SerializeToString(), RunCancelled),
    "run_progress": _message(_run_progress, RunProgress),
    "run_progress_with_a_problem": _message(
        lambda: RunProgress(stage=RunStage.RUN_STAGE_RUNNING, problem="Another one may go on.").SerializeToString(),
        RunProgress,
    ),
    "serving": Kind(_serving, _served, lambda data: [ServingRecord.FromString(data)]),
    # what a key's holder sends
    "token": Kind(lambda: Signer(SIGNING_KEY).token(_grant(), NOW).encode(), _granted),
    # what is read of requests before their handlers
    "addressed": _message(lambda: query_pb2.GetMetadataRequest(property="properties/p").SerializeToString(), Addressed),
    "addressed_batch": _message(_import, AddressedBatch),
}

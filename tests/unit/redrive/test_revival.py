"""What is stored of refused events, by the rules of today and the times of then."""

import pytest

from footfall.v1.errors_pb2 import EventError, NotRedrivableReason, PayloadPlace, Stage
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.kinds import EventKind
from footfall_core.processing.record import Place, process_record
from footfall_core.processing.versions import Version
from footfall_core.redrive.revival import why_not
from footfall_core.redrive.tally import MAX_EXAMPLES, Tally
from footfall_core.validation.batch import RULES_VERSION
from footfall_core.wire.raw_pb2 import RawBatch, RawRecord
from tests.redrives import batch, default, record_of, rename, revived

NOW = 1_790_000_000_000_000
HOUR = 3_600_000_000
RENAMED = (rename("name", "params.sent_name"), default("name", "page_view"))


def stored(*requests: WriteEventsRequest) -> tuple[bytes, list[EventError]]:
    """Return a raw record, and its errors."""
    record = record_of(*requests, received_micros=NOW)
    return record, process_record(Version("1"), record, Place(3, 41, NOW // 1000), lambda _: None).errors


def raw(data: bytes | None) -> RawBatch:
    assert data is not None
    return RawBatch.FromString(data)


def test_events_that_pass_are_stored_with_their_origins_and_the_others_are_named() -> None:
    request = batch("page_view", "not a name", "nor this", "page_view")
    request.events[2].currency = "EURO"
    record, errors = stored(request)
    (revival,) = revived(record, errors, *RENAMED)
    assert (revival.partition, revival.kind, revival.events) == (3, EventKind.LIVE, 1)
    assert [error.event_index for error in revival.redriven] == [1]
    assert [error.event_index for error in revival.refused] == [2]
    ((error, verdict),) = revival.verdicts
    assert (error.event_index, verdict.field) == (2, "events[2].currency")  # as it was sent
    again = raw(revival.raw_batch)
    request = WriteEventsRequest.FromString(again.request)
    assert [event.event_id for event in request.events] == ["e1"]
    assert (request.writer_id, request.sequence) == ("", 0)
    origin = again.redriven.origin
    assert (origin.partition, origin.offset, origin.batch_index) == (3, 41, 0)
    assert list(again.redriven.event_indexes) == [1]
    assert not again.redriven.sent.unsighted
    assert (again.received_time_micros, again.rules_version, list(again.rejected)) == (NOW, RULES_VERSION, [])


@pytest.mark.parametrize("behind", [0, HOUR])
def test_an_event_is_judged_by_the_time_of_its_receipt(behind: int) -> None:
    # the client's clock is behind by so much; without a time of sending it is trusted
    request = batch("not a name", "nor this", sent_time_micros=NOW - behind if behind else 0)
    request.events[0].timestamp_micros = NOW - behind - 72 * HOUR
    request.events[1].timestamp_micros = NOW - behind - 72 * HOUR - 1
    record, errors = stored(request)
    (revival,) = revived(record, errors, *RENAMED)
    assert [error.event_index for error in revival.redriven] == [0]
    assert revival.verdicts[0][1].field == "events[1].timestamp_micros"


def test_what_a_repair_cannot_do_is_a_verdict_and_comes_before_all_others() -> None:
    request = batch("not a name")
    request.events[0].params["sent_name"].string_value = "x"
    record, errors = stored(request)
    (revival,) = revived(record, errors, *RENAMED)
    assert (revival.raw_batch, revival.events, revival.refused) == (None, 0, errors)
    ((_, verdict),) = revival.verdicts
    assert (verdict.field, verdict.code) == ("events[0].params[sent_name]", ErrorCode.ERROR_CODE_NAME_DUPLICATED)


def test_as_they_were_events_are_refused_as_before() -> None:
    record, errors = stored(batch("not a name", "page_view", "nor this"))
    (revival,) = revived(record, errors)
    assert revival.raw_batch is None
    assert [(verdict.field, verdict.message) for _, verdict in revival.verdicts] == [
        (error.field, error.message) for error in errors
    ]


def test_each_batch_of_a_record_is_stored_apart() -> None:
    record, errors = stored(
        batch("not a name", sequence=1), batch("page_view", sequence=2), batch("nor", "x y", writer="")
    )
    found = revived(record, errors, *RENAMED)
    places = [raw(each.raw_batch).redriven for each in found]
    assert [(place.origin.batch_index, list(place.event_indexes)) for place in places] == [(0, [0]), (2, [1])]


def test_nothing_that_another_property_sent_comes_back() -> None:
    record, errors = stored(batch("not a name"))
    for error in errors:
        error.property = "properties/another"
    (revival,) = revived(record, errors, *RENAMED)
    assert (revival.raw_batch, revival.gone) == (None, errors)


@pytest.mark.parametrize("record", [b"", b"\xff\xff", RawRecord(batches=[b"\xff"]).SerializeToString()])
def test_what_is_gone_is_said(record: bytes) -> None:
    _, errors = stored(batch("not a name"))
    (revival,) = revived(record, errors, *RENAMED)
    assert (revival.raw_batch, revival.gone, revival.redriven, revival.refused) == (None, errors, [], [])


def test_an_event_that_is_not_in_its_batch_is_gone() -> None:
    record, errors = stored(batch("not a name"))
    for index in (1, -1):
        errors[0].event_index = index
        (revival,) = revived(record, errors, *RENAMED)
        assert (revival.gone, revival.verdicts) == (errors, [])


def test_a_whole_batch_comes_with_the_verdicts_on_its_bad_events() -> None:
    record, (refused,) = stored(batch("page_view", "not a name"))
    refused.ClearField("event_index")
    refused.stage, refused.code = Stage.STAGE_DEDUPE, ErrorCode.ERROR_CODE_SEQUENCE_JUMP
    (revival,) = revived(record, [refused])
    again = raw(revival.raw_batch)
    assert (revival.events, revival.redriven, revival.refused) == (1, [refused], [])
    assert [verdict.index for verdict in again.rejected] == [1]
    assert list(again.redriven.event_indexes) == [0, 1]
    assert (again.redriven.sent.writer_id, again.redriven.sent.sequence) == ("w", 1)
    assert again.redriven.sent.unsighted  # once its writer has come that far, a copy may count as it is sent
    refused.code = ErrorCode.ERROR_CODE_SEQUENCE_REUSED
    (revival,) = revived(record, [refused])
    assert not raw(revival.raw_batch).redriven.sent.unsighted  # its number is taken


def test_what_stays_refused_of_a_whole_batch_is_stored_as_it_was_sent() -> None:
    request = batch("purchase", "not a name")
    record, (refused,) = stored(request)
    refused.ClearField("event_index")
    refused.stage, refused.code = Stage.STAGE_PROCESSING, ErrorCode.ERROR_CODE_PROCESSING_FAILED
    (revival,) = revived(record, [refused], default("currency", "EUR"))
    kept = WriteEventsRequest.FromString(raw(revival.raw_batch).request)
    assert [event.currency for event in kept.events] == ["EUR", ""]
    assert list(raw(revival.raw_batch).redriven.sent.rejected_indexes) == [1]


def test_a_batch_that_grew_beyond_a_request_is_refused() -> None:
    request = batch(*["page_view"] * 500, writer="")
    for event in request.events:
        event.page_location = "https://shop.example/" + "x" * 7_800
    record = record_of(request, received_micros=NOW)
    error = EventError(property="properties/shop", payload=PayloadPlace(partition=0, offset=0))
    grown = [default(f"params.p{index}", "y" * 1_000) for index in range(20)]
    (revival,) = revived(record, [error], *grown)
    assert (revival.raw_batch, revival.events, len(revival.verdicts)) == (None, 0, 500)
    assert "at most 4,194,304 are allowed" in revival.verdicts[0][1].message


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EventError(stage=Stage.STAGE_INGEST), "NEVER_STORED"),
        (EventError(stage=Stage.STAGE_CLIENT, code=ErrorCode.ERROR_CODE_CLIENT_DISCARDED), "NEVER_SENT"),
        (
            EventError(code=ErrorCode.ERROR_CODE_DUPLICATE_TRANSACTION, payload=PayloadPlace(), event_index=0),
            "TRANSACTION_COUNTED",
        ),
        (EventError(code=ErrorCode.ERROR_CODE_SEQUENCE_TOO_OLD, payload=PayloadPlace()), "MAYBE_COUNTED"),
        (EventError(code=ErrorCode.ERROR_CODE_SEQUENCE_REUSED, payload=PayloadPlace()), None),
        (EventError(code=ErrorCode.ERROR_CODE_SEQUENCE_JUMP, payload=PayloadPlace()), None),
        (EventError(code=ErrorCode.ERROR_CODE_PROCESSING_FAILED, payload=PayloadPlace()), None),
        (EventError(code=ErrorCode.ERROR_CODE_NAME_INVALID, payload=PayloadPlace(), event_index=0), None),
    ],
)
def test_which_errors_cannot_be_redriven_and_why(error: EventError, reason: str | None) -> None:
    found = why_not(error)
    assert (None if found is None else NotRedrivableReason.Name(found)) == (
        None if reason is None else f"NOT_REDRIVABLE_REASON_{reason}"
    )


def test_a_tally_counts_each_error_once_and_keeps_a_few_examples() -> None:
    record, errors = stored(batch("page_view", *["not a name"] * 10, *["page_view"] * 2))
    errors[-1].payload.batch_index = 5  # which is not there
    tally = Tally(total=14)
    tally.passed_over(2)
    tally.not_redrivable("a", NotRedrivableReason.NOT_REDRIVABLE_REASON_NEVER_STORED)
    for revival in revived(record, errors):
        tally.tried(revival)
    message = tally.message("token")
    assert (message.total_count, message.examined_count) == (14, 13)
    assert (message.redriven_count, message.redriven_before_count) == (0, 2)
    assert (message.refused_count, message.not_redrivable_count) == (9, 2)
    (kind,) = message.refused
    assert (kind.event_count, len(kind.examples)) == (9, MAX_EXAMPLES)
    assert kind.examples[0].error_id == errors[0].error_id
    assert [each.error_count for each in message.not_redrivable] == [1, 1]
    assert all(each.message for each in message.not_redrivable)
    assert (message.done, tally.message("").done) == (False, True)

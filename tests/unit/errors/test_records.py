from dataclasses import replace

import pytest

from footfall.v1.errors_pb2 import EventError, PayloadPlace, Stage
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.errors.records import (
    RawPlace,
    dedupe_error,
    duplicate_transaction_error,
    error_record,
    processing_error,
    refusal_error,
    validation_errors,
)
from footfall_core.kinds import EventKind
from footfall_core.problems import FieldViolation, InvalidRequest, TooLarge
from footfall_core.wire.purchase_pb2 import Purchase
from footfall_core.wire.raw_pb2 import RawBatch, Verdict

PLACE = RawPlace(partition=3, offset=77, batch_index=2, log_time_ms=1_700_000_000_123)
NAME_INVALID = ErrorCode.ERROR_CODE_NAME_INVALID
REUSED = ErrorCode.ERROR_CODE_SEQUENCE_REUSED
TOO_OLD = ErrorCode.ERROR_CODE_SEQUENCE_TOO_OLD
JUMP = ErrorCode.ERROR_CODE_SEQUENCE_JUMP


def request(writer: str = "w1", sequence: int = 5, property_id: str = "shop") -> WriteEventsRequest:
    return WriteEventsRequest(
        property=f"properties/{property_id}",
        writer_id=writer,
        sequence=sequence if writer else 0,
        events=[Event(name="a", event_id="e0"), Event(name="1", event_id="e1")],
    )


def batch(*verdicts: Verdict) -> RawBatch:
    return RawBatch(rejected=verdicts or [Verdict(index=1, field="events[1].name", code=NAME_INVALID, message="Bad.")])


def history() -> WriteEventsRequest:
    """Return the batch of the same writer and number once more, as an import."""
    imported = request()
    imported.historical_import = True
    return imported


def validation_error(of: WriteEventsRequest, place: RawPlace = PLACE, run: str = "r1") -> EventError:
    [error] = validation_errors(batch(), of, place, run)
    return error


def test_a_rejected_event_has_an_error_that_names_its_place() -> None:
    error = validation_error(request())
    assert error.property == "properties/shop"
    assert error.stage == Stage.STAGE_VALIDATION
    assert error.code == NAME_INVALID
    assert (error.field, error.message) == ("events[1].name", "Bad.")
    assert (error.writer_id, error.sequence) == ("w1", 5)
    assert (error.event_index, error.event_id) == (1, "e1")
    assert error.payload == PayloadPlace(partition=3, offset=77, batch_index=2)
    assert error.processing_version == "r1"
    assert error.time.ToMilliseconds() == PLACE.log_time_ms
    assert not error.retryable


def test_an_error_says_which_kinds_log_its_payload_is_in() -> None:
    assert not validation_error(request()).payload.imported
    # of a log from before the kinds were kept apart, which has both
    assert not validation_error(history()).payload.imported
    place = replace(PLACE, log=EventKind.IMPORT)
    assert validation_error(history(), place).payload == PayloadPlace(
        partition=3, offset=77, batch_index=2, imported=True
    )


def test_live_errors_keep_the_ids_that_they_had_before_there_were_kinds() -> None:
    assert validation_error(request()).error_id == "rcya7rjrashsfgcn"
    assert validation_error(request("")).error_id == "w5nbkbgr54pplx6z"


def test_an_event_id_of_megabytes_makes_no_error_that_its_topic_refuses() -> None:
    of = request()
    of.events[1].event_id = "i" * 2_000_000
    assert validation_error(of).event_id == "i" * 1_024


def test_the_first_event_of_a_batch_has_its_index() -> None:
    [error] = validation_errors(batch(Verdict(index=0, code=NAME_INVALID)), request(), PLACE, "r1")
    assert error.HasField("event_index")
    assert error.event_index == 0


def test_a_writers_error_keeps_its_id_wherever_and_whenever_it_is_recorded() -> None:
    elsewhere = RawPlace(partition=0, offset=1, batch_index=0, log_time_ms=1)
    assert validation_error(request()).error_id == validation_error(request(), elsewhere, "r2").error_id


def test_ids_differ_by_all_that_an_error_is_about() -> None:
    two = batch(
        Verdict(index=0, code=NAME_INVALID),
        Verdict(index=1, code=NAME_INVALID),
        Verdict(index=1, code=ErrorCode.ERROR_CODE_VALUE_INVALID),
    )
    errors = [
        *validation_errors(two, request(), PLACE, "r1"),
        *validation_errors(two, request("w2"), PLACE, "r1"),
        *validation_errors(two, request("w1", 51), PLACE, "r1"),
        *validation_errors(two, request(property_id="shop2"), PLACE, "r1"),
        *validation_errors(two, history(), PLACE, "r1"),
        dedupe_error(request(), PLACE, "r1", REUSED),
        dedupe_error(request(), PLACE, "r1", TOO_OLD),
        processing_error(request(), PLACE, "r1", ValueError("x")),
    ]
    assert len({error.error_id for error in errors}) == len(errors)


@pytest.mark.parametrize(
    "other",
    [RawPlace(4, 77, 2, 0), RawPlace(3, 78, 2, 0), RawPlace(3, 77, 3, 0), RawPlace(3, 77, 2, 0, EventKind.IMPORT)],
    ids=["partition", "offset", "batch index", "log"],
)
def test_without_a_writer_the_place_makes_the_id(other: RawPlace) -> None:
    again = RawPlace(3, 77, 2, log_time_ms=5)
    assert validation_error(request(""), again).error_id == validation_error(request("")).error_id
    assert validation_error(request(""), other).error_id != validation_error(request("")).error_id


@pytest.mark.parametrize("code", [REUSED, TOO_OLD, JUMP])
def test_a_refused_sequence_is_an_error_of_the_whole_batch(code: ErrorCode) -> None:
    error = dedupe_error(request(sequence=41), PLACE, "r1", code)
    assert error.stage == Stage.STAGE_DEDUPE
    assert error.code == code
    assert error.field == "sequence"
    assert "41" in error.message
    assert not error.HasField("event_index")
    assert error.payload.offset == 77


def test_what_could_not_be_processed_is_told_without_its_cause() -> None:
    error = processing_error(request(), PLACE, "r1", KeyError("secret"))
    assert error.stage == Stage.STAGE_PROCESSING
    assert error.code == ErrorCode.ERROR_CODE_PROCESSING_FAILED
    assert "secret" not in error.message
    assert not error.HasField("event_index")
    assert not error.retryable


def test_a_transaction_that_was_counted_is_named_but_not_at_length() -> None:
    purchase = Purchase(property_id="shop", transaction_id="t" * 1_024, writer_id="w1", sequence=3, event_index=2)
    error = duplicate_transaction_error(purchase, "r1", counted_hour=497_222)
    assert error.property == "properties/shop"
    assert "'" + "t" * 80 + "'" in error.message
    assert "2026-09-21 14:00 UTC" in error.message
    assert not error.retryable
    assert error.error_id != validation_error(request("w1", 3)).error_id


def test_a_refused_request_has_one_error_that_names_all_its_fields() -> None:
    problem = InvalidRequest(FieldViolation("events", "None."), FieldViolation("writer_id", "Bad."))
    error = refusal_error(problem, "shop", 1_700_000_000_123_456)
    assert error is not None
    assert error.stage == Stage.STAGE_INGEST
    assert error.property == "properties/shop"
    assert error.code == ErrorCode.ERROR_CODE_VALUE_OUT_OF_BOUNDS
    assert (error.field, error.message) == ("events", "events: None. writer_id: Bad.")
    assert not error.HasField("payload")
    assert error.time.ToMicroseconds() == 1_700_000_000_123_456


def test_refused_requests_have_an_id_by_property_field_message_and_time() -> None:
    problem = InvalidRequest.of("writer_id", "Bad.")
    errors = [
        refusal_error(problem, "shop", 1),
        refusal_error(problem, "shop", 2),
        refusal_error(problem, "shop2", 1),
        refusal_error(InvalidRequest.of("sequence", "Bad."), "shop", 1),
        refusal_error(TooLarge("Big."), "shop", 1),
    ]
    assert len({error.error_id for error in errors if error}) == 5
    assert refusal_error(problem, "shop", 1) == errors[0]


@pytest.mark.parametrize("property_id", ["", "Shop", "a/b", "~tick"])
def test_a_refused_request_of_no_property_has_no_error(property_id: str) -> None:
    assert refusal_error(InvalidRequest.of("property", "Bad."), property_id, 1) is None


def test_the_record_of_an_error_is_keyed_by_the_property() -> None:
    error = validation_error(request())
    key, value = error_record(error)
    assert key == b"shop"
    assert EventError.FromString(value) == error

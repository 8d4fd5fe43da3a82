from base64 import b64decode

import pytest

from footfall.v1.errors_pb2 import EventError, Stage
from footfall.v1.ingest_pb2 import ErrorCode, WriteEventsRequest
from footfall_core.columns import ERROR_COLUMNS
from footfall_core.errors.records import RawPlace, dedupe_error, refusal_error
from footfall_core.errors.rows import error_row
from footfall_core.problems import InvalidRequest

BATCH = WriteEventsRequest(property="properties/shop", writer_id="w1", sequence=5)
REUSED = ErrorCode.ERROR_CODE_SEQUENCE_REUSED


def dedupe() -> EventError:
    return dedupe_error(BATCH, RawPlace(3, 77, 2, 1_700_000_000_123), "r1", REUSED)


def refusal() -> EventError:
    error = refusal_error(InvalidRequest.of("writer_id", "A\ttab,\na line\r\nand an ä."), "shop", 1_700_000_000_123_999)
    assert error is not None
    return error


@pytest.mark.parametrize("error", [dedupe(), refusal()], ids=["of a batch", "of a request"])
def test_a_row_says_what_is_asked_for_and_holds_the_whole_error(error: EventError) -> None:
    fields = error_row(error).split("\t")
    row = dict(zip([column.name for column in ERROR_COLUMNS], fields, strict=True))
    assert EventError.FromString(b64decode(row.pop("error"), validate=True)) == error
    assert row == {
        "time_ms": "1700000000123",
        "property": "shop",
        "error_id": error.error_id,
        "stage": str(error.stage),
        "code": str(error.code),
        "writer_id": error.writer_id,
        "stage_name": "DEDUPE" if error.writer_id else "INGEST",
        "code_name": "SEQUENCE_REUSED" if error.writer_id else "VALUE_INVALID",
        "field": "sequence" if error.writer_id else "writer_id",
    }


def test_stage_and_code_are_the_numbers_of_the_contract() -> None:
    _, _, _, stage, code, writer, *_ = error_row(dedupe()).split("\t")
    assert (int(stage), int(code), writer) == (Stage.STAGE_DEDUPE, REUSED, "w1")


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("", ""),
        ("events[3]", ""),
        ("events[3].name", "name"),
        ("events[12].items[7].price", "items[].price"),
        ("events[0].params[plan]", "params[plan]"),
        ("events[0].params[a\tb\nc]", "params[a b c]"),
        ("events[0].params[a\x01b]", "params[a b]"),
        ("sequence", "sequence"),
        ("events", "events"),
        ("discarded[2].count", "discarded[].count"),
        ("events[1].params[" + "x" * 500 + "]", ("params[" + "x" * 500)[:256]),
    ],
)
def test_errors_are_counted_by_a_field_without_its_indexes(field: str, shown: str) -> None:
    assert error_row(EventError(property="properties/shop", field=field)).split("\t")[-1] == shown


def test_whatever_an_error_says_its_row_is_one_line() -> None:
    assert len(error_row(refusal()).splitlines()) == 1

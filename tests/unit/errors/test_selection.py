import pytest

from footfall.v1.errors_pb2 import ErrorFilter, EventError, Stage
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.errors.selection import ErrorSelection, selection_of
from footfall_core.problems import InvalidRequest

DEDUPE = Stage.STAGE_DEDUPE
REUSED, JUMP = ErrorCode.ERROR_CODE_SEQUENCE_REUSED, ErrorCode.ERROR_CODE_SEQUENCE_JUMP
ERROR = EventError(stage=DEDUPE, code=REUSED, writer_id="w1")


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (ErrorFilter(), True),
        (ErrorFilter(stages=[Stage.STAGE_INGEST, DEDUPE]), True),
        (ErrorFilter(stages=[Stage.STAGE_INGEST]), False),
        (ErrorFilter(codes=[REUSED, JUMP]), True),
        (ErrorFilter(codes=[JUMP]), False),
        (ErrorFilter(writer_id="w1"), True),
        (ErrorFilter(writer_id="w"), False),
        (ErrorFilter(stages=[DEDUPE], codes=[REUSED], writer_id="w1"), True),
        (ErrorFilter(stages=[DEDUPE], codes=[JUMP], writer_id="w1"), False),
    ],
)
def test_an_error_matches_when_all_that_is_asked_of_it_holds(wanted: ErrorFilter, matches: bool) -> None:
    assert selection_of("properties/shop", wanted).matches(ERROR) is matches


def test_a_selection_is_of_one_property() -> None:
    assert selection_of("properties/shop", ErrorFilter()) == ErrorSelection("shop")


@pytest.mark.parametrize(
    ("property_name", "wanted", "fields"),
    [
        ("shop", ErrorFilter(), ["property"]),
        ("properties/shop", ErrorFilter(stages=[DEDUPE, 6, 7]), ["filter.stages[1]"]),  # type: ignore[list-item]
        ("properties/shop", ErrorFilter(stages=[Stage.STAGE_UNSPECIFIED]), ["filter.stages[0]"]),
        ("properties/shop", ErrorFilter(codes=[-1]), ["filter.codes[0]"]),  # type: ignore[list-item]
        ("properties/shop", ErrorFilter(writer_id="a b"), ["filter.writer_id"]),
        ("properties/shop", ErrorFilter(writer_id="x" * 65), ["filter.writer_id"]),
        (
            "",
            ErrorFilter(stages=[9], codes=[99], writer_id="/"),  # type: ignore[list-item]
            ["property", "filter.stages[0]", "filter.codes[0]", "filter.writer_id"],
        ),
    ],
)
def test_every_field_that_is_wrong_is_named(property_name: str, wanted: ErrorFilter, fields: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        selection_of(property_name, wanted)
    assert [violation.field for violation in refused.value.violations] == fields


def test_what_is_allowed_is_told_by_name_and_number() -> None:
    with pytest.raises(InvalidRequest, match=r"7 is none of them; allowed are INGEST \(1\), VALIDATION \(2\)"):
        selection_of("properties/shop", ErrorFilter(stages=[7]))  # type: ignore[list-item]

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.errors_pb2 import (
    ErrorFilter,
    EventError,
    GetErrorRequest,
    ListErrorsRequest,
    ListErrorsResponse,
    Stage,
)
from footfall_core.clock import Micros
from footfall_core.errors.listing import KEPT, listing_of, question_of_one
from footfall_core.problems import InvalidRequest
from footfall_core.wire.query_pb2 import ErrorsQuestion

NOW = Micros(1_790_000_000_000_000)
HOUR = 3_600_000_000
DAY = 24 * HOUR


def at(micros: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(micros)
    return stamp


def request(**fields: object) -> ListErrorsRequest:
    return ListErrorsRequest(**{"property": "properties/shop", **fields})  # type: ignore[arg-type]


def found(*times_ms: int) -> ListErrorsResponse:
    return ListErrorsResponse(
        errors=[EventError(error_id=f"e{index}", time=at(time_ms * 1000)) for index, time_ms in enumerate(times_ms)],
        total_count=len(times_ms),
    )


def test_the_last_day_and_a_hundred_errors_are_listed_unless_asked_otherwise() -> None:
    assert listing_of(request(), NOW).question == ErrorsQuestion(
        property_id="shop", start_micros=NOW - DAY, end_micros=NOW, limit=101
    )


def test_the_range_begins_a_day_before_its_end() -> None:
    question = listing_of(request(end_time=at(NOW - 3 * DAY)), NOW).question
    assert (question.start_micros, question.end_micros) == (NOW - 4 * DAY, NOW - 3 * DAY)


def test_the_filter_travels_in_one_spelling() -> None:
    wanted = ErrorFilter(stages=[Stage.STAGE_DEDUPE, Stage.STAGE_INGEST, Stage.STAGE_DEDUPE], writer_id="w1")
    question = listing_of(request(filter=wanted, page_size=7), NOW).question
    assert (question.stages, question.writer_id, question.limit) == ([1, 3], "w1", 8)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"property": "shop"}, ["property"]),
        ({"page_size": -1}, ["page_size"]),
        ({"page_size": 1_001}, ["page_size"]),
        ({"start_time": Timestamp(seconds=-1)}, ["start_time"]),
        ({"end_time": Timestamp(nanos=-1)}, ["end_time"]),
        ({"start_time": at(NOW)}, ["start_time"]),
        ({"start_time": at(NOW - HOUR), "end_time": at(NOW - HOUR)}, ["start_time"]),
        ({"page_token": "garbage"}, ["page_token"]),
        ({"property": "", "page_size": 2_000, "filter": ErrorFilter(writer_id=" ")}, None),
    ],
)
def test_each_field_that_is_wrong_is_named(wrong: dict[str, object], fields: list[str] | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        listing_of(request(**wrong), NOW)
    assert [v.field for v in refused.value.violations] == (fields or ["property", "filter.writer_id", "page_size"])


def test_a_page_that_is_the_last_has_no_token() -> None:
    listing = listing_of(request(page_size=3), NOW)
    assert listing.page(found(5, 4, 3)).next_page_token == ""


def test_the_next_page_begins_behind_the_last_error_and_keeps_the_first_pages_range() -> None:
    page = listing_of(request(page_size=2), NOW).page(found(5, 4, 3))
    assert [error.error_id for error in page.errors] == ["e0", "e1"]
    assert page.total_count == 3
    later = Micros(NOW + HOUR)
    assert listing_of(request(page_size=2, page_token=page.next_page_token), later).question == ErrorsQuestion(
        property_id="shop",
        start_micros=NOW - DAY,
        end_micros=NOW,
        limit=3,
        after_time_ms=4,
        after_error_id="e1",
    )


@pytest.mark.parametrize(
    "other",
    [
        {"property": "properties/shop2"},
        {"filter": ErrorFilter(writer_id="w1")},
        {"start_time": at(NOW - DAY)},
        {"end_time": at(NOW)},
    ],
)
def test_a_page_token_is_of_use_for_the_same_list_only(other: dict[str, object]) -> None:
    token = listing_of(request(page_size=1), NOW).page(found(5, 4)).next_page_token
    with pytest.raises(InvalidRequest, match="another request"):
        listing_of(request(page_token=token, **other), NOW)


def test_the_size_of_a_page_may_change_between_pages() -> None:
    token = listing_of(request(page_size=1), NOW).page(found(5, 4)).next_page_token
    assert listing_of(request(page_size=500, page_token=token), NOW).question.limit == 501


def test_one_error_is_looked_for_in_all_that_is_kept() -> None:
    question = question_of_one(GetErrorRequest(property="properties/shop", error_id="abc"), NOW)
    assert (question.property_id, question.error_id, question.start_micros) == ("shop", "abc", NOW - KEPT)
    assert question.end_micros > NOW


@pytest.mark.parametrize("error_id", ["", "a b", "x" * 65, "a/b", "'"])
def test_an_id_that_is_none_is_refused(error_id: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        question_of_one(GetErrorRequest(property="shop", error_id=error_id), NOW)
    assert [violation.field for violation in refused.value.violations] == ["property", "error_id"]

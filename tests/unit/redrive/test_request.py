"""What a `RedriveErrorsRequest` asks for, and where a redrive goes on."""

from collections.abc import Callable

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from footfall.v1.errors_pb2 import ErrorFilter, EventError, RedriveErrorsRequest, Stage
from footfall_core.clock import Micros
from footfall_core.errors.listing import KEPT
from footfall_core.problems import InvalidRequest
from footfall_core.redrive.marks import mark_of, marks_of
from footfall_core.redrive.request import MAX_ERROR_IDS, PAGE, Redriving, redriving_of
from tests.redrives import default, rename

NOW = Micros(1_790_000_000_000_000)
DAY = 86_400_000_000


def request(**fields: object) -> RedriveErrorsRequest:
    return RedriveErrorsRequest(**{"property": "properties/shop"} | fields)  # type: ignore[arg-type]


def at(micros: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(micros)
    return stamp


def error(error_id: str = "a" * 16) -> EventError:
    return EventError(
        error_id=error_id, property="properties/shop", stage=Stage.STAGE_VALIDATION, time=at(NOW - DAY // 2)
    )


def test_errors_are_those_that_list_errors_would_list() -> None:
    redriving = redriving_of(
        request(filter=ErrorFilter(stages=[2], codes=[1, 3], writer_id="w"), start_time=at(NOW - 2 * DAY)), NOW
    )
    page = redriving.page
    assert (list(page.stages), list(page.codes), page.writer_id) == ([2], [1, 3], "w")
    assert (page.property_id, page.limit, page.after_error_id) == ("shop", PAGE, "")
    assert (page.start_micros, page.end_micros) == (NOW - 2 * DAY, NOW)
    assert redriving_of(request(), NOW).page.start_micros == NOW - DAY


def test_a_token_goes_on_behind_its_error_in_the_range_of_the_first_call() -> None:
    first = redriving_of(request(repairs=[default("currency", "EUR")]), NOW)
    behind = first.page_behind(error())
    token = first.token_of(behind)
    later = redriving_of(request(repairs=[default("currency", "EUR")], resume_token=token), Micros(NOW + 5 * DAY))
    assert later.page == behind
    assert (later.page.end_micros, later.page.after_error_id) == (NOW, "a" * 16)


@pytest.mark.parametrize(
    "changed",
    [
        {"property": "properties/shop2"},
        {"filter": ErrorFilter(stages=[2])},
        {"start_time": at(NOW - 2 * DAY)},
        {"repairs": [default("currency", "USD")]},
        {"repairs": [default("currency", "EUR"), rename("params.a", "params.b")]},
        {"validate_only": True},
        {"resume_token": "x"},
    ],
)
def test_a_token_of_another_request_is_refused(changed: dict[str, object]) -> None:
    first = redriving_of(request(repairs=[default("currency", "EUR")]), NOW)
    token = first.token_of(first.page_behind(error()))
    with pytest.raises(InvalidRequest) as refused:
        redriving_of(request(**{"repairs": [default("currency", "EUR")], "resume_token": token} | changed), NOW)
    assert [each.field for each in refused.value.violations] == ["resume_token"]


def test_named_errors_are_asked_for_one_by_one_and_once() -> None:
    redriving = redriving_of(request(error_ids=["a", "b", "a"]), NOW)
    assert [(each.error_id, each.property_id) for each in redriving.named] == [("a", "shop"), ("b", "shop")]
    assert redriving.named[0].start_micros == NOW - KEPT


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (lambda asked: asked.filter.stages.append(2), "error_ids", "leave filter out"),
        (lambda asked: asked.start_time.CopyFrom(at(NOW - 1)), "error_ids", "leave start_time out"),
        (lambda asked: asked.end_time.CopyFrom(at(NOW)), "error_ids", "leave end_time out"),
        (lambda asked: asked.error_ids.extend(["no id!"]), "error_ids[1]", "Send the error_id of an error"),
        (lambda asked: asked.error_ids.extend("x" for _ in range(MAX_ERROR_IDS)), "error_ids", "at most 100"),
    ],
)
def test_named_errors_say_by_themselves_which(
    change: Callable[[RedriveErrorsRequest], object], field: str, says: str
) -> None:
    asked = request(error_ids=["a"])
    change(asked)
    with pytest.raises(InvalidRequest) as refused:
        redriving_of(asked, NOW)
    (violation,) = refused.value.violations
    assert violation.field == field
    assert says in violation.description


def test_all_that_is_wrong_is_named_at_once() -> None:
    wrong = request(property="shop", filter=ErrorFilter(codes=[99]), repairs=[default("items", 1)], error_ids=["?"])
    with pytest.raises(InvalidRequest) as refused:
        redriving_of(wrong, NOW)
    fields = [each.field for each in refused.value.violations]
    assert fields == ["property", "filter.codes[0]", "error_ids", "repairs[0].set_default.path"]


def test_marks_are_found_by_the_question_for_their_errors() -> None:
    redriving: Redriving = redriving_of(request(filter=ErrorFilter(stages=[2], writer_id="w")), NOW)
    question = marks_of(redriving.page)
    assert question.property_id == "~redriven-shop"
    question.property_id = "shop"
    assert question == redriving.page
    refused = error()
    refused.writer_id, refused.message = "w", "a long sentence"
    mark = mark_of(refused)
    assert mark.property == "properties/~redriven-shop"
    assert (mark.error_id, mark.time, mark.stage, mark.writer_id) == (refused.error_id, refused.time, 2, "w")
    assert mark.message == ""

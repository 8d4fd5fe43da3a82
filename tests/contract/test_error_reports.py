"""Reports on errors: the same from both stores, by the way of all reports."""

import uuid
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from footfall.v1 import query_pb2
from footfall.v1.errors_pb2 import EventError, Stage
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.columns import ERRORS
from footfall_core.errors.rows import error_row
from footfall_core.report.fields import DIMENSIONS, METRICS
from footfall_core.report.filter_language import parse_filter, parse_metric_filter
from tests.contract.report_paths import ReportPath
from tests.contract.reports import report_request, table, totals

NAME, VALUE = ErrorCode.ERROR_CODE_NAME_INVALID, ErrorCode.ERROR_CODE_VALUE_INVALID
REUSED = ErrorCode.ERROR_CODE_SEQUENCE_REUSED


def error(when: str, stage: Stage, code: ErrorCode, field: str = "", writer_id: str = "") -> EventError:
    found = EventError(error_id=uuid.uuid4().hex[:16], stage=stage, code=code, field=field, writer_id=writer_id)
    found.time.FromDatetime(datetime.fromisoformat(when).replace(tzinfo=UTC))
    return found


ERRORS_OF_SHOP = [
    error("2026-03-28T22:59:59", Stage.STAGE_VALIDATION, NAME, "events[0].name", "w1"),
    error("2026-03-28T23:00:00", Stage.STAGE_VALIDATION, NAME, "events[7].name", "w1"),
    error("2026-03-29T10:00:00", Stage.STAGE_VALIDATION, VALUE, "events[2].items[4].price", "w2"),
    error("2026-03-29T11:00:00", Stage.STAGE_VALIDATION, VALUE, "events[3].items[0].price", "w1"),
    error("2026-03-30T10:00:00", Stage.STAGE_DEDUPE, REUSED, "sequence", "w2"),
    error("2026-03-30T10:30:00", Stage.STAGE_INGEST, VALUE),
]


@pytest.fixture(scope="session")
def shop(path: ReportPath) -> str:
    """A property with errors, and another one's beside them."""
    property_id, other = (f"errors-{uuid.uuid4().hex[:8]}" for _ in range(2))
    for whose, errors in ((property_id, ERRORS_OF_SHOP), (other, ERRORS_OF_SHOP[:2])):
        names = [column.name for column in ERRORS.columns]
        rows = []
        for each in errors:
            each.property = f"properties/{whose}"
            rows.append(dict(zip(names, error_row(each).split("\t"), strict=True)))
        path.put(rows, ERRORS)
        path.await_rows(whose, len(errors), ERRORS)
    return property_id


def ask(path: ReportPath, property_id: str, *dimensions: str, **fields: Any) -> query_pb2.RunReportResponse:
    return path.ask(report_request(property_id, ["errorCount"], list(dimensions), **fields))


def test_every_metric_and_dimension_of_errors_is_in_these_tests() -> None:
    names = {name for name in (*METRICS, *DIMENSIONS) if name.startswith("error")}
    assert names == {"errorCount", "errorStage", "errorCode", "errorField", "errorWriter"}


def test_errors_are_counted_by_stage_code_field_and_writer(path: ReportPath, shop: str) -> None:
    response = ask(path, shop, "errorStage", "errorCode")
    assert table(response) == [
        ("VALIDATION", "NAME_INVALID", 2),
        ("VALIDATION", "VALUE_INVALID", 2),
        ("DEDUPE", "SEQUENCE_REUSED", 1),
        ("INGEST", "VALUE_INVALID", 1),
    ]
    assert totals(response) == (6,)
    assert table(ask(path, shop, "errorField")) == [
        ("items[].price", 2),
        ("name", 2),
        ("(not set)", 1),
        ("sequence", 1),
    ]
    assert table(ask(path, shop, "errorWriter")) == [("w1", 3), ("w2", 2), ("(not set)", 1)]


def test_errors_have_days_and_hours_of_the_reports_zone_and_date_ranges(path: ReportPath, shop: str) -> None:
    assert table(ask(path, shop, "date", time_zone="Europe/Berlin")) == [
        ("2026-03-28", 1),
        ("2026-03-29", 3),
        ("2026-03-30", 2),
    ]
    assert table(ask(path, shop, "dateHour", days=("2026-03-30", "2026-03-30"))) == [("2026-03-30T10", 2)]
    request = report_request(shop, ["errorCount"], ["errorStage"])
    del request.date_ranges[:]
    for name, day in (("before", "2026-03-28"), ("after", "2026-03-30")):
        request.date_ranges.add(start_date=day, end_date=day, name=name)
    assert sorted(table(path.ask(request))) == [
        ("DEDUPE", "after", 1),
        ("INGEST", "after", 1),
        ("VALIDATION", "before", 2),
    ]


def test_errors_are_filtered_and_rows_of_them_too(path: ReportPath, shop: str) -> None:
    found = ask(
        path, shop, "errorField", dimension_filter=parse_filter("errorCode = VALUE_INVALID AND errorWriter = w1")
    )
    assert table(found) == [("items[].price", 1)]
    unset = ask(path, shop, "errorStage", dimension_filter=parse_filter('errorWriter = "(not set)"'))
    assert table(unset) == [("INGEST", 1)]
    frequent = ask(path, shop, "errorStage", metric_filter=parse_metric_filter("errorCount > 1"))
    assert table(frequent) == [("VALIDATION", 4)]
    matched = ask(path, shop, "errorCode", dimension_filter=parse_filter("errorCode matches _INVALID"))
    assert totals(matched) == (5,)


def test_crawlers_are_none_of_the_errors_business_and_nobody_says_that_they_are_complete(
    path: ReportPath, shop: str
) -> None:
    for include_bots in (False, True):
        response = ask(path, shop, include_bots=include_bots)
        assert table(response) == [(6,)]
        assert not response.metadata.HasField("data_complete_until")


def test_what_is_about_events_is_refused_beside_errors(path: ReportPath, shop: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        ask(path, shop, "errorCode", "pagePath")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]
    assert "pagePath is about events that were stored" in refused.value.details()  # type: ignore[attr-defined]

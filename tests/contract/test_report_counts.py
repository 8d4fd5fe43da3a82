"""Distinct counts of many users on many pages, against counts of the same rows here."""

import pytest

from footfall.v1 import query_pb2
from footfall_core.report.filter_language import parse_metric_filter
from tests.contract.crowd import DISTINCT, Crowd, stored_crowd
from tests.contract.report_paths import ReportPath
from tests.contract.reports import report_request, table, totals


@pytest.fixture(scope="module")
def crowd(path: ReportPath) -> Crowd:
    return stored_crowd(path)


def test_distinct_counts_of_days_are_exact_and_do_not_add_up(path: ReportPath, crowd: Crowd) -> None:
    response = path.ask(report_request(crowd.property_id, DISTINCT, ["date"]))
    assert table(response) == sorted(crowd.by("day"))


@pytest.mark.parametrize(
    ("dimensions", "columns"),
    [
        (["deviceCategory"], ["device_category"]),
        (["pagePath"], ["page_path"]),
        (["date", "pagePath"], ["day", "page_path"]),
    ],
)
@pytest.mark.parametrize("metric", ["eventCount", "totalUsers", "transactions"])
@pytest.mark.parametrize(("offset", "limit"), [(0, 10), (5, 20), (0, 10_000)])
def test_distinct_counts_are_right_however_many_rows_there_are(
    path: ReportPath, crowd: Crowd, dimensions: list[str], columns: list[str], metric: str, offset: int, limit: int
) -> None:
    expected = sorted(crowd.by(*columns))
    index = len(dimensions) + DISTINCT.index(metric)
    expected.sort(key=lambda row: row[index], reverse=True)
    request = report_request(
        crowd.property_id,
        DISTINCT,
        dimensions,
        order_bys=[query_pb2.OrderBy(metric=metric, desc=True)],
        offset=offset,
        limit=limit,
    )
    response = path.ask(request)
    assert table(response) == expected[offset : offset + limit]
    assert response.row_count == len(expected)


def test_an_answer_of_several_parts_arrives_whole(path: ReportPath, crowd: Crowd) -> None:
    response = path.ask(report_request(crowd.property_id, ["eventCount"], ["pageReferrer"], limit=250_000))
    assert response.ByteSize() > 5 * 512 * 1024
    assert table(response) == sorted((row["page_referrer"], 1) for row in crowd.rows)
    assert response.row_count == 30_000


@pytest.mark.parametrize("text", ["totalUsers > 30", "eventCount between (20, 200)", "NOT transactions < 5"])
@pytest.mark.parametrize(("offset", "limit"), [(0, 10), (5, 20), (0, 10_000)])
def test_a_filter_on_metrics_sees_the_counts_that_are_answered_however_many_rows_there_are(
    path: ReportPath, crowd: Crowd, text: str, offset: int, limit: int
) -> None:
    passes = {
        "totalUsers > 30": lambda events, users, orders: users > 30,
        "eventCount between (20, 200)": lambda events, users, orders: 20 <= events <= 200,
        "NOT transactions < 5": lambda events, users, orders: orders >= 5,
    }[text]
    expected = sorted((row for row in crowd.by("page_path") if passes(*row[1:])), key=lambda row: (-row[1], row[0]))
    assert 10 < len(expected) < len(crowd.by("page_path"))
    request = report_request(
        crowd.property_id, DISTINCT, ["pagePath"], metric_filter=parse_metric_filter(text), offset=offset, limit=limit
    )
    response = path.ask(request)
    assert table(response) == expected[offset : offset + limit]
    assert response.row_count == len(expected)
    assert totals(response)[0] == 30_000

"""Reports of any kind, on rows that are hard to read, against the plainest way to compute them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from footfall.v1 import query_pb2
from footfall_core.clock import SystemClock
from footfall_core.report.planner import plan_report
from tests.contract.any_request import DIMENSIONS, ITEM_DIMENSIONS, ITEM_METRICS, METRICS, requests
from tests.contract.mixture import Mixture, stored_mixture
from tests.contract.model import report_of
from tests.contract.report_paths import ReportPath
from tests.contract.reports import number


@pytest.fixture(scope="module")
def mixture(path: ReportPath) -> Mixture:
    return stored_mixture(path)


def check(path: ReportPath, property_id: str, rows: list[dict[str, Any]], request: query_pb2.RunReportRequest) -> None:
    request.property = f"properties/{property_id}"
    plan = plan_report(request, SystemClock().now())
    expected, totals, row_count = report_of(plan, rows)
    response = path.ask(request)
    found = [(tuple(row.dimension_values), tuple(map(number, row.metric_values))) for row in response.rows]
    assert found == [(row.dimensions, row.metrics) for row in expected]
    assert tuple(map(number, response.totals)) == totals[0]
    if len(totals) > 1:
        assert [tuple(map(number, row.metric_values)) for row in response.range_totals] == totals
    assert response.row_count == row_count


thoroughly = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@thoroughly
@given(request=requests(DIMENSIONS, METRICS))
def test_a_report_of_events_is_what_the_plainest_way_computes(
    path: ReportPath, mixture: Mixture, request: query_pb2.RunReportRequest
) -> None:
    check(path, mixture.property_id, mixture.rows, request)


@thoroughly
@given(request=requests(ITEM_DIMENSIONS, ITEM_METRICS))
def test_a_report_of_items_is_what_the_plainest_way_computes(
    path: ReportPath, mixture: Mixture, request: query_pb2.RunReportRequest
) -> None:
    check(path, mixture.property_id, mixture.items, request)

"""What is asked for, and what an answer becomes."""

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from footfall import filters
from footfall.metadata import DimensionInfo, MetricInfo, read_metadata
from footfall.reports import read_report, report_request
from footfall.v1.query_pb2 import (
    METRIC_TYPE_CURRENCY,
    METRIC_TYPE_FLOAT,
    METRIC_TYPE_INTEGER,
    SCOPE_ANY,
    SCOPE_EVENT,
    SCOPE_ITEM,
    DateRange,
    GetMetadataResponse,
    MetricHeader,
    MetricValue,
    Row,
    RunReportResponse,
)


def _values(count, money):
    return [MetricValue(integer_value=count), MetricValue(double_value=money)]


def _answer(rows):
    answer = RunReportResponse(
        dimension_headers=["pageTitle", "dateRange"],
        metric_headers=[
            MetricHeader(name="eventCount", type=METRIC_TYPE_INTEGER),
            MetricHeader(name="purchaseRevenue", type=METRIC_TYPE_CURRENCY),
        ],
        rows=rows,
        totals=_values(7, 1.5),
        range_totals=[Row(metric_values=_values(7, 1.5)), Row(metric_values=_values(8, 2.5))],
        row_count=12,
    )
    answer.metadata.date_ranges.extend(
        [DateRange(start_date="2026-01-01", end_date="2026-01-31", name="now"), DateRange(name="date_range_1")]
    )
    return answer


ROWS = [
    Row(dimension_values=["Hüte", "now"], metric_values=_values(2**53 + 1, 2.0)),
    Row(dimension_values=["(not set)", "date_range_1"], metric_values=_values(0, 0.1)),
]


def test_several_ranges_have_names_and_totals_of_their_own():
    report = read_report(_answer(ROWS))

    assert [(r.start, r.end, r.name) for r in report.metadata.date_ranges] == [
        ("2026-01-01", "2026-01-31", "now"),
        ("", "", "date_range_1"),
    ]
    assert report.range_totals == (
        {"eventCount": 7, "purchaseRevenue": 1.5},
        {"eventCount": 8, "purchaseRevenue": 2.5},
    )
    assert report.dimensions == ("pageTitle", "dateRange")
    assert report.metrics == (("eventCount", "integer"), ("purchaseRevenue", "currency"))


def test_one_range_has_totals_too():
    answer = _answer(ROWS)
    del answer.range_totals[:]

    assert read_report(answer).range_totals == ({"eventCount": 7, "purchaseRevenue": 1.5},)


@pytest.mark.parametrize("rows", [ROWS, []])
def test_a_data_frame_has_strings_int64_and_float64(rows):
    frame = read_report(_answer(rows)).to_pandas()

    assert list(frame.columns) == ["pageTitle", "dateRange", "eventCount", "purchaseRevenue"]
    assert [str(dtype) for dtype in frame.dtypes] == ["string", "string", "int64", "float64"]
    assert frame.to_dict("records") == read_report(_answer(rows)).rows


@pytest.mark.parametrize("rows", [ROWS, []])
def test_an_arrow_table_has_strings_int64_and_doubles(rows):
    table = read_report(_answer(rows)).to_arrow()

    assert table.schema.names == ["pageTitle", "dateRange", "eventCount", "purchaseRevenue"]
    assert [str(field.type) for field in table.schema] == ["string", "string", "int64", "double"]
    assert table.to_pylist() == read_report(_answer(rows)).rows


@pytest.mark.parametrize(("method", "package"), [("to_pandas", "pandas"), ("to_arrow", "pyarrow")])
def test_without_the_package_it_says_which(method, package):
    program = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from footfall.reports import read_report\n"
        "from footfall.v1.query_pb2 import RunReportResponse\n"
        f"read_report(RunReportResponse()).{method}()"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)

    assert ended.stderr.splitlines()[-1] == f"ImportError: Report.{method} needs {package}: pip install {package}"


def _request(*days, **options):
    return report_request("shop", ["date"], ["eventCount"], *days, **options)


def test_ranges_are_asked_for_in_order_with_their_names():
    request = _request(date_ranges=[(date(2026, 1, 1), "2026-01-31"), ("7daysAgo", "yesterday", "last week")])

    assert list(request.date_ranges) == [
        DateRange(start_date="2026-01-01", end_date="2026-01-31"),
        DateRange(start_date="7daysAgo", end_date="yesterday", name="last week"),
    ]


def test_filters_are_taken_as_they_are_made_or_as_the_contract_has_them():
    made, few = filters.field("source").equals("x"), filters.field("eventCount") > 5

    request = _request("today", "today", dimension_filter=made, metric_filter=few.expression)

    assert (request.dimension_filter, request.metric_filter) == (made.expression, few.expression)
    plain = _request("today", "today")
    assert not plain.HasField("dimension_filter")
    assert not plain.HasField("metric_filter")


def test_rows_may_be_ordered_by_their_range():
    (order,) = _request(date_ranges=[("today", "today")], order_by=["-dateRange"]).order_bys

    assert (order.dimension, order.desc) == ("dateRange", True)


@pytest.mark.parametrize(
    ("days", "options", "error"),
    [
        ((), {}, ValueError),
        (("today",), {}, ValueError),
        ((None, "today"), {}, ValueError),
        (("today", "today"), {"date_ranges": [("today", "today")]}, ValueError),
        ((), {"date_ranges": [("today",)]}, ValueError),
        ((), {"date_ranges": ["ab"]}, ValueError),
        ((), {"date_ranges": [("today", datetime(2026, 1, 1, tzinfo=UTC))]}, TypeError),
        (("today", "today"), {"dimension_filter": filters.field("a") == "b"}, TypeError),
        (("today", "today"), {"metric_filter": "eventCount > 5"}, TypeError),
    ],
)
def test_what_nobody_could_mean_raises(days, options, error):
    with pytest.raises(error):
        _request(*days, **options)


def test_metadata_has_names_definitions_types_and_scopes():
    answer = GetMetadataResponse()
    answer.dimensions.add(api_name="date", description="The day.", scope=SCOPE_ANY)
    answer.dimensions.add(api_name="itemName", description="The item.", scope=SCOPE_ITEM)
    answer.metrics.add(api_name="totalUsers", description="U.", type=METRIC_TYPE_INTEGER, may_be_approximate=True)
    answer.metrics.add(api_name="rate", description="R.", type=METRIC_TYPE_FLOAT, scope=SCOPE_EVENT)

    found = read_metadata(answer)

    assert found.dimensions == (
        DimensionInfo("date", "The day.", "event or item"),
        DimensionInfo("itemName", "The item.", "item"),
    )
    assert found.metrics == (
        MetricInfo("totalUsers", "U.", "integer", "any", may_be_approximate=True),
        MetricInfo("rate", "R.", "float", "event", may_be_approximate=False),
    )

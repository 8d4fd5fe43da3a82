"""What DuckDB is asked, by a plan. That it means what it should is for the tests of the store's contract."""

from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_adapters.duckdb import queries
from footfall_adapters.duckdb.statement import Statement, Values
from footfall_core.clock import Micros
from footfall_core.report.filter_language import parse_filter, parse_metric_filter
from footfall_core.report.plan import Plan
from footfall_core.report.planner import plan_report
from tests.contract.reports import report_request


def plan(metrics: list[str], dimensions: list[str] | None = None, **fields: Any) -> Plan:
    days = ("2026-03-28", "2026-03-30")
    return plan_report(report_request("shop", metrics, dimensions, days=days, **fields), Micros(0))


def rows_statement(a_plan: Plan) -> Statement:
    return queries.rows_statement(a_plan, a_plan.by_range())


def test_rows_are_grouped_ordered_and_paged_by_duckdb() -> None:
    statement = rows_statement(plan(["eventCount"], ["source"], offset=20, limit=10))
    assert statement.text == (
        "WITH found AS MATERIALIZED (SELECT d0, m0 FROM (SELECT coalesce(source, $1) AS d0, count(*) AS m0 FROM events "
        "WHERE property = $2 AND time_ms >= $3 AND time_ms < $4 AND is_bot = 0 GROUP BY d0)) "
        "SELECT (SELECT count(*) FROM found), d0, m0 FROM found ORDER BY m0 DESC, "
        "regexp_replace(d0, '([\\x{10000}-\\x{10FFFF}])', '\ud7ff\\1', 'g') ASC LIMIT $5 OFFSET $6"
    )
    assert statement.values == ("(not set)", "shop", 1774656000000, 1774915200000, 10, 20)


@pytest.mark.parametrize(
    "text",
    [
        'pagePath = "{}"',
        'pagePath contains "{}"',
        'ignoreCase(pagePath startsWith "{}")',
        'event.plan in ("{}", "x")',
        'NOT event.plan endsWith "{}"',
    ],
)
def test_nothing_of_a_tenant_stands_in_the_text(text: str) -> None:
    hostile = "'; drop table events; --"
    asked = plan(["purchaseRevenue"], ["event.plan"], dimension_filter=parse_filter(text.format(hostile)))
    statement = rows_statement(asked)
    assert "drop" not in statement.text
    assert "plan" not in statement.text
    assert "shop" not in statement.text
    found = [inner for value in statement.values for inner in (value if isinstance(value, list) else [value])]
    assert hostile in found


def test_a_filter_on_metrics_is_of_the_columns_that_are_answered() -> None:
    asked = plan(["eventCount"], ["source"], metric_filter=parse_metric_filter("eventCount > 5"))
    assert "FROM events WHERE property = $2 AND time_ms >= $3 AND time_ms < $4 AND is_bot = 0 GROUP BY d0) " in (
        rows_statement(asked).text
    )
    assert "WHERE m0 > $5::DOUBLE" in rows_statement(asked).text


def test_ranges_are_put_together_by_duckdb() -> None:
    request = report_request("shop", ["eventCount"], ["dateRange", "source"], days=("2026-03-28", "2026-03-28"))
    request.date_ranges.append(query_pb2.DateRange(start_date="2026-03-29", end_date="2026-03-29", name="next"))
    statement = rows_statement(plan_report(request, Micros(0)))
    assert statement.text.count(" UNION ALL ") == 1
    assert statement.text.count("::VARCHAR AS d0, d1, m0") == 2
    assert {"date_range_0", "next"} < set(statement.values)


def test_bots_are_asked_for_by_asking_for_nothing() -> None:
    assert "is_bot" in queries.totals_statement(plan(["eventCount"])).text
    assert "is_bot" not in queries.totals_statement(plan(["eventCount"], include_bots=True)).text


def test_few_values_stand_one_by_one_and_many_are_one_list() -> None:
    values = Values()
    assert values.one_of("x", ["a", "b"]) == "x IN ($1, $2)"
    many = [str(number) for number in range(100)]
    assert values.one_of("x", many) == "x IN (SELECT unnest($3))"
    assert values.one_of("x", []) == "false"
    assert values.statement("").values == ("a", "b", many)

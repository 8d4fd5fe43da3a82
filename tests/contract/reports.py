"""Asking for reports, and reading them, whatever store computes them."""

from typing import Any

from footfall.v1 import query_pb2


def report_request(
    property_id: str,
    metrics: list[str],
    dimensions: list[str] | None = None,
    *,
    days: tuple[str, str] = ("2026-01-01", "2026-12-31"),
    **fields: Any,
) -> query_pb2.RunReportRequest:
    return query_pb2.RunReportRequest(
        property=f"properties/{property_id}",
        metrics=[query_pb2.Metric(name=name) for name in metrics],
        dimensions=[query_pb2.Dimension(name=name) for name in dimensions or []],
        date_ranges=[query_pb2.DateRange(start_date=days[0], end_date=days[1])],
        **fields,
    )


def table(response: query_pb2.RunReportResponse) -> list[tuple[Any, ...]]:
    """Return the rows as plain tuples."""
    return [(*row.dimension_values, *map(number, row.metric_values)) for row in response.rows]


def number(value: query_pb2.MetricValue) -> int | float:
    return value.integer_value if value.WhichOneof("value") == "integer_value" else value.double_value


def totals(response: query_pb2.RunReportResponse) -> tuple[int | float, ...]:
    return tuple(number(value) for value in response.totals)

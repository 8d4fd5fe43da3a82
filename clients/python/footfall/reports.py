"""Asks for a report and reads the answer."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from footfall.results import ApproximateMetric, Report, ReportMetadata
from footfall.v1.query_pb2 import (
    DateRange,
    Dimension,
    FilterExpression,
    Metric,
    MetricValue,
    OrderBy,
    RunReportRequest,
    RunReportResponse,
)


def report_request(
    property_id: str,
    dimensions: Sequence[str],
    metrics: Sequence[str],
    start: date | str,
    end: date | str,
    *,
    dimension_filter: FilterExpression | None = None,
    order_by: Sequence[str] = (),
    offset: int = 0,
    limit: int = 0,
    time_zone: str = "",
    include_bots: bool = False,
    currency_code: str = "",
    min_data_complete_until: datetime | None = None,
) -> RunReportRequest:
    """Return the request of a report; see `Client.report` for the arguments.

    Raises:
        TypeError: an instant is given where a day belongs, or one name where a list belongs.
        ValueError: `order_by` names what is not in the report, or the instant has no time zone.
    """
    for argument, names in (("dimensions", dimensions), ("metrics", metrics), ("order_by", order_by)):
        if isinstance(names, str):
            raise TypeError(f"{argument} is a string; allowed is a list of names")
    request = RunReportRequest(
        property=f"properties/{property_id}",
        dimensions=[Dimension(name=name) for name in dimensions],
        metrics=[Metric(name=name) for name in metrics],
        date_ranges=[DateRange(start_date=_day("start", start), end_date=_day("end", end))],
        dimension_filter=dimension_filter,
        order_bys=[_order(term, dimensions, metrics) for term in order_by],
        offset=offset,
        limit=limit,
        time_zone=time_zone,
        include_bots=include_bots,
        currency_code=currency_code,
    )
    if min_data_complete_until is not None:
        if min_data_complete_until.utcoffset() is None:
            raise ValueError("min_data_complete_until has no time zone; use an aware datetime")
        request.min_data_complete_until.FromDatetime(min_data_complete_until)
    return request


def read_report(answer: RunReportResponse) -> Report:
    """Return the answer with its rows by name."""
    dimensions = list(answer.dimension_headers)
    metrics = [header.name for header in answer.metric_headers]
    rows: list[dict[str, str | int | float]] = []
    for row in answer.rows:
        values: dict[str, str | int | float] = dict(zip(dimensions, row.dimension_values, strict=True))
        values.update(zip(metrics, map(_value, row.metric_values), strict=True))
        rows.append(values)
    stated = answer.metadata
    until = stated.data_complete_until
    metadata = ReportMetadata(
        time_zone=stated.time_zone,
        currency_code=stated.currency_code,
        data_complete_until=until.ToDatetime(tzinfo=UTC) if stated.HasField("data_complete_until") else None,
        from_cache=stated.from_cache,
        approximate_metrics=tuple(
            ApproximateMetric(m.name, m.relative_standard_error, m.exact_up_to) for m in stated.approximate_metrics
        ),
        bots_included=stated.bots_included,
    )
    # a report without rows may leave the totals out
    totals = dict(zip(metrics, map(_value, answer.totals), strict=False))
    return Report(rows=rows, totals=totals, row_count=answer.row_count, metadata=metadata)


def _day(argument: str, day: date | str) -> str:
    if isinstance(day, datetime):
        raise TypeError(f"{argument} is an instant; allowed is a day, in the report's time zone")
    return day.isoformat() if isinstance(day, date) else day


def _order(term: str, dimensions: Sequence[str], metrics: Sequence[str]) -> OrderBy:
    name = term.removeprefix("-")
    if name in metrics:
        return OrderBy(metric=name, desc=term.startswith("-"))
    if name in dimensions:
        return OrderBy(dimension=name, desc=term.startswith("-"))
    raise ValueError(
        f"{term!r} cannot order the report; allowed are {', '.join([*dimensions, *metrics])}, - for descending"
    )


def _value(metric: MetricValue) -> int | float:
    return metric.double_value if metric.WhichOneof("value") == "double_value" else metric.integer_value

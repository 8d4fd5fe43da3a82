"""Asks for a report and reads the answer."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias, TypedDict

from footfall.filters import Filter
from footfall.report import ApproximateMetric, MetricTypeName, Report, ReportedRange, ReportMetadata, Value
from footfall.v1.query_pb2 import (
    METRIC_TYPE_CURRENCY,
    METRIC_TYPE_INTEGER,
    DateRange,
    Dimension,
    FilterExpression,
    Metric,
    MetricType,
    MetricValue,
    OrderBy,
    RunReportRequest,
    RunReportResponse,
)

Day: TypeAlias = date | str
"""A day in the report's time zone: a date, `YYYY-MM-DD`, `today`, `yesterday` or `NdaysAgo`."""
Days: TypeAlias = tuple[Day, Day] | tuple[Day, Day, str]
"""The first and the last day of a range, and its name if it has one."""


class ReportOptions(TypedDict, total=False):
    """What a report may say besides its names and days."""

    date_ranges: Sequence[Days]
    """Several ranges instead of one, each `(start, end)` or `(start, end, name)`. The dimension `dateRange` tells the
    rows of each."""
    dimension_filter: Filter | FilterExpression | None
    """Keeps the events that match; see `footfall.filters`."""
    metric_filter: Filter | FilterExpression | None
    """Keeps the rows that match, after aggregation; totals are those of all rows."""
    order_by: Sequence[str]
    """Names of dimensions and metrics, with `-` before it the largest first."""
    offset: int
    """Rows to skip."""
    limit: int
    """Rows to answer; 0, the default, means 10,000."""
    time_zone: str
    """Name of the IANA data base; empty means UTC."""
    include_bots: bool
    """Counts known crawlers too."""
    currency_code: str
    """Restricts amounts to this currency."""
    min_data_complete_until: datetime | None
    """An aware datetime: no cached answer that is complete for less; for reading one's own writes."""
    min_imported_data_complete_until: datetime | None
    """The same for writes with `historical_import`."""


def report_request(
    property_id: str,
    dimensions: Sequence[str],
    metrics: Sequence[str],
    start: Day | None = None,
    end: Day | None = None,
    *,
    date_ranges: Sequence[Days] = (),
    dimension_filter: Filter | FilterExpression | None = None,
    metric_filter: Filter | FilterExpression | None = None,
    order_by: Sequence[str] = (),
    offset: int = 0,
    limit: int = 0,
    time_zone: str = "",
    include_bots: bool = False,
    currency_code: str = "",
    min_data_complete_until: datetime | None = None,
    min_imported_data_complete_until: datetime | None = None,
) -> RunReportRequest:
    """Return the request of a report; see `Client.report` and `ReportOptions` for the arguments.

    Raises:
        TypeError: an instant is given where a day belongs, one name where a list belongs, or there is no such option.
        ValueError: days are missing or given twice, `order_by` names what is not in the report, or an instant has no
            time zone.
    """
    for argument, names in (("dimensions", dimensions), ("metrics", metrics), ("order_by", order_by)):
        if isinstance(names, str):
            raise TypeError(f"{argument} is a string; allowed is a list of names")
    request = RunReportRequest(
        property=f"properties/{property_id}",
        dimensions=[Dimension(name=name) for name in dimensions],
        metrics=[Metric(name=name) for name in metrics],
        date_ranges=_ranges(start, end, date_ranges),
        dimension_filter=_expression("dimension_filter", dimension_filter),
        metric_filter=_expression("metric_filter", metric_filter),
        order_bys=[_order(term, dimensions, metrics) for term in order_by],
        offset=offset,
        limit=limit,
        time_zone=time_zone,
        include_bots=include_bots,
        currency_code=currency_code,
    )
    if min_data_complete_until is not None:
        _aware("min_data_complete_until", min_data_complete_until)
        request.min_data_complete_until.FromDatetime(min_data_complete_until)
    if min_imported_data_complete_until is not None:
        _aware("min_imported_data_complete_until", min_imported_data_complete_until)
        request.min_imported_data_complete_until.FromDatetime(min_imported_data_complete_until)
    return request


def read_report(answer: RunReportResponse) -> Report:
    """Return the answer with its rows by name."""
    dimensions = tuple(answer.dimension_headers)
    metrics = [header.name for header in answer.metric_headers]
    rows: list[dict[str, Value]] = []
    for row in answer.rows:
        values: dict[str, Value] = dict(zip(dimensions, row.dimension_values, strict=True))
        values.update(zip(metrics, map(_value, row.metric_values), strict=True))
        rows.append(values)
    # a report without rows may leave the totals out
    totals = dict(zip(metrics, map(_value, answer.totals), strict=False))
    range_totals = [dict(zip(metrics, map(_value, row.metric_values), strict=False)) for row in answer.range_totals]
    return Report(
        rows=rows,
        totals=totals,
        row_count=answer.row_count,
        metadata=_metadata(answer),
        dimensions=dimensions,
        metrics=tuple((header.name, type_name(header.type)) for header in answer.metric_headers),
        range_totals=tuple(range_totals or [totals]),
    )


def type_name(kind: MetricType) -> MetricTypeName:
    """Return the name of a metric's type; one newer than this library is a number like any other."""
    if kind == METRIC_TYPE_INTEGER:
        return "integer"
    return "currency" if kind == METRIC_TYPE_CURRENCY else "float"


def _metadata(answer: RunReportResponse) -> ReportMetadata:
    stated = answer.metadata
    live, imported = (
        getattr(stated, field).ToDatetime(tzinfo=UTC) if stated.HasField(field) else None
        for field in ("data_complete_until", "imported_data_complete_until")
    )
    return ReportMetadata(
        time_zone=stated.time_zone,
        currency_code=stated.currency_code,
        data_complete_until=live,
        imported_data_complete_until=imported,
        from_cache=stated.from_cache,
        approximate_metrics=tuple(
            ApproximateMetric(m.name, m.relative_standard_error, m.exact_up_to) for m in stated.approximate_metrics
        ),
        bots_included=stated.bots_included,
        date_ranges=tuple(ReportedRange(r.start_date, r.end_date, r.name) for r in stated.date_ranges),
    )


def _aware(argument: str, instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise ValueError(f"{argument} has no time zone; use an aware datetime")


def _ranges(start: Day | None, end: Day | None, date_ranges: Sequence[Days]) -> list[DateRange]:
    if (start is None) != (end is None):
        raise ValueError(f"{'end' if end is None else 'start'} is missing; a range has a first and a last day")
    if start is not None and end is not None:
        if date_ranges:
            raise ValueError("start and end are given, and date_ranges too; allowed is one of the two")
        return [DateRange(start_date=_day("start", start), end_date=_day("end", end))]
    if not date_ranges:
        raise ValueError("the days are missing; give start and end, or date_ranges")
    found = []
    for index, days in enumerate(date_ranges):
        if isinstance(days, str) or len(days) not in {2, 3}:
            raise ValueError(f"date_ranges[{index}] is {days!r}; allowed are (first day, last day) and a name")
        first, last, *name = days
        path = f"date_ranges[{index}]"
        found.append(DateRange(start_date=_day(path, first), end_date=_day(path, last), name=str(*name)))
    return found


def _day(argument: str, day: Day) -> str:
    if isinstance(day, datetime):
        raise TypeError(f"{argument} is an instant; allowed is a day, in the report's time zone")
    return day.isoformat() if isinstance(day, date) else day


def _expression(argument: str, given: Filter | FilterExpression | None) -> FilterExpression | None:
    if isinstance(given, Filter):
        return given.expression
    if given is None or isinstance(given, FilterExpression):
        return given
    # such as False, which is what == on a field gives
    raise TypeError(f"{argument} is {given!r}; allowed is a filter, see footfall.filters")


def _order(term: str, dimensions: Sequence[str], metrics: Sequence[str]) -> OrderBy:
    name = term.removeprefix("-")
    if name in metrics:
        return OrderBy(metric=name, desc=term.startswith("-"))
    if name in dimensions or name == "dateRange":
        return OrderBy(dimension=name, desc=term.startswith("-"))
    raise ValueError(
        f"{term!r} cannot order the report; allowed are {', '.join([*dimensions, *metrics])}, - for descending"
    )


def _value(metric: MetricValue) -> int | float:
    return metric.double_value if metric.WhichOneof("value") == "double_value" else metric.integer_value

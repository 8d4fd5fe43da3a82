"""The answer to a report: as a value, as the message of the contract, and as bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from footfall.v1 import query_pb2
from footfall_core.clock import Micros
from footfall_core.completeness import NOT_KNOWN, Completeness
from footfall_core.problems import TooLarge
from footfall_core.report.fields import DATE_RANGE, METRICS, MetricType
from footfall_core.report.limits import MAX_ANSWER_BYTES
from footfall_core.report.metadata import METRIC_TYPES
from footfall_core.report.plan import Plan
from footfall_core.wire import query_pb2 as wire

TOTAL = "RESERVED_TOTAL"
"""Stands for all values of a dimension in a row of totals; GA4's."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row: values in the order of the plan's dimensions and metrics."""

    dimensions: tuple[str, ...]
    metrics: tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class Approximation:
    """A metric that is estimated in this report."""

    metric: str
    relative_standard_error: float
    exact_up_to: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a store found for a plan."""

    rows: Sequence[ReportRow]
    """The rows of the page, in order."""
    totals: Sequence[tuple[int | float, ...]]
    """The metrics over all rows of each date range, in the order of the plan."""
    row_count: int
    """Number of rows, whatever the page is."""
    currency_code: str = ""
    """The currency of amounts of money; empty if there are none, or if it is a dimension."""
    approximations: tuple[Approximation, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it travels and as it is cached: the bytes of a response, for a report of a `RunReportResponse`."""

    response: bytes
    completeness: Completeness = NOT_KNOWN


def answer_of(plan: Plan, report: Report, completeness: Completeness) -> Answer:
    """Return the answer of a report.

    Raises:
        TooLarge: the answer has more bytes than may travel.
    """
    response = query_pb2.RunReportResponse(
        dimension_headers=plan.dimensions,
        metric_headers=[
            query_pb2.MetricHeader(name=name, type=METRIC_TYPES[METRICS[name].type]) for name in plan.metrics
        ],
        totals=_values(plan, report.totals[0]),
        row_count=report.row_count,
        metadata=query_pb2.ReportMetadata(
            time_zone=plan.time_zone,
            currency_code=report.currency_code,
            bots_included=plan.include_bots,
            date_ranges=[
                query_pb2.DateRange(start_date=one.first_day, end_date=one.last_day, name=one.name)
                for one in plan.ranges
            ],
            approximate_metrics=[
                query_pb2.ApproximateMetric(
                    name=a.metric, relative_standard_error=a.relative_standard_error, exact_up_to=a.exact_up_to
                )
                for a in report.approximations
            ],
        ),
    )
    if completeness.live is not None:
        response.metadata.data_complete_until.FromMicroseconds(completeness.live)
    if completeness.imported is not None:
        response.metadata.imported_data_complete_until.FromMicroseconds(completeness.imported)
    for row in report.rows:
        response.rows.add(dimension_values=row.dimensions, metric_values=_values(plan, row.metrics))
    if len(plan.ranges) > 1:
        for one, totals in zip(plan.ranges, report.totals, strict=True):
            values = (one.name if name == DATE_RANGE else TOTAL for name in plan.dimensions)
            response.range_totals.add(dimension_values=values, metric_values=_values(plan, totals))
    data = response.SerializeToString()
    if len(data) > MAX_ANSWER_BYTES:
        raise TooLarge(
            f"The answer has {len(data) >> 20} MiB; at most {MAX_ANSWER_BYTES >> 20} are allowed: ask for fewer rows "
            "with `limit`, and for the next ones with `offset`."
        )
    return Answer(data, completeness)


def from_cache(answer: Answer) -> Answer:
    """Return the answer, saying that it came from the cache."""
    # Metadata that are only appended to the bytes would be merged by protobuf, but the gateway's transcoder refuses a
    # field that is there twice. 10,000 rows take 3 ms.
    response = query_pb2.RunReportResponse.FromString(answer.response)
    response.metadata.from_cache = True
    return Answer(response.SerializeToString(), answer.completeness)


def answer_to_bytes(answer: Answer) -> bytes:
    """Return the answer as it travels through Kafka and lies in the cache."""
    return wire.Answer(
        response=answer.response,
        data_complete_until_micros=answer.completeness.live,
        imported_data_complete_until_micros=answer.completeness.imported,
    ).SerializeToString()


def answer_from_bytes(data: bytes) -> Answer:
    """Return the answer that `answer_to_bytes` wrote.

    Raises:
        google.protobuf.message.DecodeError: the bytes are something else.
    """
    message = wire.Answer.FromString(data)
    live, imported = (
        Micros(getattr(message, field)) if message.HasField(field) else None
        for field in ("data_complete_until_micros", "imported_data_complete_until_micros")
    )
    return Answer(message.response, Completeness(live, imported))


def _values(plan: Plan, values: Sequence[int | float]) -> list[query_pb2.MetricValue]:
    return [
        query_pb2.MetricValue(integer_value=int(value))
        if METRICS[name].type is MetricType.INTEGER
        else query_pb2.MetricValue(double_value=value)
        for name, value in zip(plan.metrics, values, strict=True)
    ]

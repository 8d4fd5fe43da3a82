"""How a run's numbers differ from those that are served: which reports are asked for, and how two answers compare.

Pure. Both are asked the same reports over all properties, crawlers included, for the same hours of the log. Users are
counted by day alone: by every dimension too they would take more of the store than the whole of the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from footfall.v1.query_pb2 import RunReportResponse
from footfall_core.access.grant import EVERY_PROPERTY
from footfall_core.clock import Micros, to_datetime
from footfall_core.columns import EVENTS
from footfall_core.problems import WrongState
from footfall_core.report.fields import DATE, METRICS
from footfall_core.report.plan import OrderTerm, Plan, PlannedHours, PlannedRange, PlannedServing
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.run import hour_of, hour_text
from footfall_core.runs.serving import Served, Serving, clipped
from footfall_core.runs.state import can_serve

DIMENSIONS = (
    "eventName",
    "defaultChannelGroup",
    "source",
    "medium",
    "campaignName",
    "country",
    "language",
    "deviceCategory",
    "browser",
    "operatingSystem",
)
"""What events are compared by, beside the day."""

CURRENCY = "currencyCode"
AMOUNTS = ("eventValue", "purchaseRevenue")
MOST_ROWS = 20_000
"""Days times values of one dimension that are compared; what is beyond is left out, and said to be."""

LATEST_DAYS_AHEAD = 2
"""How many days after today events may be, by their own time."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One report that both are asked."""

    dimension: str
    """Beside the day; empty: none."""
    plan: Plan
    """Without its serving."""

    def of(self, parts: Sequence[PlannedHours], epoch: int) -> Plan:
        """Return the plan of some runs' hours."""
        return replace(self.plan, serving=PlannedServing(epoch, tuple(parts)))


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that differs."""

    date: str
    dimension: str
    value: str
    metric: str
    currency: str
    served: float
    reprocessed: float


def compared_hours(entry: Entry, now: Micros, *, include_open_hour: bool) -> tuple[int, int | None]:
    """Return the hours of a run that are compared, the second not among them; None: up to now.

    Raises:
        WrongState: there are none.
    """
    run = entry.run
    over = hour_of(now)
    if run.end_hour is not None and run.end_hour <= over:
        return run.start_hour, run.end_hour
    if include_open_hour:
        return run.start_hour, None
    if run.start_hour >= over:
        raise WrongState(
            f"None of its hours is over yet: the first one is {hour_text(run.start_hour)}. With include_open_hour, "
            "what has come so far is compared."
        )
    return run.start_hour, over


def what_is_served_without(run_id: str, book: Book, now: Micros) -> Serving:
    """Return the serving that a run is compared with: the one now, or, if the run serves in it, the last without it.

    Of earlier ones those are passed over whose rows are gone.
    """
    current = book.in_force(now)
    if not current.serves(run_id):
        return current
    before = (book.servings[epoch] for epoch in range(current.epoch - 1, -1, -1))
    return next(serving for serving in before if not serving.serves(run_id) and can_serve(book, serving))


def compared_parts(entry: Entry, book: Book, hours: tuple[int, int | None], now: Micros) -> tuple[Served, ...]:
    """Return the parts of what is served that a run is compared with."""
    return clipped(what_is_served_without(entry.run.id, book, now).parts, *hours)


def reports(now: Micros) -> Iterator[Compared]:
    """Yield the reports that both are asked."""
    yield Compared("", _plan(now, (DATE,), ("eventCount", "totalUsers")))
    yield Compared("", _plan(now, (DATE, CURRENCY), AMOUNTS))
    for dimension in DIMENSIONS:
        yield Compared(dimension, _plan(now, (DATE, dimension), ("eventCount",)))
        yield Compared(dimension, _plan(now, (DATE, dimension, CURRENCY), AMOUNTS))


def _plan(now: Micros, dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> Plan:
    # an import may be of any day since the epoch
    end = Micros((hour_of(now) // 24 + 1 + LATEST_DAYS_AHEAD) * 24 * 3_600_000_000)
    last = to_datetime(end - 1).date().isoformat()
    return Plan(
        property_id=EVERY_PROPERTY,
        table=EVENTS.name,
        ranges=(PlannedRange("date_range_0", "1970-01-01", last, Micros(0), end),),
        time_zone="UTC",
        dimensions=dimensions,
        metrics=metrics,
        condition=None,
        metric_condition=None,
        order=tuple(OrderTerm(name, descending=False) for name in dimensions),
        offset=0,
        limit=MOST_ROWS,
        include_bots=True,
        currency_code="",
    )


def differences(
    compared: Compared, served: RunReportResponse, reprocessed: RunReportResponse
) -> tuple[list[Difference], int]:
    """Return what differs between two answers to one report, in order, and how many numbers were compared.

    Where an answer has not all rows, only those up to the last one that both may have are compared.
    """
    ours, theirs = _numbers(served), _numbers(reprocessed)
    keys = sorted(ours.keys() | theirs.keys())
    ends = [max(found) for found, answer in ((ours, served), (theirs, reprocessed)) if is_cut(answer)]
    if ends:
        keys = [key for key in keys if key <= min(ends)]
    found = []
    for key in keys:
        one, other = ours.get(key), theirs.get(key)
        for index, metric in enumerate(compared.plan.metrics):
            before, after = (0.0 if values is None else values[index] for values in (one, other))
            if before != after:
                found.append(_difference(compared, key, metric, before, after))
    return found, len(keys) * len(compared.plan.metrics)


def is_cut(answer: RunReportResponse) -> bool:
    """Return whether an answer has not all of its rows."""
    return answer.row_count > len(answer.rows)


def _numbers(answer: RunReportResponse) -> dict[tuple[str, ...], list[float]]:
    return {
        tuple(row.dimension_values): [
            value.double_value if value.HasField("double_value") else float(value.integer_value)
            for value in row.metric_values
        ]
        for row in answer.rows
    }


def _difference(compared: Compared, key: tuple[str, ...], metric: str, served: float, reprocessed: float) -> Difference:
    of = dict(zip(compared.plan.dimensions, key, strict=True))
    return Difference(
        date=of[DATE],
        dimension=compared.dimension,
        value=of.get(compared.dimension, ""),
        metric=metric,
        currency=of.get(CURRENCY, "") if METRICS[metric].is_money else "",
        served=served,
        reprocessed=reprocessed,
    )

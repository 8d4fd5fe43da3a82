"""What calls return."""

from dataclasses import dataclass
from datetime import datetime

from footfall.v1.event_pb2 import Event


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why one event of a batch was not stored."""

    index: int
    """Its index in the batch, from 0."""
    event_id: str
    field: str
    """Path of the field, for example `events[3].name`."""
    code: str
    """Kind of mistake, for example `VALUE_INVALID`."""
    message: str
    """One sentence: what was wrong, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch that was answered. Events that are not rejected are durable."""

    sequence: int
    """The batch's number among its writer's."""
    accepted: int
    rejected: tuple[Rejected, ...]
    committed_time_micros: int
    """Unix time in microseconds at which it was durable; a report whose `data_complete_until` is past it holds it."""
    attempts: int
    """How often it was sent; the server counts it once."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Events that were not stored, as `on_error` gets them."""

    events: tuple[Event, ...]
    code: str
    """Kind of mistake (`VALUE_INVALID`), or the gRPC status of the batch (`UNAVAILABLE`), or `CLOSED`, `QUEUE_FULL`."""
    message: str
    field: str = ""
    """Path of the field, if one event was rejected."""
    outcome_known: bool = True
    """False if the last answer is missing: the events may have been stored all the same."""


@dataclass(frozen=True, slots=True)
class ApproximateMetric:
    """A metric that is estimated in this answer."""

    name: str
    relative_standard_error: float
    exact_up_to: int
    """Largest value that is still counted exactly."""


@dataclass(frozen=True, slots=True)
class ReportMetadata:
    """What a report is worth."""

    time_zone: str
    currency_code: str
    """Empty if no amount is in the report."""
    data_complete_until: datetime | None
    """All events acknowledged before this instant are in the numbers. None: not known."""
    from_cache: bool
    approximate_metrics: tuple[ApproximateMetric, ...]
    bots_included: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a report."""

    rows: list[dict[str, str | int | float]]
    """Each row by the names of its dimensions and metrics, dimensions as strings."""
    totals: dict[str, int | float]
    """The metrics over all rows, computed anew rather than added up."""
    row_count: int
    """Rows of the whole report, whatever offset and limit say."""
    metadata: ReportMetadata

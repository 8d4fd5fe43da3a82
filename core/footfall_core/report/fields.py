"""The one table of what can be asked for: dimensions and metrics, what they mean, and what they are made from.

The planner checks requests by it, each store computes by it, and the documentation is made from it. To add a
dimension or metric that fits one of the aggregates, add a line.
"""

from dataclasses import dataclass
from enum import Enum

from footfall_core.columns import TIME_COLUMN

NOT_SET = "(not set)"
"""Shown for a value that an event does not have; a filter on it finds those events."""

DATE = "date"
"""The dimension of days, the only one that is made from the time instead of being a column."""


class MetricType(Enum):
    """What the values of a metric are."""

    INTEGER = "integer"
    CURRENCY = "currency"
    FLOAT = "float"


class Aggregate(Enum):
    """How a metric is made from the events of a row of the report."""

    COUNT = "number of events"
    DISTINCT = "number of different values of the column"
    SUM = "sum of the column"


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something to group by."""

    name: str
    meaning: str
    column: str


@dataclass(frozen=True, slots=True)
class Metric:
    """Something to compute."""

    name: str
    meaning: str
    type: MetricType
    aggregate: Aggregate
    column: str = ""
    """What is summed or told apart; empty for a count."""
    events: tuple[str, ...] = ()
    """Names of the events that count; empty means all."""
    minus_events: tuple[str, ...] = ()
    """Names of the events whose column is taken off a sum."""

    @property
    def is_money(self) -> bool:
        """Whether amounts of several currencies could be added up in it."""
        return self.column == "value"


_DIMENSIONS = (
    Dimension(DATE, "Day of the event in the report's time zone, as `YYYY-MM-DD`.", TIME_COLUMN),
    Dimension("eventName", "Name of the event.", "event_name"),
    Dimension("pagePath", "Path of the page's URL, without host and query.", "page_path"),
    Dimension("hostName", "Host of the page's URL.", "host_name"),
    Dimension(
        "pageReferrer", "Full URL of the page that led to this one, on the same site or another.", "page_referrer"
    ),
    Dimension("source", "Where the visit came from, for example `google`.", "source"),
    Dimension("medium", "How the visit came, for example `organic`.", "medium"),
    Dimension(
        "defaultChannelGroup", "Group of source and medium by GA4's rules, for example `Paid Search`.", "channel_group"
    ),
    Dimension("deviceCategory", "Kind of device: desktop, mobile, tablet or smart tv.", "device_category"),
    Dimension("browser", "Browser with which the site was visited.", "browser"),
    Dimension("operatingSystem", "Operating system of the visitor's device.", "operating_system"),
    Dimension("currencyCode", "Currency of the event's value, ISO 4217.", "currency"),
)

_METRICS = (
    Metric("eventCount", "Number of events.", MetricType.INTEGER, Aggregate.COUNT),
    Metric(
        "screenPageViews",
        "Number of pages and app screens seen: events `page_view` and `screen_view`, repeated views included.",
        MetricType.INTEGER,
        Aggregate.COUNT,
        events=("page_view", "screen_view"),
    ),
    Metric(
        "totalUsers",
        "Number of different users with at least one event, told apart by `client_id`.",
        MetricType.INTEGER,
        Aggregate.DISTINCT,
        column="client_id",
    ),
    Metric(
        "eventValue",
        "Sum of the events' `value`.",
        MetricType.FLOAT,
        Aggregate.SUM,
        column="value",
    ),
    Metric(
        "purchaseRevenue",
        "Value of the purchases minus the value of the refunds of the same days.",
        MetricType.CURRENCY,
        Aggregate.SUM,
        column="value",
        events=("purchase",),
        minus_events=("refund",),
    ),
    Metric(
        "transactions",
        "Number of different `transaction_id`s among the purchases.",
        MetricType.INTEGER,
        Aggregate.DISTINCT,
        column="transaction_id",
        events=("purchase",),
    ),
)

DIMENSIONS = {dimension.name: dimension for dimension in _DIMENSIONS}
"""The dimensions by name, in the order of the documentation."""

METRICS = {metric.name: metric for metric in _METRICS}
"""The metrics by name, in the order of the documentation."""

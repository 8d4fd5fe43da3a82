"""The one table of what can be asked for: dimensions and metrics, what they mean, and what they are made from.

The planner checks requests by it, each store computes by it, `GetMetadata` answers it, and docs/reports.md is made from
it. To add a dimension or metric that fits one of the kinds, add a line.

Where GA4 has the field, name and meaning are GA4's (developers.google.com/analytics/devguides/reporting/data/v1/
api-schema).
"""

from dataclasses import dataclass
from enum import Enum

from footfall_core.columns import ERROR_COLUMNS, ERRORS, EVENT_COLUMNS, EVENTS, ITEM_COLUMNS, ITEMS, TIME_COLUMN, Table
from footfall_core.validation.names import param_name_mistake

NOT_SET = "(not set)"
"""Shown for a value that an event does not have; a filter on it finds those events."""

DATE = "date"
"""The dimension of days."""
DATE_RANGE = "dateRange"
"""The dimension of the report's date ranges."""
PARAM_PREFIX = "event."
"""Stands before the name of a parameter in the name of its dimension."""
ANY_PARAM = f"{PARAM_PREFIX}<param>"
"""Stands for all dimensions of parameters, where dimensions are listed."""


class Scope(Enum):
    """What a field is about, and so which of the store's tables it can be had from."""

    EVENT = "event"
    ITEM = "item"
    ERROR = "error"
    EVENT_OR_ITEM = "event or item"
    ANY = "any"

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that have such fields."""
        return _TABLES[self]


_TABLES = {
    Scope.EVENT: (EVENTS,),
    Scope.ITEM: (ITEMS,),
    Scope.ERROR: (ERRORS,),
    Scope.EVENT_OR_ITEM: (EVENTS, ITEMS),
    Scope.ANY: (EVENTS, ITEMS, ERRORS),
}
_SCOPES = {tables: scope for scope, tables in _TABLES.items()}


_COLUMNS_OF_REPORTS = {
    EVENTS.name: frozenset(column.name for column in EVENT_COLUMNS),
    ITEMS.name: frozenset(column.name for column in ITEM_COLUMNS),
    # numbers and ids are shown by names or not at all; the writer of an event is in no row of events
    ERRORS.name: frozenset(column.name for column in ERROR_COLUMNS),
}


class Source(Enum):
    """What a dimension's values are made from."""

    COLUMN = "a column"
    TIME = "the event's time, by the clocks of the report's zone"
    RANGE = "the date range"
    PARAM = "a parameter in the column of parameters"


class MetricType(Enum):
    """What the values of a metric are."""

    INTEGER = "integer"
    CURRENCY = "currency"
    FLOAT = "float"


class Aggregate(Enum):
    """How a metric is made from the events, or items, of a row of the report."""

    COUNT = "number of events"
    DISTINCT = "number of different values of the columns"
    SUM = "sum of the column"


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something to group by."""

    name: str
    meaning: str
    column: str = ""
    """What it is read from; empty for the date range."""
    source: Source = Source.COLUMN

    @property
    def scope(self) -> Scope:
        """What it is about: items have some columns of their event too, and all have a time."""
        if self.source is Source.RANGE:
            return Scope.ANY
        return _SCOPES[tuple(table for table in Scope.ANY.tables if self.column in _COLUMNS_OF_REPORTS[table.name])]

    @property
    def param(self) -> str:
        """Name of the parameter that it shows."""
        return self.name.removeprefix(PARAM_PREFIX)


@dataclass(frozen=True, slots=True)
class Metric:
    """Something to compute."""

    name: str
    meaning: str
    type: MetricType
    aggregate: Aggregate
    columns: tuple[str, ...] = ()
    """What is summed (one column) or told apart (several together, of which the last must be set); empty for a
    count."""
    events: tuple[str, ...] = ()
    """Names of the events that count; empty means all."""
    minus_events: tuple[str, ...] = ()
    """Names of the events whose column is taken off a sum."""
    flag: str = ""
    """A column that must be 1 for an event to count; empty means none."""
    counts: Table = EVENTS
    """Whose rows it counts, if it has no columns."""

    @property
    def scope(self) -> Scope:
        """What it is about. A metric of events is none of items: an event of three items would count three times."""
        if not self.columns:
            return _SCOPES[self.counts,]
        return Scope.EVENT if _COLUMNS_OF_REPORTS[EVENTS.name].issuperset(self.columns) else Scope.ITEM

    @property
    def is_money(self) -> bool:
        """Whether amounts of several currencies could be added up in it."""
        return self.columns in {("value",), ("amount",)}

    @property
    def may_be_approximate(self) -> bool:
        """Whether large values are estimates."""
        return self.aggregate is Aggregate.DISTINCT


_DIMENSIONS = (
    Dimension(
        DATE, "Day of the event, or error, in the report's time zone, as `YYYY-MM-DD`.", TIME_COLUMN, Source.TIME
    ),
    Dimension(
        "hour",
        "Hour of the day in the report's time zone, `00` to `23`. An hour that comes twice, when clocks are put back, "
        "is one row.",
        TIME_COLUMN,
        Source.TIME,
    ),
    Dimension(
        "dateHour",
        "Day and hour in the report's time zone, as `YYYY-MM-DDTHH`. An hour that comes twice, when clocks are put "
        "back, is one row; one that is skipped is none.",
        TIME_COLUMN,
        Source.TIME,
    ),
    Dimension(DATE_RANGE, "Name of the date range that the row is of.", source=Source.RANGE),
    Dimension("eventName", "Name of the event.", "event_name"),
    Dimension("pagePath", "Path of the page's URL, without host and query.", "page_path"),
    Dimension("hostName", "Host of the page's URL.", "host_name"),
    Dimension(
        "pageReferrer", "Full URL of the page that led to this one, on the same site or another.", "page_referrer"
    ),
    Dimension("source", "Where the visit came from, for example `google`.", "source"),
    Dimension("medium", "How the visit came, for example `organic`.", "medium"),
    Dimension("campaignName", "Name of the campaign that led to the event.", "campaign"),
    Dimension(
        "defaultChannelGroup", "Group of source and medium by GA4's rules, for example `Paid Search`.", "channel_group"
    ),
    Dimension("deviceCategory", "Kind of device: desktop, mobile, tablet or smart tv.", "device_category"),
    Dimension("browser", "Browser with which the site was visited.", "browser"),
    Dimension("operatingSystem", "Operating system of the visitor's device.", "operating_system"),
    Dimension("country", "Country of the visitor by the address, its English name.", "country"),
    Dimension("countryId", "Country of the visitor by the address, ISO 3166-1 alpha-2.", "country_id"),
    Dimension("language", "Language of the visitor's browser or device, its English name.", "language_name"),
    Dimension(
        "languageCode",
        "Language of the visitor's browser or device, a BCP 47 tag in lower case as `en-us`.",
        "language",
    ),
    Dimension("currencyCode", "Currency of the event's value, ISO 4217.", "currency"),
    Dimension(
        ANY_PARAM,
        "Value of the event's parameter of that name, for example `event.plan`: a string as it is, a number in its "
        "shortest form, `true` or `false`. One that is empty is not set.",
        "params",
        Source.PARAM,
    ),
    Dimension("itemId", "Id of the item.", "item_id"),
    Dimension("itemName", "Name of the item.", "item_name"),
    Dimension("itemBrand", "Brand of the item.", "item_brand"),
    Dimension("itemCategory", "Category of the item.", "item_category"),
    Dimension("itemVariant", "Variant of the item, for example its colour.", "item_variant"),
    Dimension("errorStage", "Stage that found the error, for example `VALIDATION`.", "stage_name"),
    Dimension("errorCode", "Kind of mistake, for example `NAME_INVALID`.", "code_name"),
    Dimension(
        "errorField",
        "Path of the field that was wrong, in its event and without indexes, for example `items[].price`.",
        "field",
    ),
    Dimension("errorWriter", "The `writer_id` of the batch.", "writer_id"),
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
        "sessions",
        "Number of different sessions with at least one event: pairs of `client_id` and `session_id`, of the events "
        "that have a `session_id`.",
        MetricType.INTEGER,
        Aggregate.DISTINCT,
        columns=("client_id", "session_id"),
    ),
    Metric(
        "totalUsers",
        "Number of different users with at least one event, told apart by `client_id`.",
        MetricType.INTEGER,
        Aggregate.DISTINCT,
        columns=("client_id",),
    ),
    Metric(
        "activeUsers",
        "Number of different users, told apart by `client_id`, with at least one event that shows engagement: a "
        "parameter `engagement_time_msec` above 0, or `session_engaged` of 1 or true "
        "(GA4: support.google.com/analytics/answer/12253918).",
        MetricType.INTEGER,
        Aggregate.DISTINCT,
        columns=("client_id",),
        flag="is_active_user",
    ),
    Metric("eventValue", "Sum of the events' `value`.", MetricType.FLOAT, Aggregate.SUM, columns=("value",)),
    Metric(
        "purchaseRevenue",
        "Value of the purchases minus the value of the refunds of the same days.",
        MetricType.CURRENCY,
        Aggregate.SUM,
        columns=("value",),
        events=("purchase",),
        minus_events=("refund",),
    ),
    Metric(
        "transactions",
        "Number of different `transaction_id`s among the purchases.",
        MetricType.INTEGER,
        Aggregate.DISTINCT,
        columns=("transaction_id",),
        events=("purchase",),
    ),
    Metric(
        "itemsViewed",
        "Pieces of the item in events `view_item`.",
        MetricType.INTEGER,
        Aggregate.SUM,
        columns=("quantity",),
        events=("view_item",),
    ),
    Metric(
        "itemsAddedToCart",
        "Pieces of the item in events `add_to_cart`.",
        MetricType.INTEGER,
        Aggregate.SUM,
        columns=("quantity",),
        events=("add_to_cart",),
    ),
    Metric(
        "itemsPurchased",
        "Pieces of the item in events `purchase`; refunds are not taken off.",
        MetricType.INTEGER,
        Aggregate.SUM,
        columns=("quantity",),
        events=("purchase",),
    ),
    Metric(
        "itemRevenue",
        "Price times pieces of the item in purchases, minus those in refunds of the same days. Items without a price "
        "add nothing.",
        MetricType.CURRENCY,
        Aggregate.SUM,
        columns=("amount",),
        events=("purchase",),
        minus_events=("refund",),
    ),
    Metric(
        "errorCount",
        "Number of errors that were recorded. What is refused again, because it is sent again, counts again, where "
        "`ListErrors` has it once.",
        MetricType.INTEGER,
        Aggregate.COUNT,
        counts=ERRORS,
    ),
)

DIMENSIONS = {dimension.name: dimension for dimension in _DIMENSIONS}
"""The dimensions by name, in the order of the documentation; `event.<param>` stands for those of all parameters."""

METRICS = {metric.name: metric for metric in _METRICS}
"""The metrics by name, in the order of the documentation."""


def dimension_named(name: str) -> Dimension | None:
    """Return the dimension of a name, or None if there is none; that of a parameter is made for it."""
    if name != ANY_PARAM and name.startswith(PARAM_PREFIX):
        of_params = DIMENSIONS[ANY_PARAM]
        if param_name_mistake(name.removeprefix(PARAM_PREFIX)) is not None:
            return None
        return Dimension(name, of_params.meaning, of_params.column, of_params.source)
    return None if name == ANY_PARAM else DIMENSIONS.get(name)


def dimension_of(name: str) -> Dimension:
    """Return the dimension of a name that was checked.

    Raises:
        KeyError: there is none.
    """
    found = dimension_named(name)
    if found is None:
        raise KeyError(name)
    return found

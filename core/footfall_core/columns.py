"""The columns of a row, in the order in which they travel: what the event consumer writes and the store reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from footfall_core.kinds import EventKind


class ColumnType(Enum):
    """Types that every store has."""

    STRING = "string"
    LONG = "long"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a row, and of the store's table that takes the row in."""

    name: str
    meaning: str
    type: ColumnType = ColumnType.STRING


TIME_COLUMN = "time_ms"

EVENT_COLUMNS: tuple[Column, ...] = (
    Column(TIME_COLUMN, "the event's own time, corrected for clock skew; Unix milliseconds", ColumnType.LONG),
    Column("property", "id of the property; `~tick` or `~tick-purchases` on the row of a tick"),
    Column("event_name", "the event's name"),
    Column("event_id", "the event's own id"),
    Column("client_id", "the browser, app or till"),
    Column("user_id", "the signed-in user"),
    Column("session_id", "the session among those of its client"),
    Column("host_name", "host of `page_location`, lower case"),
    Column("page_path", "path of `page_location`, without the query"),
    Column("page_location", "URL of the page"),
    Column("page_referrer", "URL of the page that led here"),
    Column("page_title", "title of the page"),
    Column("source", "where the event's visit came from: UTM, else the referrer's host, else `(direct)`"),
    Column("medium", "how it came: UTM, else `organic` or `referral`, else `(none)`"),
    Column("campaign", "UTM campaign"),
    Column("channel_group", "GA4's default channel group of source, medium and campaign"),
    Column("device_category", "desktop, mobile, tablet or smart tv"),
    Column("browser", "family of the user agent"),
    Column("operating_system", "operating system of the user agent"),
    Column("language", "language of the client, a BCP 47 tag in lower case"),
    Column("is_bot", "1 if the user agent is a known crawler's, else 0", ColumnType.LONG),
    Column("currency", "currency of `value`, ISO 4217"),
    Column("value", "monetary value of the event", ColumnType.DOUBLE),
    Column("transaction_id", "the order of a purchase or refund"),
    Column("params", "the other parameters, a JSON object as text"),
    Column("run", "processing version at work that made the row"),
    Column("log_hour", "hour of the raw record in the log: hours since the Unix epoch", ColumnType.LONG),
    Column(
        "raw_partition",
        "partition of the raw record; of `events.purchases` on the row of a `~tick-purchases`",
        ColumnType.LONG,
    ),
    Column("tick_time_micros", "time of the tick, on the row of a tick alone; Unix microseconds", ColumnType.LONG),
    Column("country", "country of the client's address, its English name"),
    Column("country_id", "country of the client's address, ISO 3166-1 alpha-2"),
    Column("language_name", "English name of the language"),
    Column("is_active_user", "1 if the event shows engagement, so that its user is active, else 0", ColumnType.LONG),
)
"""An empty string field means that the event has no such value; the store shows it as null. New columns go to the end:
rows that were written before are still read then."""

EVENTS_TABLE = "events"
"""Name of the store's table (Druid: datasource) of events."""

_OF_THE_EVENT = (
    TIME_COLUMN,
    "property",
    "event_name",
    "client_id",
    "user_id",
    "session_id",
    "host_name",
    "source",
    "medium",
    "campaign",
    "channel_group",
    "device_category",
    "browser",
    "operating_system",
    "language",
    "is_bot",
    "currency",
    "transaction_id",
    "run",
    "log_hour",
    "raw_partition",
    "tick_time_micros",
    "country",
    "country_id",
    "language_name",
    "is_active_user",
)

ITEM_COLUMNS: tuple[Column, ...] = (
    *(column for name in _OF_THE_EVENT for column in EVENT_COLUMNS if column.name == name),
    Column("item_id", "id of the product"),
    Column("item_name", "name of the product"),
    Column("item_brand", "brand of the product"),
    Column("item_category", "category of the product"),
    Column("item_variant", "variant of the product"),
    Column("price", "price of one piece, in `currency`", ColumnType.DOUBLE),
    Column("quantity", "number of pieces; 1 if the item did not say", ColumnType.LONG),
    Column("amount", "`price` times `quantity`; empty without a price", ColumnType.DOUBLE),
)
"""The columns of a row of `items.rows`: one item of one event. Of the event only what is short, or its first 256
characters: an event of 200 items and a long URL would be 200 long rows."""

ITEMS_TABLE = "items"
"""Name of the store's table of items."""

ERROR_COLUMNS: tuple[Column, ...] = (
    Column(TIME_COLUMN, "when the error was recorded; Unix milliseconds", ColumnType.LONG),
    Column("property", "id of the property"),
    Column("error_id", "stays the same when the same error is recorded again"),
    Column("stage", "number of `footfall.v1.Stage`", ColumnType.LONG),
    Column("code", "number of `footfall.v1.ErrorCode`", ColumnType.LONG),
    Column("writer_id", "the writer of the batch"),
    Column("error", "the whole `footfall.v1.EventError`, protobuf in base64"),
    Column("stage_name", "name of the stage, without its prefix"),
    Column("code_name", "name of the code, without its prefix"),
    Column("field", "path of the field in its event, batch or request, without indexes"),
)
"""The columns of a row of `errors.rows`."""

ERRORS_TABLE = "errors"
"""Name of the store's table of errors."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the store, and the topic whose rows it takes in."""

    name: str
    """Name of the store's table."""
    topic: str
    """Name of the topic, without the prefix."""
    columns: tuple[Column, ...]
    """What stands in a row, in order."""


EVENTS = Table(EVENTS_TABLE, "events.rows", EVENT_COLUMNS)
ITEMS = Table(ITEMS_TABLE, "items.rows", ITEM_COLUMNS)
IMPORTED_EVENTS = Table("imported_events", "imports.events.rows", EVENT_COLUMNS)
IMPORTED_ITEMS = Table("imported_items", "imports.items.rows", ITEM_COLUMNS)
ERRORS = Table(ERRORS_TABLE, "errors.rows", ERROR_COLUMNS)
TABLES = (EVENTS, ITEMS, IMPORTED_EVENTS, IMPORTED_ITEMS, ERRORS)

TABLES_OF_KINDS: Mapping[str, Mapping[EventKind, Table]] = {
    EVENTS.name: {EventKind.LIVE: EVENTS, EventKind.IMPORT: IMPORTED_EVENTS},
    ITEMS.name: {EventKind.LIVE: ITEMS, EventKind.IMPORT: IMPORTED_ITEMS},
    # those of imports are in the same table
    ERRORS.name: {EventKind.LIVE: ERRORS},
}
"""Which tables hold what a report calls by one name: its rows are the union of those of all kinds."""

TICKED = frozenset({EVENTS.name, ITEMS.name})
"""Names of what ticks are written to, so that it is known up to when it is complete."""

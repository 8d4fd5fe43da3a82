"""Events, items and ticks as the tab-separated lines that the store takes in. The hot path of the event consumer.

Tabs and line breaks in a fixed column become one space; parameters are JSON in one column, where nothing is lost.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

import orjson
from google.protobuf.struct_pb2 import Value

from footfall.v1.event_pb2 import Event, Item
from footfall_core.columns import EVENT_COLUMNS, ITEM_COLUMNS, TIME_COLUMN, Column
from footfall_core.enrichment.activity import is_active_user
from footfall_core.enrichment.country import CountryOf
from footfall_core.enrichment.language import parse_language
from footfall_core.enrichment.page import parse_page
from footfall_core.enrichment.traffic import Attribution
from footfall_core.enrichment.user_agent import parse_user_agent
from footfall_core.event_time import EventTimes
from footfall_core.properties import TICK_PROPERTY

MAX_REPEATED_LENGTH = 256
"""Characters of one of an event's texts in the rows of its items."""

_BREAKS = re.compile(r"[\t\n\r]+")
_SEPARATOR = "\x1f"
"""Stands between fields until tabs within them are gone: events hold no C0 control but tab and line breaks."""

_EVENT_INDEX = {column.name: index for index, column in enumerate(EVENT_COLUMNS)}
_of_the_event = itemgetter(*(_EVENT_INDEX[column.name] for column in ITEM_COLUMNS if column.name in _EVENT_INDEX))
"""Takes those fields of an event's row with which the rows of its items begin."""


@dataclass(frozen=True, slots=True)
class RowOrigin:
    """Where the rows of one raw record come from."""

    run: str
    """What the column `run` says: `footfall_core.runs.run.Run.mark`."""
    log_hour: int
    """Hours since the Unix epoch of the raw record's time in the log."""
    raw_partition: int

    @property
    def tail(self) -> str:
        """The columns that are the same for all rows of a raw record; an event's row has no tick time."""
        return _SEPARATOR.join((self.run, str(self.log_hour), str(self.raw_partition), ""))


@dataclass(frozen=True, slots=True)
class RowContext:
    """What the rows of one batch are made with."""

    property_id: str
    times: EventTimes
    call_user_agent: str
    """Stands in for an event's own; empty if it must not."""
    call_address: str
    """Stands in for an event's own; empty if it must not."""
    origin: str
    """`RowOrigin.tail` of the raw record."""
    country_of: CountryOf
    attribution: Attribution


def event_row(event: Event, context: RowContext) -> str:
    """Return the row of a valid event, without a line break."""
    location = event.page_location
    page = parse_page(location)
    traffic = context.attribution.of(page, event.page_referrer)
    device = parse_user_agent(event.user_agent or context.call_user_agent)
    language = parse_language(event.language)
    country = context.country_of(event.ip_override or context.call_address)
    params = _plain(event.params)
    line = _SEPARATOR.join(
        (
            str(context.times.of(event.timestamp_micros) // 1000),
            context.property_id,
            event.name,
            event.event_id,
            event.client_id,
            event.user_id,
            event.session_id,
            page.host,
            page.path,
            location,
            event.page_referrer,
            event.page_title,
            traffic.source,
            traffic.medium,
            traffic.campaign,
            traffic.channel_group,
            device.device_category,
            device.browser,
            device.operating_system,
            language.tag,
            "1" if device.is_bot else "0",
            event.currency,
            repr(event.value) if event.HasField("value") else "",
            event.transaction_id,
            orjson.dumps(params, option=orjson.OPT_SORT_KEYS).decode() if params else "",
            context.origin,
            country.name if country else "",
            country.id if country else "",
            language.name,
            "1" if is_active_user(params) else "0",
        )
    )
    return _tab_separated(line)


def item_rows(event: Event, row: str) -> Iterator[str]:
    """Return the rows of an event's items, in order, without line breaks.

    Of the event's own texts each row has the first `MAX_REPEATED_LENGTH` characters: every item repeats them, and a
    batch of 5,000 items would otherwise grow two hundredfold on its way.

    Args:
        event: a valid event.
        row: its own row.
    """
    fields = row.split("\t")
    beginning = "\t".join([field[:MAX_REPEATED_LENGTH] for field in _of_the_event(fields)])
    for item in event.items:
        yield f"{beginning}\t{_tab_separated(_item_fields(item))}"


def _item_fields(item: Item) -> str:
    quantity = item.quantity if item.HasField("quantity") else 1
    price = amount = ""
    if item.HasField("price"):
        price = repr(item.price)
        # finite, as validation has bounded both; the store reads no infinity
        amount = repr(item.price * quantity)
    texts = (item.item_id, item.item_name, item.item_brand, item.item_category, item.item_variant)
    return _SEPARATOR.join((*texts, price, str(quantity), amount))


def _tab_separated(line: str) -> str:
    if "\t" in line or "\n" in line or "\r" in line:
        line = _BREAKS.sub(" ", line)
    return line.replace(_SEPARATOR, "\t")


def tick_row(
    tick_time_micros: int, origin: RowOrigin, columns: tuple[Column, ...], property_id: str = TICK_PROPERTY
) -> str:
    """Return the row of a tick in a table of these columns, without a line break; the property is a reserved one."""
    fields = {
        TIME_COLUMN: str(tick_time_micros // 1000),
        "property": property_id,
        "run": origin.run,
        "log_hour": str(origin.log_hour),
        "raw_partition": str(origin.raw_partition),
        "tick_time_micros": str(tick_time_micros),
    }
    return "\t".join(fields.get(column.name, "") for column in columns)


def _plain(params: Mapping[str, Value]) -> dict[str, str | bool | int | float]:
    values: dict[str, str | bool | int | float] = {}
    # by name: protobuf's `items()` takes twice as long
    for name in params:
        value = params[name]
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            values[name] = value.string_value
        elif kind == "number_value":
            number = value.number_value
            values[name] = int(number) if number.is_integer() else number
        else:
            values[name] = value.bool_value
    return values

"""An event as the tab-separated line that the store takes in. The hot path of the event consumer.

Tabs and line breaks in a fixed column become one space; parameters are JSON in one column, where nothing is lost.
"""

import re
from dataclasses import dataclass

import orjson

from footfall.v1.event_pb2 import Event
from footfall_core.columns import EVENT_COLUMNS
from footfall_core.enrichment.page import parse_page
from footfall_core.enrichment.traffic import attribute
from footfall_core.enrichment.user_agent import parse_user_agent
from footfall_core.event_time import EventTimes
from footfall_core.properties import TICK_PROPERTY

_BREAKS = re.compile(r"[\t\n\r]+")
_SEPARATOR = "\x1f"
"""Stands between fields until tabs within them are gone: events hold no C0 control but tab and line breaks."""

_TICK_INDEX = {column.name: index for index, column in enumerate(EVENT_COLUMNS)}


@dataclass(frozen=True, slots=True)
class RowOrigin:
    """Where the rows of one raw record come from."""

    run: str
    """The processing version at work."""
    log_hour: int
    """Hours since the Unix epoch of the raw record's time in the log."""
    raw_partition: int

    @property
    def tail(self) -> str:
        """The last columns, which are the same for all rows of a raw record; an event's row has no tick time."""
        return _SEPARATOR.join((self.run, str(self.log_hour), str(self.raw_partition), ""))


def event_row(event: Event, property_id: str, times: EventTimes, call_user_agent: str, tail: str) -> str:
    """Return an event's row, without a line break.

    Args:
        event: a valid event.
        property_id: id of its property.
        times: of its batch.
        call_user_agent: stands in for the event's own; empty if it must not.
        tail: `RowOrigin.tail` of its raw record.
    """
    location = event.page_location
    page = parse_page(location)
    traffic = attribute(page, event.page_referrer)
    device = parse_user_agent(event.user_agent or call_user_agent)
    line = _SEPARATOR.join(
        (
            str(times.of(event.timestamp_micros) // 1000),
            property_id,
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
            event.language,
            "1" if device.is_bot else "0",
            event.currency,
            repr(event.value) if event.HasField("value") else "",
            event.transaction_id,
            _params_json(event) if event.params else "",
            tail,
        )
    )
    if "\t" in line or "\n" in line or "\r" in line:
        line = _BREAKS.sub(" ", line)
    return line.replace(_SEPARATOR, "\t")


def tick_row(tick_time_micros: int, origin: RowOrigin) -> str:
    """Return the row of a tick, without a line break."""
    fields = [""] * len(EVENT_COLUMNS)
    fields[_TICK_INDEX["time_ms"]] = str(tick_time_micros // 1000)
    fields[_TICK_INDEX["property"]] = TICK_PROPERTY
    fields[_TICK_INDEX["run"]] = origin.run
    fields[_TICK_INDEX["log_hour"]] = str(origin.log_hour)
    fields[_TICK_INDEX["raw_partition"]] = str(origin.raw_partition)
    fields[_TICK_INDEX["tick_time_micros"]] = str(tick_time_micros)
    return "\t".join(fields)


def _params_json(event: Event) -> str:
    values: dict[str, str | bool | int | float] = {}
    for name, value in event.params.items():
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            values[name] = value.string_value
        elif kind == "number_value":
            number = value.number_value
            values[name] = int(number) if number.is_integer() else number
        else:
            values[name] = value.bool_value
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()

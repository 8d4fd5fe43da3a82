"""Date ranges: from the request's to resolved ones, with every mistake named."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from footfall.v1 import query_pb2
from footfall_core.report.days import instants, resolve_day
from footfall_core.report.filters import Complain
from footfall_core.report.limits import MAX_DAYS, MAX_RANGE_NAME_LENGTH, MAX_RANGES
from footfall_core.report.plan import PlannedRange

NAME_BY_INDEX = "date_range_"
"""Begins the name of a range that was given none; GA4's, as is `RESERVED_`."""
RESERVED_NAMES = (NAME_BY_INDEX, "RESERVED_")


def read_ranges(
    asked: Sequence[query_pb2.DateRange], today: date, zone: ZoneInfo, complain: Complain
) -> tuple[PlannedRange, ...]:
    """Return the date ranges of a request; what is wrong was said by `complain`, and is left out.

    Args:
        asked: the ranges of the request.
        today: in the report's zone.
        zone: in which days begin.
        complain: takes what is wrong.
    """
    if not 1 <= len(asked) <= MAX_RANGES:
        complain("date_ranges", f"{len(asked)} were asked for; 1 to {MAX_RANGES} are allowed.")
    ranges: list[PlannedRange] = []
    for index, one in enumerate(asked[:MAX_RANGES]):
        path = f"date_ranges[{index}]"
        name = _name(one.name, index, [found.name for found in ranges], path, complain)
        first = _day(one.start_date, today, f"{path}.start_date", complain)
        last = _day(one.end_date, today, f"{path}.end_date", complain)
        if first is None or last is None:
            continue
        if last < first:
            complain(f"{path}.end_date", f"{last} is before the start date, {first}.")
        elif (days := (last - first).days + 1) > MAX_DAYS:
            complain(path, f"{days} days were asked for; at most {MAX_DAYS} are allowed.")
        ranges.append(PlannedRange(name, first.isoformat(), last.isoformat(), *instants(first, last, zone)))
    return tuple(ranges)


def _name(name: str, index: int, taken: Sequence[str], path: str, complain: Complain) -> str:
    if not name:
        return f"{NAME_BY_INDEX}{index}"
    if name.startswith(RESERVED_NAMES):
        complain(f"{path}.name", f"{name[:40]!r} begins as only Footfall's own names do: {', '.join(RESERVED_NAMES)}.")
    elif len(name) > MAX_RANGE_NAME_LENGTH:
        complain(f"{path}.name", f"has {len(name)} characters; at most {MAX_RANGE_NAME_LENGTH} are allowed.")
    elif name in taken:
        complain(f"{path}.name", f"{name!r} is the name of a range before it; names differ.")
    return name


def _day(text: str, today: date, path: str, complain: Complain) -> date | None:
    try:
        return resolve_day(text, today)
    except ValueError as error:
        complain(path, str(error))
        return None

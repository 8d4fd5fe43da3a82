"""Of each run the hours that it serves, in one query over the union of all of their datasources.

A union has one filter for all of its datasources, so a row must say whose it is: its column `run` does. The live run's
rows hold the versions that made them, one after the other, and are known by having no other run's mark.
"""

from typing import Any

from pydruid.utils.filters import Filter

from footfall_adapters.druid.conditions import Plain
from footfall_core.report.plan import PlannedHours, PlannedServing
from footfall_core.runs.run import LIVE


def of_its_hours(serving: PlannedServing | None) -> list[Filter]:
    """Return what holds of the rows of a serving, and of no others in its runs' tables; nothing if all of them do."""
    if serving is None or [(part.start_hour, part.end_hour) for part in serving.parts] == [(0, None)]:
        return []
    others = sorted({part.mark for part in serving.parts if part.run_id != LIVE})
    parts = [_of_a_part(part, others) for part in serving.parts]
    return [parts[0] if len(parts) == 1 else Filter(type="or", fields=parts)]


def _of_a_part(part: PlannedHours, others: list[str]) -> Filter:
    fields = []
    if part.run_id != LIVE:
        fields.append(Filter(dimension="run", value=part.mark))
    elif others:
        fields.append(Filter(type="not", field=Filter(type="in", dimension="run", values=others)))
    fields.append(_within(part))
    return Filter(type="and", fields=fields)


def _within(part: PlannedHours) -> Filter:
    ends: dict[str, Any] = {"lower": part.start_hour, "lowerOpen": False}
    if part.end_hour is not None:
        ends |= {"upper": part.end_hour, "upperOpen": True}
    return Plain(type="range", column="log_hour", matchValueType="LONG", **ends)

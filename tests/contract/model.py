"""What a report is, computed here in the plainest way: the rows one by one, by the words of `fields`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from footfall_core.report import amounts
from footfall_core.report.answer import ReportRow
from footfall_core.report.fields import DATE_RANGE, METRICS, NOT_SET, Aggregate, Source, dimension_of
from footfall_core.report.plan import Plan, PlannedRange, holds
from footfall_core.report.row_values import in_order, numbers, passes

Row = dict[str, Any]

_TIME_FORMS = {"date": "%Y-%m-%d", "hour": "%H", "dateHour": "%Y-%m-%dT%H"}


def report_of(plan: Plan, rows: Iterable[Row]) -> tuple[list[ReportRow], list[tuple[int | float, ...]], int]:
    """Return the rows of the page, the totals of each date range, and the number of all rows."""
    rows = list(rows)
    found: list[ReportRow] = []
    totals = []
    for one in plan.ranges:
        counted = [row for row in rows if _counts(row, plan, one)]
        totals.append(_metrics(plan, counted))
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in counted:
            groups.setdefault(tuple(_value(name, row, plan, one) for name in plan.dimensions), []).append(row)
        found += [ReportRow(values, _metrics(plan, group)) for values, group in groups.items()]
    passing = in_order([row for row in found if passes(plan, row)], plan)
    return passing[plan.offset : plan.offset + plan.limit], totals, len(passing)


def _counts(row: Row, plan: Plan, one: PlannedRange) -> bool:
    if not one.start <= row["time_ms"] * 1000 < one.end or (row["is_bot"] and not plan.include_bots):
        return False
    return plan.condition is None or holds(
        plan.condition, lambda leaf: leaf.matches(_value(leaf.dimension, row, plan, one))
    )


def _value(name: str, row: Row, plan: Plan, one: PlannedRange) -> str:
    dimension = dimension_of(name)
    match dimension.source:
        case Source.RANGE:
            assert name == DATE_RANGE
            return one.name
        case Source.TIME:
            shown = datetime.fromtimestamp(row["time_ms"] / 1000, UTC).astimezone(ZoneInfo(plan.time_zone))
            return shown.strftime(_TIME_FORMS[name])
        case Source.PARAM:
            value = orjson.loads(row.get("params", "{}")).get(dimension.param, "")
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
        case Source.COLUMN:
            text = str(row.get(dimension.column, ""))
    return text or NOT_SET


def _metrics(plan: Plan, rows: Sequence[Row]) -> tuple[int | float, ...]:
    return numbers(plan, [_metric(name, plan, rows) for name in plan.metrics])


def _metric(name: str, plan: Plan, rows: Sequence[Row]) -> int | float:
    metric = METRICS[name]
    counted = [
        row
        for row in rows
        if (not metric.events or row["event_name"] in metric.events + metric.minus_events)
        and (not metric.flag or row.get(metric.flag) == 1)
    ]
    match metric.aggregate:
        case Aggregate.COUNT:
            return len(counted)
        case Aggregate.DISTINCT:
            *others, last = metric.columns
            return len({(*(row.get(one, "") for one in others), row[last]) for row in counted if row.get(last, "")})
        case Aggregate.SUM:
            (column,) = metric.columns
            total = sum(
                (-1 if row["event_name"] in metric.minus_events else 1) * amounts.added(row[column])
                for row in counted
                if column in row
                and not (metric.is_money and plan.currency_code and row.get("currency") != plan.currency_code)
            )
            return amounts.shown(total)

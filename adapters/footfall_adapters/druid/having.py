"""A filter on metrics, for Druid: coarser than asked for, so that it leaves fewer rows to be filtered here.

What a row must fulfil is its metrics as they are answered: counts and sums come as they are, but distinct counts
perhaps from another query. So Druid drops only what surely does not match, and the store looks at the rest.
"""

from typing import Any

from pydruid.utils.filters import Filter

from footfall_adapters.druid.conditions import within
from footfall_adapters.druid.dimensions import output_name
from footfall_core.report.fields import METRICS, Aggregate
from footfall_core.report.plan import AllOf, AnyOf, Condition, Not, Plan, Within


def having(plan: Plan) -> dict[str, Any] | None:
    """Return the part of a groupBy that drops rows which the plan's filter on metrics surely drops, if there is any."""
    if plan.metric_condition is None:
        return None
    coarse = _coarse(plan.metric_condition, True)
    return None if coarse is None else {"type": "filter", "filter": Filter.build_filter(coarse)}


def _coarse(condition: Condition, wanted: bool) -> Filter | None:
    """Return a filter that is true wherever the condition holds (or, not `wanted`, does not); None for any row."""
    match condition:
        case Not(child):
            return _coarse(child, not wanted)
        case AllOf(children) | AnyOf(children):
            parts = [_coarse(child, wanted) for child in children]
            known = [part for part in parts if part is not None]
            if isinstance(condition, AllOf) is wanted:
                return Filter(type="and", fields=known) if known else None
            return Filter(type="or", fields=known) if len(known) == len(parts) else None
        case Within() if METRICS[condition.field].aggregate is not Aggregate.DISTINCT:
            ranges = [condition] if wanted else _outside(condition)
            return Filter(type="or", fields=[within(output_name(condition.field), one) for one in ranges])
        case _:
            return None


def _outside(condition: Within) -> list[Within]:
    """Return the ranges of the numbers that are not in a range."""
    ranges = []
    if condition.low is not None:
        ranges.append(Within(condition.field, None, condition.low, high_counts=not condition.low_counts))
    if condition.high is not None:
        ranges.append(Within(condition.field, condition.high, None, low_counts=not condition.high_counts))
    return ranges

"""Regular expressions of tenants, which never reach Druid: its own are Java's, and some take for ever.

Druid names the different values, RE2 matches them here, and the report asks for those that match.
"""

import asyncio
from dataclasses import replace

from footfall_adapters.druid import queries
from footfall_adapters.druid.broker import Broker
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.side_by_side import side_by_side
from footfall_core.clock import Micros
from footfall_core.problems import NotComputable
from footfall_core.report.fields import Source, dimension_of
from footfall_core.report.plan import AllOf, Condition, Leaf, OneOf, Pattern, Plan, leaves, mapped


async def matched_here(plan: Plan, broker: Broker, settings: DruidSettings, deadline: Micros) -> Plan:
    """Return the plan with lists of values in the place of regular expressions on columns; it has one date range.

    Values that come in afterwards are not in the lists; they belong to events that are not promised by the report.

    Raises:
        NotComputable: there are too many values.
        TryAgain, DeadlinePassed: as the broker raises them.
    """
    if plan.condition is None:
        return plan
    names = sorted({leaf.dimension for leaf in leaves(plan.condition) if _is_on_column(leaf)})
    if not names:
        return plan
    found = await side_by_side(*(_values(plan, name, broker, settings, deadline) for name in names))
    values = dict(zip(names, found, strict=True))

    def listed(leaf: Leaf) -> Condition:
        if not _is_on_column(leaf):
            return leaf
        return OneOf(leaf.dimension, tuple(filter(leaf.matches, values[leaf.dimension])), ignore_case=False)

    # many values take a while, in which other queries go on
    return replace(plan, condition=await asyncio.to_thread(mapped, plan.condition, listed))


async def _values(plan: Plan, name: str, broker: Broker, settings: DruidSettings, deadline: Micros) -> list[str]:
    """Return the different values of a dimension, of the events that the other conditions let through."""
    asked = replace(plan, dimensions=(name,), metrics=(), condition=_others(plan.condition), order=())
    rows = await broker.ask(queries.values_query(asked, settings.max_matched_values + 1), deadline)
    if len(rows) > settings.max_matched_values:
        raise NotComputable(
            f"The regular expression on {name} would have to be matched with more than "
            f"{settings.max_matched_values:,} different values; ask for fewer days, add a filter that leaves fewer of "
            "them, or compare in another way (begins with, contains)."
        )
    return [row[0] for row in rows]


def _others(condition: Condition | None) -> Condition | None:
    """Return what must hold besides everything that has a regular expression in it."""
    children = condition.children if isinstance(condition, AllOf) else (condition,)
    others = tuple(child for child in children if child and not any(map(_is_on_column, leaves(child))))
    return AllOf(others) if others else None


def _is_on_column(leaf: Leaf) -> bool:
    """Return whether a condition is a regular expression that Druid would have to match."""
    return isinstance(leaf, Pattern) and dimension_of(leaf.dimension).source in {Source.COLUMN, Source.PARAM}

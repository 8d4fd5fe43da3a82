"""Regular expressions of tenants, which never reach Druid: its own are Java's, and some take for ever.

Druid names the different values, RE2 matches them here, and the report asks for those that match.
"""

import asyncio

from footfall_adapters.druid import queries
from footfall_adapters.druid.broker import Broker
from footfall_adapters.druid.settings import DruidSettings
from footfall_adapters.druid.side_by_side import side_by_side
from footfall_core.clock import Micros
from footfall_core.report.matching import Matching, is_pattern_on_column
from footfall_core.report.plan import Plan


async def matched_here(plan: Plan, broker: Broker, settings: DruidSettings, deadline: Micros) -> Plan:
    """Return the plan with lists of values in the place of regular expressions on columns; it has one date range.

    Raises:
        NotComputable: there are too many values.
        TryAgain, DeadlinePassed: as the broker raises them.
    """
    matching = Matching(plan, is_pattern_on_column)
    names = matching.names
    if not names:
        return plan
    found = await side_by_side(*(_values(matching, name, broker, settings, deadline) for name in names))
    # many values take a while, in which other queries go on
    return await asyncio.to_thread(matching.matched, dict(zip(names, found, strict=True)))


async def _values(
    matching: Matching, name: str, broker: Broker, settings: DruidSettings, deadline: Micros
) -> list[str]:
    """Return the different values of a dimension, of the events that the other conditions let through."""
    most = settings.max_matched_values
    rows = await broker.ask(queries.values_query(matching.of_values(name), most + 1), deadline)
    matching.refuse_too_many(name, len(rows), most)
    return [row[0] for row in rows]

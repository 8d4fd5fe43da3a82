"""Whether Druid serves all that it has stored.

A segment that was published and is served by nobody (a historical has died, or has only just started and still loads)
is left out of every answer without a word. Ticks cannot show that: they stand in segments of their own days. So as long
as a published segment is missing, nothing is known to be complete.
"""

from footfall_adapters.druid.broker import Broker
from footfall_core.clock import Clock, Micros

TAKEN_FOR_GRANTED = Micros(2_000_000)
"""How long nothing missing is taken for granted. Asking takes Druid some 50 ms, too much for each report."""

MISSING = """
SELECT 1 FROM sys.segments
WHERE datasource = '{table}' AND is_published = 1 AND is_overshadowed = 0 AND is_available = 0
LIMIT 1
"""


class Availability:
    """Remembers for a moment whether a published segment is missing."""

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._found: dict[str, Micros] = {}
        """When all of a table was there last."""

    async def all_there(self, table: str, deadline: Micros) -> bool:
        """Return whether every published segment of a table is served.

        Raises:
            TryAgain, DeadlinePassed: Druid cannot say.
        """
        now = self._clock.now()
        found = self._found.get(table)
        if found is not None and now - found <= TAKEN_FOR_GRANTED:
            return True
        if await self._broker.ask_sql(MISSING.format(table=table), deadline):
            self._found.pop(table, None)
            return False
        self._found[table] = now
        return True

"""Whether Druid serves all that it has stored.

A segment that was published and is served by nobody (a historical has died, or has only just started and still loads)
is left out of every answer without a word. Ticks cannot show that: they stand in segments of their own days. So as long
as a published segment is missing, nothing is known to be complete.
"""

from footfall_adapters.druid.broker import Broker
from footfall_core.clock import Clock, Micros
from footfall_core.columns import EVENTS_TABLE

TAKEN_FOR_GRANTED = Micros(2_000_000)
"""How long nothing missing is taken for granted. Asking takes Druid some 50 ms, too much for each report."""

MISSING = f"""
SELECT 1 FROM sys.segments
WHERE datasource = '{EVENTS_TABLE}' AND is_published = 1 AND is_overshadowed = 0 AND is_available = 0
LIMIT 1
"""  # noqa: S608 - the table's name is ours


class Availability:
    """Remembers for a moment whether a published segment is missing."""

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._found: Micros | None = None
        """When all was there last."""

    async def all_there(self, deadline: Micros) -> bool:
        """Return whether every published segment is served.

        Raises:
            TryAgain, DeadlinePassed: Druid cannot say.
        """
        now = self._clock.now()
        if self._found is None or now - self._found > TAKEN_FOR_GRANTED:
            missing = await self._broker.ask_sql(MISSING, deadline)
            self._found = None if missing else now
        return self._found is not None

"""The tables and topics of a run's rows."""

from collections.abc import Mapping
from dataclasses import replace

from footfall_core.columns import TABLES_OF_KINDS, TICKED, Table
from footfall_core.kinds import EventKind
from footfall_core.runs.run import LIVE


def tables_of(run_id: str) -> Mapping[str, Mapping[EventKind, Table]]:
    """Return what `TABLES_OF_KINDS` is for a run: by what a report calls a table, and by the kind of events.

    The live run's have the names that they have always had; another run's have `-` and its id behind them, the tables
    as well as the topics. Of errors it has none: the verdicts of the live run stay.
    """
    if run_id == LIVE:
        return TABLES_OF_KINDS
    return {
        name: {
            kind: replace(table, name=f"{table.name}-{run_id}", topic=f"{table.topic}-{run_id}")
            for kind, table in kinds.items()
        }
        for name, kinds in TABLES_OF_KINDS.items()
        if name in TICKED
    }

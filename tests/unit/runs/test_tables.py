"""Which tables a run has, and what they are called."""

from footfall_core.columns import TABLES_OF_KINDS
from footfall_core.kinds import EventKind
from footfall_core.runs.run import LIVE
from footfall_core.runs.tables import tables_of


def test_a_run_has_tables_of_its_own_but_for_errors() -> None:
    assert tables_of(LIVE) == TABLES_OF_KINDS
    names = {name: [(kind, table.name) for kind, table in kinds.items()] for name, kinds in tables_of("r1").items()}
    assert names == {
        "events": [(EventKind.LIVE, "events-r1"), (EventKind.IMPORT, "imported_events-r1")],
        "items": [(EventKind.LIVE, "items-r1"), (EventKind.IMPORT, "imported_items-r1")],
    }

"""What the admin server serves of reprocessing."""

import secrets
import string
from collections.abc import Sequence

from footfall_core.clock import Clock
from footfall_core.problems import WrongState
from footfall_core.report.ports import QueryBus
from footfall_core.runs.ports import Log, RunStore
from footfall_server.admin.comparing import Comparing
from footfall_server.admin.known_rows import KnownRows
from footfall_server.admin.lag import Lag
from footfall_server.admin.routes import SERVICE
from footfall_server.admin.runs import Reprocessings
from footfall_server.admin.switching import Switching
from footfall_server.hosts.call import Call, Route

METHODS = (
    "StartReprocessing",
    "GetReprocessing",
    "ListReprocessings",
    "CancelReprocessing",
    "SwitchReprocessing",
    "RollBackReprocessing",
    "GetReprocessingDifferences",
    "GetLag",
)

_LETTERS = string.ascii_lowercase + string.digits


def reprocessing_routes(runs: RunStore, bus: QueryBus, log: Log, versions: Sequence[str], clock: Clock) -> list[Route]:
    """Return the methods of `AdminService` about runs.

    Args:
        runs: where runs and servings are stored.
        bus: how query consumers are asked what the store shows.
        log: the raw logs.
        versions: the processing versions that can be had, the newest last.
        clock: the time.
    """
    rows = KnownRows(bus)
    single = Reprocessings(runs, versions, clock, _new_letters, _new_attempt)
    switching = Switching(runs, rows, clock, _new_attempt)
    handlers = (
        single.start,
        single.get,
        single.list,
        single.cancel,
        switching.switch,
        switching.roll_back,
        Comparing(runs, rows, clock).differences,
        Lag(runs, rows, log, clock).get,
    )
    return [Route(f"{SERVICE}/{name}", handler) for name, handler in zip(METHODS, handlers, strict=True)]


def without_reprocessing() -> list[Route]:
    """Return the same methods where there is no reprocessing, each saying so."""
    return [Route(f"{SERVICE}/{name}", _refuse) for name in METHODS]


async def _refuse(_request: bytes, _call: Call) -> bytes:
    raise WrongState(
        "Footfall in one process has no reprocessing: the real stack does (`make up`). To have the log processed anew "
        "here, stop the process, remove rows.duckdb and state.sqlite from its folder, and start it."
    )


def _new_attempt() -> str:
    return secrets.token_hex(8)


def _new_letters() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))

"""The last step of `footfall up`: ends when a report comes the whole way and holds what happened a moment ago.

Every part may be healthy while the chain is not whole yet, for instance because Druid has not begun to read. Ticks pass
every part but the gateway's way in, so a report that is complete until just now has been through all of them.

    python -m footfall_local.first_report ENDPOINT
"""

import sys
import time
from datetime import UTC, datetime, timedelta

from footfall.client import Client
from footfall.failures import FootfallError

PROPERTY = "footfall-first-report"
FRESH = timedelta(seconds=5)
PAUSE_S = 0.2


def is_fresh(client: Client) -> bool:
    """Return whether a report of now is complete until just now."""
    now = datetime.now(UTC)
    try:
        report = client.report([], ["eventCount"], now.date(), now.date(), timeout=5)
    except FootfallError:
        return False
    instants = (report.metadata.data_complete_until, report.metadata.imported_data_complete_until)
    return all(until is not None and until > now - FRESH for until in instants)


def main() -> None:
    """Ask until it is so; whoever started this decides how long to wait."""
    with Client(sys.argv[1], PROPERTY) as client:
        while not is_fresh(client):
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()

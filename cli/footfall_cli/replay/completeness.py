"""Waits until what was imported can be queried."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from footfall.client import Client
from footfall.failures import GivenUpError
from footfall_cli.replay.sending import Tally

POLL_SECONDS = 0.05
_LONGEST_RANGE = timedelta(days=3_650)


def seconds_until_queryable(
    client: Client,
    tally: Tally,
    timeout: float,
    pause: Callable[[float], object] = time.sleep,
    metric: str = "eventCount",
) -> float | None:
    """Ask for a report until it counts all events; return the seconds since the last acknowledgement.

    None if it took longer than `timeout`. Events and their items are complete each at a time of their own, so that
    `metric` says which to wait for.

    Raises:
        RefusedError: the server refuses the report.
    """
    committed = datetime.fromtimestamp(tally.committed_time_micros / 1_000_000, UTC)
    first, last = _days(tally)
    deadline = tally.last_acknowledged + timeout
    while (left := deadline - time.monotonic()) > 0:
        try:
            report = client.report(
                [], [metric], first, last, include_bots=True, min_imported_data_complete_until=committed, timeout=left
            )
        except GivenUpError:
            return None
        until = report.metadata.imported_data_complete_until
        if until is not None and until >= committed:
            return time.monotonic() - tally.last_acknowledged
        pause(POLL_SECONDS)
    return None


def _days(tally: Tally) -> tuple[date, date]:
    """Return the days that the events are of, as far as one report reaches."""
    if not tally.latest_micros:
        today = datetime.now(UTC).date()
        return today, today
    last = _day(tally.latest_micros)
    return max(_day(tally.earliest_micros), last - _LONGEST_RANGE), last


def _day(micros: int) -> date:
    # the server rejects times in the far future; they must not break the report about the others
    return datetime.fromtimestamp(min(micros / 1_000_000, datetime.now(UTC).timestamp()), UTC).date()

"""Hours of the log as options: `2026-11-20T07`, by UTC, or so many hours or days ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_HOUR = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_AGO = re.compile(r"(\d{1,5})(hours?|days?)Ago", re.ASCII)

HINT = "write 2026-11-20T07 for an hour by UTC, 2026-11-20 for a day's first, or today, 12hoursAgo, 7daysAgo."


class LogHour(click.ParamType[datetime]):
    """An hour of the log, which is in UTC."""

    name = "hour"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the hour's first instant; `NdaysAgo` is the first hour of that day."""
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC)
        this_hour = now.replace(minute=0, second=0, microsecond=0)
        midnight = this_hour.replace(hour=0)
        if value == "today":
            return midnight
        try:
            if ago := _AGO.fullmatch(value):
                is_days = ago[2].startswith("day")
                back = timedelta(days=int(ago[1])) if is_days else timedelta(hours=int(ago[1]))
                return (midnight if is_days else this_hour) - back
            if _HOUR.fullmatch(value):
                return datetime.strptime(value, "%Y-%m-%dT%H").replace(tzinfo=UTC)
            if _DAY.fullmatch(value):
                return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return self.fail(f"{value} does not exist in the calendar.", param, ctx)
        return self.fail(f"{value!r} is not an hour; {HINT}", param, ctx)

"""A report as a table for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from footfall.report import Report, ReportMetadata, Value
from footfall_cli.terminal import plain

RANGE = "dateRange"
"""The dimension that tells several date ranges apart."""

_MOMENT = timedelta(seconds=5)
"""Both logs are read at a pace of their own; less than this is no news."""


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    metadata = report.metadata
    return json.dumps(
        {
            "rows": report.rows,
            "totals": report.totals,
            **({"range_totals": list(report.range_totals)} if len(report.range_totals) > 1 else {}),
            "row_count": report.row_count,
            "metadata": {
                "time_zone": metadata.time_zone,
                "currency_code": metadata.currency_code,
                "data_complete_until": utc(metadata.data_complete_until),
                "imported_data_complete_until": utc(metadata.imported_data_complete_until),
                "from_cache": metadata.from_cache,
                "approximate_metrics": [
                    {
                        "name": metric.name,
                        "relative_standard_error": metric.relative_standard_error,
                        "exact_up_to": metric.exact_up_to,
                    }
                    for metric in metadata.approximate_metrics
                ],
                "bots_included": metadata.bots_included,
                "date_ranges": [
                    {"name": days.name, "start": days.start, "end": days.end} for days in metadata.date_ranges
                ],
            },
        },
        indent=2,
    )


def show(report: Report) -> None:
    """Write the report to stdout as a table with its totals, and what it is worth below."""
    approximate = {metric.name for metric in report.metadata.approximate_metrics}
    metrics = [name for name, _ in report.metrics]
    table = Table(box=None, pad_edge=False)
    for name in report.dimensions:
        table.add_column(name, overflow="fold")
    for name in metrics:
        table.add_column(name, justify="right")

    def add(cells: Sequence[str], values: Mapping[str, Value], style: str = "") -> None:
        marked = [("≈" if name in approximate else "") + _number(values.get(name)) for name in metrics]
        # Text, because a page title may hold what rich takes for markup
        table.add_row(*map(Text, cells), *map(Text, marked), style=style)

    for row in report.rows:
        add([plain(str(row[name])) for name in report.dimensions], row)
    for index, totals in enumerate(report.range_totals):
        if totals and report.dimensions:
            add(_total_cells(report, index), totals, "bold")
    console = Console(highlight=False)
    if not console.is_terminal:
        # a file or a pipe has no width to fit in
        console = Console(highlight=False, width=100_000)
    console.print(table)
    console.print(Text(_worth(report)), style="dim")


def _total_cells(report: Report, index: int) -> list[str]:
    """Return what stands below the dimensions in the row of totals of a date range."""
    cells = ["" for _ in report.dimensions]
    if len(report.range_totals) > 1 and RANGE in report.dimensions:
        cells[report.dimensions.index(RANGE)] = plain(report.metadata.date_ranges[index].name)
    cells[0] = f"Total {cells[0]}".strip()
    return cells


def utc(instant: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _worth(report: Report) -> str:
    metadata = report.metadata
    shown = len(report.rows)
    parts = [f"{shown:,} of {report.row_count:,} rows" if shown != report.row_count else f"{shown:,} rows"]
    if len(metadata.date_ranges) > 1:
        parts += [plain(f"{days.name}: {days.start} to {days.end}") for days in metadata.date_ranges]
    parts.append(f"days in {metadata.time_zone or 'UTC'}")
    if metadata.currency_code:
        parts.append(f"amounts in {metadata.currency_code}")
    parts.append("crawlers counted" if metadata.bots_included else "without crawlers")
    parts.append(f"complete until {utc(metadata.data_complete_until) or 'not known'}")
    if _imports_are_behind(metadata):
        parts.append(f"imports until {utc(metadata.imported_data_complete_until) or 'not known'}")
    parts += [
        f"≈{m.name} ±{m.relative_standard_error:.1%} above {m.exact_up_to:,}" for m in metadata.approximate_metrics
    ]
    return " · ".join(parts)


def _imports_are_behind(metadata: ReportMetadata) -> bool:
    """Return whether imports are complete for less than live events, by more than a moment."""
    live, imported = metadata.data_complete_until, metadata.imported_data_complete_until
    return live is not None and (imported is None or live - imported > _MOMENT)


def _number(value: str | int | float | None) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else ""

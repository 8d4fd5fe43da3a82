"""A report as a table for people and as JSON for programs."""

import json
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from footfall.results import Report
from footfall_cli.terminal import plain


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    metadata = report.metadata
    return json.dumps(
        {
            "rows": report.rows,
            "totals": report.totals,
            "row_count": report.row_count,
            "metadata": {
                "time_zone": metadata.time_zone,
                "currency_code": metadata.currency_code,
                "data_complete_until": utc(metadata.data_complete_until),
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
            },
        },
        indent=2,
    )


def show(report: Report, dimensions: list[str], metrics: list[str]) -> None:
    """Write the report to stdout as a table, and what it is worth below."""
    table = Table(box=None, pad_edge=False, show_footer=bool(report.totals), footer_style="bold")
    for index, name in enumerate(dimensions):
        table.add_column(name, footer="Total" if index == 0 else "", overflow="fold")
    approximate = {metric.name for metric in report.metadata.approximate_metrics}
    for name in metrics:
        mark = "≈" if name in approximate else ""
        table.add_column(name, justify="right", footer=mark + _number(report.totals.get(name)))
    for row in report.rows:
        # Text, because a page title may hold what rich takes for markup
        cells = [Text(plain(str(row[name]))) for name in dimensions]
        marked = [Text(("≈" if name in approximate else "") + _number(row[name])) for name in metrics]
        table.add_row(*cells, *marked)
    console = Console(highlight=False)
    if not console.is_terminal:
        # a file or a pipe has no width to fit in
        console = Console(highlight=False, width=100_000)
    console.print(table)
    console.print(Text(_worth(report)), style="dim")


def utc(instant: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _worth(report: Report) -> str:
    metadata = report.metadata
    shown = len(report.rows)
    parts = [f"{shown:,} of {report.row_count:,} rows" if shown != report.row_count else f"{shown:,} rows"]
    parts.append(f"days in {metadata.time_zone or 'UTC'}")
    if metadata.currency_code:
        parts.append(f"amounts in {metadata.currency_code}")
    parts.append("crawlers counted" if metadata.bots_included else "without crawlers")
    parts.append(f"complete until {utc(metadata.data_complete_until) or 'not known'}")
    parts += [
        f"≈{m.name} ±{m.relative_standard_error:.1%} above {m.exact_up_to:,}" for m in metadata.approximate_metrics
    ]
    return " · ".join(parts)


def _number(value: str | int | float | None) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else ""

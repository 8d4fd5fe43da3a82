"""How reprocessings, what serves, and differences are shown."""

from datetime import UTC, datetime
from typing import Any

import click
from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table

from footfall.v1.admin_pb2 import (
    GetReprocessingDifferencesResponse,
    ReprocessingMetadata,
    ReprocessingOperation,
    ReprocessingState,
    Serving,
)
from footfall_cli.administration import fields_of, shown_time
from footfall_cli.administration import show as show_table
from footfall_cli.terminal import plain

PREFIX = "reprocessings/"
BAR = 20
"""Characters of a bar of progress."""

LIST_COLUMNS = ("reprocessing", "version", "from", "to", "state", "done", "reports show it", "started")
DIFFERENCE_COLUMNS = ("day", "dimension", "value", "metric", "served", "reprocessed", "difference")


def state_word(metadata: ReprocessingMetadata) -> str:
    """Return the state as people read it."""
    name = ReprocessingState.Name(metadata.state).removeprefix("REPROCESSING_STATE_")
    return name.lower().replace("_", " ")


def hour_shown(stamp: Timestamp, *, unset: str = "") -> str:
    """Return an hour by UTC; what stands for none if it is not set."""
    return f"{stamp.ToDatetime(tzinfo=UTC):%Y-%m-%dT%H}" if stamp.seconds else unset


def progress_line(metadata: ReprocessingMetadata) -> str:
    """Return how far it is, in one line."""
    bar = "█" * round(metadata.fraction * BAR)
    line = f"{state_word(metadata)} {bar:░<{BAR}} {metadata.fraction:.0%}"
    if metadata.records_total:
        line += f", {metadata.records_done:,} of {metadata.records_total:,} records, {metadata.rows:,} rows"
    if metadata.failed_batches:
        line += f", {metadata.failed_batches:,} batches could not be processed"
    if metadata.HasField("estimated_end_time"):
        line += f", about {_span(_seconds_until(metadata.estimated_end_time))} left"
    if metadata.problem:
        line += f"; nobody works on it: {plain(metadata.problem)}"
    return line


def print_operation(found: ReprocessingOperation) -> None:
    """Print all about one."""
    metadata = found.metadata
    to = hour_shown(metadata.end_hour, unset="and on, with what arrives")
    kind = "a dry run of version" if metadata.dry_run else "version"
    click.echo(f"{found.name.removeprefix(PREFIX)}: {kind} {plain(metadata.version)}")
    click.echo(f"  hours        {hour_shown(metadata.start_hour, unset='the beginning')} to {to}")
    click.echo(f"  progress     {progress_line(metadata)}")
    if metadata.HasField("processed_until"):
        imported = shown_time(metadata, "imported_processed_until") or "not known"
        click.echo(f"  processed    until {shown_time(metadata, 'processed_until')}, imports until {imported}")
    click.echo(f"  started      {shown_time(metadata, 'create_time')}")
    if metadata.HasField("end_time"):
        click.echo(f"  ended        {shown_time(metadata, 'end_time')}")
    click.echo(f"  reports      {'show it' if metadata.serving else 'do not show it'}")
    if found.HasField("error"):
        click.echo(f"  {found.error.reason.lower():<12} {plain(found.error.message)}")


def print_list(operations: list[ReprocessingOperation]) -> None:
    """Print a line each."""
    if not operations:
        click.echo("Nothing was reprocessed; footfall reprocess start does.")
        return
    table = Table(*LIST_COLUMNS, box=None, pad_edge=False)
    for found in operations:
        metadata = found.metadata
        table.add_row(
            found.name.removeprefix(PREFIX),
            plain(metadata.version) + (" (dry run)" if metadata.dry_run else ""),
            hour_shown(metadata.start_hour, unset="the beginning"),
            hour_shown(metadata.end_hour, unset="and on"),
            state_word(metadata),
            f"{metadata.fraction:.0%}",
            "yes" if metadata.serving else "no",
            shown_time(metadata, "create_time"),
        )
    show_table(table)


def print_serving(serving: Serving, beginning: str) -> None:
    """Print which runs serve which hours."""
    when = ""
    if serving.HasField("effective_time"):
        instant = serving.effective_time.ToDatetime(tzinfo=UTC)
        seconds = _seconds_until(serving.effective_time)
        when = f" from {instant:%Y-%m-%dT%H:%M:%SZ} on" + (f", in {_span(seconds)}" if seconds > 0 else "")
    parts = [
        f"{part.run.removeprefix(PREFIX)} ({hour_shown(part.start_hour, unset='the beginning')} to "
        f"{hour_shown(part.end_hour, unset='now and on')})"
        for part in serving.hours
    ]
    click.echo(f"{beginning}{when}: {', '.join(parts)}; epoch {serving.epoch}.")


def fields_of_serving(serving: Serving) -> dict[str, Any]:
    """Return what serves as programs read it; the first epoch is 0, and is said."""
    return {"epoch": str(serving.epoch), **fields_of(serving)}


def print_differences(found: GetReprocessingDifferencesResponse) -> None:
    """Print what differs, and what was compared."""
    start, end = hour_shown(found.start_hour, unset="the beginning"), hour_shown(found.end_hour, unset="now")
    click.echo(f"Compared {found.compared_count:,} numbers of the hours from {start} to {end}, over all properties.")
    if not found.differences:
        click.echo("Nothing differs.")
    else:
        table = Table(*DIFFERENCE_COLUMNS, box=None, pad_edge=False)
        for column in table.columns[4:]:
            column.justify = "right"
        for one in found.differences:
            table.add_row(
                one.date,
                one.dimension or "(all)",
                plain(one.value),
                f"{one.metric} {one.currency_code}".strip(),
                _number(one.served),
                _number(one.reprocessed),
                _number(one.reprocessed - one.served, signed=True),
            )
        show_table(table)
        click.echo(f"{len(found.differences):,} numbers differ.")
    if found.approximate_metrics:
        click.echo(f"Estimates, where they are large: {', '.join(found.approximate_metrics)}.")
    if found.cut_dimensions:
        names = ", ".join(name or "(all)" for name in found.cut_dimensions)
        click.echo(f"Of too many values to compare them all: {names}.")


def _number(value: float, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{value:{sign},.0f}" if value.is_integer() else f"{value:{sign},.2f}"


def _seconds_until(stamp: Timestamp) -> float:
    return (stamp.ToDatetime(tzinfo=UTC) - datetime.now(UTC)).total_seconds()


def _span(seconds: float) -> str:
    seconds = max(0, round(seconds))
    if seconds < 120:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"

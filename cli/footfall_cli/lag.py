"""`footfall lag`: what is behind, and since when."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import click
from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table

from footfall.v1.admin_pb2 import GetLagRequest, GetLagResponse, RunLag, StageLag
from footfall_cli.administration import administration, fields_of
from footfall_cli.administration import show as show_table
from footfall_cli.options import endpoint_option, json_option
from footfall_cli.reprocess_view import PREFIX, fields_of_serving, print_serving
from footfall_cli.terminal import plain

LAGS_SECONDS = 10.0
"""From when on something is said to lag: ticks come twice a second, and are shown a second later."""

SECONDS = 30.0

COLUMNS = ("run", "stage", "complete until", "behind", "records")

DRUID = " in Druid"


@click.command()
@json_option
@endpoint_option
def lag(*, as_json: bool, endpoint: str | None) -> None:
    """Show how far everything is behind what arrives. It takes an operator's key with the scope admin."""
    with administration(endpoint, SECONDS) as ask:
        found: GetLagResponse = ask("GetLag", GetLagRequest())
    if as_json:
        click.echo(json.dumps({**fields_of(found), "serving": fields_of_serving(found.serving)}, indent=2))
        return
    now = found.time.ToDatetime(tzinfo=UTC)
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for run in found.runs:
        for index, stage in enumerate(run.stages):
            table.add_row(
                run.run.removeprefix(PREFIX) if index == 0 else "",
                stage.stage,
                _instant(stage.until),
                _behind(stage.until, now),
                f"{stage.records_behind:,}" if stage.records_behind else "",
            )
    show_table(table)
    print_serving(found.serving, "Reports show")
    for sentence in lagging(found):
        click.echo(sentence)


def lagging(found: GetLagResponse) -> Iterator[str]:
    """Yield a sentence on each thing that lags, and what it waits for; one if nothing does."""
    now = found.time.ToDatetime(tzinfo=UTC)
    said = False
    for run in found.runs:
        for sentence in _of_run(run, now):
            said = True
            yield sentence
    if not said:
        yield "Nothing lags."


def _of_run(run: RunLag, now: datetime) -> Iterator[str]:
    name = run.run.removeprefix(PREFIX)
    if run.problem:
        yield f"{name}: how far Druid is cannot be said: {plain(run.problem)}"
    stages = {stage.stage: stage for stage in run.stages}
    for kind in ("events", "imports"):
        processed, shown = stages.get(kind), stages.get(kind + DRUID)
        if processed is not None and _lags(processed, now):
            yield (
                f"{name}: {kind} are processed until {_instant(processed.until)} only, {_behind(processed.until, now)} "
                "ago: its consumers are behind, or away."
            )
        elif shown is not None and _lags(shown, now):
            further = (
                "are processed further: Druid takes them in late, or no ticks come"
                if processed is not None and processed.until.seconds
                else "how far they are processed is not known"
            )
            yield (
                f"{name}: {kind} are in Druid until {_instant(shown.until)} only, {_behind(shown.until, now)} ago, "
                f"and {further}."
            )


def _lags(stage: StageLag, now: datetime) -> bool:
    return bool(stage.until.seconds) and _seconds(stage.until, now) > LAGS_SECONDS


def _seconds(stamp: Timestamp, now: datetime) -> float:
    return (now - stamp.ToDatetime(tzinfo=UTC)).total_seconds()


def _instant(stamp: Timestamp) -> str:
    return f"{stamp.ToDatetime(tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}" if stamp.seconds else "not known"


def _behind(stamp: Timestamp, now: datetime) -> str:
    if not stamp.seconds:
        return ""
    seconds = max(0.0, _seconds(stamp, now))
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"

"""`footfall errors`: what was wrong with a property's events, a line an error."""

import json
from datetime import UTC, datetime, timedelta

import click

from footfall.client import Client
from footfall.failures import FootfallError
from footfall.retry import RetryPolicy
from footfall.v1.errors_pb2 import EventError, Stage
from footfall.writer import code_name
from footfall_cli.endpoint import connect, find_endpoint
from footfall_cli.options import Instant, endpoint_option, json_option, property_option
from footfall_cli.report_table import utc
from footfall_cli.terminal import failure_of, plain, say

CATCH_UP_SECONDS = 30.0
"""How long nothing may come before the errors up to now are given up; heartbeats alone don't count."""
SILENCE_SECONDS = 60.0
"""How long a followed stream may be silent, heartbeats included, before it is opened anew."""


@click.command()
@property_option
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C, from now unless --since says otherwise.")
@click.option(
    "--since", type=Instant(), metavar="TIME", help="2026-03-29T12:00:00Z, or 15m, 2h, 1d ago. Default: 1h ago."
)
@json_option
@endpoint_option
def errors(*, property_id: str, follow: bool, since: datetime | None, as_json: bool, endpoint: str | None) -> None:
    """Show what was wrong with events, a line an error. Without --follow it ends when it has shown all until now."""
    if since is None and not follow:
        since = datetime.now(UTC) - timedelta(hours=1)
    address = find_endpoint(endpoint)
    line = json_line if as_json else human_line
    retries = RetryPolicy() if follow else RetryPolicy(give_up_after_seconds=CATCH_UP_SECONDS)
    try:
        with Client(address, property_id, retries=retries) as client:
            connect(client)
            stream = client.errors(
                since,
                follow=follow,
                silence_seconds=SILENCE_SECONDS if follow else CATCH_UP_SECONDS,
                on_reconnect=lambda why: say(f"the stream ended ({why.code}); connecting again"),
            )
            for error in stream:
                # click flushes each line, so that whoever reads a pipe sees it now
                click.echo(line(error))
    except FootfallError as error:
        raise failure_of(error, address) from None


def human_line(error: EventError) -> str:
    """Return an error as a line for people."""
    place = f"{error.writer_id}/{error.sequence}" if error.writer_id else "no writer"
    if error.HasField("event_index"):
        place += f"[{error.event_index}]"
    who = f"{place} {error.event_id}".rstrip()
    parts = [_time(error) or "", _stage(error).lower(), code_name(error.code), error.field, error.message, f"({who})"]
    return plain(" ".join(part for part in parts if part))


def json_line(error: EventError) -> str:
    """Return an error as a JSON object in one line, with the contract's names."""
    payload = error.payload
    return json.dumps(
        {
            "error_id": error.error_id,
            "property": error.property,
            "time": _time(error),
            "stage": _stage(error),
            "code": code_name(error.code),
            "field": error.field,
            "message": error.message,
            "retryable": error.retryable,
            "writer_id": error.writer_id,
            "sequence": error.sequence,
            "event_index": error.event_index if error.HasField("event_index") else None,
            "event_id": error.event_id,
            "payload": {
                "partition": payload.partition,
                "offset": payload.offset,
                "batch_index": payload.batch_index,
            }
            if error.HasField("payload")
            else None,
            "processing_version": error.processing_version,
        }
    )


def _time(error: EventError) -> str | None:
    return utc(error.time.ToDatetime(tzinfo=UTC)) if error.HasField("time") else None


def _stage(error: EventError) -> str:
    known = Stage.DESCRIPTOR.values_by_number.get(error.stage)
    return known.name.removeprefix("STAGE_") if known else str(error.stage)

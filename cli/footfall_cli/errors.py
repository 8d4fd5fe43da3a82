"""`footfall errors`: what was wrong with a property's events, a line an error."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import click
from google.protobuf import json_format
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Column, Table

from footfall.client import Client
from footfall.error_list import ErrorCount, ErrorList, ErrorWithPayload
from footfall.failures import FootfallError, HistoryLostError
from footfall.names import code_name, reason_name, stage_name
from footfall.retry import RetryPolicy
from footfall.v1.errors_pb2 import EventError
from footfall_cli.endpoint import KEY_OPTION, connect, find_endpoint, open_client
from footfall_cli.options import Instant, PropertyId, endpoint_option, filter_options, json_option
from footfall_cli.redrive import redrive
from footfall_cli.report_table import utc
from footfall_cli.terminal import EXIT_WRONG_USE, Failure, failure_of, plain, say

CATCH_UP_SECONDS = 30.0
"""How long nothing may come before the errors up to now are given up; heartbeats alone don't count."""
SILENCE_SECONDS = 60.0
"""How long a followed stream may be silent, heartbeats included, before it is opened anew."""
_OPTIONS = {"stages": "--stage", "codes": "--code", "writer_id": "--writer"}


@click.group(invoke_without_command=True)
@click.option("--property", "property_id", type=PropertyId(), metavar="ID", help="The property.  [required]")
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C, from now unless --since says otherwise.")
@click.option(
    "--every-error", is_flag=True, help="With --follow: show each error also when there are thousands a second."
)
@click.option(
    "--since", type=Instant(), metavar="TIME", help="2026-03-29T12:00:00Z, or 15m, 2h, 1d ago. Default: 1h ago."
)
@click.option(
    "--resume-token",
    default="",
    metavar="TOKEN",
    help="Begin behind an earlier error, by the resume_token that --json showed with it; under the same filter.",
)
@filter_options
@click.option("--count", is_flag=True, help="Count them by hour, stage and code instead. Default of --since: 1d ago.")
@click.option("--show", "error_id", metavar="ERROR_ID", help="Show one error with what was sent, as JSON.")
@json_option
@endpoint_option
@click.pass_context
def errors(
    context: click.Context,
    *,
    property_id: str | None,
    follow: bool,
    every_error: bool,
    since: datetime | None,
    resume_token: str,
    stages: tuple[str, ...],
    codes: tuple[str, ...],
    writer_id: str,
    count: bool,
    error_id: str | None,
    as_json: bool,
    endpoint: str | None,
) -> None:
    """Show what was wrong with events, a line an error. Without --follow it ends when it has shown all until now."""
    wanted = _Wanted(stages, codes, writer_id)
    if context.invoked_subcommand is not None:
        _refuse_besides(
            context.invoked_subcommand,
            property=property_id,
            follow=follow,
            every_error=every_error,
            since=since,
            resume_token=resume_token,
            count=count,
            show=error_id,
            json=as_json,
            endpoint=endpoint,
            key=context.meta.get(KEY_OPTION),  # the subcommand's own is not read yet
            **wanted._asdict(),
        )
        return
    if property_id is None:
        raise click.MissingParameter(param_hint="'--property'", param_type="option")
    if error_id is not None:
        _refuse_besides(
            "--show",
            follow=follow,
            every_error=every_error,
            since=since,
            resume_token=resume_token,
            count=count,
            **wanted._asdict(),
        )
    if count:
        _refuse_besides("--count", follow=follow, every_error=every_error, resume_token=resume_token)
    if every_error and not follow:
        raise click.UsageError("--every-error goes with --follow; without it every error is shown anyway.")
    if resume_token and since is not None:
        raise click.UsageError("--resume-token says by itself where to begin; leave --since out.")
    address = find_endpoint(endpoint)
    retries = RetryPolicy() if follow else RetryPolicy(give_up_after_seconds=CATCH_UP_SECONDS)
    try:
        with open_client(address, property_id, retries=retries) as client:
            connect(client)
            if error_id is not None:
                click.echo(json.dumps(payload_of(client.get_error(error_id)), indent=2))
            elif count:
                _show_counts(client.list_errors(since, **wanted._asdict()), as_json=as_json)
            else:
                _show_stream(
                    client, since, resume_token, wanted, follow=follow, every_error=every_error, as_json=as_json
                )
    except HistoryLostError as lost:
        sentence = (
            f"errors behind this token are no longer kept; --resume-token {lost.earliest_resume_token} begins with "
            "the earliest that are."
        )
        raise Failure(sentence, EXIT_WRONG_USE) from None
    except FootfallError as error:
        raise failure_of(error, address) from None


errors.add_command(redrive)


class _Wanted(NamedTuple):
    """Which errors."""

    stages: tuple[str, ...]
    codes: tuple[str, ...]
    writer_id: str


def _show_stream(
    client: Client,
    since: datetime | None,
    resume_token: str,
    wanted: _Wanted,
    *,
    follow: bool,
    every_error: bool,
    as_json: bool,
) -> None:
    if since is None and not follow and not resume_token:
        since = datetime.now(UTC) - timedelta(hours=1)
    stream = client.errors(
        since,
        resume_token=resume_token,
        follow=follow,
        every_error=every_error or not follow,
        silence_seconds=SILENCE_SECONDS if follow else CATCH_UP_SECONDS,
        on_reconnect=lambda why: say(f"the stream ended ({why.code}); connecting again"),
        on_left_out=lambda each: say(
            f"{each.count:,} more of {each.stage.lower()} {each.code} are not shown; --every-error shows them all"
        ),
        **wanted._asdict(),
    )
    for error in stream:
        # click flushes each line, so that whoever reads a pipe sees it now
        click.echo(json_line(error, stream.resume_token) if as_json else human_line(error))


def _refuse_besides(option: str, **others: object) -> None:
    """Refuse options that would be passed over silently."""
    given = [_OPTIONS.get(name, f"--{name.replace('_', '-')}") for name, value in others.items() if value]
    if given and option.startswith("--"):
        raise click.UsageError(f"{option} does not go with {', '.join(given)}.")
    if given:
        raise click.UsageError(f"Write {', '.join(given)} behind {option}.")


def human_line(error: EventError) -> str:
    """Return an error as a line for people."""
    place = error.writer_id or "no writer"
    if error.sequence:
        place += f"/{error.sequence}"
    if error.HasField("event_index"):
        place += f"[{error.event_index}]"
    who = f"{place} {error.event_id}".rstrip()
    parts = [
        _time(error) or "",
        stage_name(error.stage).lower(),
        code_name(error.code),
        error.field,
        error.message,
        f"({who})",
    ]
    return plain(" ".join(part for part in parts if part))


def json_line(error: EventError, resume_token: str) -> str:
    """Return an error as a JSON object in one line, with the contract's names, and where to go on behind it."""
    return json.dumps(fields_of(error) | {"resume_token": resume_token})


def fields_of(error: EventError) -> dict[str, Any]:
    """Return an error by the contract's names."""
    payload = error.payload
    return {
        "error_id": error.error_id,
        "property": error.property,
        "time": _time(error),
        "stage": stage_name(error.stage),
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
            "imported": payload.imported,
        }
        if error.HasField("payload")
        else None,
        "processing_version": error.processing_version,
        "discarded": {"reason": reason_name(error.discarded.reason), "count": error.discarded.count}
        if error.HasField("discarded")
        else None,
    }


def payload_of(found: ErrorWithPayload) -> dict[str, Any]:
    """Return an error with what was sent, by the contract's names."""
    return {
        "error": fields_of(found.error),
        "event": None if found.event is None else _message(found.event),
        "batch": None if found.batch is None else _message(found.batch),
        "payload_missing": found.payload_missing,
    }


def _show_counts(found: ErrorList, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(counts_of(found.counts, found.total_count)))
    else:
        show_counts(found.counts, found.total_count)


def counts_of(counts: Iterable[ErrorCount], total_count: int) -> dict[str, Any]:
    """Return how many errors there are, as programs read it."""
    lines = [{"hour": utc(c.hour), "stage": c.stage, "code": c.code, "count": c.count} for c in counts]
    return {"total_count": total_count, "counts": lines}


def show_counts(counts: Iterable[ErrorCount], total_count: int) -> None:
    """Write how many errors there are, a line for each hour, stage and code."""
    table = Table("hour", "stage", "code", Column("errors", justify="right"), box=None, pad_edge=False)
    for c in counts:
        table.add_row(utc(c.hour), c.stage.lower(), c.code, f"{c.count:,}")
    Console().print(table)
    click.echo(f"{total_count:,} errors")


def _message(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return found


def _time(error: EventError) -> str | None:
    return utc(error.time.ToDatetime(tzinfo=UTC)) if error.HasField("time") else None

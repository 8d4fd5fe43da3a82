"""`footfall reprocess`: have the log processed anew, compare, and decide which processing reports show."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from footfall.v1.admin_pb2 import (
    CancelReprocessingRequest,
    GetReprocessingDifferencesRequest,
    GetReprocessingRequest,
    ListReprocessingsRequest,
    ReprocessingOperation,
    ReprocessingState,
    RollBackReprocessingRequest,
    StartReprocessingRequest,
    SwitchReprocessingRequest,
)
from footfall_cli.administration import SECONDS, Ask, administration, fields_of
from footfall_cli.hours import LogHour
from footfall_cli.options import endpoint_option, json_option
from footfall_cli.reprocess_view import (
    fields_of_serving,
    print_differences,
    print_list,
    print_operation,
    print_serving,
    progress_line,
)
from footfall_cli.stack_view import Progress
from footfall_cli.terminal import EXIT_WRONG_USE, Failure, say

PREFIX = "reprocessings/"

EVERY_SECONDS = 1.0
"""How often is asked how far it is."""

STUCK_TIMES = 60
"""How often in a row the answer may be that it does not go on, before nobody waits for it any more."""

SWITCH_SECONDS = 35.0
DIFFERENCES_SECONDS = 150.0
"""How long a call is tried for that asks the store for more than a record."""

_READY = {ReprocessingState.REPROCESSING_STATE_CAUGHT_UP, ReprocessingState.REPROCESSING_STATE_DONE}


@click.group()
def reprocess() -> None:
    """Process the log anew, compare, switch. It takes an operator's key with the scope admin.

    A reprocessing makes rows of its own, beside those that reports show, and goes on when this command has ended.
    """


run_argument = click.argument("run_id", metavar="ID")
wait_option = click.option("--wait", is_flag=True, help="Return when it is done, or has caught up with what arrives.")
epoch_option = click.option(
    "--epoch", type=click.IntRange(0), metavar="N", help="Only if this is still the newest epoch, as list shows it."
)


@reprocess.command()
@click.option(
    "--from", "start", type=LogHour(), required=True, metavar="HOUR", help="First hour, as 2026-11-20T07 or 7daysAgo."
)
@click.option("--to", "end", type=LogHour(), metavar="HOUR", help="First hour that is not processed. Default: go on.")
@click.option("--version", default="", metavar="VERSION", help="Processing version. Default: the server's newest.")
@click.option("--dry-run", is_flag=True, help="For comparing alone: show how the numbers differ, switch to nothing.")
@click.option("--open-hour", is_flag=True, help="With --dry-run: compare also the hour that is not over.")
@click.option("--request-id", metavar="ID", help="The same again starts no other one. Default: drawn at random.")
@wait_option
@json_option
@endpoint_option
def start(
    *,
    start: datetime,
    end: datetime | None,
    version: str,
    dry_run: bool,
    open_hour: bool,
    request_id: str | None,
    wait: bool,
    as_json: bool,
    endpoint: str | None,
) -> None:
    """Start a reprocessing. Hours are those in which events arrived, by UTC.

    A dry run waits, shows the differences, and removes its rows.
    """
    if open_hour and not dry_run:
        raise click.UsageError("--open-hour is for --dry-run.")
    if end is not None and end <= start:
        raise click.UsageError(f"--to {end:%Y-%m-%dT%H} is not behind --from {start:%Y-%m-%dT%H}.")
    # drawn here, so that a request that is tried again by itself starts one
    request = StartReprocessingRequest(version=version, dry_run=dry_run, request_id=request_id or str(uuid.uuid4()))
    request.start_hour.FromDatetime(start)
    if end is not None:
        request.end_hour.FromDatetime(end)
    with administration(endpoint, DIFFERENCES_SECONDS if dry_run else SECONDS) as ask:
        found = ask("StartReprocessing", request)
        if not as_json:
            say(f"{_id_of(found)} is started; footfall reprocess show {_id_of(found)} says how far it is.")
        if wait or dry_run:
            found = _waited_for(ask, found.name, quiet=as_json)
        if not dry_run:
            _show(found, as_json=as_json)
            return
        _show_differences(ask, found.name, open_hour=open_hour, as_json=as_json)
        ask("CancelReprocessing", CancelReprocessingRequest(name=found.name))


@reprocess.command("list")
@json_option
@endpoint_option
def list_all(*, as_json: bool, endpoint: str | None) -> None:
    """List the reprocessings, the newest first, and which runs reports show."""
    with administration(endpoint) as ask:
        request = ListReprocessingsRequest(page_size=1_000)
        page = ask("ListReprocessings", request)
        operations = list(page.operations)
        while page.next_page_token:
            request.page_token = page.next_page_token
            page = ask("ListReprocessings", request)
            operations += page.operations
    if as_json:
        shown: dict[str, Any] = {"operations": [fields_of(each) for each in operations]}
        shown["serving"] = fields_of_serving(page.serving)
        if page.HasField("next_serving"):
            shown["next_serving"] = fields_of_serving(page.next_serving)
        click.echo(json.dumps(shown, indent=2))
        return
    print_list(operations)
    print_serving(page.serving, "Reports show")
    if page.HasField("next_serving"):
        print_serving(page.next_serving, "Reports will show")


@reprocess.command()
@run_argument
@wait_option
@json_option
@endpoint_option
def show(run_id: str, *, wait: bool, as_json: bool, endpoint: str | None) -> None:
    """Show how far a reprocessing is."""
    with administration(endpoint) as ask:
        name = _name(run_id)
        if wait:
            found = _waited_for(ask, name, quiet=as_json)
        else:
            found = ask("GetReprocessing", GetReprocessingRequest(name=name))
    _show(found, as_json=as_json)


@reprocess.command()
@run_argument
@click.option("--open-hour", is_flag=True, help="Compare also the hour that is not over.")
@json_option
@endpoint_option
def differences(run_id: str, *, open_hour: bool, as_json: bool, endpoint: str | None) -> None:
    """Show how its numbers differ from those that reports show."""
    with administration(endpoint, DIFFERENCES_SECONDS) as ask:
        _show_differences(ask, _name(run_id), open_hour=open_hour, as_json=as_json)


@reprocess.command()
@run_argument
@json_option
@endpoint_option
def cancel(run_id: str, *, as_json: bool, endpoint: str | None) -> None:
    """End a reprocessing that reports do not show, and remove its rows."""
    with administration(endpoint) as ask:
        found = ask("CancelReprocessing", CancelReprocessingRequest(name=_name(run_id)))
    _show(found, as_json=as_json)


@reprocess.command()
@run_argument
@epoch_option
@click.option("--allow-failed-batches", is_flag=True, help="Although events are missing from it.")
@wait_option
@json_option
@endpoint_option
def switch(
    run_id: str, *, epoch: int | None, allow_failed_batches: bool, wait: bool, as_json: bool, endpoint: str | None
) -> None:
    """Have reports show its rows for its hours, in a few seconds, on all servers at once."""
    with administration(endpoint, SWITCH_SECONDS) as ask:
        if wait:
            _waited_for(ask, _name(run_id), quiet=as_json)
        request = SwitchReprocessingRequest(
            name=_name(run_id), epoch=_epoch(ask, epoch), allow_failed_batches=allow_failed_batches
        )
        found = ask("SwitchReprocessing", request)
    _show_serving(found, as_json=as_json)


@reprocess.command()
@epoch_option
@json_option
@endpoint_option
def rollback(*, epoch: int | None, as_json: bool, endpoint: str | None) -> None:
    """Take the last switch back, in a few seconds, on all servers at once."""
    with administration(endpoint, SWITCH_SECONDS) as ask:
        found = ask("RollBackReprocessing", RollBackReprocessingRequest(epoch=_epoch(ask, epoch)))
    _show_serving(found, as_json=as_json)


def _epoch(ask: Ask, epoch: int | None) -> int:
    """Return the epoch that must still be the newest: so a call that is tried again by itself switches once."""
    if epoch is not None:
        return epoch
    page = ask("ListReprocessings", ListReprocessingsRequest(page_size=1))
    newest = page.next_serving if page.HasField("next_serving") else page.serving
    return int(newest.epoch)


def _name(run_id: str) -> str:
    return PREFIX + run_id.removeprefix(PREFIX)


def _id_of(found: ReprocessingOperation) -> str:
    return found.name.removeprefix(PREFIX)


def _waited_for(
    ask: Ask, name: str, *, quiet: bool, pause: Callable[[float], None] = time.sleep
) -> ReprocessingOperation:
    """Return a reprocessing that is done or has caught up.

    Raises:
        Failure: it has come to another end.
    """
    stuck = 0
    with Progress() as progress:
        while True:
            found: ReprocessingOperation = ask("GetReprocessing", GetReprocessingRequest(name=name))
            if found.HasField("error"):
                raise Failure(f"{_id_of(found)}: {found.error.message}", EXIT_WRONG_USE)
            if found.done or found.metadata.state in _READY:
                return found
            stuck = stuck + 1 if found.metadata.problem else 0
            if stuck > STUCK_TIMES:
                raise Failure(f"{_id_of(found)} does not go on: {found.metadata.problem}", EXIT_WRONG_USE)
            if not quiet:
                progress.wait(progress_line(found.metadata))
            pause(EVERY_SECONDS)


def _show(found: ReprocessingOperation, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(fields_of(found), indent=2))
    else:
        print_operation(found)


def _show_serving(found: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(fields_of_serving(found), indent=2))
    else:
        print_serving(found, "Reports will show")


def _show_differences(ask: Ask, name: str, *, open_hour: bool, as_json: bool) -> None:
    request = GetReprocessingDifferencesRequest(name=name, include_open_hour=open_hour)
    found = ask("GetReprocessingDifferences", request)
    if as_json:
        click.echo(json.dumps(fields_of(found), indent=2))
    else:
        print_differences(found)

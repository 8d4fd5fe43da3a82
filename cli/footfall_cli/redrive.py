"""`footfall errors redrive`: brings refused events back, as they were or repaired."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import click
from google.protobuf import json_format
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from footfall import repairs
from footfall.client import Client
from footfall.failures import FootfallError, GivenUpError
from footfall.names import code_name
from footfall.retry import RetryPolicy
from footfall.v1.errors_pb2 import RedriveErrorsResponse, Repair
from footfall_cli.endpoint import connect, find_endpoint, open_client
from footfall_cli.options import F, Instant, endpoint_option, filter_options, json_option, property_option
from footfall_cli.terminal import EXIT_WRONG_USE, Failure, failure_of, plain, say

PATIENCE_SECONDS = 120.0
"""How long the server may be away before the command gives up; it goes on where it was."""

_FORMS = {"rename": "FROM=TO", "cast": "params.NAME=TYPE", "default": "PATH=VALUE"}
"""By kind of repair, how one is written."""


class _InOrder(click.Command):
    """Keeps repairs in the order in which they were written, whatever their kinds: each may need the one before."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Have each kind of repair be an option of one name, with its kind before its value."""
        return super().parse_args(ctx, list(_as_one_option(args)))


def _as_one_option(args: Sequence[str]) -> Iterator[str]:
    kind = ""
    for arg in args:
        name, equals, value = arg.partition("=")
        if kind:
            yield f"{kind}:{arg}"
            kind = ""
        elif arg[:2] == "--" and name[2:] in _FORMS:
            yield "--repair"
            kind = "" if equals else name[2:]
            if equals:
                yield f"{name[2:]}:{value}"
        else:
            yield arg
    if kind:
        yield f"{kind}:"


class _RepairType(click.ParamType[Repair]):
    """A repair, its kind before it."""

    name = "repair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Repair:
        """Return the repair; whether its paths exist is the server's to say."""
        if isinstance(value, Repair):
            return value
        kind, _, text = value.partition(":")
        if kind not in _FORMS:
            self.fail(f"there is no repair {kind!r}; allowed are --{', --'.join(_FORMS)}.", param, ctx)
        path, equals, what = text.partition("=")
        if not equals:
            self.fail(f"{text!r} is not of the form {_FORMS[kind]}.", param, ctx)
        try:
            match kind:
                case "rename":
                    return repairs.rename(path, what)
                case "cast":
                    return repairs.cast(path, what)
            return repairs.default(path, _value(path, what))
        except ValueError as error:
            self.fail(f"{text if len(text) <= 80 else text[:80] + '…'}: {error}.", param, ctx)


def _value(path: str, text: str) -> str | float | bool:
    """Return a default: of a field of text as it is written, else what it is in JSON if it is anything there.

    Raises:
        ValueError: it is a number that no number of an event can be.
    """
    if path != "value" and not path.startswith("params."):
        return text
    try:
        # of whole numbers there is no bound in JSON; NaN and Infinity are nothing there
        value = json.loads(text, parse_int=float, parse_constant=_nothing)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, float) and math.isinf(value):
        raise ValueError("the number is too large")
    return value if isinstance(value, str | float | bool) else text


def _nothing(constant: str) -> NoReturn:
    raise ValueError(constant)


def _shown_only(name: str, metavar: str, text: str) -> Callable[[F], F]:
    """Return an option that is in the help alone; `_InOrder` makes it another one."""
    return click.option(f"--{name}", multiple=True, expose_value=False, metavar=metavar, help=text)


@click.command(cls=_InOrder)
@property_option
@filter_options
@click.option("--since", type=Instant(), metavar="TIME", help="Errors from then on. Default: 1d before --until.")
@click.option("--until", type=Instant(), metavar="TIME", help="Errors before then. Default: now.")
@click.option("--error", "error_ids", multiple=True, metavar="ERROR_ID", help="This error alone; may be repeated.")
@_shown_only("rename", "FROM=TO", "Give a field, or a parameter params.NAME, another name. Repairs are made in order.")
@_shown_only("cast", "params.NAME=TYPE", "Make a parameter a string, a number or a boolean.")
@_shown_only("default", "PATH=VALUE", "Set a field or a parameter where it is missing.")
@click.option("--repair", "given", multiple=True, type=_RepairType(), hidden=True)
@click.option("--dry-run", is_flag=True, help="Store nothing; say what would become of the errors.")
@click.option("--yes", is_flag=True, help="Do not look first, and do not ask.")
@json_option
@endpoint_option
def redrive(
    *,
    property_id: str,
    stages: tuple[str, ...],
    codes: tuple[str, ...],
    writer_id: str,
    since: datetime | None,
    until: datetime | None,
    error_ids: tuple[str, ...],
    given: tuple[Repair, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
    endpoint: str | None,
) -> None:
    """Bring refused events back, as they were or repaired; each counts once, however often it is redriven.

    It says first what would become of them, and asks. One that was stopped says with which range it is to be run again.
    """
    if error_ids and (stages or codes or writer_id or since or until):
        raise click.UsageError("--error says by itself which errors; leave --stage, --code, --writer and times out.")
    if not dry_run and not yes and (as_json or not sys.stdin.isatty()):
        raise click.UsageError("Nobody can be asked here; say --dry-run to look, or --yes to redrive.")
    # what is looked at first is what is redriven then, and what is gone on with; so the range stays where it is
    start, end = (None, None) if error_ids else _resolved(since, until)
    go_on = "run the same command again"
    if start and end:
        go_on += f" with --since {_written(start)} --until {_written(end)}"
    wanted = {"stages": stages, "codes": codes, "writer_id": writer_id, "error_ids": error_ids, "repairs": given}
    address = find_endpoint(endpoint)
    try:
        with open_client(address, property_id, retries=RetryPolicy(give_up_after_seconds=PATIENCE_SECONDS)) as client:
            connect(client)
            if not yes:
                found = _run(client, start, end, wanted, go_on, validate_only=True)
                _show(found, as_json=as_json, dry_run=True)
                if dry_run or not found.redriven_event_count:
                    return
                click.confirm(f"Redrive {_number(found.redriven_event_count, 'event')}?", abort=True)
            _show(_run(client, start, end, wanted, go_on, validate_only=dry_run), as_json=as_json, dry_run=dry_run)
    except GivenUpError as error:
        failure = failure_of(error, address)
        raise Failure(f"{failure.sentence.rstrip('.')}. To go on, {go_on}.", failure.exit_code) from None
    except FootfallError as error:
        raise failure_of(error, address) from None
    except ValueError as error:
        raise Failure(f"{error}.", EXIT_WRONG_USE) from None


def _run(
    client: Client, start: datetime | None, end: datetime | None, wanted: Any, go_on: str, *, validate_only: bool
) -> RedriveErrorsResponse:
    """Redrive to the end, and return what became of all errors."""
    newest = RedriveErrorsResponse()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with (
            Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
            closing(client.redrive_errors(start, end, validate_only=validate_only, **wanted)) as messages,
        ):
            task: TaskID = progress.add_task("looking" if validate_only else "redriving", total=None)
            for newest in messages:
                progress.update(task, completed=newest.examined_count, total=newest.total_count or None)
    except KeyboardInterrupt:
        if not validate_only:
            done = _number(newest.redriven_event_count, "event")
            say(f"stopped after {done}. To go on, {go_on}: each counts once.")
        raise
    return newest


def _resolved(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Return a range as instants that are the same whenever they are asked for, in UTC."""
    try:
        end = (until or datetime.now(UTC)).astimezone(UTC)
        return (since or end - timedelta(days=1)).astimezone(UTC), end
    except OverflowError:
        raise click.UsageError("--since or --until is beyond the years 1 to 9999.") from None


def _written(instant: datetime) -> str:
    """Return an instant of UTC as `Instant` reads it, to the microsecond."""
    return instant.isoformat().replace("+00:00", "Z")


def _show(found: RedriveErrorsResponse, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        fields = json_format.MessageToDict(
            found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        click.echo(json.dumps(_numbers(fields) | {"validate_only": dry_run}))
        return
    for line in lines_of(found, dry_run=dry_run):
        click.echo(line)


def lines_of(found: RedriveErrorsResponse, *, dry_run: bool) -> Iterator[str]:
    """Yield what became of errors, or would, for people."""
    would = "would be " if dry_run else ""
    yield f"{_number(found.examined_count, 'error')} looked at"
    yield f"{_number(found.redriven_count, 'error')} {would}redriven: {_number(found.redriven_event_count, 'event')}"
    if found.redriven_before_count:
        yield f"{_number(found.redriven_before_count, 'error')} redriven before"
    if found.refused_event_count:
        stay = "would stay" if dry_run else "stay"
        yield f"{_number(found.refused_event_count, 'event')} {stay} refused"
    for kind in found.refused:
        yield f"  {code_name(kind.code)}: {_number(kind.event_count, 'event')}"
        for example in kind.examples:
            yield f"    {plain(f'{example.error_id} {example.field}: {example.message}')}"
    if found.not_redrivable_count:
        yield f"{_number(found.not_redrivable_count, 'error')} cannot be redriven"
    for why in found.not_redrivable:
        yield f"  {_number(why.error_count, 'error')}: {plain(why.message)} For example {', '.join(why.error_ids)}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _numbers(fields: Any) -> Any:
    """Return JSON whose 64-bit numbers are numbers, as they are everywhere else in what the commands write."""
    if isinstance(fields, dict):
        return {
            name: int(value) if name.endswith("_count") and isinstance(value, str) else _numbers(value)
            for name, value in fields.items()
        }
    return [_numbers(each) for each in fields] if isinstance(fields, list) else fields

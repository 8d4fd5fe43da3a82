"""`footfall up`, `down`, `status` and `logs`: the whole system on this machine, from its real parts."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from footfall_adapters.environment import SettingsError, read_settings
from footfall_cli.stack_view import NAMES_OF_ADDRESSES, Progress, follow_logs, part_rows, print_parts
from footfall_cli.terminal import EXIT_INTERRUPTED, EXIT_UNREACHABLE, EXIT_WRONG_USE, Failure
from footfall_local.home import VARIABLE, Home, find_home
from footfall_local.problems import LocalStackError
from footfall_local.settings import LocalSettings
from footfall_local.stack import START_TIMEOUT_S, Stack
from footfall_local.tail import last_lines

F = TypeVar("F", bound=Callable[..., Any])


def home_option(command: F) -> F:
    """Add `--home`."""
    option = click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        help=f"Where the stack keeps everything. Default: {VARIABLE}, else the nearest .footfall.",
    )
    return option(command)


@click.command()
@home_option
@click.option("--only", metavar="PART,…", help="Only these parts or groups: kafka, druid, redis, footfall, envoy, …")
@click.option("--timeout", default=START_TIMEOUT_S, show_default=True, help="Seconds before a start has failed.")
def up(home: Path | None, only: str | None, timeout: float) -> None:
    """Start the whole system on this machine, and return when it is healthy.

    Settings start with FOOTFALL_LOCAL_; without any, free ports are taken, and the same again the next time.
    """
    began = time.monotonic()
    with Progress() as progress:
        stack = Stack(_home(home).folder, only.split(",") if only else None, settings=_settings(), say=progress.say)
        was_up = stack.is_up()
        try:
            stack.start(timeout_s=timeout, outlive_caller=True, watch=progress.show)
        except LocalStackError as error:
            raise Failure(str(error), error.exit_code) from error
        except KeyboardInterrupt:
            raise Failure("interrupted; all that was started is stopped again.", EXIT_INTERRUPTED) from None
    took = time.monotonic() - began
    click.echo("Footfall is up already." if was_up else f"Footfall is up after {took:.0f} s.")
    _welcome(stack)


@click.command()
@home_option
@click.option("--wipe", is_flag=True, help="Remove all stored data, state and logs too.")
def down(home: Path | None, wipe: bool) -> None:
    """Stop the whole system. Its data stay, unless --wipe is given."""
    with Progress() as progress:
        stack = Stack(_home(home).folder, say=progress.say)
        progress.wait("stopping")
        was_running = stack.stop(wipe=wipe)
    click.echo("Footfall is stopped." if was_running else "Nothing was running.")
    if wipe:
        click.echo("All of its data are removed.")


@click.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout, and nothing else.")
def status(home: Path | None, as_json: bool) -> None:
    """Show what runs, where, and what was restarted. Exits with 3 if nothing runs."""
    stack = Stack(_home(home).folder)
    report, orphans = stack.report(), stack.orphans()
    if report is None or not (stack.is_up() or orphans):
        click.echo(json.dumps({"endpoints": {}, "parts": []}) if as_json else "Nothing runs; footfall up starts it.")
        sys.exit(EXIT_UNREACHABLE)
    rows = part_rows(report)
    if as_json:
        click.echo(json.dumps({"phase": report.phase, "endpoints": report.endpoints, "parts": rows}))
        return
    print_parts(rows, report.endpoints, stack.home)
    if orphans:
        click.echo("The supervising process is gone, so nothing is restarted: footfall down, then footfall up.")


@click.command()
@home_option
@click.argument("part", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is written from now on.")
@click.option("-n", "--lines", default=50, show_default=True, help="How many lines of each log.")
def logs(home: Path | None, part: str | None, follow: bool, lines: int) -> None:
    """Print the end of a part's log, or of all logs."""
    folder = _home(home).logs
    found = {file.stem: file for file in sorted(folder.glob("*.log"))}
    if part is not None and part not in found:
        raise click.UsageError(f"there is no log of {part}; there are {', '.join(found) or 'none yet'}.")
    files = list(found.values()) if part is None else [found[part]]
    ends = {file: file.stat().st_size for file in files}
    width = max((len(file.stem) for file in files), default=0) if part is None else 0

    def write(file: Path, line: str) -> None:
        click.echo(f"{file.stem:<{width}}  {line}" if width else line)

    for file in files:
        for line in last_lines(file, lines):
            write(file, line)
    if follow:
        follow_logs(ends, write)


def _home(folder: Path | None) -> Home:
    return find_home(Path.cwd()) if folder is None else Home(folder.resolve())


def _settings() -> LocalSettings:
    try:
        settings: LocalSettings
        (settings,) = read_settings(os.environ, LocalSettings)
    except SettingsError as error:
        raise Failure(str(error), EXIT_WRONG_USE) from error
    return settings


def _welcome(stack: Stack) -> None:
    addresses = stack.addresses
    for name, told in NAMES_OF_ADDRESSES.items():
        if name in addresses:
            click.echo(f"  {told:<12} {addresses[name]}")
    if "grpc" in addresses and "ingest-1" in addresses:
        click.echo("Try:")
        for line in FIRST_COMMANDS:
            click.echo(f"  {line}".replace("footfall ", _program() + " "))
    click.echo("See: footfall status, footfall logs PART; footfall down stops it")


FIRST_COMMANDS = (
    """echo '{"name": "page_view", "client_id": "ann", "page_location": "https://shop.example/"}' > events.jsonl""",
    "footfall replay events.jsonl --format jsonl --property my-shop --wait",
    "footfall report --property my-shop --dimensions eventName --metrics eventCount --from today --to today",
)


def _program() -> str:
    """Return how this command can be called from here: its name, or its path if the shell would not find it."""
    return "footfall" if shutil.which("footfall") else os.path.relpath(sys.argv[0])

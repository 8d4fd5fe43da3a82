"""The `footfall` command: which commands there are, and how each of them may end.

0      done
1      done, but some lines were refused; each is named on stderr, the rest is stored
2      wrong use, or the server refuses what was asked for
3      Footfall cannot be reached, or did not answer in time
70     a mistake of Footfall's own
130    ended by Ctrl-C, or because nobody reads the output any more
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import click

from footfall_cli.terminal import EXIT_INTERRUPTED, EXIT_OUR_MISTAKE, EXIT_WRONG_USE, Failure, say


class Place(NamedTuple):
    """Where a command is, so that `footfall --help` need not load any of them."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "up": Place("footfall_cli.stack", "up", "Start the whole system on this machine."),
    "down": Place("footfall_cli.stack", "down", "Stop it."),
    "status": Place("footfall_cli.stack", "status", "Show what runs, and where."),
    "logs": Place("footfall_cli.stack", "logs", "Show what a part logged."),
    "replay": Place("footfall_cli.replay.command", "replay", "Send the events of a file."),
    "demo": Place("footfall_cli.demo.command", "demo", "Send the events of a made-up shop, and show its reports."),
    "report": Place("footfall_cli.report", "report", "Show a report."),
    "errors": Place("footfall_cli.errors", "errors", "Show what was wrong with events."),
    "properties": Place("footfall_cli.properties", "properties", "Create, show and change properties."),
    "keys": Place("footfall_cli.keys", "keys", "Create, list and revoke keys."),
    "reprocess": Place("footfall_cli.reprocess", "reprocess", "Process the log anew, compare, switch."),
    "lag": Place("footfall_cli.lag", "lag", "Show what is behind, and since when."),
    "signing-key": Place("footfall_cli.signing_key", "signing_key", "Make what keys are signed with."),
    "provision": Place("footfall_cli.provision", "provision", "Make topics and datasources, or bring them up to date."),
    "bench": Place("footfall_cli.bench", "bench", "Measure how fast Footfall is on this machine."),
    "serve": Place(
        "footfall_cli.processes", "serve", "Run servers: ingest, query, errors, admin; or all of it, --embedded."
    ),
    "consume": Place("footfall_cli.processes", "consume", "Run consumers: events, imports, queries, runs."),
}


class ClosedPipeError(Exception):
    """Nobody reads the output any more."""


class Commands(click.Group):
    """A group whose commands are loaded when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they are met."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        del ctx
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(import_module(place.module), place.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries without loading anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click would exit with 1, which says here that lines were refused
            raise ClosedPipeError from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def footfall() -> None:
    """Footfall: events in over gRPC, each counted exactly once, reports out a second later."""


def main() -> None:
    """Run the command line of this process, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; whatever goes wrong is one sentence on stderr."""
    try:
        outcome = footfall.main(args=list(arguments), prog_name="footfall", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return EXIT_INTERRUPTED
    except (ClosedPipeError, BrokenPipeError):
        # what is still buffered would fail once more at the interpreter's end, and say so
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_WRONG_USE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "footfall"
        # click lists choices in several lines
        sentence = " ".join(error.format_message().split())
        say(f"{sentence} ({command} --help says more)")
        return EXIT_WRONG_USE
    except Failure as failure:
        say(failure.sentence)
        return failure.exit_code
    except click.ClickException as error:
        say(error.format_message())
        return error.exit_code
    except Exception as error:  # the last resort: a sentence instead of a traceback
        if os.environ.get("FOOTFALL_TRACEBACK"):
            raise
        say(f"a mistake of Footfall's own: {type(error).__name__}: {error} (FOOTFALL_TRACEBACK=1 shows where)")
        return EXIT_OUR_MISTAKE
    # click returns the code of `ctx.exit` here
    return outcome if isinstance(outcome, int) else 0


if __name__ == "__main__":
    main()

"""`footfall replay FILE`: sends the events of a file, and says what became of each."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from footfall.failures import FootfallError
from footfall.gathering import MAX_BATCH_EVENTS
from footfall.retry import RetryPolicy
from footfall.v1.event_pb2 import Event
from footfall_cli.endpoint import connect, find_endpoint, open_client, open_keyed_channel
from footfall_cli.options import endpoint_option, json_option, property_option
from footfall_cli.replay import json_lines
from footfall_cli.replay.combined_log import CombinedLog
from footfall_cli.replay.completeness import seconds_until_queryable
from footfall_cli.replay.lines import Line, fingerprint
from footfall_cli.replay.plan import Batch, batches, writer_id_of
from footfall_cli.replay.sending import FailedBatchError, Sending, Tally
from footfall_cli.replay.ways import CALLS_AT_ONCE, STREAMED_AT_ONCE, by_calls, streamed
from footfall_cli.terminal import EXIT_LINES_REFUSED, EXIT_UNREACHABLE, Failure, failure_of, plain, say

_SITE = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["combined-log", "jsonl"]), required=True, help="What the lines are."
)
@property_option
@click.option("--site", metavar="URL", help="What the paths of a combined log are on. Default: http://PROPERTY.com.")
@click.option(
    "--writer-id",
    metavar="ID",
    help="Default: from the file's content and the options, so that a second replay of the unchanged file changes "
    "nothing within seven days. An id of your own must never be used for another file: its batches would be dropped.",
)
@click.option("--batch-size", type=click.IntRange(1, MAX_BATCH_EVENTS), default=500, show_default=True, metavar="N")
@click.option("--rate", type=click.FloatRange(0, min_open=True), metavar="N", help="Events a second at most.")
@click.option(
    "--give-up-after",
    type=click.FloatRange(0, min_open=True),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to retry a batch.",
)
@click.option("--unary", is_flag=True, help="Send each batch by a call of its own instead of all over one stream.")
@click.option("--wait", is_flag=True, help="Wait until reports count the events.")
@click.option(
    "--wait-timeout", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, metavar="SECONDS"
)
@json_option
@endpoint_option
def replay(
    *,
    file: Path,
    form: str,
    property_id: str,
    site: str | None,
    writer_id: str | None,
    batch_size: int,
    rate: float | None,
    give_up_after: float,
    unary: bool,
    wait: bool,
    wait_timeout: float,
    as_json: bool,
    endpoint: str | None,
) -> int:
    """Send the events of FILE as an import of history.

    Lines that are refused are named on stderr; the rest is stored.
    """
    source = fingerprint(file)
    page_site = _site(site, property_id)
    address = find_endpoint(endpoint)
    event_of: Callable[[Line], Event | None] = json_lines.event
    if form == "combined-log":
        event_of = CombinedLog(page_site, file.name).event
    choices = (form, page_site if form == "combined-log" else "", batch_size)
    run = _Run(file.name, source.size)
    with run.progress, open_keyed_channel(address) as channel:
        way = (by_calls if unary else streamed)(
            channel,
            property_id,
            writer_id or writer_id_of(source, *choices),
            RetryPolicy(give_up_after_seconds=give_up_after),
        )
        tally, waited = Tally(), None
        try:
            with open_client(address, property_id) as client:
                connect(client)
                with way as send:
                    sending = Sending(
                        send,
                        under_way=CALLS_AT_ONCE if unary else STREAMED_AT_ONCE,
                        rate=rate,
                        refuse=run.refuse,
                        acknowledged=run.acknowledged,
                    )
                    tally = sending.tally
                    sending.run(batches(source, event_of, batch_size, run.refuse))
                if wait and tally.accepted:
                    waited = seconds_until_queryable(client, tally, wait_timeout)
        except FailedBatchError as failed:
            raise _explained(failed, tally, address) from None
        except FootfallError as error:
            raise failure_of(error, address) from None
    _summarize(tally, run.refused, waited, as_json=as_json)
    if wait and tally.accepted and waited is None:
        sentence = f"all events are stored, but reports did not count them within {wait_timeout:g} s."
        raise Failure(sentence, EXIT_UNREACHABLE)
    return EXIT_LINES_REFUSED if run.refused else 0


class _Run:
    """What is seen of a replay while it runs; everything goes to stderr."""

    def __init__(self, file_name: str, size: int) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.refused = 0
        self._file_name = file_name
        self._task = self.progress.add_task("sending", total=size)

    def refuse(self, number: int, reason: str) -> None:
        self.refused += 1
        say(plain(f"{self._file_name} line {number}: {reason}"))

    def acknowledged(self, batch: Batch) -> None:
        self.progress.update(self._task, completed=batch.end)


def _site(site: str | None, property_id: str) -> str:
    if site is None:
        return f"http://{property_id}.com"
    if not _SITE.fullmatch(site.rstrip("/")):
        raise click.UsageError(f"--site: {site!r} is no site; write scheme and host, for example https://example.com.")
    return site.rstrip("/")


def _explained(failed: FailedBatchError, tally: Tally, address: str) -> Failure:
    """Return the sentence and the exit code for a batch that failed for good."""
    failure = failure_of(failed.cause, address)
    lines = failed.batch.lines
    return Failure(
        f"lines {lines[0]} to {lines[-1]} were not acknowledged: {failure.sentence.rstrip('.')}. "
        f"{tally.accepted:,} events before them are stored; the same replay again stores none of them twice.",
        failure.exit_code,
    )


def _summarize(tally: Tally, refused: int, waited: float | None, *, as_json: bool) -> None:
    """Write what became of the file; lines that were refused here or by the server count alike."""
    events = tally.accepted + refused
    per_second = tally.accepted / tally.seconds if tally.seconds else 0.0
    if as_json:
        summary = {
            "events": events,
            "accepted": tally.accepted,
            "rejected": refused,
            "retried_batches": tally.retried_batches,
            "seconds": round(tally.seconds, 3),
            "events_per_second": round(per_second, 1),
            "queryable_after_seconds": None if waited is None else round(waited, 3),
        }
        click.echo(json.dumps(summary))
        return
    click.echo(f"{tally.accepted:,} of {events:,} events stored in {tally.seconds:.2f} s ({per_second:,.0f} a second)")
    if refused:
        click.echo(f"{refused:,} refused, each named on stderr")
    if tally.retried_batches:
        click.echo(f"{tally.retried_batches:,} batches had to be sent again; they count once")
    if waited is not None:
        click.echo(f"in reports {waited:.2f} s after the last acknowledgement")

"""`footfall demo`: sends the days of a made-up shop, shows what became of them, and goes on if asked to."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta

import click
import grpc
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from footfall.client import Client
from footfall.failures import FootfallError
from footfall.retry import RetryPolicy
from footfall_cli.demo.batches import HOUR, writer_id_of
from footfall_cli.demo.delivery import Delivered, Delivery
from footfall_cli.demo.live_delivery import go_on
from footfall_cli.demo.reports import REPORTS, ask, errors_caused
from footfall_cli.demo.rhythm import day_ends, shop_zone
from footfall_cli.demo.settings import Demo
from footfall_cli.demo.summary import Summary
from footfall_cli.endpoint import connect, find_endpoint, open_client, open_keyed_channel
from footfall_cli.options import PropertyId, endpoint_option, json_option
from footfall_cli.replay.completeness import seconds_until_queryable
from footfall_cli.replay.sending import FailedBatchError, Send
from footfall_cli.replay.ways import streamed
from footfall_cli.terminal import EXIT_LINES_REFUSED, EXIT_UNREACHABLE, Failure, failure_of, plain, say

_MICROS = 1_000_000
_RETRIES = RetryPolicy(give_up_after_seconds=120)
_ERRORS_WITHIN = 15.0
"""Seconds in which errors can be counted, after the reports are complete."""
_EARLIEST = date(2000, 1, 1)
"""The first last day: events know no time before 1970, and visitors that come back were there before."""
_LIVE_RATE = 10.0
"""Events a second, if nothing else is asked for."""


@click.command()
@click.option(
    "--property",
    "property_id",
    type=PropertyId(),
    default="demo-shop",
    show_default=True,
    metavar="ID",
    help="The property.",
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="Another seed gives other visitors.")
@click.option("--days", type=click.IntRange(1, 90), default=14, show_default=True, metavar="N", help="How many days.")
@click.option(
    "--visits",
    type=click.IntRange(1, 20_000),
    default=200,
    show_default=True,
    metavar="N",
    help="Visits a day, on average; each has about 8 events.",
)
@click.option(
    "--until", "last_day", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The last day. Default: today."
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Events a second; 0 is as fast as it goes. With --live it is the rate of what comes live, and 0 is 10.",
)
@click.option("--live", is_flag=True, help="Go on after that with visits as they happen, until Ctrl-C.")
@click.option(
    "--wait-timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until reports count the events.",
)
@json_option
@endpoint_option
def demo(
    *,
    property_id: str,
    seed: int,
    days: int,
    visits: int,
    last_day: datetime | None,
    rate: float,
    live: bool,
    wait_timeout: float,
    as_json: bool,
    endpoint: str | None,
) -> int:
    """Send the visits, orders and mistakes of a made-up shop, and show its reports.

    All is generated from --seed and --visits. A day of them is always the same, so that it counts once however often
    and beside whichever days it is sent, as long as less than seven days lie between. Of today, all is sent that has
    arrived by the last full hour; the same command later adds what has arrived since. Another seed or another number
    of visits counts beside, and so does all that --live sends.

    About one event in two hundred is broken on purpose, and refused.
    """
    now = datetime.now(UTC)
    wanted, until = _days(last_day, days, now)
    shop, address = Demo(seed, visits), find_endpoint(endpoint)
    try:
        with open_client(address, property_id) as client:
            connect(client)
            delivered = _send(address, property_id, shop, wanted, until, rate=None if live else rate or None)
            if not delivered.figures.good:
                say(f"nothing has arrived yet: the first hour of {wanted[-1]} is not over at the shop.")
            else:
                with _patience("waiting until reports count them"):
                    queryable_after = _wait(client, delivered, wait_timeout)
                    committed = delivered.tally.committed_time_micros
                    reports = [(report, ask(client, report, wanted[0], wanted[-1], committed)) for report in REPORTS]
                    writers = [writer_id_of(shop, day) for day in wanted]
                    errors = errors_caused(client, writers, delivered.tally.rejected, now=now, timeout=_ERRORS_WITHIN)
                end = datetime.fromtimestamp(until / _MICROS, UTC)
                summary = Summary(property_id, shop, wanted, end, delivered, queryable_after, reports, errors)
                click.echo(summary.as_json()) if as_json else summary.show()
        if live:
            go_on(address, property_id, shop, rate or _LIVE_RATE)
    except FootfallError as error:
        raise failure_of(error, address) from None
    return EXIT_LINES_REFUSED if delivered.surprises else 0


def _days(last_day: datetime | None, days: int, now: datetime) -> tuple[list[date], int]:
    """Return the days, and the instant before which something must have arrived to be sent.

    It is a full hour in the past, and none after the last day: what that day's visitors do later belongs to a later
    demo.
    """
    today = now.astimezone(shop_zone()).date()
    last = last_day.date() if last_day else today
    if last > today:
        raise click.UsageError(f"--until: {last} is yet to come; at the shop it is {today}.")
    if last < _EARLIEST:
        raise click.UsageError(f"--until: {last} is before the shop was opened; {_EARLIEST} is the first day.")
    full_hour = int(now.timestamp() * _MICROS) // HOUR * HOUR
    return [last - timedelta(days=ago) for ago in reversed(range(days))], min(full_hour, day_ends(last))


def _send(address: str, property_id: str, shop: Demo, days: list[date], until: int, *, rate: float | None) -> Delivered:
    """Send the days under a progress bar on stderr, if that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = progress.add_task("sending", total=len(days))
    with progress, open_keyed_channel(address) as channel:
        number = 0
        delivery = Delivery(
            lambda writer_id: _way(channel, property_id, writer_id),
            rate=rate,
            surprised=lambda sentence: say(plain(sentence)),
            progressed=lambda share: progress.update(task, completed=number + share),
        )
        for number, day in enumerate(days):  # noqa: B007 - the progress of a day is told from within
            progress.update(task, description=f"sending {day}")
            try:
                delivery.send(shop, day, until)
            except FailedBatchError as failed:
                failure = failure_of(failed.cause, address)
                sentence = (
                    f"some events of {day} were not acknowledged: {failure.sentence.rstrip('.')}. "
                    f"{delivery.delivered.tally.accepted:,} events before them are stored; the same demo again stores "
                    "none of them twice."
                )
                raise Failure(sentence, failure.exit_code) from None
    return delivery.delivered


def _patience(reason: str) -> AbstractContextManager[object]:
    """Say on stderr, if that is a terminal, what is waited for as long as it is."""
    console = Console(stderr=True)
    return console.status(reason) if console.is_terminal else nullcontext()


def _way(channel: grpc.Channel, property_id: str, writer_id: str) -> AbstractContextManager[Send]:
    return streamed(channel, property_id, writer_id, _RETRIES)


def _wait(client: Client, delivered: Delivered, timeout: float) -> float:
    """Wait until reports of events and of items count everything; return the seconds since the last acknowledgement.

    Raises:
        Failure: it took too long.
    """
    tally = delivered.tally
    waited = seconds_until_queryable(client, tally, timeout)
    if waited is not None:
        waited = seconds_until_queryable(client, tally, timeout, metric="itemsPurchased")
    if waited is None:
        sentence = f"all events are stored, but reports did not count them within {timeout:g} s."
        raise Failure(sentence, EXIT_UNREACHABLE)
    return waited

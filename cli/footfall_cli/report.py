"""`footfall report`: a report as a table, or as JSON."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from footfall.client import Client
from footfall.failures import FootfallError
from footfall.v1.query_pb2 import FilterExpression
from footfall_cli.endpoint import connect, find_endpoint
from footfall_cli.options import endpoint_option, json_option, property_option
from footfall_cli.report_table import as_json as json_of
from footfall_cli.report_table import show
from footfall_cli.terminal import EXIT_WRONG_USE, Failure, failure_of
from footfall_core.problems import InvalidRequest
from footfall_core.report.days import parse_day


class Names(click.ParamType[list[str]]):
    """Names with commas between them."""

    name = "names"

    def convert(self, value: str | list[str], param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Return the names."""
        del param, ctx
        return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


@click.command()
@property_option
@click.option(
    "--dimensions", type=Names(), default="", metavar="A,B", help="What to group by, for example date,pagePath."
)
@click.option("--metrics", type=Names(), required=True, metavar="X,Y", help="What to compute, for example eventCount.")
@click.option("--from", "start", required=True, metavar="DAY", help="First day: YYYY-MM-DD, today or yesterday.")
@click.option("--to", "end", required=True, metavar="DAY", help="Last day; it counts too.")
@click.option(
    "--timezone", "zone", default="", metavar="ZONE", help="Where days begin, for example Asia/Kolkata. Default: UTC."
)
@click.option(
    "--filter",
    "filter_text",
    default="",
    metavar="EXPR",
    help="For example 'eventName = purchase AND source = google'.",
)
@click.option(
    "--order-by", type=Names(), default="", metavar="X,-Y", help="Dimensions and metrics; - for the largest first."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Rows to show. Default: 10,000.")
@click.option("--offset", type=click.IntRange(0), default=0, metavar="N", help="Rows to skip.")
@click.option("--include-bots", is_flag=True, help="Count known crawlers too.")
@click.option("--currency", default="", metavar="EUR", help="Count amounts in this currency only.")
@click.option("--timeout", type=click.FloatRange(0.1), default=30.0, show_default=True, metavar="SECONDS")
@json_option
@endpoint_option
def report(
    *,
    property_id: str,
    dimensions: list[str],
    metrics: list[str],
    start: str,
    end: str,
    zone: str,
    filter_text: str,
    order_by: list[str],
    limit: int | None,
    offset: int,
    include_bots: bool,
    currency: str,
    timeout: float,
    as_json: bool,
    endpoint: str | None,
) -> None:
    """Show a report. Both days count, in the time zone asked for.

    \b
    footfall report --property my-shop --dimensions date --metrics eventCount,totalUsers --from yesterday --to today
    """  # noqa: D301 - click's mark for lines that stay as they are
    first, last = _day("--from", start, zone), _day("--to", end, zone)
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}.")
    chosen = _filter(filter_text)
    address = find_endpoint(endpoint)
    try:
        with Client(address, property_id) as client:
            connect(client)
            answer = client.report(
                dimensions,
                metrics,
                first,
                last,
                dimension_filter=chosen,
                order_by=order_by,
                limit=limit or 0,
                offset=offset,
                time_zone=zone,
                include_bots=include_bots,
                currency_code=currency,
                timeout=timeout,
            )
    except FootfallError as error:
        raise failure_of(error, address) from None
    except ValueError as error:
        raise click.UsageError(f"--order-by: {error}.") from None
    if as_json:
        click.echo(json_of(answer))
    else:
        show(answer, dimensions, metrics)


def _day(option: str, text: str, zone: str) -> date:
    if text in {"today", "yesterday"}:
        try:
            today = datetime.now(ZoneInfo(zone or "UTC")).date()
        except (KeyError, OSError, ValueError):  # not found, a folder of the data base, not a relative path
            raise click.UsageError(f"--timezone: {zone!r} is no time zone of the IANA data base.") from None
        return today if text == "today" else today - timedelta(days=1)
    try:
        return parse_day(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None


def _filter(text: str) -> FilterExpression | None:
    if not text.strip():
        return None
    # imported here, because building the parser takes longer than all else
    from footfall_core.report.filter_language import parse_filter

    try:
        return parse_filter(text)
    except InvalidRequest as problem:
        raise Failure(f"--{problem.message}", EXIT_WRONG_USE) from None

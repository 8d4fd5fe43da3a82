"""`footfall report`: a report as a table, or as JSON."""

from collections.abc import Callable, Sequence

import click

from footfall.failures import FootfallError
from footfall.reports import Days
from footfall.v1.query_pb2 import FilterExpression
from footfall_cli.endpoint import connect, find_endpoint, open_client
from footfall_cli.options import endpoint_option, json_option, property_option
from footfall_cli.report_table import as_json as json_of
from footfall_cli.report_table import show
from footfall_cli.terminal import EXIT_WRONG_USE, Failure, failure_of
from footfall_core.problems import InvalidRequest
from footfall_core.report.fields import DATE_RANGE


class Names(click.ParamType[list[str]]):
    """Names with commas between them."""

    name = "names"

    def convert(self, value: str | list[str], param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Return the names."""
        del param, ctx
        return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


class DayRange(click.ParamType[Days]):
    """A range of days, perhaps with a name."""

    name = "range"

    def convert(self, value: str | Days, param: click.Parameter | None, ctx: click.Context | None) -> Days:
        """Return the first day, the last day and the name; days are the server's to understand."""
        if not isinstance(value, str):
            return value
        name, named, days = value.rpartition("=")
        first, dots, last = days.partition("..")
        if not (dots and first and last) or (named and not name):
            self.fail(
                f"{value!r} is not a range; write 2026-03-01..2026-03-31 or march=2026-03-01..2026-03-31", param, ctx
            )
        return (first, last, name) if name else (first, last)


@click.command()
@property_option
@click.option(
    "--dimensions", type=Names(), default="", metavar="A,B", help="What to group by, for example date,pagePath."
)
@click.option("--metrics", type=Names(), required=True, metavar="X,Y", help="What to compute, for example eventCount.")
@click.option("--from", "start", metavar="DAY", help="First day: YYYY-MM-DD, today, yesterday or 7daysAgo.")
@click.option("--to", "end", metavar="DAY", help="Last day; it counts too.")
@click.option(
    "--range",
    "ranges",
    type=DayRange(),
    multiple=True,
    metavar="[NAME=]DAY..DAY",
    help="Days instead of --from and --to; up to four times, to compare.",
)
@click.option(
    "--timezone", "zone", default="", metavar="ZONE", help="Where days begin, for example Asia/Kolkata. Default: UTC."
)
@click.option(
    "--filter",
    "filter_text",
    default="",
    metavar="EXPR",
    help="For example 'eventName = purchase AND source = google'; docs/reports.md has the language.",
)
@click.option(
    "--metric-filter",
    "metric_filter_text",
    default="",
    metavar="EXPR",
    help="Which rows to show, for example 'eventCount > 100'.",
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
    start: str | None,
    end: str | None,
    ranges: Sequence[Days],
    zone: str,
    filter_text: str,
    metric_filter_text: str,
    order_by: list[str],
    limit: int | None,
    offset: int,
    include_bots: bool,
    currency: str,
    timeout: float,
    as_json: bool,
    endpoint: str | None,
) -> None:
    """Show a report. Both days of a range count, in the time zone asked for.

    \b
    footfall report --property my-shop --dimensions date --metrics eventCount,totalUsers --from yesterday --to today
    footfall report --property my-shop --metrics sessions --range 7daysAgo..yesterday --range 14daysAgo..8daysAgo
    """  # noqa: D301 - click's mark for lines that stay as they are
    days = _days(start, end, ranges)
    if len(days) > 1 and DATE_RANGE not in dimensions:
        # the server would add it too; so it can be ordered by
        dimensions = [*dimensions, DATE_RANGE]
    dimension_filter, metric_filter = _filters(filter_text, metric_filter_text)
    address = find_endpoint(endpoint)
    try:
        with open_client(address, property_id) as client:
            connect(client)
            answer = client.report(
                dimensions,
                metrics,
                date_ranges=days,
                dimension_filter=dimension_filter,
                metric_filter=metric_filter,
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
        show(answer)


def _days(start: str | None, end: str | None, ranges: Sequence[Days]) -> Sequence[Days]:
    if start is None and end is None and ranges:
        return ranges
    if start is None or end is None:
        raise click.UsageError(
            f"{'--to' if end is None and start is not None else '--from'} is missing; give --from and --to, or --range."
        )
    if ranges:
        raise click.UsageError("--range stands in the place of --from and --to; give one or the other.")
    return [(start, end)]


def _filters(on_dimensions: str, on_metrics: str) -> tuple[FilterExpression | None, FilterExpression | None]:
    if not on_dimensions.strip() and not on_metrics.strip():
        return None, None
    # imported here, because building the parser takes longer than all else
    from footfall_core.report.filter_language import parse_filter, parse_metric_filter

    return (
        _filter(parse_filter, on_dimensions, "filter"),
        _filter(parse_metric_filter, on_metrics, "metric-filter"),
    )


def _filter(parse: Callable[[str, str], FilterExpression], text: str, option: str) -> FilterExpression | None:
    if not text.strip():
        return None
    try:
        return parse(text, option)
    except InvalidRequest as problem:
        raise Failure(f"--{problem.message}", EXIT_WRONG_USE) from None

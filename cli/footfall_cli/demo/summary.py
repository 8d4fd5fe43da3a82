"""What a demo prints: how the sending went, three reports and the errors, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click

from footfall.error_list import ErrorCount
from footfall.report import Report
from footfall_cli.demo.delivery import Delivered
from footfall_cli.demo.figures import number_of
from footfall_cli.demo.reports import Wanted, total_of
from footfall_cli.demo.settings import Demo
from footfall_cli.errors import counts_of, show_counts
from footfall_cli.report_table import as_json as json_of
from footfall_cli.report_table import show, utc


@dataclass(frozen=True, slots=True)
class Summary:
    """All that there is to say of the days that were sent."""

    property_id: str
    shop: Demo
    days: Sequence[date]
    until: datetime
    """What arrived before it was sent."""
    delivered: Delivered
    queryable_after: float
    """Seconds from the last acknowledgement until reports counted everything."""
    reports: Sequence[tuple[Wanted, Report]]
    errors: Sequence[ErrorCount]

    def as_json(self) -> str:
        """Return it as one JSON object."""
        tally = self.delivered.tally
        fields: dict[str, Any] = {
            "property": self.property_id,
            "seed": self.shop.seed,
            "visits": self.shop.visits,
            "first_day": self.days[0].isoformat(),
            "last_day": self.days[-1].isoformat(),
            "until": utc(self.until),
            "generated": self.delivered.figures.as_json(),
            "accepted": tally.accepted,
            "rejected": tally.rejected,
            "surprises": self.delivered.surprises,
            "retried_batches": tally.retried_batches,
            "seconds": round(tally.seconds, 3),
            "events_per_second": round(_per_second(self.delivered), 1),
            "queryable_after_seconds": round(self.queryable_after, 3),
            "reports": {wanted.name: json.loads(json_of(report)) for wanted, report in self.reports},
            "errors": counts_of(self.errors, total_of(self.errors)),
        }
        return json.dumps(fields, indent=2)

    def show(self) -> None:
        """Write it to stdout for people."""
        tally, figures = self.delivered.tally, self.delivered.figures
        click.echo(
            f"{tally.accepted:,} events of {number_of(len(self.days), 'day')} stored in {tally.seconds:.2f} s "
            f"({_per_second(self.delivered):,.0f} a second); {figures.of_crawlers:,} are of crawlers"
        )
        amounts = [f"{amount:,.2f} {currency}" for currency, amount in figures.revenue.items()]
        revenue = ", ".join(amounts) or "no revenue"
        orders = f"{number_of(figures.purchases, 'purchase')}, {number_of(figures.refunds, 'refund')}"
        click.echo(f"{orders}: {revenue}")
        if tally.rejected:
            click.echo(f"{tally.rejected:,} broken events refused, as {self._meant()}")
        if tally.retried_batches:
            click.echo(f"{tally.retried_batches:,} batches had to be sent again; they count once")
        click.echo(f"in reports {self.queryable_after:.2f} s after the last acknowledgement")
        for wanted, report in self.reports:
            _heading(wanted.title)
            show(report)
        _heading("Errors of these events, by the hour in which they were found")
        show_counts(self.errors, total_of(self.errors))

    def _meant(self) -> str:
        surprises = self.delivered.surprises
        return "they should be" if not surprises else f"they should be but for {surprises:,}, named on stderr"


def _per_second(delivered: Delivered) -> float:
    tally = delivered.tally
    return (tally.accepted + tally.rejected) / tally.seconds if tally.seconds else 0.0


def _heading(title: str) -> None:
    click.secho(f"\n{title}\n", bold=True)

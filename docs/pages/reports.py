"""docs/reports.md: what a report may ask for, from the table of fields, the filter language and the limits."""

import ast
import inspect
from itertools import pairwise

from docs.pages.tables import table

from footfall_core.report import filter_language, limits
from footfall_core.report.amounts import AMOUNT_DIGITS
from footfall_core.report.fields import DIMENSIONS, METRICS
from footfall_core.report.numbers import NUMBER

_REPORTS = """# Reports

Made from `core/footfall_core/report/` by `make docs`. `GetMetadata` answers the same tables.

    footfall report --property my-shop --dimensions date,country --metrics sessions,activeUsers \\
        --from 28daysAgo --to yesterday --timezone Asia/Kolkata \\
        --filter 'pagePath startsWith /shop AND event.price >= 10' --metric-filter 'sessions > 100'

- **Scope.** Fields are of events, of the items of e-commerce events, of errors, or of several of these. A report has
  fields of events, of items or of errors, not of two: an event has any number of items, and would count as often; and
  what has an error was not stored.
- **Errors** are counted by when they were recorded, those of imports and of crawlers too. Nobody says up to when they
  are complete: an error is in reports about a second after it was found. A key with the scope `read` may see these
  counts, as any report; what was sent, and the sentences, take the scope `errors`.
- **Items** know the first 256 characters of their event's texts: reports of items, and filters on them, see no more.
- **Not set.** What an event does not have is shown as `(not set)`; a filter on that text finds those events.
- **Days and hours** are those that the clocks of the report's zone show, whatever its offset; a day on which the clocks
  change has more or fewer hours.
- **Date ranges** may overlap. With several, the dimension `dateRange` tells the rows apart, and order, paging and
  filters are over all of them together. `today` is the day in the report's zone, by the server's clock.
- **Money** of several currencies is never added up: set the currency, or ask for `currencyCode`.
- **Sums** of amounts are exact: each amount counts to {digits} digits behind the point, and an item's price times its
  quantity up to 10^15. What is answered is the nearest double; rows of equal sums are equal to order and filters.
- **Order** of texts is that of their UTF-16 code units, as Java and JavaScript compare them. Rows that are equal in
  what was asked for come in the order of their dimensions.
- **Estimates.** Metrics marked with ≈ are exact up to some thousands and may be estimates beyond; each answer names
  those that are, with the error.
"""

_FILTERS = """## Filters

A filter on dimensions keeps events; a filter on metrics keeps rows, after aggregation, and leaves totals alone.
`RunReport` takes them as trees (`FilterExpression`), the command line as text:

{language}

On a dimension, numbers are compared as doubles; a value that is no plain decimal number (`{number}`) does not match.
`date` and `dateHour` are never numbers. Regular expressions are RE2's and never Druid's to match: the query consumer
matches them with the dimension's different values among the events that the other filters keep, of which there may be
as many as `FOOTFALL_DRUID_MAX_MATCHED_VALUES` says. Where case is ignored, texts are compared in lower case,
in which the final sigma is any other, and `ß` is not `ss`.
"""


def reports_page() -> str:
    """Return docs/reports.md."""
    language = (inspect.getdoc(filter_language) or "").removeprefix("Filters as")
    parts = [
        _REPORTS.format(digits=AMOUNT_DIGITS),
        f"## Dimensions\n\n{table(('dimension', 'scope', 'meaning'), _dimensions())}\n",
        f"## Metrics\n\n{table(('metric', 'scope', 'type', 'meaning'), _metrics())}\n",
        _FILTERS.format(language=f"Filters as{language}", number=NUMBER),
        f"## Limits\n\n{table(('limit', 'most'), _limits())}\n",
    ]
    return "\n".join(parts)


def _dimensions() -> list[list[str]]:
    return [[f"`{one.name}`", one.scope.value, one.meaning] for one in DIMENSIONS.values()]


def _metrics() -> list[list[str]]:
    return [
        [f"`{one.name}`" + (" ≈" if one.may_be_approximate else ""), one.scope.value, one.type.value, one.meaning]
        for one in METRICS.values()
    ]


def _limits() -> list[list[str]]:
    """Return what each limit is and how much it is, by the line below it in its module."""
    lines = ast.parse(inspect.getsource(limits)).body
    found = []
    for line, below in pairwise(lines):
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and isinstance(below, ast.Expr):
            name, meaning = line.targets[0].id, ast.literal_eval(below.value)
            if name.startswith("MAX_"):
                found.append([" ".join(meaning.split()).removesuffix("."), f"{getattr(limits, name):,}"])
    return found

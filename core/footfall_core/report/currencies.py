"""Money of several currencies is never added up: which currency the amounts of a report are of."""

from collections.abc import Iterable

from footfall_core.problems import NotComputable
from footfall_core.report.fields import METRICS, Metric
from footfall_core.report.plan import Plan

MAX_CURRENCIES = 20
"""How many currencies a store looks for at most: two are too many already, and the others are named."""


def money_of(plan: Plan) -> list[Metric]:
    """Return the plan's metrics of money."""
    return [METRICS[name] for name in plan.metrics if METRICS[name].is_money]


def must_be_looked_for(plan: Plan) -> bool:
    """Return whether only the events can tell the currency: no other is asked for, and none stands in the rows."""
    return bool(money_of(plan)) and not plan.currency_code and "currencyCode" not in plan.dimensions


def currency_of(plan: Plan, found: Iterable[str]) -> str:
    """Return the currency of the report's amounts, empty if they have none or it is a dimension.

    Args:
        plan: of one date range or several.
        found: the currencies of the amounts, if they had to be looked for.

    Raises:
        NotComputable: there are several.
    """
    different = sorted(set(found))
    if len(different) > 1:
        raise NotComputable(
            f"The amounts are of several currencies ({', '.join(different)}), which are never added up: set "
            "currency_code to one of them, or ask for the dimension currencyCode."
        )
    return different[0] if different else plan.currency_code

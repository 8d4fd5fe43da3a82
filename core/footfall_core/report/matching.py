"""Comparisons that a store leaves to the core: the store names the different values, and asks for those that match.

What matches is then the same wherever the rows are, and a tenant's regular expression never reaches a store: RE2
matches it here, in a time that grows with the text alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from footfall_core.problems import NotComputable
from footfall_core.report.fields import Source, dimension_of
from footfall_core.report.plan import AllOf, AnyOf, Condition, Leaf, OneOf, Pattern, Plan, leaves, mapped


@dataclass(frozen=True, slots=True)
class Matching:
    """What is to be matched here for a plan of one date range."""

    plan: Plan
    is_matched_here: Callable[[Leaf], bool]
    """Which conditions the store cannot compare as the core does; each is on a column or a parameter."""
    is_matched_there: Callable[[Leaf], bool] = lambda _: False
    """Which of these the store compares with some of the values, which need not be among those that it names."""

    @property
    def names(self) -> list[str]:
        """The dimensions whose different values are needed, in alphabetical order."""
        return sorted({leaf.dimension for leaf in leaves(self.plan.condition) if self.is_matched_here(leaf)})

    def of_values(self, name: str) -> Plan:
        """Return the plan whose rows are the different values of a dimension, of the events that may matter."""
        return replace(self.plan, dimensions=(name,), metrics=(), condition=self._others(), order=())

    def matched(self, values: Mapping[str, Sequence[str]]) -> Plan:
        """Return the plan with lists of values in the place of what is matched here. Many values take a while.

        Values that come in afterwards are not in the lists; they belong to events that are not promised by the report.

        Args:
            values: the different values of each of the `names`, `(not set)` among them.
        """
        if self.plan.condition is None:
            return self.plan

        def listed(leaf: Leaf) -> Condition:
            if not self.is_matched_here(leaf):
                return leaf
            found = OneOf(leaf.dimension, tuple(filter(leaf.matches, values[leaf.dimension])), ignore_case=False)
            return AnyOf((leaf, found)) if self.is_matched_there(leaf) else found

        return replace(self.plan, condition=mapped(self.plan.condition, listed))

    def refuse_too_many(self, name: str, found: int, most: int) -> None:
        """Refuse to match more different values of a dimension than a store's settings allow.

        Raises:
            NotComputable: there are more.
        """
        if found <= most:
            return
        on_it = [leaf for leaf in leaves(self.plan.condition) if leaf.dimension == name and self.is_matched_here(leaf)]
        what, otherwise = "comparison that ignores case", "compare with the case"
        if any(isinstance(leaf, Pattern) for leaf in on_it):
            what, otherwise = "regular expression", "compare in another way (begins with, contains)"
        raise NotComputable(
            f"The {what} on {name} would have to be matched with more than {most:,} different values; ask for fewer "
            f"days, add a filter that leaves fewer of them, or {otherwise}."
        )

    def _others(self) -> Condition | None:
        """Return what must hold besides everything that has something in it which is matched here."""
        condition = self.plan.condition
        children = condition.children if isinstance(condition, AllOf) else (condition,)
        others = tuple(child for child in children if child and not any(map(self.is_matched_here, leaves(child))))
        return AllOf(others) if others else None


def is_pattern_on_column(leaf: Leaf) -> bool:
    """Return whether a condition is a regular expression that the store would have to match."""
    return isinstance(leaf, Pattern) and is_on_column(leaf)


def is_on_column(leaf: Leaf) -> bool:
    """Return whether a condition is on values that only the store knows."""
    return dimension_of(leaf.dimension).source in {Source.COLUMN, Source.PARAM}

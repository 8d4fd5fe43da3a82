"""A statement of SQL and its values. What comes from a tenant is a value, and never stands in the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WRITTEN_OUT = 16
"""Values that stand one by one in a comparison with several; more of them are one list."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What DuckDB is asked."""

    text: str
    values: Sequence[Any]
    """The values of the parameters `$1`, `$2` and so on."""


class Values:
    """Gathers the values of one statement while its text is written."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def bound(self, value: Any) -> str:
        """Return the parameter that stands for a value in the text."""
        self._values.append(value)
        return f"${len(self._values)}"

    def one_of(self, expression: str, values: Sequence[Any]) -> str:
        """Return the comparison that is true where an expression is one of some values."""
        if not values:
            return "false"
        if len(values) <= WRITTEN_OUT:
            return f"{expression} IN ({', '.join(map(self.bound, values))})"
        # a table of its own, which is hashed; not in an aggregate's filter, where no table may stand
        return f"{expression} IN (SELECT unnest({self.bound(list(values))}))"

    def statement(self, text: str) -> Statement:
        """Return the statement of a text in which these values are bound."""
        return Statement(text, tuple(self._values))

"""Regular expressions of tenants, and comparisons that ignore case: the core's rule decides, not DuckDB's.

DuckDB names the different values, they are matched here, and the report asks for those that match. Of texts in ASCII
DuckDB makes the lower case that Python makes, so of a comparison that ignores case only the others come here.
"""

from footfall_adapters.duckdb.conditions import is_compared_there
from footfall_adapters.duckdb.queries import values_statement
from footfall_adapters.duckdb.reading import Reader
from footfall_core.report.matching import Matching, is_on_column, is_pattern_on_column
from footfall_core.report.plan import Leaf, Plan, leaves


def matched_here(plan: Plan, reader: Reader, max_values: int) -> Plan:
    """Return the plan with lists of values for what is matched here; it has one date range.

    Raises:
        NotComputable: there are too many values.
    """
    matching = Matching(plan, _is_matched_here, is_compared_there)
    names = matching.names
    if not names:
        return plan
    return matching.matched({name: _values(matching, name, reader, max_values) for name in names})


def _is_matched_here(leaf: Leaf) -> bool:
    return is_pattern_on_column(leaf) or (is_compared_there(leaf) and is_on_column(leaf))


def _values(matching: Matching, name: str, reader: Reader, max_values: int) -> list[str]:
    """Return the different values of a dimension, of the events that the other conditions let through."""
    has_pattern = any(is_pattern_on_column(leaf) for leaf in leaves(matching.plan.condition) if leaf.dimension == name)
    asked = values_statement(matching.of_values(name), max_values + 1, beyond_ascii_only=not has_pattern)
    rows = reader.rows(asked)
    matching.refuse_too_many(name, len(rows), max_values)
    return [row[0] for row in rows]

"""What dimensions are in DuckDB: expressions on the columns of a row.

A dimension has up to three forms. Grouped by, it has a value for every event, `(not set)` among them, or is a number
that is written out later (`grouped`). Compared with text, it is null where it is not set (`text`). Compared with
numbers, it is null where it is no number (`number`).
"""

import re
from zoneinfo import ZoneInfo

from footfall_adapters.duckdb.statement import Values
from footfall_core.report.days import offsets_between
from footfall_core.report.fields import DATE, METRICS, NOT_SET, Source, dimension_of
from footfall_core.report.hours import DATE_HOUR, HOURS_A_DAY
from footfall_core.report.numbers import NUMBER
from footfall_core.report.plan import Plan

HOUR_MS = 3_600_000
DAY_MS = HOURS_A_DAY * HOUR_MS

_BELOW_SURROGATES = "\ud7ff"
"""The last code point before those of which UTF-16 makes characters beyond U+FFFF."""


def grouped(name: str, plan: Plan, values: Values) -> str:
    """Return the expression that the plan groups by."""
    if dimension_of(name).source is Source.TIME:
        return shown_time(name, plan)
    return f"coalesce({text(name, values)}, {values.bound(NOT_SET)})"


def text(name: str, values: Values) -> str:
    """Return the expression whose text is the dimension's value, or null; of a column or a parameter."""
    dimension = dimension_of(name)
    return _param(dimension.param, values) if dimension.source is Source.PARAM else dimension.column


def number(name: str, values: Values) -> str:
    """Return the expression whose double is the dimension's value, or null; of a column or a parameter."""
    written = text(name, values)
    return f"CASE WHEN regexp_full_match({written}, {values.bound(NUMBER)}) THEN try_cast({written} AS DOUBLE) END"


def ordered(field: str, column: str) -> str:
    """Return the expression that puts rows in the order of a dimension, or metric, in a column: see `in_order`.

    DuckDB compares code points. With one that is just below U+D800 before each of those beyond U+FFFF, these come where
    UTF-16 has them, and in their own order.
    """
    if field in METRICS or dimension_of(field).source is Source.TIME:
        return column
    return rf"regexp_replace({column}, '([\x{{10000}}-\x{{10FFFF}}])', '{_BELOW_SURROGATES}\1', 'g')"


def shown_time(name: str, plan: Plan) -> str:
    """Return the number of an event's day or hour since 1970-01-01, or of its hour of the day, by the zone's clocks.

    DuckDB's own zone data come with its release, so they are not asked: what days are is this process's to say.
    """
    *changes, last = offsets_between(plan.start, plan.end, ZoneInfo(plan.time_zone))
    ahead = str(last.ahead_ms)
    if changes:
        cases = " ".join(f"WHEN time_ms < {change.until // 1000} THEN {change.ahead_ms}" for change in changes)
        ahead = f"CASE {cases} ELSE {ahead} END"
    shown = f"(time_ms + {ahead})"
    if name == DATE:
        return f"{shown} // {DAY_MS}"
    if name == DATE_HOUR:
        return f"{shown} // {HOUR_MS}"
    return f"{shown} % {DAY_MS} // {HOUR_MS}"


def _param(param: str, values: Values) -> str:
    """Return the expression of a parameter, null if it is not there or empty.

    Numbers and booleans are taken as they are written. The regular expression finds nothing within a string, where
    quotes have a backslash before them.
    """
    plain = values.bound(rf'[{{,]"{re.escape(param)}":(-?[0-9][^,}}]*|true|false)')
    path = values.bound(f'$."{param}"')
    return f"coalesce(nullif(regexp_extract(params, {plain}, 1), ''), nullif(json_extract_string(params, {path}), ''))"

"""What dimensions are in Druid: columns, or virtual ones that are computed for the query.

A dimension has up to three forms there. Grouped by, it has a value for every event, `(not set)` among them, or is a
number that is written out later (`grouped_column`). Compared with text, it is null where it is not set
(`text_column`). Compared with numbers, it is null where it is no number (`number_column`).
"""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from footfall_core.report.case import FINAL_SIGMA, SIGMA
from footfall_core.report.days import offsets_between
from footfall_core.report.fields import DATE, METRICS, NOT_SET, Source, dimension_of
from footfall_core.report.hours import HOURS_A_DAY
from footfall_core.report.numbers import NUMBER
from footfall_core.report.plan import Leaf, OneOf, Plan, Text, Within, leaves

Column = dict[str, Any]
"""A virtual column."""

HOUR_MS = 3_600_000
DAY_MS = HOURS_A_DAY * HOUR_MS


def output_name(field: str) -> str:
    """Return the name of a dimension or metric in Druid's answer; columns have names of their own."""
    return f"{'m' if field in METRICS else 'd'}:{field}"


def text_column(name: str) -> str:
    """Return the column whose text is the dimension's value, or null."""
    dimension = dimension_of(name)
    return f"p:{dimension.param}" if dimension.source is Source.PARAM else dimension.column


def number_column(name: str) -> str:
    """Return the column whose double is the dimension's value, or null."""
    return f"x:{name}"


def folded_column(name: str) -> str:
    """Return the column whose text is the dimension's value as `folded` makes it, or null."""
    return f"l:{name}"


def is_of_sigma(leaf: Leaf) -> bool:
    """Return whether a condition ignores the case of a text with a sigma: Java has rules of its own for which."""
    match leaf:
        case OneOf(_, values, ignore_case=True):
            return any(SIGMA in value for value in values)
        case Text(_, _, text, ignore_case=True):
            return SIGMA in text
        case _:
            return False


def virtual_column(name: str, expression: str, output_type: str) -> Column:
    """Return a column that is computed from others."""
    return {"type": "expression", "name": name, "expression": expression, "outputType": output_type}


def grouped_columns(plan: Plan) -> list[Column]:
    """Return the virtual columns that the plan groups by."""
    return [_grouped(name, plan) for name in plan.dimensions]


def compared_columns(plan: Plan) -> list[Column]:
    """Return the virtual columns that the plan's condition compares."""
    return [column for leaf in leaves(plan.condition) for column in _compared(leaf, plan)]


def _compared(leaf: Leaf, plan: Plan) -> list[Column]:
    dimension = dimension_of(leaf.dimension)
    name, columns = dimension.name, []
    match dimension.source:
        case Source.TIME if name != DATE:
            columns.append(_grouped(name, plan))
        case Source.COLUMN | Source.PARAM if isinstance(leaf, Within):
            columns.append(_number(name))
        case Source.COLUMN | Source.PARAM:
            if is_of_sigma(leaf):
                folded = f"replace(lower({_text(name)}), '{FINAL_SIGMA}', '{SIGMA}')"
                columns.append(virtual_column(folded_column(name), folded, "STRING"))
            if dimension.source is Source.PARAM:
                columns.append(virtual_column(text_column(name), _text(name), "STRING"))
    return columns


def once_each(columns: Iterable[Column]) -> list[Column]:
    """Return the columns without those of a name that came before; they are the same."""
    return list({column["name"]: column for column in columns}.values())


def is_number(name: str) -> bool:
    """Return whether Druid answers a dimension as a number, which `label` writes out."""
    return dimension_of(name).source is Source.TIME


def _grouped(name: str, plan: Plan) -> Column:
    if is_number(name):
        return virtual_column(output_name(name), _time_expression(name, plan), "LONG")
    return virtual_column(output_name(name), f"nvl({_text(name)}, '{NOT_SET}')", "STRING")


def _text(name: str) -> str:
    dimension = dimension_of(name)
    return _param_expression(dimension.param) if dimension.source is Source.PARAM else f'"{dimension.column}"'


def _param_expression(param: str) -> str:
    """Return the expression of a parameter, null if it is not there or empty.

    Numbers and booleans are taken as they are written, since Druid would write them anew as Java does: 1.0E-7. The
    regular expression finds nothing within a string, where quotes have a backslash before them.
    """
    plain = f'regexp_extract("params", \'[{{,]"{param}":(-?[0-9][^,}}]*|true|false)\', 1)'
    string = f"json_value(parse_json(\"params\"), '$.{param}', 'STRING')"
    return f"nvl({plain}, if({string} == '', null, {string}))"


def _number(name: str) -> Column:
    text, number = _text(name), NUMBER.replace("\\", "\\\\")
    # adding zero makes one zero of the two that doubles have
    expression = f"if(regexp_like({text}, '^(?:{number})\\\\z'), cast({text}, 'DOUBLE') + 0.0, null)"
    return virtual_column(number_column(name), expression, "DOUBLE")


def _time_expression(name: str, plan: Plan) -> str:
    """Return the number of an event's day or hour since 1970-01-01, or of its hour of the day, by the zone's clocks."""
    *changes, last = offsets_between(plan.start, plan.end, ZoneInfo(plan.time_zone))
    ahead = str(last.ahead_ms)
    if changes:
        cases = ", ".join(f"__time < {change.until // 1000}, {change.ahead_ms}" for change in changes)
        ahead = f"case_searched({cases}, {ahead})"
    shown = f"(__time + {ahead})"
    match name:
        case "date":
            return f"div({shown}, {DAY_MS})"
        case "dateHour":
            return f"div({shown}, {HOUR_MS})"
        case _:
            return f"div({shown} % {DAY_MS}, {HOUR_MS})"

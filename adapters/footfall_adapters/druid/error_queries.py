"""From a question for errors to native queries. Pure: what Druid is asked can be read, and tested, without Druid.

An error that was recorded several times has as many rows. It is one error, of the time of its first row in the
range: its place in the list stays the same when it is recorded once more. So they are grouped by id, and Druid tells
some hundred thousand groups apart at a time. More are asked for in slices of ids, which are drawn evenly: what is in
one slice is in no other, so that counts add up, and pages are merged.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from footfall_adapters.druid.instants import interval
from footfall_core.clock import Micros
from footfall_core.columns import ERRORS_TABLE
from footfall_core.wire.query_pb2 import ErrorsQuestion

Query = dict[str, Any]

FIRST, ID, ROW = "first", "error_id", "error"

Slice = tuple[str, str]
"""Ids from the first one on, and before the second; an empty one bounds nothing."""

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
"""What ids are made of, in order (`footfall_core.errors.records.error_id`)."""


def slices(characters: int) -> list[Slice]:
    """Return slices that have every id between them, told apart by so many of its first characters."""
    starts = ["".join(each) for each in product(_ALPHABET, repeat=characters)]
    return list(zip(["", *starts[1:]], [*starts[1:], ""], strict=True))


_HOUR = "hour"
_TIME = "__time"
_BY_FIRST: Query = {"type": "longMin", "name": FIRST, "fieldName": _TIME}


def page_query(question: ErrorsQuestion, part: Slice) -> Query:
    """Return the query for ids and times of a slice's errors that may be on a page, newest first, as pairs."""
    newest_first = [
        {"dimension": FIRST, "direction": "descending", "dimensionOrder": "numeric"},
        {"dimension": ID, "direction": "ascending"},
    ]
    query = {
        **_errors(question, part, dimensions=[ID]),
        "limitSpec": {"type": "default", "limit": question.limit, "columns": newest_first},
    }
    if question.after_error_id:
        query["having"] = {"type": "filter", "filter": _behind(question.after_time_ms, question.after_error_id)}
    return query


def counts_query(question: ErrorsQuestion, part: Slice) -> Query:
    """Return the query for the number of a slice's errors by hour (Unix milliseconds), stage and code, exact."""
    hour = {
        "type": "expression",
        "name": _HOUR,
        "expression": f"timestamp_floor({FIRST}, 'PT1H', null, 'UTC')",
        "outputType": "LONG",
    }
    return {
        "queryType": "groupBy",
        "dataSource": {"type": "query", "query": _errors(question, part, dimensions=[ID, "stage", "code"])},
        "granularity": "all",
        "intervals": [_interval(question)],
        "virtualColumns": [hour],
        "dimensions": [_long(name) for name in (_HOUR, "stage", "code")],
        "aggregations": [{"type": "count", "name": "count"}],
        "context": {"resultAsArray": True},
    }


def rows_query(property_id: str, firsts: Mapping[str, int]) -> Query:
    """Return the query for the rows of some errors, each with its time, Unix milliseconds, by id.

    Others of an error's rows are among them if they are as old as another error's first.
    """
    times = sorted(set(firsts.values()))
    return {
        "queryType": "scan",
        "dataSource": ERRORS_TABLE,
        "intervals": [interval(Micros(times[0] * 1000), Micros((times[-1] + 1) * 1000))],
        "filter": _all_of(_is("property", property_id), _in(ID, sorted(firsts)), _in(_TIME, times)),
        "columns": [_TIME, ID, ROW],
        "resultFormat": "compactedList",
    }


def first_row_query(question: ErrorsQuestion) -> Query:
    """Return the query for the first row of the error that a question names."""
    return {
        "queryType": "scan",
        "dataSource": ERRORS_TABLE,
        "intervals": [_interval(question)],
        "filter": _all_of(_is("property", question.property_id), _is(ID, question.error_id)),
        "columns": [_TIME, ID, ROW],
        "order": "ascending",
        "limit": 1,
        "resultFormat": "compactedList",
    }


def _errors(question: ErrorsQuestion, part: Slice, dimensions: Sequence[str]) -> Query:
    """Return the query for each error of a slice once, with its time."""
    conditions = [_is("property", question.property_id)]
    if question.stages:
        conditions.append(_in("stage", question.stages))
    if question.codes:
        conditions.append(_in("code", question.codes))
    if question.writer_id:
        conditions.append(_is("writer_id", question.writer_id))
    first, end = part
    if bounds := ({"lower": first} if first else {}) | ({"upper": end, "upperOpen": True} if end else {}):
        conditions.append({"type": "range", "column": ID, "matchValueType": "STRING", **bounds})
    return {
        "queryType": "groupBy",
        "dataSource": ERRORS_TABLE,
        "granularity": "all",
        "intervals": [_interval(question)],
        "filter": _all_of(*conditions),
        "dimensions": [name if name == ID else _long(name) for name in dimensions],
        "aggregations": [_BY_FIRST],
        "context": {"resultAsArray": True},
    }


def _interval(question: ErrorsQuestion) -> str:
    # Druid knows whole milliseconds: the first ones that are not before the start, and not before the end
    start, end = (-(-micros // 1000) * 1000 for micros in (question.start_micros, question.end_micros))
    if question.after_error_id:
        # what comes behind an error in the list is no newer; later rows of it say nothing of its first
        end = min(end, (question.after_time_ms + 1) * 1000)
    return interval(Micros(start), Micros(end))


def _behind(time_ms: int, error_id: str) -> Query:
    """Return the filter that holds for what comes behind an error in the list."""
    older = {"type": "range", "column": FIRST, "matchValueType": "LONG", "upper": time_ms, "upperOpen": True}
    as_old = {"type": "equals", "column": FIRST, "matchValueType": "LONG", "matchValue": time_ms}
    next_id = {"type": "range", "column": ID, "matchValueType": "STRING", "lower": error_id, "lowerOpen": True}
    return {"type": "or", "fields": [older, _all_of(as_old, next_id)]}


def _all_of(*filters: Query) -> Query:
    return {"type": "and", "fields": list(filters)}


def _is(column: str, value: str) -> Query:
    return {"type": "equals", "column": column, "matchValueType": "STRING", "matchValue": value}


def _in(column: str, values: Sequence[str] | Sequence[int]) -> Query:
    return {"type": "in", "dimension": column, "values": [str(value) for value in values]}


def _long(column: str) -> Query:
    return {"type": "default", "dimension": column, "outputName": column, "outputType": "LONG"}

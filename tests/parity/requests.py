"""Random reports: every dimension and metric, every kind of filter, zones, ranges, orders, pages."""

from typing import Any

from hypothesis import strategies as st

from footfall.v1 import query_pb2
from footfall_core.columns import EVENTS, ITEMS
from footfall_core.report.fields import ANY_PARAM, DATE_RANGE, DIMENSIONS, METRICS, Scope
from tests.parity import events

ZONES = (
    *("", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"),
    *("Pacific/Chatham", "America/St_Johns", "Pacific/Kiritimati", "America/Sao_Paulo"),
)
DAYS = tuple(f"2026-03-{day}" for day in range(24, 32)) + tuple(f"2026-04-0{day}" for day in range(1, 10))
PATTERNS = (
    "a",
    "^a",
    "A$",
    "[0-9]+",
    "(?i)wool",
    "^$",
    ".",
    "not set",
    "^/[Ss]hop",
    "é",
    r"\w+",
    "s|S",
    r"\pL{3}",
    "(a|b)*c?",
)
EVENT_DIMENSIONS = tuple(name for name in DIMENSIONS if EVENTS in DIMENSIONS[name].scope.tables and name != ANY_PARAM)
ITEM_DIMENSIONS = tuple(name for name in DIMENSIONS if ITEMS in DIMENSIONS[name].scope.tables)
PARAM_DIMENSIONS = tuple(f"event.{name}" for name in (*events.PARAMS, "missing"))
VALUES = (
    *(value for value in events.TEXTS if value),
    *events.NAMES,
    *(value for value in events.NUMBERS_AS_TEXT if value),
    *("2026-03-29", "02", "2026-03-29T02", "google", "organic", "(direct)", "Germany", "DE", "EUR", "desktop", "/shop"),
    *("Acme", "sku-7", "Hats", "Direct", "Organic Search", "current", "date_range_0"),
)
AMOUNTS = st.sampled_from((-1.0, 0.0, 0.1, 1.0, 7.0, 9.5, 10.0, 100.0, 1_000.0, 12345678.9))

MatchType = query_pb2.StringFilter.MatchType


def _numeric_filters(name: str) -> st.SearchStrategy[query_pb2.Filter]:
    return st.builds(
        lambda operation, value: query_pb2.Filter(
            field_name=name,
            numeric_filter=query_pb2.NumericFilter(
                operation=operation, value=query_pb2.NumericValue(double_value=value)
            ),
        ),
        st.integers(1, 5),
        AMOUNTS,
    ) | st.builds(
        lambda ends: query_pb2.Filter(
            field_name=name,
            between_filter=query_pb2.BetweenFilter(
                from_value=query_pb2.NumericValue(double_value=ends[0]),
                to_value=query_pb2.NumericValue(double_value=ends[1]),
            ),
        ),
        st.tuples(AMOUNTS, AMOUNTS).map(sorted),
    )


def _dimension_filters(name: str) -> st.SearchStrategy[query_pb2.Filter]:
    plain = st.builds(
        lambda how, value, case: query_pb2.Filter(
            field_name=name,
            string_filter=query_pb2.StringFilter(match_type=how, value=value, case_sensitive=case),
        ),
        st.sampled_from([how for how in MatchType.values() if 0 < how < MatchType.MATCH_TYPE_FULL_REGEXP]),
        st.sampled_from(VALUES),
        st.booleans(),
    )
    patterns = st.builds(
        lambda how, value, case: query_pb2.Filter(
            field_name=name,
            string_filter=query_pb2.StringFilter(match_type=how, value=value, case_sensitive=case),
        ),
        st.sampled_from((MatchType.MATCH_TYPE_FULL_REGEXP, MatchType.MATCH_TYPE_PARTIAL_REGEXP)),
        st.sampled_from(PATTERNS),
        st.booleans(),
    )
    lists = st.builds(
        lambda values, case: query_pb2.Filter(
            field_name=name, in_list_filter=query_pb2.InListFilter(values=values, case_sensitive=case)
        ),
        st.lists(st.sampled_from(VALUES), min_size=1, max_size=4),
        st.booleans(),
    )
    empty = st.just(query_pb2.Filter(field_name=name, empty_filter=query_pb2.EmptyFilter()))
    return plain | patterns | lists | empty | _numeric_filters(name)


def _expressions(filters: st.SearchStrategy[query_pb2.Filter]) -> st.SearchStrategy[query_pb2.FilterExpression]:
    leaf = filters.map(lambda one: query_pb2.FilterExpression(filter=one))

    def grown(inner: st.SearchStrategy[query_pb2.FilterExpression]) -> st.SearchStrategy[query_pb2.FilterExpression]:
        lists = st.lists(inner, min_size=1, max_size=3).map(
            lambda found: query_pb2.FilterExpressionList(expressions=found)
        )
        return (
            lists.map(lambda found: query_pb2.FilterExpression(and_group=found))
            | lists.map(lambda found: query_pb2.FilterExpression(or_group=found))
            | inner.map(lambda one: query_pb2.FilterExpression(not_expression=one))
        )

    return st.recursive(leaf, grown, max_leaves=5)


@st.composite
def reports(draw: st.DrawFn) -> query_pb2.RunReportRequest:
    """Draw a report that may be asked for; whether it can be computed is the store's to say."""
    scope = draw(st.sampled_from((Scope.EVENT, Scope.EVENT, Scope.EVENT, Scope.ITEM)))
    known = EVENT_DIMENSIONS + PARAM_DIMENSIONS if scope is Scope.EVENT else ITEM_DIMENSIONS
    ranges = _ranges(draw)
    if len(ranges) == 1:
        known = tuple(name for name in known if name != DATE_RANGE)
    dimensions = draw(st.lists(st.sampled_from(known), max_size=3, unique=True))
    metrics = draw(
        st.lists(
            st.sampled_from([name for name, metric in METRICS.items() if metric.scope is scope]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        filtered = st.sampled_from([name for name in known if name != DATE_RANGE])
        fields["dimension_filter"] = draw(_expressions(filtered.flatmap(_dimension_filters)))
    if draw(st.integers(0, 3)) == 0:
        fields["metric_filter"] = draw(_expressions(st.sampled_from(metrics).flatmap(_numeric_filters)))
    if draw(st.booleans()):
        fields["currency_code"] = draw(st.sampled_from(("EUR", "USD", "JPY")))
    if draw(st.booleans()):
        fields["offset"] = draw(st.sampled_from((0, 1, 5, 50)))
        fields["limit"] = draw(st.sampled_from((1, 2, 10, 100, 1_000)))
    ordered = draw(st.lists(st.sampled_from(dimensions + metrics), max_size=2, unique=True))
    return query_pb2.RunReportRequest(
        dimensions=[query_pb2.Dimension(name=name) for name in dimensions],
        metrics=[query_pb2.Metric(name=name) for name in metrics],
        date_ranges=ranges,
        order_bys=[_order(name, draw(st.booleans())) for name in ordered],
        time_zone=draw(st.sampled_from(ZONES)),
        include_bots=draw(st.booleans()),
        **fields,
    )


def _order(name: str, descending: bool) -> query_pb2.OrderBy:
    return query_pb2.OrderBy(**{"metric" if name in METRICS else "dimension": name}, desc=descending)


def _ranges(draw: st.DrawFn) -> list[query_pb2.DateRange]:
    count = draw(st.sampled_from((1, 1, 1, 2, 3)))
    found = [sorted(draw(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)))) for _ in range(count)]
    return [query_pb2.DateRange(start_date=first, end_date=last) for first, last in found]

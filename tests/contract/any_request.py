"""Requests of any kind for reports of a `Mixture`, for tests by example."""

from hypothesis import strategies as st

from footfall.v1 import query_pb2
from tests.contract.mixture import COLUMNS, TEXTS
from tests.contract.reports import report_request

DIMENSIONS = ["date", "hour", "dateHour", "dateRange", *COLUMNS.values(), "event.p", "event.Q_1", "event.nobody"]
ITEM_DIMENSIONS = ["date", "hour", "eventName", "source", "country", "itemId", "itemName", "itemVariant"]
METRICS = [
    "eventCount", "screenPageViews", "sessions", "totalUsers", "activeUsers", "eventValue", "purchaseRevenue",
    "transactions",
]  # fmt: skip
ITEM_METRICS = ["itemsViewed", "itemsAddedToCart", "itemsPurchased", "itemRevenue"]
ZONES = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]
DAYS = [
    ("2026-03-27", "2026-03-31"),
    ("2026-03-29", "2026-03-29"),
    ("2026-10-24", "2026-10-26"),
    ("2025-01-01", "2026-12-31"),
]

texts = st.sampled_from([text for text in TEXTS if text])
values = st.sampled_from([-3.0, 0.0, 0.1, 0.5, 1.0, 7.0, 9.5, 1e-7, 12345678.5, 1e20])


def _leaves(dimensions: list[str]) -> st.SearchStrategy[query_pb2.FilterExpression]:
    comparisons = [
        query_pb2.StringFilter.MATCH_TYPE_EXACT,
        query_pb2.StringFilter.MATCH_TYPE_BEGINS_WITH,
        query_pb2.StringFilter.MATCH_TYPE_ENDS_WITH,
        query_pb2.StringFilter.MATCH_TYPE_CONTAINS,
    ]
    regular = [query_pb2.StringFilter.MATCH_TYPE_FULL_REGEXP, query_pb2.StringFilter.MATCH_TYPE_PARTIAL_REGEXP]
    patterns = st.sampled_from(["a", "^a", "b$", ".", "not set", "[0-9]+", "é", "^$", "(?i)A", "%", "\\\\", "^.$"])
    times = st.sampled_from(["2026-03-29", "2026-03-29T01", "02", "09", "1", "2026"])
    case = st.booleans()
    names = st.sampled_from(dimensions)
    strings = st.one_of(
        st.builds(
            query_pb2.StringFilter, match_type=st.sampled_from(comparisons), value=texts | times, case_sensitive=case
        ),
        st.builds(
            query_pb2.StringFilter,
            match_type=st.sampled_from(regular),
            value=patterns,
            case_sensitive=case,
        ),
    )
    lists = st.builds(
        query_pb2.InListFilter, values=st.lists(texts | times, min_size=1, max_size=30), case_sensitive=case
    )
    amounts = st.builds(query_pb2.NumericValue, double_value=values)
    operations = st.sampled_from([one for one in query_pb2.NumericFilter.Operation.values() if one])
    numbers = st.builds(query_pb2.NumericFilter, operation=operations, value=amounts)
    of_numbers = st.sampled_from([name for name in dimensions if name not in {"date", "dateHour"}])
    leaf = st.one_of(
        st.builds(query_pb2.Filter, field_name=names, string_filter=strings),
        st.builds(query_pb2.Filter, field_name=names, in_list_filter=lists),
        st.builds(query_pb2.Filter, field_name=names, empty_filter=st.just(query_pb2.EmptyFilter())),
        st.builds(query_pb2.Filter, field_name=of_numbers, numeric_filter=numbers),
    )
    return st.builds(query_pb2.FilterExpression, filter=leaf)


def _filters(leaves: st.SearchStrategy[query_pb2.FilterExpression]) -> st.SearchStrategy[query_pb2.FilterExpression]:
    def grown(children: st.SearchStrategy[query_pb2.FilterExpression]) -> st.SearchStrategy[query_pb2.FilterExpression]:
        lists = st.builds(query_pb2.FilterExpressionList, expressions=st.lists(children, min_size=1, max_size=3))
        return st.one_of(
            st.builds(query_pb2.FilterExpression, and_group=lists),
            st.builds(query_pb2.FilterExpression, or_group=lists),
            st.builds(query_pb2.FilterExpression, not_expression=children),
        )

    return st.recursive(leaves, grown, max_leaves=4)


def _metric_leaves(metrics: list[str]) -> st.SearchStrategy[query_pb2.FilterExpression]:
    operations = st.sampled_from([one for one in query_pb2.NumericFilter.Operation.values() if one])
    amounts = st.builds(query_pb2.NumericValue, double_value=st.sampled_from([0.0, 1.0, 2.0, 0.25, -0.5, 5.0, 20.25]))
    numbers = st.builds(query_pb2.NumericFilter, operation=operations, value=amounts)
    return st.builds(
        query_pb2.FilterExpression,
        filter=st.builds(query_pb2.Filter, field_name=st.sampled_from(metrics), numeric_filter=numbers),
    )


@st.composite
def requests(draw: st.DrawFn, dimensions: list[str], metrics: list[str]) -> query_pb2.RunReportRequest:
    by = draw(st.lists(st.sampled_from(dimensions), max_size=3, unique=True))
    of = draw(st.lists(st.sampled_from(metrics), min_size=1, max_size=3, unique=True))
    request = report_request("", of, by, time_zone=draw(st.sampled_from(ZONES)), include_bots=draw(st.booleans()))
    del request.date_ranges[:]
    for first, last in draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=2)):
        request.date_ranges.add(start_date=first, end_date=last)
    if draw(st.booleans()):
        request.dimension_filter.CopyFrom(draw(_filters(_leaves(dimensions))))
    if draw(st.integers(0, 3)) == 0:
        request.metric_filter.CopyFrom(draw(_filters(_metric_leaves(of))))
    for field in draw(st.lists(st.sampled_from([*by, *of]), max_size=2, unique=True)):
        kind = "dimension" if field in by else "metric"
        request.order_bys.add(**{kind: field}, desc=draw(st.booleans()))
    request.currency_code = draw(st.sampled_from(["", "EUR", "USD"]))
    request.offset = draw(st.sampled_from([0, 0, 1, 5, 1000]))
    request.limit = draw(st.sampled_from([0, 0, 1, 3]))
    return request

"""What is the embedded store's own; what every store must do is in the tests of its contract."""

import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from footfall.v1 import query_pb2
from footfall_adapters.duckdb.report_store import DuckDBReportStore
from footfall_adapters.duckdb.settings import DuckdbSettings
from footfall_adapters.duckdb.tables import Tables
from footfall_core.clock import Micros, SystemClock
from footfall_core.columns import EVENTS
from footfall_core.kinds import EventKind
from footfall_core.problems import NotComputable
from footfall_core.properties import TICK_PROPERTIES
from footfall_core.report import amounts
from footfall_core.report.answer import Report
from footfall_core.report.case import folded
from footfall_core.report.filter_language import parse_filter, parse_metric_filter
from footfall_core.report.planner import plan_report
from tests.contract.report_rows import event
from tests.contract.reports import report_request

CLOCK = SystemClock()
WHEN = "2026-03-28T10:00:00"


@pytest.fixture
def tables() -> Iterator[Tables]:
    with closing(Tables(None)) as tables:
        yield tables


def no_errors(_property_id: str, _start: Micros, _end: Micros) -> list[str]:
    return []


def put(tables: Tables, rows: list[dict[str, Any]]) -> None:
    full = [row | {"property": "shop"} for row in rows]
    tables.put(["\t".join(str(row.get(column.name, "")) for column in EVENTS.columns) for row in full], [], 0)


async def report(tables: Tables, request: query_pb2.RunReportRequest, **settings: int) -> Report:
    store = DuckDBReportStore(lambda: tables, CLOCK.now, no_errors, CLOCK, DuckdbSettings(**settings))
    with closing(store):
        return await store.run(plan_report(request, CLOCK.now()), Micros(CLOCK.now() + 30_000_000))


async def test_amounts_that_are_shown_equal_are_equal_to_order_and_filter(tables: Tables) -> None:
    """As doubles, 0.1 + 0.2 is more than 0.3; as amounts, it is not."""
    pages = {"/c": (0.1, 0.2), "/b": (0.3,), "/a": (0.2, 0.1), "/d": (0.7, -0.4)}
    put(tables, [event(WHEN, "x", page_path=page, value=value) for page, parts in pages.items() for value in parts])
    for descending in (False, True):
        found = await report(
            tables,
            report_request(
                "shop", ["eventValue"], ["pagePath"], order_bys=[{"metric": "eventValue", "desc": descending}]
            ),
        )
        assert [(*row.dimensions, *row.metrics) for row in found.rows] == [(page, 0.3) for page in sorted(pages)]
    exactly = parse_metric_filter("eventValue = 0.3")
    assert (
        await report(tables, report_request("shop", ["eventValue"], ["pagePath"], metric_filter=exactly))
    ).row_count == 4


async def test_amounts_are_rounded_as_the_core_does(tables: Tables) -> None:
    draw = random.Random(5)
    values = [draw.uniform(-2, 2) * 10 ** draw.randrange(-8, 14) for _ in range(2_000)] + [2.5e-6, 1.5e-6, 5e-7, -5e-7]
    put(tables, [event(WHEN, "x", page_path=f"/{i}", value=amount) for i, amount in enumerate(values)])
    found = await report(tables, report_request("shop", ["eventValue"], ["pagePath"]))
    shown = {row.dimensions[0]: row.metrics[0] for row in found.rows}
    assert shown == {f"/{i}": amounts.shown(amounts.added(amount)) for i, amount in enumerate(values)}
    assert "-0.0" not in map(repr, shown.values())
    assert [row.metrics[0] for row in found.rows] == sorted(shown.values(), reverse=True)


async def test_case_is_ignored_as_the_core_does_in_every_language(tables: Tables) -> None:
    texts = [
        "İ",
        "i\u0307",
        "ΟΔΟΣ",
        "οδος",
        "ΚΩΣ-ΡΟΔΟΣ",
        "Straße",
        "STRASSE",
        "ÀÉ",
        "\u212a",
        "K",
        "k",
        "Ǆ",
        "PLAIN",
        "Plain é",
    ]
    put(tables, [event(WHEN, "x", page_path=text) for text in texts])
    for wanted in texts:
        string = {"match_type": query_pb2.StringFilter.MATCH_TYPE_EXACT, "value": wanted}
        condition = {"filter": {"field_name": "pagePath", "string_filter": string}}
        found = await report(tables, report_request("shop", ["eventCount"], ["pagePath"], dimension_filter=condition))
        assert {row.dimensions[0] for row in found.rows} == {text for text in texts if folded(text) == folded(wanted)}


async def test_only_values_beyond_ascii_are_matched_here_when_case_is_ignored(tables: Tables) -> None:
    put(tables, [event(WHEN, "x", page_path=f"/Page/{number}") for number in range(100)])
    put(tables, [event(WHEN, "x", page_path=f"/Größe/{number}") for number in range(10)])
    contains = parse_filter('ignoreCase(pagePath contains "/P")')
    asked = report_request("shop", ["eventCount"], dimension_filter=contains)
    assert (await report(tables, asked, max_matched_values=10)).totals == [(100,)]
    with pytest.raises(NotComputable) as refused:
        await report(tables, asked, max_matched_values=9)
    assert refused.value.message == (
        "The comparison that ignores case on pagePath would have to be matched with more than 9 different values; ask "
        "for fewer days, add a filter that leaves fewer of them, or compare with the case."
    )


async def test_distinct_counts_are_exact_however_many_there_are(tables: Tables) -> None:
    put(tables, [event(WHEN, "x", f"user-{number % 50_000}") for number in range(60_000)])
    found = await report(tables, report_request("shop", ["totalUsers"], ["eventName"]))
    assert (found.totals, found.rows[0].metrics, found.approximations) == ([(50_000,)], (50_000,), ())


@pytest.mark.parametrize("kind", EventKind)
async def test_ticks_are_what_the_embedded_process_knows(tables: Tables, kind: EventKind) -> None:
    known: list[Micros | None] = [None]
    with closing(DuckDBReportStore(lambda: tables, lambda: known[0], no_errors, CLOCK, DuckdbSettings())) as store:
        bounds = Micros(10), Micros(20), Micros(CLOCK.now() + 1_000_000)
        assert await store.newest_ticks("events", kind, *bounds) == {}
        for tick, expected in ((9, set()), (10, {10}), (20, {20}), (21, set())):
            known[0] = Micros(tick)
            found = await store.newest_ticks("events", kind, *bounds)
            assert set(found) == ({(way, 0) for way in TICK_PROPERTIES} if expected else set())
            assert set(found.values()) == expected

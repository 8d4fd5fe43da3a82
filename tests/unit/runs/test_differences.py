"""What a comparison of two runs asks for, and what of the answers it names."""

from typing import Any

import pytest

from footfall.v1.query_pb2 import RunReportResponse
from footfall_core.access.grant import EVERY_PROPERTY
from footfall_core.clock import Micros
from footfall_core.problems import WrongState
from footfall_core.report.plan import plan_from_bytes, plan_to_bytes
from footfall_core.runs.book import Book, Entry
from footfall_core.runs.differences import (
    DIMENSIONS,
    Compared,
    Difference,
    compared_hours,
    compared_parts,
    differences,
    reports,
)
from footfall_core.runs.run import LIVE, Run, hour_begins
from footfall_core.runs.serving import FIRST, LEAD_MICROS, Served, switched
from footfall_core.wire.runs_pb2 import RunProgress, RunStage
from tests.unit.runs.records import ONE, OTHER, define, progress, serve

NOW = Micros(hour_begins(120) + 7)


def entry_of(run: Run) -> Entry:
    book = Book()
    define(book, run)
    found = book.entry(run.id)
    assert found is not None
    return found


def compared(dimension: str, *, money: bool = False) -> Compared:
    (found,) = [
        one for one in reports(NOW) if one.dimension == dimension and ("currencyCode" in one.plan.dimensions) == money
    ]
    return found


def answer(*rows: tuple[Any, ...], dimensions: int = 2, row_count: int | None = None) -> RunReportResponse:
    found = RunReportResponse(row_count=len(rows) if row_count is None else row_count)
    for row in rows:
        added = found.rows.add(dimension_values=row[:dimensions])
        for value in row[dimensions:]:
            if isinstance(value, float):
                added.metric_values.add(double_value=value)
            else:
                added.metric_values.add(integer_value=value)
    return found


# ---- what is compared ----


def test_hours_that_are_over_are_compared_and_the_open_one_when_asked_for() -> None:
    entry = entry_of(ONE)
    assert compared_hours(entry, NOW, include_open_hour=False) == (100, 120)
    assert compared_hours(entry, NOW, include_open_hour=True) == (100, None)


def test_a_run_with_an_end_is_compared_whole() -> None:
    entry = entry_of(OTHER)
    assert compared_hours(entry, NOW, include_open_hour=True) == (90, 95)


def test_of_a_run_that_has_just_begun_nothing_can_be_compared_but_the_open_hour() -> None:
    entry = entry_of(Run(ONE.id, "2", 120, None))
    with pytest.raises(WrongState, match="None of its hours is over yet"):
        compared_hours(entry, NOW, include_open_hour=False)
    assert compared_hours(entry, NOW, include_open_hour=True) == (120, None)


def test_a_run_is_compared_with_what_serves_its_hours() -> None:
    book = Book()
    define(book, ONE)
    define(book, OTHER)
    serve(book, switched(FIRST, OTHER, Micros(0)))
    entry = book.entry(ONE.id)
    assert entry is not None
    wide = Entry(Run(ONE.id, "2", 80, None), entry.definition)
    now = Micros(LEAD_MICROS)
    assert compared_parts(wide, book, (80, 110), now) == (
        Served(LIVE, 80, 90),
        Served(OTHER.id, 90, 95),
        Served(LIVE, 95, 110),
    )


def test_a_run_that_serves_is_compared_with_what_did_before() -> None:
    book = Book()
    define(book, ONE)
    serve(book, switched(FIRST, ONE, Micros(0)))
    entry = book.entry(ONE.id)
    assert entry is not None
    assert compared_parts(entry, book, (100, 110), Micros(LEAD_MICROS)) == (Served(LIVE, 100, 110),)


def test_a_run_that_serves_is_compared_with_what_did_before_and_still_has_its_rows() -> None:
    book = Book()
    other = Run(OTHER.id, "3", 100, None)
    for run in (ONE, other):
        define(book, run)
        progress(book, run, RunProgress(stage=RunStage.RUN_STAGE_RUNNING))
    serve(book, switched(FIRST, other, Micros(0)))
    serve(book, switched(book.newest, ONE, Micros(0)))
    entry = book.entry(ONE.id)
    assert entry is not None
    assert compared_parts(entry, book, (100, 110), Micros(LEAD_MICROS)) == (Served(other.id, 100, 110),)
    progress(book, other, RunProgress(stage=RunStage.RUN_STAGE_REMOVED))
    assert compared_parts(entry, book, (100, 110), Micros(LEAD_MICROS)) == (Served(LIVE, 100, 110),)


def test_all_properties_are_asked_by_day_and_each_dimension_crawlers_too() -> None:
    asked = list(reports(NOW))
    assert [one.dimension for one in asked] == ["", ""] + [name for name in DIMENSIONS for _ in range(2)]
    for one in asked:
        assert one.plan.property_id == EVERY_PROPERTY
        assert one.plan.dimensions[0] == "date"
        assert one.plan.include_bots
        assert one.plan.end > NOW
        assert plan_from_bytes(plan_to_bytes(one.plan)) == one.plan
        assert ("currencyCode" in one.plan.dimensions) == ("purchaseRevenue" in one.plan.metrics)


# ---- what is named ----


def test_numbers_that_are_the_same_are_not_named() -> None:
    same = answer(("2026-11-20", "Direct", 7), ("2026-11-21", "Direct", 8))
    assert differences(compared("defaultChannelGroup"), same, same) == ([], 2)


def test_what_differs_is_named_with_both_numbers() -> None:
    served = answer(("2026-11-20", "Direct", 7), ("2026-11-20", "Referral", 3), ("2026-11-21", "Direct", 1))
    anew = answer(("2026-11-20", "Direct", 9), ("2026-11-20", "Paid Search", 1), ("2026-11-21", "Direct", 1))
    found, count = differences(compared("defaultChannelGroup"), served, anew)
    assert found == [
        Difference("2026-11-20", "defaultChannelGroup", "Direct", "eventCount", "", 7, 9),
        Difference("2026-11-20", "defaultChannelGroup", "Paid Search", "eventCount", "", 0, 1),
        Difference("2026-11-20", "defaultChannelGroup", "Referral", "eventCount", "", 3, 0),
    ]
    assert count == 4


def test_amounts_are_compared_by_currency() -> None:
    served = answer(
        ("2026-11-20", "Direct", "EUR", 10.5, 10.5), ("2026-11-20", "Direct", "USD", 1.0, 1.0), dimensions=3
    )
    anew = answer(("2026-11-20", "Direct", "EUR", 10.5, 9.5), ("2026-11-20", "Direct", "USD", 1.0, 1.0), dimensions=3)
    found, _ = differences(compared("defaultChannelGroup", money=True), served, anew)
    assert found == [Difference("2026-11-20", "defaultChannelGroup", "Direct", "purchaseRevenue", "EUR", 10.5, 9.5)]


def test_a_whole_day_has_no_value() -> None:
    found, _ = differences(
        compared(""), answer(("2026-11-20", 7, 2), dimensions=1), answer(("2026-11-20", 7, 3), dimensions=1)
    )
    assert found == [Difference("2026-11-20", "", "", "totalUsers", "", 2, 3)]


def test_what_one_answer_was_cut_off_behind_is_not_taken_for_a_difference() -> None:
    served = answer(("2026-11-20", "a", 1), ("2026-11-20", "b", 1), row_count=9)
    anew = answer(("2026-11-20", "a", 1), ("2026-11-20", "aa", 5), ("2026-11-20", "c", 1), row_count=9)
    found, count = differences(compared("source"), served, anew)
    assert [one.value for one in found] == ["aa", "b"]
    assert count == 3

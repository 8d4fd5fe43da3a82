import random
from dataclasses import replace

import pytest

from footfall.v1 import query_pb2
from footfall_core.clock import Micros
from footfall_core.completeness import Completeness
from footfall_core.problems import DeadlinePassed, InvalidRequest, NotComputable, Problem, TooLarge, TryAgain
from footfall_core.report import results
from footfall_core.report.answer import (
    Answer,
    Report,
    ReportRow,
    answer_from_bytes,
    answer_of,
    answer_to_bytes,
    from_cache,
)
from footfall_core.report.plan import Plan, PlannedRange
from footfall_core.wire.query_pb2 import AnswerPart, QueryResult

PLAN = Plan(
    property_id="shop",
    table="events",
    ranges=(PlannedRange("date_range_0", "1970-01-01", "1970-01-01", Micros(0), Micros(86_400_000_000)),),
    time_zone="UTC",
    dimensions=("source",),
    metrics=("eventCount", "purchaseRevenue"),
    condition=None,
    metric_condition=None,
    order=(),
    offset=0,
    limit=10,
    include_bots=True,
    currency_code="",
)


def test_integers_stay_integers_and_amounts_are_doubles() -> None:
    report = Report(rows=[ReportRow(("a",), (3, 4.0))], totals=[(3, 4.0)], row_count=1, currency_code="EUR")
    response = query_pb2.RunReportResponse.FromString(
        answer_of(PLAN, report, Completeness(Micros(1_500_000), Micros(7))).response
    )
    kinds = [value.WhichOneof("value") for value in response.rows[0].metric_values]
    assert kinds == ["integer_value", "double_value"]
    assert response.metadata.data_complete_until.ToMicroseconds() == 1_500_000
    assert response.metadata.imported_data_complete_until.ToMicroseconds() == 7
    assert response.metadata.bots_included
    assert not response.metadata.from_cache


def test_several_ranges_have_totals_each_and_days_as_resolved() -> None:
    ranges = (PLAN.range, PlannedRange("b", "1970-01-02", "1970-01-03", Micros(1), Micros(2)))
    plan = replace(PLAN, ranges=ranges, dimensions=("dateRange", "source"))
    report = Report(rows=[ReportRow(("b", "a"), (3, 4.0))], totals=[(1, 0.0), (3, 4.0)], row_count=1)
    response = query_pb2.RunReportResponse.FromString(answer_of(plan, report, Completeness()).response)
    assert [value.WhichOneof("value") for value in response.totals] == ["integer_value", "double_value"]
    assert response.totals[0].integer_value == 1
    shown = [(*row.dimension_values, row.metric_values[0].integer_value) for row in response.range_totals]
    assert shown == [("date_range_0", "RESERVED_TOTAL", 1), ("b", "RESERVED_TOTAL", 3)]
    days = [(one.name, one.start_date, one.end_date) for one in response.metadata.date_ranges]
    assert days == [("date_range_0", "1970-01-01", "1970-01-01"), ("b", "1970-01-02", "1970-01-03")]
    one = query_pb2.RunReportResponse.FromString(
        answer_of(PLAN, Report(rows=[], totals=[(0, 0.0)], row_count=0), Completeness()).response
    )
    assert not one.range_totals


def test_what_is_not_known_to_be_complete_says_nothing_of_it() -> None:
    answer = answer_of(PLAN, Report(rows=[], totals=[(0, 0.0)], row_count=0), Completeness())
    assert not query_pb2.RunReportResponse.FromString(answer.response).metadata.HasField("data_complete_until")
    assert answer_from_bytes(answer_to_bytes(answer)) == answer


def test_an_answer_from_the_cache_says_so_and_nothing_else_changes() -> None:
    report = Report(rows=[ReportRow(("a",), (3, 4.0))], totals=[(3, 4.0)], row_count=1, currency_code="EUR")
    answer = answer_of(PLAN, report, Completeness(Micros(7)))
    cached = query_pb2.RunReportResponse.FromString(from_cache(answer).response)
    # each field is there once, or the gateway could not show it as JSON
    assert cached.SerializeToString() == from_cache(answer).response
    assert cached.metadata.from_cache
    cached.metadata.from_cache = False
    assert cached == query_pb2.RunReportResponse.FromString(answer.response)


def test_an_answer_beyond_the_bound_is_a_problem_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall_core.report.answer.MAX_ANSWER_BYTES", 1000)
    rows = [ReportRow((f"source-{n}",), (n, 0.0)) for n in range(100)]
    with pytest.raises(TooLarge, match="limit"):
        answer_of(PLAN, Report(rows=rows, totals=[(0, 0.0)], row_count=100), Completeness())


def parts_of(records: list[bytes]) -> list[AnswerPart]:
    return [QueryResult.FromString(record).part for record in records]


@pytest.mark.parametrize("size", [0, 1, results.PART_BYTES, results.PART_BYTES + 1, 3 * results.PART_BYTES])
def test_an_answer_is_put_together_from_its_parts_in_any_order(size: int) -> None:
    answer = random.Random(1).randbytes(size)
    records = list(results.parts("q", "one", answer))
    assert all(len(record) < 600_000 for record in records)
    parts = parts_of(records)
    random.Random(2).shuffle(parts)
    assembly = results.Assembly()
    found = [assembly.add(part) for part in parts]
    assert found[-1] == answer
    assert found[:-1] == [None] * (len(parts) - 1)


def test_parts_of_two_attempts_are_never_mixed() -> None:
    first = parts_of(list(results.parts("q", "one", b"1" * (results.PART_BYTES + 1))))
    second = parts_of(list(results.parts("q", "two", b"2" * (results.PART_BYTES + 1))))
    assembly = results.Assembly()
    assert assembly.add(first[0]) is None
    assert assembly.add(second[1]) is None
    assert assembly.add(second[0]) == b"2" * (results.PART_BYTES + 1)


def test_an_answer_of_too_many_parts_is_not_gathered() -> None:
    with pytest.raises(TooLarge):
        results.Assembly().add(AnswerPart(attempt="one", index=0, count=results.MAX_PARTS + 1, data=b"x"))


@pytest.mark.parametrize(
    "problem",
    [
        InvalidRequest.of("limit", "is wrong"),
        TooLarge("too large"),
        NotComputable("several currencies"),
        TryAgain("away"),
        DeadlinePassed("late"),
    ],
)
def test_a_problem_travels_with_its_kind_and_its_sentence(problem: Problem) -> None:
    said = QueryResult.FromString(results.failure("q", problem)).failure
    error = results.error_of(said)
    assert type(error) is type(problem)
    assert str(error) == str(problem)


def test_what_is_no_problem_says_nothing_of_itself() -> None:
    record = results.failure("q", ValueError("the password is 1234"))
    assert b"1234" not in record
    assert isinstance(results.error_of(QueryResult.FromString(record).failure), results.InternalError)


@pytest.mark.parametrize("known", [(None, None), (Micros(0), None), (None, Micros(0)), (Micros(2), Micros(1))])
def test_an_answer_carries_its_completeness_beside_it(known: tuple[Micros | None, Micros | None]) -> None:
    answer = Answer(b"response", Completeness(*known))
    assert answer_from_bytes(answer_to_bytes(answer)) == answer

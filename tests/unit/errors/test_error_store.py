"""The error store with a broker that answers what the test says; the queries themselves run on a real Druid."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

import pytest

from footfall.v1.errors_pb2 import EventError
from footfall_adapters.druid.broker import Broker
from footfall_adapters.druid.error_queries import slices
from footfall_adapters.druid.error_store import DruidErrorStore
from footfall_core.clock import Micros
from footfall_core.problems import DeadlinePassed, NotComputable, Problem, TryAgain
from footfall_core.wire.query_pb2 import ErrorsQuestion

QUESTION = ErrorsQuestion(property_id="shop", end_micros=1_000_000, limit=10)


class Answers:
    """Answers queries in order, and remembers them."""

    def __init__(self, *answers: list[Any] | Problem) -> None:
        self._answers = list(answers)
        self.asked: list[Mapping[str, Any]] = []

    async def ask(self, query: Mapping[str, Any], deadline: Micros) -> list[Any]:
        self.asked.append(query)
        answer = self._answers.pop(0)
        if isinstance(answer, Problem):
            raise answer
        return answer


def store(answers: Answers) -> DruidErrorStore:
    return DruidErrorStore(cast("Broker", answers))


def row(time_ms: int, error_id: str) -> list[Any]:
    return [time_ms, error_id, b64encode(EventError(error_id=error_id).SerializeToString()).decode()]


async def test_nothing_is_asked_for_records_when_there_are_no_errors() -> None:
    answers = Answers([], [])
    response = await store(answers).find(QUESTION, Micros(0))
    assert (len(response.errors), len(response.counts), response.total_count) == (0, 0, 0)
    assert len(answers.asked) == 2


async def test_records_come_in_the_order_of_the_page_and_each_is_the_first() -> None:
    # "a" was recorded again when "b" was
    rows = [{"events": [row(5, "a")]}, {"events": [row(7, "b"), row(7, "a")]}]
    response = await store(Answers([], [["b", 7], ["a", 5]], rows)).find(QUESTION, Micros(0))
    assert [error.error_id for error in response.errors] == ["b", "a"]


async def test_a_record_that_cannot_be_read_is_not_left_out() -> None:
    with pytest.raises(TryAgain):
        await store(Answers([], [["b", 7], ["a", 5]], [{"events": [row(7, "b")]}])).find(QUESTION, Micros(0))


async def test_a_later_page_counts_nothing() -> None:
    answers = Answers([])
    await store(answers).find(ErrorsQuestion(end_micros=1_000_000, after_time_ms=5, after_error_id="a"), Micros(0))
    assert len(answers.asked) == 1


async def test_a_later_page_asks_for_nothing_that_is_newer_than_the_page_before_it() -> None:
    answers = Answers([])
    await store(answers).find(ErrorsQuestion(end_micros=1_000_000, after_time_ms=5, after_error_id="a"), Micros(0))
    assert answers.asked[0]["intervals"] == ["1970-01-01T00:00:00.000Z/1970-01-01T00:00:00.006Z"]


async def test_what_is_too_much_for_one_query_is_asked_for_in_slices_and_put_together() -> None:
    too_much = NotComputable("too much")
    counts = [[[3_600_000, 2, 5, 10]], [[3_600_000, 2, 5, 7], [0, 4, 13, 1]], *[[]] * 30]
    pages = [[["b", 7], ["a", 5]], [["c", 7], ["d", 1]], [["e", 9]], *[[]] * 29]
    rows = [{"events": [row(9, "e"), row(7, "b"), row(7, "c")]}]
    question = ErrorsQuestion(property_id="shop", end_micros=1_000_000, limit=3)
    answers = Answers(too_much, *counts, *pages, rows)
    response = await store(answers).find(question, Micros(0))
    assert [(count.hour.ToMilliseconds(), count.stage, count.code, count.count) for count in response.counts] == [
        (0, 4, 13, 1),
        (3_600_000, 2, 5, 17),
    ]
    assert response.total_count == 18
    assert [error.error_id for error in response.errors] == ["e", "b", "c"]


@pytest.mark.parametrize("characters", [0, 1, 2])
def test_each_id_is_in_one_slice(characters: int) -> None:
    found = slices(characters)
    assert len(found) == 32**characters
    for error_id in ("22", "2zzz", "3", "abc", "a2", "ab", "zz", "zzzz", "ABC", "-", "_x", "9", "0"):
        assert sum(first <= error_id and (not end or error_id < end) for first, end in found) == 1


@pytest.mark.parametrize("problem", [DeadlinePassed("fewer dimensions"), NotComputable("distinct counts")])
async def test_what_goes_wrong_is_told_of_errors_and_not_of_reports(problem: Problem) -> None:
    with pytest.raises(type(problem), match="shorter range"):
        await store(Answers(problem, problem, problem)).find(QUESTION, Micros(0))


async def test_what_a_tenant_sends_is_a_value_and_never_a_part_of_the_query() -> None:
    nasty = '"}],"type":"not"'
    answers = Answers([], [])
    await store(answers).find(ErrorsQuestion(property_id="shop", end_micros=1_000_000, writer_id=nasty), Micros(0))
    for query in answers.asked:
        inner = query["dataSource"]["query"] if isinstance(query["dataSource"], dict) else query
        assert {"type": "equals", "column": "writer_id", "matchValueType": "STRING", "matchValue": nasty} in inner[
            "filter"
        ]["fields"]

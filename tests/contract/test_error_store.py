"""What the port `ErrorStore` promises, in SQLite and in Druid."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from footfall.v1.errors_pb2 import EventError, ListErrorsRequest, ListErrorsResponse, PayloadPlace, Stage
from footfall.v1.ingest_pb2 import ErrorCode
from footfall_core.clock import Micros
from footfall_core.errors.listing import listing_of
from footfall_core.problems import DeadlinePassed
from footfall_core.wire.query_pb2 import ErrorsQuestion
from tests.contract.error_stores import CLOCK, EVER, StoredErrors, druid_errors, found, sqlite_errors

MINUTE = 60_000
HOUR = 60 * MINUTE
NOON = (int(time.time()) // 86_400 - 1) * 86_400_000 + 12 * HOUR
"""Yesterday's, Unix milliseconds."""

DEDUPE, VALIDATION = Stage.STAGE_DEDUPE, Stage.STAGE_VALIDATION
REUSED, NAME = ErrorCode.ERROR_CODE_SEQUENCE_REUSED, ErrorCode.ERROR_CODE_NAME_INVALID


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
async def errors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoredErrors]:
    if request.param == "embedded":
        async with sqlite_errors(tmp_path / "state.sqlite") as stored:
            yield stored
        return
    async with druid_errors(request.getfixturevalue("stack").addresses) as stored:
        yield stored


@pytest.fixture
def property_id() -> str:
    return f"errors-{uuid.uuid4().hex[:8]}"


def error(property_id: str, error_id: str, time_ms: int, **fields: Any) -> EventError:
    named = {"stage": VALIDATION, "code": NAME, "writer_id": "w1", **fields}
    made = EventError(error_id=error_id, property=f"properties/{property_id}", **named)
    made.time.FromMilliseconds(time_ms)
    return made


def question(
    property_id: str, *, start_ms: float = NOON - 12 * HOUR, end_ms: float = NOON + 12 * HOUR, **fields: Any
) -> ErrorsQuestion:
    made = ErrorsQuestion(property_id=property_id, **{"limit": 10_000, **fields})
    made.start_micros, made.end_micros = round(start_ms * 1000), round(end_ms * 1000)
    return made


def ids(response: ListErrorsResponse) -> list[str]:
    return [each.error_id for each in response.errors]


async def test_errors_are_counted_once_each_by_hour_stage_and_code(errors: StoredErrors, property_id: str) -> None:
    reused = {"stage": DEDUPE, "code": REUSED}
    recorded = [
        error(property_id, "a", NOON),
        error(property_id, "b", NOON + 59 * MINUTE),
        error(property_id, "c", NOON + HOUR),
        error(property_id, "d", NOON + HOUR, **reused),
        # the same error again: at once, and two hours later
        error(property_id, "d", NOON + HOUR, **reused),
        error(property_id, "d", NOON + 3 * HOUR, **reused),
        error(property_id, "e", NOON + 2 * HOUR),
    ]
    await errors.put(recorded)
    response = await found(errors.store, question(property_id))
    assert [(c.hour.ToMilliseconds(), c.stage, c.code, c.count) for c in response.counts] == [
        (NOON, VALIDATION, NAME, 2),
        (NOON + HOUR, VALIDATION, NAME, 1),
        (NOON + HOUR, DEDUPE, REUSED, 1),
        (NOON + 2 * HOUR, VALIDATION, NAME, 1),
    ]
    assert response.total_count == 5
    # newest first, and equal times in order of their ids
    assert ids(response) == ["e", "c", "d", "b", "a"]
    assert response.errors[2] == recorded[3]
    assert response.next_page_token == ""


async def test_an_error_comes_back_with_all_that_it_says(errors: StoredErrors, property_id: str) -> None:
    whole = error(
        property_id,
        "whole",
        NOON + 7,
        field="events[3].name",
        message="Tabs\tand\nbreaks, “quotes” and \0 are kept.",
        sequence=2**62,
        event_index=3,
        payload=PayloadPlace(partition=2, offset=2**40, batch_index=1),
    )
    await errors.put([whole])
    assert list((await found(errors.store, question(property_id))).errors) == [whole]


async def test_an_error_that_was_recorded_again_is_there_in_the_range_of_each_recording(
    errors: StoredErrors, property_id: str
) -> None:
    early, late = error(property_id, "a", NOON), error(property_id, "a", NOON + 2 * HOUR)
    await errors.put([early, late])
    for start_ms, end_ms, expected in (
        (NOON, NOON + 3 * HOUR, early),
        (NOON, NOON + HOUR, early),
        (NOON + HOUR, NOON + 3 * HOUR, late),
    ):
        response = await found(errors.store, question(property_id, start_ms=start_ms, end_ms=end_ms))
        assert (list(response.errors), response.total_count) == ([expected], 1)


async def test_the_time_of_an_error_is_the_first_one_in_whatever_order_it_was_recorded(
    errors: StoredErrors, property_id: str
) -> None:
    early, late = error(property_id, "a", NOON), error(property_id, "a", NOON + HOUR)
    await errors.put([late, early])
    assert list((await found(errors.store, question(property_id))).errors) == [early]


async def test_a_range_has_its_first_instant_and_not_its_last_to_the_microsecond(
    errors: StoredErrors, property_id: str
) -> None:
    await errors.put([error(property_id, "a", NOON)])
    for start_ms, end_ms, expected in (
        (NOON, NOON + 1, ["a"]),
        (NOON + 0.001, NOON + 1, []),
        (NOON - 1, NOON, []),
        (NOON - 1, NOON + 0.001, ["a"]),
        (0, EVER / 1000, ["a"]),
    ):
        response = await found(errors.store, question(property_id, start_ms=start_ms, end_ms=end_ms))
        assert (ids(response), response.total_count) == (expected, len(expected))


async def test_a_filter_holds_for_counts_and_for_the_list(errors: StoredErrors, property_id: str) -> None:
    kinds = {"bad": {"stage": VALIDATION, "code": NAME}, "reused": {"stage": DEDUPE, "code": REUSED}}
    recorded = [
        error(property_id, f"{kind}-{writer}-{minute}", NOON + minute * MINUTE, writer_id=writer, **kinds[kind])
        for kind in kinds
        for writer in ("", "w1", "w2")
        for minute in range(3)
    ]
    await errors.put(recorded)
    filters: list[dict[str, Any]] = [
        {},
        {"stages": [DEDUPE]},
        {"codes": [NAME]},
        {"stages": [DEDUPE, VALIDATION], "codes": [REUSED]},
        {"writer_id": "w2"},
        {"stages": [DEDUPE], "writer_id": "w1"},
        {"stages": [Stage.STAGE_INGEST]},
        # what a tenant sends is a value, and never a part of a query
        {"writer_id": "' OR 1=1 --"},
        {"writer_id": '"}],"type":"not"'},
    ]
    for wanted in filters:
        asked = question(property_id, start_ms=NOON + MINUTE, end_ms=NOON + 2 * MINUTE, **wanted)
        response = await found(errors.store, asked)
        expected = {
            each.error_id
            for each in recorded
            if each.time.ToMilliseconds() == NOON + MINUTE
            and (not asked.stages or each.stage in asked.stages)
            and (not asked.codes or each.code in asked.codes)
            and asked.writer_id in ("", each.writer_id)
        }
        assert set(ids(response)) == expected
        assert response.total_count == sum(each.count for each in response.counts) == len(expected)


async def test_an_error_is_found_by_its_id_in_its_own_property_alone(errors: StoredErrors, property_id: str) -> None:
    mine, other = error(property_id, "a", NOON), error(f"{property_id}-2", "b", NOON)
    await errors.put([mine, error(property_id, "c", NOON)])
    await errors.put([other])
    for error_id, expected in (("a", [mine]), ("b", []), ("nobody", []), ("' OR 1=1 --", [])):
        response = await found(errors.store, question(property_id, error_id=error_id, limit=1))
        assert list(response.errors) == expected
    assert ids(await found(errors.store, question(f"{property_id}-2"))) == ["b"]


async def test_where_there_are_no_errors_there_are_none(errors: StoredErrors, property_id: str) -> None:
    assert await found(errors.store, question(property_id)) == ListErrorsResponse()


async def test_pages_stay_as_they_are_while_errors_come_in_and_come_again(
    errors: StoredErrors, property_id: str
) -> None:
    # three at a time share a millisecond, so that pages end between equals
    recorded = [error(property_id, f"e{number:02}", NOON + number // 3) for number in range(20)]
    await errors.put(recorded)
    expected = [f"e{number:02}" for number in sorted(range(20), key=lambda number: (-(number // 3), number))]
    got: list[str] = []
    token = ""
    for page_number in range(6):
        page = await page_of(errors, property_id, page_size=4, page_token=token)
        got += ids(page)
        assert bool(page.counts) is (page_number == 0)
        token = page.next_page_token
        if not token:
            break
        if page_number == 0:
            newer = [error(property_id, f"new{number}", NOON + MINUTE) for number in range(5)]
            again = [error(property_id, each, NOON + 2 * MINUTE) for each in ("e00", "e10", "e19")]
            await errors.put([*newer, *again])
    assert got == expected
    assert page_number == 4


async def page_of(errors: StoredErrors, property_id: str, **fields: Any) -> ListErrorsResponse:
    """Return a page as a server has it."""
    request = ListErrorsRequest(property=f"properties/{property_id}", **fields)
    request.start_time.FromMilliseconds(NOON - 12 * HOUR)
    request.end_time.FromMilliseconds(NOON + 12 * HOUR)
    listing = listing_of(request, CLOCK.now())
    return listing.page(await found(errors.store, listing.question))


async def test_thousands_of_errors_are_counted_exactly_and_all_of_their_pages_add_up(
    errors: StoredErrors, property_id: str
) -> None:
    recorded = [error(property_id, f"e{number}", NOON + number * 37) for number in range(3_000)]
    # each third one was recorded twice
    await errors.put([*recorded, *(error(property_id, f"e{n}", NOON + n * 41) for n in range(0, 3_000, 3))])
    page = await page_of(errors, property_id, page_size=1_000)
    assert page.total_count == 3_000
    got = ids(page)
    while page.next_page_token:
        page = await page_of(errors, property_id, page_size=1_000, page_token=page.next_page_token)
        got += ids(page)
    assert Counter(got) == Counter(each.error_id for each in recorded)


async def test_many_may_ask_at_a_time_and_leave(errors: StoredErrors, property_id: str) -> None:
    await errors.put([error(property_id, "a", NOON)])
    asking = [asyncio.create_task(found(errors.store, question(property_id))) for _ in range(20)]
    await asyncio.sleep(0)
    for task in asking[::2]:
        task.cancel()
    await asyncio.wait(asking)
    assert [ids(task.result()) for task in asking[1::2]] == [["a"]] * 10
    assert ids(await found(errors.store, question(property_id))) == ["a"]


async def test_a_deadline_that_is_past_is_told(errors: StoredErrors, property_id: str) -> None:
    with pytest.raises(DeadlinePassed):
        await errors.store.find(question(property_id), Micros(CLOCK.now() - 1))
    assert ids(await found(errors.store, question(property_id))) == []

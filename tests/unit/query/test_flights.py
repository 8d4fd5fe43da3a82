import asyncio

import pytest

from footfall_server.query.flights import Flights


class Call:
    """A call that ends when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.begun += 1
        try:
            return await asyncio.shield(self.end)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_callers_of_the_same_key_share_one_call() -> None:
    flights, call = Flights[str](), Call()
    callers = [asyncio.create_task(flights.join("a", call)) for _ in range(3)]
    await _settled()
    assert flights.under_way("a")
    call.end.set_result("answer")
    assert await asyncio.gather(*callers) == ["answer"] * 3
    assert call.begun == 1
    assert not flights.under_way("a")


async def test_other_keys_and_later_callers_have_calls_of_their_own() -> None:
    flights, call = Flights[str](), Call()
    call.end.set_result("answer")
    await flights.join("a", call)
    await flights.join("b", call)
    await flights.join("a", call)
    assert call.begun == 3


async def test_a_caller_that_leaves_takes_nobody_along() -> None:
    flights, call = Flights[str](), Call()
    first, second = (asyncio.create_task(flights.join("a", call)) for _ in range(2))
    await _settled()
    first.cancel()
    await _settled()
    assert call.cancelled == 0
    call.end.set_result("answer")
    assert await second == "answer"


async def test_the_last_caller_to_leave_ends_the_call_and_the_next_has_a_new_one() -> None:
    flights, call = Flights[str](), Call()
    callers = [asyncio.create_task(flights.join("a", call)) for _ in range(2)]
    await _settled()
    for caller in callers:
        caller.cancel()
    await _settled()
    assert call.cancelled == 1
    again = Call()
    again.end.set_result("answer")
    assert await flights.join("a", again) == "answer"


async def test_all_callers_get_the_error() -> None:
    flights, call = Flights[str](), Call()
    callers = [asyncio.create_task(flights.join("a", call)) for _ in range(2)]
    await _settled()
    call.end.set_exception(LookupError("gone"))
    for caller in callers:
        with pytest.raises(LookupError, match="gone"):
            await caller

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress

import httpx
import orjson
import pytest

from footfall_adapters.druid import broker as broker_module
from footfall_adapters.druid.broker import Broker, open_broker
from footfall_adapters.druid.settings import DruidSettings
from footfall_core.clock import Micros, SystemClock
from footfall_core.problems import DeadlinePassed, NotComputable, TryAgain

CLOCK = SystemClock()
PLACES = 4
SECRET = "org.apache.druid.query.SecretException at 10.0.0.7"

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


@asynccontextmanager
async def broker_of(answer: Answer) -> AsyncIterator[tuple[Broker, list[httpx.Request]]]:
    """Yield a broker that is answered by a function, and what it was asked."""
    asked: list[httpx.Request] = []

    async def transport(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return await answer(request)

    async with httpx.AsyncClient(base_url="http://druid", transport=httpx.MockTransport(transport)) as client:
        broker = Broker(client, CLOCK, lambda: "id-1", PLACES)
        yield broker, asked
        await broker.settle()


def soon(seconds: float = 5.0) -> Micros:
    return Micros(CLOCK.now() + int(seconds * 1e6))


async def never(request: httpx.Request) -> httpx.Response:
    if request.method == "DELETE":
        return httpx.Response(202)
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_query_carries_its_id_and_its_time() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        context = orjson.loads(request.content)["context"]
        assert context["queryId"] == "id-1"
        assert 4_000 < context["timeout"] <= 5_000
        assert context["resultAsArray"]
        return httpx.Response(200, json=[1, 2])

    async with broker_of(answer) as (broker, _):
        assert await broker.ask({"queryType": "x", "context": {"resultAsArray": True}}, soon()) == [1, 2]


async def test_a_query_past_its_deadline_is_not_asked() -> None:
    async with broker_of(never) as (broker, asked):
        with pytest.raises(DeadlinePassed):
            await broker.ask({}, soon(-1))
    assert not asked


async def test_a_query_that_takes_too_long_is_cancelled_in_druid() -> None:
    async with broker_of(never) as (broker, asked):
        with pytest.raises(DeadlinePassed):
            await broker.ask({}, soon(0.05))
    assert [(r.method, r.url.path) for r in asked] == [("POST", "/druid/v2/"), ("DELETE", "/druid/v2/id-1")]


async def test_a_query_that_nobody_waits_for_is_cancelled_in_druid() -> None:
    async with broker_of(never) as (broker, asked):
        asking = asyncio.create_task(broker.ask({}, soon()))
        while not asked:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert [r.method for r in asked] == ["POST", "DELETE"]


async def test_a_query_that_was_overtaken_by_its_cancelling_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "CANCEL_SECONDS", 0.01)
    cancelled = asyncio.Event()
    deletes = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal deletes
        if request.method == "DELETE":
            deletes += 1
            if deletes == 2:
                cancelled.set()
            return httpx.Response(202)
        await cancelled.wait()
        return httpx.Response(500, json={"error": "Query cancelled"})

    async with broker_of(answer) as (broker, _):
        with pytest.raises(DeadlinePassed):
            await broker.ask({}, soon(0.01))
        await asyncio.wait_for(cancelled.wait(), 5)


async def test_what_is_asked_when_the_broker_is_left_is_cancelled_in_druid() -> None:
    async with broker_of(never) as (broker, asked):
        asking = asyncio.create_task(broker.ask({}, soon()))
        while not asked:
            await asyncio.sleep(0)
    assert [r.method for r in asked] == ["POST", "DELETE"]
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_query_that_cannot_be_sent_gives_its_place_back() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[1])

    async with broker_of(answer) as (broker, _):
        for _ in range(PLACES + 1):
            with pytest.raises(TypeError):
                await broker.ask({"filter": object()}, soon())
        assert await broker.ask({}, soon()) == [1]


@pytest.mark.parametrize(
    ("status", "error", "problem"),
    [
        (504, "Query timeout", DeadlinePassed),
        (500, "Query cancelled", DeadlinePassed),
        (400, "Resource limit exceeded", NotComputable),
        (429, "Query capacity exceeded", TryAgain),
        (500, "Unknown exception", TryAgain),
        (503, "", TryAgain),
        (400, "druidException", RuntimeError),
    ],
)
async def test_druids_errors_are_told_in_our_words(status: int, error: str, problem: type[Exception]) -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"error": error, "errorMessage": SECRET, "host": "10.0.0.7"})

    async with broker_of(answer) as (broker, _):
        with pytest.raises(problem) as raised:
            await broker.ask({}, soon())
    assert "10.0.0.7" not in str(raised.value)


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.PoolTimeout("full")])
async def test_a_broker_that_is_away_is_tried_again_by_the_caller(error: httpx.HTTPError) -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        raise error

    async with broker_of(answer) as (broker, _):
        with pytest.raises(TryAgain, match="cannot be reached"):
            await broker.ask({}, soon())


@pytest.mark.parametrize(("status", "text"), [(502, "<html>bad gateway"), (200, '[{"event": {"a": 1}}, {"err')])
async def test_an_answer_that_is_no_json_or_ends_half_way_is_no_answer(status: int, text: str) -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=text)

    async with broker_of(answer) as (broker, _):
        with pytest.raises(TryAgain):
            await broker.ask({}, soon())


class SlowDruid:
    """A server of HTTP that says nothing for as long as it is frozen."""

    def __init__(self) -> None:
        self.thawed = asyncio.Event()
        self.asked = self.most = 0
        """Queries that are under way, and the most of them at a time."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int((re.findall(rb"content-length: (\d+)", head.lower()) or [b"0"])[0]))
                self.asked += head.startswith(b"POST")
                self.most = max(self.most, self.asked)
                try:
                    await self.thawed.wait()
                finally:
                    self.asked -= head.startswith(b"POST")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]")


@pytest.mark.parametrize("turns", range(6))
async def test_callers_that_leave_cost_no_connection_whenever_they_do(turns: int) -> None:
    druid = SlowDruid()
    server = await asyncio.start_server(druid.serve, "127.0.0.1", 0)
    settings = DruidSettings(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", pool_size=1)
    async with server, open_broker(settings, CLOCK, lambda: "id-1") as broker:
        first, *others = (asyncio.create_task(broker.ask({}, soon(30))) for _ in range(3))
        while not druid.asked:
            await asyncio.sleep(0.001)
        for asking in (first, *others):
            asking.cancel()
            for _ in range(turns):  # of the loop: a pool may give what the first one had to one that leaves just then
                await asyncio.sleep(0)
        await asyncio.gather(first, *others, return_exceptions=True)
        druid.thawed.set()
        assert await asyncio.gather(*(broker.ask({}, soon()) for _ in range(4))) == [[1]] * 4
        assert druid.most == 1

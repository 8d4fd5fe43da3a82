"""Asks a Druid broker native queries: pooled, within a deadline, and cancelled in Druid when nobody waits any more.

pydruid builds the queries; its own HTTP client has neither time-outs nor a pool, so this takes its place.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import orjson
import structlog

from footfall_adapters.druid.settings import DruidSettings
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.problems import DeadlinePassed, NotComputable, TryAgain

log = structlog.get_logger()

Query = Mapping[str, Any]
"""A native query, as pydruid builds it."""

NATIVE, SQL = "/druid/v2/", "/druid/v2/sql/"

CANCEL_SECONDS = 2.0
"""How long telling Druid that an answer is not wanted any more may take."""

SPARE_SECONDS = 1.0
"""How much longer than its query a request may take: it is the query's deadline that ends it, and not this."""

_AWAY = "The report store cannot be reached at the moment; please try again."
_FULL = "The report store has too much to do at the moment; please try again."
_LATE = "The report was not computed within its deadline; ask for fewer days or dimensions, or allow more time."
_TOO_BIG = "The report is beyond the report store's means; ask for fewer days, dimensions or distinct counts."


class Broker:
    """A Druid broker.

    Args:
        client: of which no connection is waited for; `most` bounds them.
        clock: what deadlines are measured by.
        new_id: makes ids for queries, unlike those of any other process.
        most: queries under way at a time.
    """

    def __init__(self, client: httpx.AsyncClient, clock: Clock, new_id: Callable[[], str], most: int) -> None:
        self._client = client
        self._clock = clock
        self._new_id = new_id
        self._places = asyncio.Semaphore(most)
        self._asking: set[asyncio.Task[httpx.Response]] = set()
        self._cancelling: set[asyncio.Task[None]] = set()

    async def ask(self, query: Query, deadline: Micros) -> list[Any]:
        """Return the rows of a native query.

        Raises:
            TryAgain: the broker is away or full.
            NotComputable: the query is beyond Druid's means.
            DeadlinePassed: it was not done by `deadline`.
        """
        return await self._answer(NATIVE, query, "queryId", deadline)

    async def ask_sql(self, statement: str, deadline: Micros) -> list[Any]:
        """Return the rows of an SQL statement, which alone can ask for what Druid knows of itself; raises as `ask`."""
        return await self._answer(SQL, {"query": statement, "resultFormat": "array"}, "sqlQueryId", deadline)

    async def _answer(self, path: str, query: Query, id_name: str, deadline: Micros) -> list[Any]:
        began, outcome = time.perf_counter(), "failed"
        try:
            rows = await self._asked(path, query, id_name, deadline)
            outcome = "ok"
        finally:
            telemetry.DRUID_SECONDS.labels(outcome).observe(time.perf_counter() - began)
        return rows

    async def _asked(self, path: str, query: Query, id_name: str, deadline: Micros) -> list[Any]:
        remaining = (deadline - self._clock.now()) / 1e6
        if remaining <= 0:
            raise DeadlinePassed(_LATE)
        query_id = self._new_id()
        try:
            async with asyncio.timeout(remaining):
                await self._places.acquire()
                context = {id_name: query_id, "timeout": self._milliseconds_until(deadline), **query.get("context", {})}
                response = await self._response(path, {**query, "context": context}, path + query_id)
        except TimeoutError:
            raise DeadlinePassed(_LATE) from None
        except httpx.HTTPError as error:
            log.warning("druid broker away", error=repr(error))
            raise TryAgain(_AWAY) from None
        if response.status_code != httpx.codes.OK:
            raise _problem(response)
        try:
            return cast("list[Any]", orjson.loads(response.content))
        except orjson.JSONDecodeError:
            # Druid streams: what fails on the way ends an answer that has begun with 200
            log.warning("druid ended an answer half-way", end=response.text[-1000:])
            raise TryAgain(_AWAY) from None

    def _milliseconds_until(self, deadline: Micros) -> int:
        return max(1, (deadline - self._clock.now()) // 1_000)

    async def _response(self, path: str, query: dict[str, Any], cancel_path: str) -> httpx.Response:
        """Ask on a place that is held; have the query cancelled in Druid if its caller leaves.

        The request itself goes on until Druid has answered: one that is cut off while it is given a connection leaves
        it in the pool for ever, neither used nor free (httpcore #1093).
        """
        asking = asyncio.create_task(self._post(path, query))
        self._asking.add(asking)
        asking.add_done_callback(self._answered)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            self._cancel_soon(cancel_path, asking)
            raise

    async def _post(self, path: str, query: dict[str, Any]) -> httpx.Response:
        seconds = query["context"]["timeout"] / 1000 + SPARE_SECONDS
        return await self._client.post(
            path,
            content=orjson.dumps(query),
            headers={"Content-Type": "application/json"},
            timeout=httpx.Timeout(seconds, connect=self._client.timeout.connect, pool=None),
        )

    def _answered(self, asking: "asyncio.Task[httpx.Response]") -> None:
        self._asking.discard(asking)
        self._places.release()
        if not asking.cancelled():
            asking.exception()  # seen, so that asyncio does not complain if nobody waits any more

    def _cancel_soon(self, path: str, asking: "asyncio.Task[httpx.Response]") -> None:
        task = asyncio.create_task(self._cancel(path, asking))
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    async def _cancel(self, path: str, asking: "asyncio.Task[httpx.Response]") -> None:
        for _ in range(2):  # the first may overtake its query, on another connection
            try:
                await self._client.delete(path, timeout=CANCEL_SECONDS)
            except httpx.HTTPError as error:
                # the query's own time-out ends it then
                log.info("query not cancelled in druid", path=path, error=repr(error))
                return
            done, _ = await asyncio.wait({asking}, timeout=CANCEL_SECONDS)
            if done:
                return

    async def settle(self) -> None:
        """Give up what is under way, and wait until it is cancelled in Druid too."""
        for asking in self._asking:
            asking.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await asyncio.gather(*self._cancelling)


def _problem(response: httpx.Response) -> Exception:
    """Return the problem of an answer other than OK; Druid's own words go to the log alone."""
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        said = {}
    kind = said.get("error") if isinstance(said, dict) else None
    log.warning("druid refused a query", status=response.status_code, answer=response.text[:1000])
    match kind, response.status_code:
        case "Query timeout" | "Query cancelled", _:
            return DeadlinePassed(_LATE)
        case "Resource limit exceeded", _:
            return NotComputable(_TOO_BIG)
        case _, httpx.codes.TOO_MANY_REQUESTS:
            return TryAgain(_FULL)
        case _, status if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return TryAgain(_AWAY)
    return RuntimeError(f"druid answered {response.status_code} to a query of ours")


@asynccontextmanager
async def open_broker(settings: DruidSettings, clock: Clock, new_id: Callable[[], str]) -> AsyncIterator[Broker]:
    """Yield a broker whose connections are closed at the end.

    Args:
        settings: where it is.
        clock: what deadlines are measured by.
        new_id: makes ids for queries, unlike those of any other process.
    """
    # the broker has its own bound, since the pool's loses a place with a request that is cut off at a bad moment
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=settings.pool_size)
    timeout = httpx.Timeout(None, connect=settings.connect_seconds)
    async with httpx.AsyncClient(base_url=settings.broker_url, limits=limits, timeout=timeout) as client:
        broker = Broker(client, clock, new_id, settings.pool_size)
        try:
            yield broker
        finally:
            await broker.settle()

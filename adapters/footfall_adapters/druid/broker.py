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

_AWAY = "The report store cannot be reached at the moment; please try again."
_FULL = "The report store has too much to do at the moment; please try again."
_LATE = "The report was not computed within its deadline; ask for fewer days or dimensions, or allow more time."
_TOO_BIG = "The report is beyond the report store's means; ask for fewer days, dimensions or distinct counts."


class Broker:
    """A Druid broker."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, new_id: Callable[[], str]) -> None:
        self._client = client
        self._clock = clock
        self._new_id = new_id
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
        context = {id_name: query_id, "timeout": max(1, int(remaining * 1000)), **query.get("context", {})}
        try:
            async with asyncio.timeout(remaining):
                response = await self._client.post(
                    path,
                    content=orjson.dumps({**query, "context": context}),
                    headers={"Content-Type": "application/json"},
                )
        except TimeoutError:
            self._cancel_soon(path + query_id)
            raise DeadlinePassed(_LATE) from None
        except asyncio.CancelledError:
            self._cancel_soon(path + query_id)
            raise
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

    def _cancel_soon(self, path: str) -> None:
        task = asyncio.create_task(self._cancel(path))
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    async def _cancel(self, path: str) -> None:
        try:
            await self._client.delete(path, timeout=CANCEL_SECONDS)
        except httpx.HTTPError as error:
            # the query's own time-out ends it then
            log.info("query not cancelled in druid", path=path, error=repr(error))

    async def settle(self) -> None:
        """Wait until cancelled queries are cancelled in Druid too."""
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
    limits = httpx.Limits(max_connections=settings.pool_size, max_keepalive_connections=settings.pool_size)
    # reading is bounded by each query's deadline instead
    timeout = httpx.Timeout(None, connect=settings.connect_seconds)
    async with httpx.AsyncClient(base_url=settings.broker_url, limits=limits, timeout=timeout) as client:
        broker = Broker(client, clock, new_id)
        try:
            yield broker
        finally:
            await broker.settle()

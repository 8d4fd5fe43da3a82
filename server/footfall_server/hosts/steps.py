"""What surrounds every handler, outermost first. Each step is entered before the handler and left after it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

import structlog
from prometheus_client import Gauge, Histogram

from footfall_core import telemetry
from footfall_core.problems import DeadlinePassed, Problem
from footfall_server.hosts.call import Call
from footfall_server.hosts.status import StatusError, status_of

Step = Callable[[Call], AbstractAsyncContextManager[None]]

log = structlog.get_logger()


@cache
def _figures(method: str) -> tuple[Gauge, Histogram]:
    """Return how many calls of a method are open, and how long they take; `labels` costs more than counting does."""
    return telemetry.RPCS_OPEN.labels(method), telemetry.RPC_SECONDS.labels(method)


@asynccontextmanager
async def one_log_line(call: Call) -> AsyncIterator[None]:
    """Log the call when it has ended, with whatever the handler put into `call.log`, and count it."""
    started = time.perf_counter()
    under_way, durations = _figures(call.method)
    under_way.inc()
    outcome = "OK"
    try:
        yield
    except StatusError as error:
        outcome = error.code_name
        call.log["message"] = error.message
        raise
    except (asyncio.CancelledError, GeneratorExit):
        outcome = "CANCELLED"
        raise
    finally:
        seconds = time.perf_counter() - started
        under_way.dec()
        telemetry.RPCS.labels(call.method, outcome).inc()
        durations.observe(seconds)
        log.info("rpc", method=call.method, code=outcome, ms=round(seconds * 1e3, 1), **call.log)


@asynccontextmanager
async def problem_to_status(call: Call) -> AsyncIterator[None]:
    """Turn a domain error into its status; log what is not one, and tell the caller nothing of it."""
    try:
        yield
    except Problem as problem:
        raise status_of(problem) from problem
    except Exception as error:
        log.exception("unexpected error", method=call.method)
        raise status_of(error) from error


@asynccontextmanager
async def within_deadline(call: Call) -> AsyncIterator[None]:
    """Refuse a call whose deadline is past, before anything was done, and end one whose deadline passes."""
    remaining = call.time_remaining()
    if remaining is not None and remaining <= 0:
        raise DeadlinePassed("The deadline was past before the call was begun; nothing was done.")
    try:
        async with asyncio.timeout(remaining):
            yield
    except TimeoutError as error:
        raise DeadlinePassed("The deadline passed during the call; its outcome is not known.") from error


@asynccontextmanager
async def authenticated(call: Call) -> AsyncIterator[None]:
    """Refuse a call without a valid key. What the key may do is asked when the request's bytes are there."""
    call.permit.authenticate()
    call.log["key"] = call.permit.key_id
    yield


@asynccontextmanager
async def while_permitted(call: Call) -> AsyncIterator[None]:
    """End a stream when its key expires or is revoked, or its property is suspended."""
    async with call.permit.lasting():
        yield


AROUND_EVERY_CALL: tuple[Step, ...] = (one_log_line, problem_to_status, within_deadline, authenticated)
"""Innermost, the host lets the request in: `permit.enter` with what its route needs."""

AROUND_EVERY_STREAM: tuple[Step, ...] = (*AROUND_EVERY_CALL, while_permitted)

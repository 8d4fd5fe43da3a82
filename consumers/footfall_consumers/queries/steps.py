"""What happens to a query, in order: taken in time, begun, complete until when, computed, answered."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from footfall_consumers.queries.complete_until import CompleteUntil
from footfall_consumers.queries.settings import QueriesSettings
from footfall_core import telemetry
from footfall_core.clock import Clock, Micros
from footfall_core.errors.ports import ErrorStore
from footfall_core.problems import DeadlinePassed, Problem, TooLarge
from footfall_core.report import results
from footfall_core.report.answer import Answer, answer_of, answer_to_bytes
from footfall_core.report.limits import MAX_ANSWER_BYTES
from footfall_core.report.plan import plan_from_bytes
from footfall_core.report.ports import Query, QueryInbox, ReportStore
from footfall_core.wire.query_pb2 import ErrorsQuestion

log = structlog.get_logger()

LATE = "There was no answer within the deadline."

BESIDE_MICROS = 10_000
"""How long before a report's own queries a look for ticks may have begun that is one beside them; reports that begin
together share it."""


@dataclass(frozen=True)
class Steps:
    """The steps, and what they need."""

    inbox: QueryInbox
    store: ReportStore
    errors: ErrorStore
    complete_until: CompleteUntil
    clock: Clock
    instance: str
    new_id: Callable[[], str]

    async def run(self, query: Query) -> None:
        """Run a query, answer it whatever happens, and log it in one line."""
        started = self.clock.now()
        outcome = "ok"
        try:
            self._drop_if_late(query)
            self._say_begun(query)
            async with asyncio.timeout((query.deadline - self.clock.now()) / 1e6):
                self._answer(query, await self._computed(query))
        except TimeoutError:
            outcome = "late"
            self.inbox.reply(query, results.failure(query.query_id, DeadlinePassed(LATE)))
        except Exception as error:
            outcome = type(error).__name__
            if not isinstance(error, Problem):
                log.exception("unexpected error", query_id=query.query_id)
            self.inbox.reply(query, results.failure(query.query_id, error))
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            micros = self.clock.now() - started
            telemetry.QUERIES.labels(outcome).inc()
            telemetry.QUERY_SECONDS.observe(micros / 1e6)
            log.info("query", query_id=query.query_id, outcome=outcome, ms=round(micros / 1000, 1))

    def _drop_if_late(self, query: Query) -> None:
        if min(query.deadline, query.begin_before) <= self.clock.now():
            raise DeadlinePassed("The deadline was past before the query was begun.")

    def _say_begun(self, query: Query) -> None:
        self.inbox.reply(query, results.begun(query.query_id, self.instance))

    async def _computed(self, query: Query) -> bytes:
        if isinstance(query.question, ErrorsQuestion):
            return answer_to_bytes(await self._errors(query.question, query.deadline))
        return answer_to_bytes(await self._report(query.question, query.deadline))

    async def _report(self, plan_bytes: bytes, deadline: Micros) -> Answer:
        plan = plan_from_bytes(plan_bytes)
        # before the report's own queries, so that they show at least what stands before these ticks
        before = await self.complete_until.now(plan.table, plan.serving)
        # beside them and behind them: a part of the store that goes away takes its ticks along with what else it has
        since = Micros(self.clock.now() - BESIDE_MICROS)
        beside = asyncio.create_task(self.complete_until.now(plan.table, plan.serving, since=since))
        try:
            report = await self.store.run(plan, deadline)
            meanwhile = await beside
        finally:
            beside.cancel()
        after = await self.complete_until.now(plan.table, plan.serving, since=self.clock.now())
        return answer_of(plan, report, before.at_most(meanwhile).at_most(after))

    async def _errors(self, question: ErrorsQuestion, deadline: Micros) -> Answer:
        response = (await self.errors.find(question, deadline)).SerializeToString()
        if len(response) > MAX_ANSWER_BYTES:
            raise TooLarge(
                f"The page has {len(response) >> 20} MiB; at most {MAX_ANSWER_BYTES >> 20} are allowed: ask for a "
                "smaller page_size."
            )
        return Answer(response)

    def _answer(self, query: Query, answer: bytes) -> None:
        for record in results.parts(query.query_id, self.new_id(), answer):
            self.inbox.reply(query, record)


async def run_queries(
    steps: Steps,
    settings: QueriesSettings,
    stop: threading.Event,
    started: Callable[[Query, asyncio.Task[None]], None] = lambda _query, _task: None,
) -> None:
    """Run queries as they come until `stop` is set, then let those under way end.

    Args:
        steps: what happens to each.
        settings: how many at a time, and how long they may take to end.
        stop: says when.
        started: told of each query's task, for whoever knows when nobody waits any more; it may cancel the task.
    """
    free = asyncio.Semaphore(settings.concurrency)
    under_way: set[asyncio.Task[None]] = set()

    def ended(task: asyncio.Task[None]) -> None:
        under_way.discard(task)
        free.release()

    while not stop.is_set():
        await free.acquire()
        query = await steps.inbox.take()
        if query is None:
            free.release()
            continue
        task = asyncio.create_task(steps.run(query))
        under_way.add(task)
        task.add_done_callback(ended)
        started(query, task)
    log.info("draining", queries=len(under_way), seconds=settings.drain_seconds)
    if under_way:
        _, late = await asyncio.wait(under_way, timeout=settings.drain_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

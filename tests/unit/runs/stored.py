"""Runs that are stored in memory, and query consumers that know up to when each run's rows are shown."""

import asyncio
from collections.abc import Callable

from footfall.v1.query_pb2 import RunReportResponse
from footfall_core.clock import Micros
from footfall_core.completeness import Completeness
from footfall_core.problems import Problem
from footfall_core.report.answer import Answer, answer_to_bytes
from footfall_core.report.plan import Plan, plan_from_bytes
from footfall_core.runs.book import Book
from footfall_core.wire.query_pb2 import ErrorsQuestion


class MemoryRuns:
    """A `RunStore`. What is stored is in all books at once."""

    def __init__(self, now: Callable[[], Micros]) -> None:
        self.book = Book()
        self.names: list[str] = []
        self.before_next: Callable[[], None] | None = None
        """Done once before the next record is stored: what another server stores at the same time."""
        self._now = now

    @property
    def fresh_at(self) -> Micros:
        return self._now()

    def on_change(self, act: Callable[[], None]) -> None:
        raise NotImplementedError

    async def put(self, name: str, record: bytes) -> None:
        await asyncio.sleep(0)
        act, self.before_next = self.before_next, None
        if act:
            act()
        self.names.append(name)
        self.book.apply(name, record, self._now())


class Shown:
    """A `QueryBus` whose answers say up to when the last run of a plan is shown, or fail."""

    def __init__(self) -> None:
        self.until: dict[str, int | None] = {}
        self.imported_until: dict[str, int | None] = {}
        self.reports: Callable[[Plan], RunReportResponse] = lambda _: RunReportResponse()
        self.failure: Problem | None = None
        self.asked: list[Plan] = []

    async def ask(self, question: bytes | ErrorsQuestion, deadline: Micros) -> bytes:
        assert isinstance(question, bytes)
        plan = plan_from_bytes(question)
        self.asked.append(plan)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        assert plan.serving is not None
        live, imported = (
            [known.get(run_id, known.get("live")) for run_id in plan.serving.run_ids]
            for known in (self.until, self.imported_until or self.until)
        )
        response = self.reports(plan).SerializeToString()
        return answer_to_bytes(Answer(response, Completeness(_last(live), _last(imported))))


def _last(instants: list[int | None]) -> Micros | None:
    return None if None in instants or instants[-1] is None else Micros(instants[-1])

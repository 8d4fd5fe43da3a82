"""What reports need from the outside: a store, a way to ask for a report, and a cache.

The way to ask is also that of other questions to what is stored: `Question` lists them.
"""

from dataclasses import dataclass
from typing import Protocol

from footfall_core.clock import Micros
from footfall_core.completeness import NewestTicks
from footfall_core.kinds import EventKind
from footfall_core.report.answer import Answer, Report
from footfall_core.report.plan import Plan
from footfall_core.runs.run import LIVE
from footfall_core.wire.query_pb2 import ErrorsQuestion

Question = bytes | ErrorsQuestion
"""What a query server asks: a report, as the bytes of its plan, or errors."""


class ReportStore(Protocol):
    """Where the events are; asked by the query consumer, by many queries at a time on one event loop."""

    async def newest_ticks(
        self, table: str, kind: EventKind, since: Micros, until: Micros, deadline: Micros, *, run_id: str = LIVE
    ) -> NewestTicks:
        """Return the newest tick of each partition, of those from `since` to `until` that a run's table shows now.

        A report of this run's table that is run afterwards sees at least what stands before these ticks in the kind's
        log. There are none as long as the store lacks, as far as it knows itself, some of what it has stored of them.
        Raises as `run` does.
        """
        ...

    async def run(self, plan: Plan, deadline: Micros) -> Report:
        """Compute a report. Changes nothing; when it is cancelled, the store's own work is cancelled too.

        Raises:
            NotComputable: amounts of several currencies would have to be added up, or the report is beyond the
                store's means.
            TryAgain: the store cannot be reached, or is full.
            DeadlinePassed: it was not done by `deadline`.
        """
        ...


class QueryBus(Protocol):
    """How a server has a question answered by a query consumer; many at a time on one event loop."""

    async def ask(self, question: Question, deadline: Micros) -> bytes:
        """Return the answer, as `answer_to_bytes` writes it. Idempotent; may be cancelled at any time.

        Raises:
            Problem: as the query consumer raised it.
            TryAgain: the bus is away or full.
            DeadlinePassed: there was no answer by `deadline`.
        """
        ...


class AnswerCache(Protocol):
    """Answers of the last moment, shared by all query servers. It may lose anything at any time.

    Both verbs take a bounded time (some tens of milliseconds), never raise but on cancellation, and may be cancelled.
    """

    async def get(self, property_id: str, key: str) -> Answer | None:
        """Return the answer under a property's key, or None if there is none or the cache is away."""
        ...

    async def put(self, property_id: str, key: str, answer: Answer) -> None:
        """Keep an answer for a second, if the cache is there."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """A query as a query consumer takes it."""

    query_id: str
    reply_partition: int
    deadline: Micros
    """Nobody waits for the answer after this."""
    begin_before: Micros
    """Nobody waits any more if the query is not begun by then."""
    question: Question


class QueryInbox(Protocol):
    """Where a query consumer takes queries from and answers them; used on one event loop."""

    async def take(self) -> Query | None:
        """Return the next query, or None if none came within some tenths of a second.

        A query may come several times; who has taken it is the only one to answer it unless it was asked again.
        """
        ...

    def reply(self, query: Query, record: bytes) -> None:
        """Send one record of `footfall_core.report.results` to who asked. Never blocks; what cannot be sent is lost.

        Records of one query arrive in their order, if they arrive.
        """
        ...

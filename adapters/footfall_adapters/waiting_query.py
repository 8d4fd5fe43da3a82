"""A query that waits for its answer, on whichever way the records about it come."""

import asyncio
from dataclasses import dataclass, field

from footfall_core.problems import Problem
from footfall_core.report.results import Assembly, error_of
from footfall_core.wire.query_pb2 import QueryResult

LATE = "There was no answer within the deadline; ask for fewer days or dimensions, or allow more time."


@dataclass(slots=True)
class WaitingQuery:
    """What is known of a query that was asked; used on one event loop, on which it is made."""

    answer: "asyncio.Future[bytes]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _parts: Assembly = field(default_factory=Assembly)

    async def begun_within(self, seconds: float) -> bool:
        """Return whether the query is begun, or answered, within some time."""
        try:
            async with asyncio.timeout(seconds):
                await self._begun.wait()
        except TimeoutError:
            return False
        return True

    def hear(self, result: QueryResult) -> None:
        """Take what a query consumer says about the query."""
        match result.WhichOneof("outcome"):
            case "begun":
                self._begun.set()
            case "failure":
                self.end(error_of(result.failure))
            case "part":
                self._begun.set()
                try:
                    answer = self._parts.add(result.part)
                except Problem as problem:
                    self.end(problem)
                    return
                if answer is not None:
                    self.end(answer)

    def end(self, answer: bytes | Exception) -> None:
        """Give the query its answer; the first one counts. Who is answered needs no other consumer to begin."""
        self._begun.set()
        if self.answer.done():
            return
        if isinstance(answer, bytes):
            self.answer.set_result(answer)
        else:
            self.answer.set_exception(answer)

    def leave(self) -> None:
        """Note that nobody waits any more."""
        if not self.answer.cancel() and not self.answer.cancelled():
            self.answer.exception()  # seen, in case that the caller had left

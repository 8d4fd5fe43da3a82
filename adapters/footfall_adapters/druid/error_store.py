"""The error store in Druid: which errors are on the page, how many there are, and then their records."""

from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from footfall.v1.errors_pb2 import ErrorCount, EventError, ListErrorsResponse
from footfall_adapters.druid import error_queries as queries
from footfall_adapters.druid.broker import Broker
from footfall_core.clock import Micros
from footfall_core.problems import DeadlinePassed, NotComputable, TryAgain
from footfall_core.wire.query_pb2 import ErrorsQuestion


class DruidErrorStore:
    """The port `ErrorStore`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def find(self, question: ErrorsQuestion, deadline: Micros) -> ListErrorsResponse:
        """Return the errors that a question asks for: see the port."""
        try:
            if question.error_id:
                return await self._one(question, deadline)
            return await self._page(question, deadline)
        except DeadlinePassed:
            raise DeadlinePassed(
                "The errors were not found within the deadline; ask for a shorter range, or allow more time."
            ) from None
        except NotComputable:
            raise NotComputable(
                "There are more errors than can be told apart at a time; ask for a shorter range, or filter."
            ) from None

    async def _one(self, question: ErrorsQuestion, deadline: Micros) -> ListErrorsResponse:
        rows = _rows(await self._broker.ask(queries.first_row_query(question), deadline))
        return ListErrorsResponse(errors=[_error(row) for _, _, row in rows])

    async def _page(self, question: ErrorsQuestion, deadline: Micros) -> ListErrorsResponse:
        counts: list[Any] = []
        if not question.after_error_id:
            # before the page, so that what was counted is listed, on this page or a later one
            counts = await self._broker.ask(queries.counts_query(question), deadline)
        firsts = await self._broker.ask(queries.page_query(question), deadline)
        response = ListErrorsResponse(
            counts=[_count(*row) for row in sorted(counts)], total_count=sum(row[-1] for row in counts)
        )
        response.errors.extend(await self._records(question.property_id, firsts, deadline))
        return response

    async def _records(self, property_id: str, firsts: Sequence[tuple[str, int]], deadline: Micros) -> list[EventError]:
        """Return the errors of these ids and times, in their order."""
        if not firsts:
            return []
        rows = _rows(await self._broker.ask(queries.rows_query(property_id, dict(firsts)), deadline))
        found = {(error_id, time_ms): row for time_ms, error_id, row in rows}
        if len(found.keys() & {(error_id, time_ms) for error_id, time_ms in firsts}) < len(firsts):
            # a part of Druid went away between the two queries
            raise TryAgain("Some of the errors cannot be read at the moment; please try again.")
        return [_error(found[error_id, time_ms]) for error_id, time_ms in firsts]


def _rows(answer: Sequence[dict[str, Any]]) -> list[tuple[int, str, str]]:
    """Return the rows of a scan: time in Unix milliseconds, id, record."""
    return [tuple(row) for part in answer for row in part["events"]]


def _error(row: str) -> EventError:
    return EventError.FromString(b64decode(row))


def _count(hour_ms: int, stage: int, code: int, count: int) -> ErrorCount:
    counted = ErrorCount(stage=stage, code=code, count=count)  # type: ignore[arg-type]  # Druid has the numbers
    counted.hour.FromMilliseconds(hour_ms)
    return counted

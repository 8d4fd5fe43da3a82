"""The error store in Druid: which errors are on the page, how many there are, and then their records."""

from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from footfall.v1.errors_pb2 import ErrorCount, EventError, ListErrorsResponse
from footfall_adapters.druid import error_queries as queries
from footfall_adapters.druid.broker import Broker
from footfall_core.clock import Micros
from footfall_core.problems import DeadlinePassed, NotComputable, TryAgain
from footfall_core.wire.query_pb2 import ErrorsQuestion

_THINNEST = 2
"""Characters of an id by which the thinnest slices are told apart: a thousand of them."""


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
        characters = 0
        if not question.after_error_id:
            # before the page, so that what was counted is listed, on this page or a later one
            counts, characters = await self._in_slices(lambda part: queries.counts_query(question, part), deadline)
        # the same errors are told apart: no wider slices would do now
        found, _ = await self._in_slices(lambda part: queries.page_query(question, part), deadline, characters)
        # newest first; equal times in order of their ids
        firsts = sorted(found, key=lambda first: (-first[1], first[0]))[: question.limit]
        added_up: Counter[tuple[int, int, int]] = Counter()
        for *kind, count in counts:
            added_up[tuple(kind)] += count
        response = ListErrorsResponse(
            counts=[_count(*kind, count) for kind, count in sorted(added_up.items())], total_count=added_up.total()
        )
        response.errors.extend(await self._records(question.property_id, firsts, deadline))
        return response

    async def _in_slices(
        self, query_of: Callable[[queries.Slice], queries.Query], deadline: Micros, characters: int = 0
    ) -> tuple[list[Any], int]:
        """Return the rows of all slices, of which there are as few as Druid is able to do, and what tells them apart.

        Args:
            query_of: the query of a slice.
            deadline: of all of them.
            characters: of ids, by which the widest slices that are tried are told apart.

        Raises:
            NotComputable: not even the thinnest slices can be told apart.
        """
        while True:
            try:
                return await self._asked(query_of, characters, deadline), characters
            except NotComputable:
                if characters >= _THINNEST:
                    raise
                characters += 1

    async def _asked(
        self, query_of: Callable[[queries.Slice], queries.Query], characters: int, deadline: Micros
    ) -> list[Any]:
        # one after the other, or their groups would be in Druid's memory together
        return [row for part in queries.slices(characters) for row in await self._broker.ask(query_of(part), deadline)]

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

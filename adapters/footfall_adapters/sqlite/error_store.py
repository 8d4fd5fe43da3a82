"""The error store in SQLite: the table of errors, asked directly."""

import asyncio
import sqlite3
from collections.abc import Sequence

import structlog

from footfall.v1.errors_pb2 import ErrorCount, EventError, ListErrorsResponse
from footfall_adapters.sqlite.database import reason
from footfall_adapters.sqlite.reading import Row, SqliteReader
from footfall_core.clock import Clock, Micros
from footfall_core.problems import DeadlinePassed, TryAgain
from footfall_core.wire.query_pb2 import ErrorsQuestion

log = structlog.get_logger()

_HOUR_MS = 3_600_000


class SqliteErrorStore:
    """The port `ErrorStore`."""

    def __init__(self, reader: SqliteReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def find(self, question: ErrorsQuestion, deadline: Micros) -> ListErrorsResponse:
        """Return the errors that a question asks for: see the port."""
        queries = [_page_query(question)]
        if not question.after_error_id and not question.error_id:
            queries.append(_counts_query(question))
        try:
            async with asyncio.timeout((deadline - self._clock.now()) / 1e6):
                page, *counts = await self._reader.rows(*queries)
        except TimeoutError:
            raise DeadlinePassed(
                "The errors were not found within the deadline; ask for a shorter range, or allow more time."
            ) from None
        except sqlite3.Error as error:
            log.warning("errors not read", reason=str(error))
            raise TryAgain(f"The errors cannot be read: {reason(error)}.") from None
        response = ListErrorsResponse(errors=[EventError.FromString(error) for (error,) in page])
        for row in counts[0] if counts else ():
            response.counts.append(_count(row))
            response.total_count += row[-1]
        return response


def _page_query(question: ErrorsQuestion) -> tuple[str, Sequence[object]]:
    firsts, values = _firsts(question)
    behind = ""
    if question.after_error_id:
        behind = "WHERE time_ms < ? OR (time_ms = ? AND error_id > ?)"
        values += [question.after_time_ms, question.after_time_ms, question.after_error_id]
    sql = f"SELECT error FROM ({firsts}) {behind} ORDER BY time_ms DESC, error_id LIMIT ?"
    return sql, [*values, question.limit]


def _counts_query(question: ErrorsQuestion) -> tuple[str, Sequence[object]]:
    firsts, values = _firsts(question)
    hour = f"time_ms / {_HOUR_MS} * {_HOUR_MS}"
    return f"SELECT {hour}, stage, code, COUNT(*) FROM ({firsts}) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", values


def _firsts(question: ErrorsQuestion) -> tuple[str, list[object]]:
    """Return the query of the first recording in the range of each error, and the values in it."""
    where, values = _conditions(question)
    # of a group with one minimum, SQLite takes the other columns from the row that has it
    return (
        f"SELECT error_id, MIN(time_ms) AS time_ms, stage, code, error FROM errors WHERE {where} GROUP BY error_id",
        values,
    )


def _conditions(question: ErrorsQuestion) -> tuple[str, list[object]]:
    """Return the conditions of a question, and the values in them."""
    # whole milliseconds, and the end is not in the range
    first_ms, end_ms = -(-question.start_micros // 1000), -(-question.end_micros // 1000)
    where, values = "property = ? AND time_ms >= ? AND time_ms < ?", [question.property_id, first_ms, end_ms]
    for column, wanted in (("stage", question.stages), ("code", question.codes)):
        if wanted:
            where += f" AND {column} IN ({', '.join('?' * len(wanted))})"
            values += wanted
    for column, value in (("writer_id", question.writer_id), ("error_id", question.error_id)):
        if value:
            where += f" AND {column} = ?"
            values.append(value)
    return where, values


def _count(row: Row) -> ErrorCount:
    hour_ms, stage, code, count = row
    counted = ErrorCount(stage=stage, code=code, count=count)
    counted.hour.FromMilliseconds(hour_ms)
    return counted

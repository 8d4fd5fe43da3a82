"""What looking errors up needs from outside. The docstrings are the contract that every adapter keeps."""

from typing import Protocol

from footfall.v1.errors_pb2 import ListErrorsResponse
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.wire.query_pb2 import ErrorsQuestion


class ErrorStore(Protocol):
    """Where recorded errors are counted and listed; asked by the query consumer, by many queries at a time."""

    async def find(self, question: ErrorsQuestion, deadline: Micros) -> ListErrorsResponse:
        """Return the errors that a question asks for, newest first, at most `limit`; without `next_page_token`.

        An error that was recorded several times is one error, of the time at which it was recorded first in the
        question's range. Equal times are in order of `error_id`. The first page has the counts over all pages.
        Changes nothing; when it is cancelled, the store's own work is cancelled too.

        Raises:
            NotComputable: there are more errors than the store can tell apart.
            TryAgain: the store cannot be reached, or is full.
            DeadlinePassed: it was not done by `deadline`.
        """
        ...


class RawRecords(Protocol):
    """The raw topics, record by record."""

    async def read(self, kind: EventKind, partition: int, offset: int) -> bytes | None:
        """Return the record at a place, or None if there is none (any more). Takes seconds at most.

        Raises:
            TryAgain: the raw topic is away, or too many records are being read.
        """
        ...

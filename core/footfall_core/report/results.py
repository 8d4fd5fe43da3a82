"""What a query consumer says to the server that asked: that it has begun, the answer in parts, or a failure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from footfall_core.problems import DeadlinePassed, InvalidRequest, NotComputable, Problem, TooLarge, TryAgain
from footfall_core.report.limits import MAX_ANSWER_BYTES
from footfall_core.wire.query_pb2 import AnswerPart, Begun, Failure, QueryResult

PART_BYTES = 512 * 1024
"""Bytes of an answer in one record: half of what Kafka takes unless it is told otherwise."""

MAX_PARTS = -(-MAX_ANSWER_BYTES // PART_BYTES) + 1
"""Parts of an answer; one more than the response has, for what stands around it."""

_PROBLEMS: dict[str, Callable[[str], Problem]] = {
    InvalidRequest.__name__: lambda message: InvalidRequest.of("", message),
    TooLarge.__name__: TooLarge,
    NotComputable.__name__: NotComputable,
    TryAgain.__name__: TryAgain,
    DeadlinePassed.__name__: DeadlinePassed,
}
"""What a failure may be told as; anything else is none of the caller's business."""


class InternalError(Exception):
    """A query failed for a reason that is none of the caller's business; the query consumer's log has it."""


def begun(query_id: str, instance: str) -> bytes:
    """Return the record that says that a query was begun."""
    return QueryResult(query_id=query_id, begun=Begun(instance=instance)).SerializeToString()


def parts(query_id: str, attempt: str, answer: bytes) -> Iterator[bytes]:
    """Yield the records of an answer."""
    count = max(1, -(-len(answer) // PART_BYTES))
    for index in range(count):
        data = answer[index * PART_BYTES : (index + 1) * PART_BYTES]
        part = AnswerPart(attempt=attempt, index=index, count=count, data=data)
        yield QueryResult(query_id=query_id, part=part).SerializeToString()


def failure(query_id: str, error: Exception) -> bytes:
    """Return the record of a failure; what is no `Problem` says nothing of itself, since it may hold anything."""
    said = Failure(kind=InternalError.__name__)
    if isinstance(error, Problem):
        said = Failure(kind=type(error).__name__, message=error.message)
    return QueryResult(query_id=query_id, failure=said).SerializeToString()


def error_of(said: Failure) -> Exception:
    """Return the error that a failure tells of."""
    if said.kind in _PROBLEMS:
        return _PROBLEMS[said.kind](said.message)
    return InternalError("the query consumer's log has the reason")


@dataclass(slots=True)
class Assembly:
    """The parts of one query's answer, which may come from several attempts and in any order."""

    _attempts: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def add(self, part: AnswerPart) -> bytes | None:
        """Take a part, and return the answer if its attempt is complete now.

        Raises:
            TooLarge: the answer has more parts than allowed.
        """
        if part.count > MAX_PARTS:
            raise TooLarge("The answer is too large; ask for fewer rows with `limit`.")
        attempt = self._attempts.setdefault(part.attempt, {})
        attempt[part.index] = part.data
        if len(attempt) < part.count:
            return None
        return b"".join(attempt[index] for index in range(part.count))

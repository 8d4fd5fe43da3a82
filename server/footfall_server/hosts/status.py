"""The one place where what went wrong becomes a gRPC status."""

from dataclasses import dataclass

from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from footfall_core.problems import (
    DeadlinePassed,
    InvalidRequest,
    NotComputable,
    Problem,
    TooLarge,
    TooSlow,
    TryAgain,
)

DOMAIN = "footfall"

LONGEST_MESSAGE = 1_000
MOST_VIOLATIONS = 10
"""Clients refuse trailers above 8 KiB, and would show that instead of what was wrong."""


@dataclass
class StatusError(Exception):
    """A call that ends with a status other than OK."""

    code: int
    """A number of `google.rpc.Code`."""
    message: str
    trailers: tuple[tuple[str, str | bytes], ...] = ()

    @property
    def code_name(self) -> str:
        """The code's name, for example `UNAVAILABLE`."""
        return str(code_pb2.Code.Name(self.code))


CODES: tuple[tuple[type[Problem], int], ...] = (
    (InvalidRequest, code_pb2.INVALID_ARGUMENT),
    (TooLarge, code_pb2.RESOURCE_EXHAUSTED),
    (TooSlow, code_pb2.RESOURCE_EXHAUSTED),
    (NotComputable, code_pb2.FAILED_PRECONDITION),
    (TryAgain, code_pb2.UNAVAILABLE),
    (DeadlinePassed, code_pb2.DEADLINE_EXCEEDED),
)


def status_of(error: BaseException) -> StatusError:
    """Return the status of an error; an unknown one says nothing of itself, since it may hold anything."""
    for problem, code in CODES:
        if isinstance(error, problem):
            return _detailed(code, error)
    return StatusError(code_pb2.INTERNAL, "An internal error; it is in the server's log.")


def _detailed(code: int, problem: Problem) -> StatusError:
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=_reason(problem), domain=DOMAIN)]
    trailers: list[tuple[str, str | bytes]] = []
    if isinstance(problem, InvalidRequest):
        bad = error_details_pb2.BadRequest()
        for violation in problem.violations[:MOST_VIOLATIONS]:
            bad.field_violations.add(field=violation.field[:100], description=violation.description[:300])
        details.append(bad)
    if isinstance(problem, TryAgain):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(problem.retry_after_seconds * 1e9))
        details.append(retry)
        # gRFC A6 states the same for clients that do not read the details
        trailers.append(("grpc-retry-pushback-ms", str(int(problem.retry_after_seconds * 1000))))
    message = problem.message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]} … ({len(message):,} characters in all)"
    status = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    return StatusError(code, message, tuple(trailers))


def _reason(problem: Problem) -> str:
    """Return the class's name as AIP-193 writes reasons: `TRY_AGAIN`."""
    name = type(problem).__name__
    return "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()

"""The one place where what went wrong becomes a gRPC status."""

from dataclasses import dataclass

from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from footfall_core.problems import (
    AlreadyExists,
    Conflict,
    DeadlinePassed,
    FieldViolation,
    HistoryGone,
    InvalidRequest,
    NotComputable,
    NotFound,
    OverQuota,
    PermissionDenied,
    Problem,
    TooLarge,
    TooSlow,
    TryAgain,
    Unauthenticated,
    WrongState,
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
        return code_name(self.code)


CODES: tuple[tuple[type[Problem], int], ...] = (
    (InvalidRequest, code_pb2.INVALID_ARGUMENT),
    (TooLarge, code_pb2.RESOURCE_EXHAUSTED),
    (TooSlow, code_pb2.RESOURCE_EXHAUSTED),
    (HistoryGone, code_pb2.OUT_OF_RANGE),
    (NotFound, code_pb2.NOT_FOUND),
    (AlreadyExists, code_pb2.ALREADY_EXISTS),
    (Unauthenticated, code_pb2.UNAUTHENTICATED),
    (PermissionDenied, code_pb2.PERMISSION_DENIED),
    (WrongState, code_pb2.FAILED_PRECONDITION),
    (Conflict, code_pb2.ABORTED),
    (NotComputable, code_pb2.FAILED_PRECONDITION),
    (TryAgain, code_pb2.UNAVAILABLE),
    (OverQuota, code_pb2.RESOURCE_EXHAUSTED),
    (DeadlinePassed, code_pb2.DEADLINE_EXCEEDED),
)


def code_of(error: BaseException) -> int:
    """Return the number of `google.rpc.Code` of an error; `INTERNAL` for whatever is no `Problem`."""
    return next((code for problem, code in CODES if isinstance(error, problem)), code_pb2.INTERNAL)


def code_name(code: int) -> str:
    """Return a code's name, for example `UNAVAILABLE`."""
    return str(code_pb2.Code.Name(code))


def sentence_of(error: BaseException) -> str:
    """Return what a caller is told; an unknown error says nothing of itself, since it may hold anything."""
    if not isinstance(error, Problem):
        return "An internal error; it is in the server's log."
    message = error.message
    if len(message) > LONGEST_MESSAGE:
        return f"{message[:LONGEST_MESSAGE]} … ({len(message):,} characters in all)"
    return message


def violations_of(problem: InvalidRequest) -> tuple[FieldViolation, ...]:
    """Return the fields that were wrong, as many of them and as much of each as a caller is told."""
    return tuple(FieldViolation(v.field[:100], v.description[:300]) for v in problem.violations[:MOST_VIOLATIONS])


def status_of(error: BaseException) -> StatusError:
    """Return the status of an error, with all that a caller is told of it."""
    if isinstance(error, Problem):
        return _detailed(code_of(error), error)
    return StatusError(code_of(error), sentence_of(error))


def _detailed(code: int, problem: Problem) -> StatusError:
    info = error_details_pb2.ErrorInfo(reason=_reason(problem), domain=DOMAIN)
    details: list[Message] = [info]
    trailers: list[tuple[str, str | bytes]] = []
    if isinstance(problem, HistoryGone):
        info.metadata["earliest_resume_token"] = problem.earliest_resume_token
        # the same for clients that do not read the details
        trailers.append(("footfall-earliest-resume-token", problem.earliest_resume_token))
    if isinstance(problem, InvalidRequest):
        bad = error_details_pb2.BadRequest()
        for violation in violations_of(problem):
            bad.field_violations.add(field=violation.field, description=violation.description)
        details.append(bad)
    if problem.retry_after_seconds is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(problem.retry_after_seconds * 1e9))
        details.append(retry)
        # gRFC A6 states the same for clients that do not read the details
        trailers.append(("grpc-retry-pushback-ms", str(int(problem.retry_after_seconds * 1000))))
    if isinstance(problem, Conflict):
        # clients try again what was aborted; here somebody has to look again first
        trailers.append(("grpc-retry-pushback-ms", "-1"))
    message = sentence_of(problem)
    status = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    return StatusError(code, message, tuple(trailers))


def _reason(problem: Problem) -> str:
    """Return why, as AIP-193 writes reasons: `KEY_EXPIRED` if the problem says it, else its class: `TRY_AGAIN`."""
    if isinstance(problem, Unauthenticated | PermissionDenied):
        return problem.reason.upper()
    name = type(problem).__name__
    return "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()

"""What a `RedriveErrorsRequest` asks for, and where a redrive goes on. Pure."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from footfall.v1.errors_pb2 import EventError, GetErrorRequest, ListErrorsRequest, RedriveErrorsRequest
from footfall_core.clock import Micros
from footfall_core.errors.listing import listing_of, question_of_one
from footfall_core.errors.page_token import PageStart, page_start_of, page_token
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.redrive.repairs import Step, steps_of
from footfall_core.wire.query_pb2 import ErrorsQuestion

MAX_ERROR_IDS = 100
"""Errors that one request may name by their ids."""

PAGE = 500
"""Errors that are looked at between two messages."""

_RANGE: tuple[Literal["start_time", "end_time"], ...] = ("start_time", "end_time")


@dataclass(frozen=True, slots=True)
class Redriving:
    """A request, checked."""

    property_id: str
    named: tuple[ErrorsQuestion, ...]
    """One question for each error that is named; empty: `page` instead."""
    page: ErrorsQuestion
    """The question for the first page."""
    steps: tuple[Step, ...]
    """What is done to each event."""
    validate_only: bool
    fingerprint: bytes
    """Of all in the request that must be the same for whoever goes on."""

    def page_behind(self, error: EventError) -> ErrorsQuestion:
        """Return the question for the page behind an error."""
        question = ErrorsQuestion()
        question.CopyFrom(self.page)
        question.after_time_ms, question.after_error_id = error.time.ToMilliseconds(), error.error_id
        return question

    def token_of(self, question: ErrorsQuestion) -> str:
        """Return what a later call goes on with at a page."""
        begin = PageStart(
            Micros(question.start_micros), Micros(question.end_micros), question.after_time_ms, question.after_error_id
        )
        return page_token(begin, self.fingerprint)


def redriving_of(request: RedriveErrorsRequest, now: Micros) -> Redriving:
    """Check a request.

    Raises:
        InvalidRequest: names each field that is wrong.
    """
    wanted = ListErrorsRequest(property=request.property, filter=request.filter, page_size=PAGE)
    for field in _RANGE:
        if request.HasField(field):
            getattr(wanted, field).CopyFrom(getattr(request, field))
    violations: list[FieldViolation] = []
    page, named, steps = ErrorsQuestion(), list[ErrorsQuestion](), tuple[Step, ...]()
    try:
        page = listing_of(wanted, now).question
        page.limit = PAGE
    except InvalidRequest as problem:
        violations += problem.violations
    try:
        named = _named(request, now)
    except InvalidRequest as problem:
        # a bad property was named already
        violations += [each for each in problem.violations if each not in violations]
    try:
        steps = steps_of(request.repairs)
    except InvalidRequest as problem:
        violations += problem.violations
    if violations:
        raise InvalidRequest(*violations)
    fingerprint = _fingerprint(request)
    if request.resume_token:
        _go_on(page, request.resume_token, fingerprint)
    return Redriving(page.property_id, tuple(named), page, steps, request.validate_only, fingerprint)


def _named(request: RedriveErrorsRequest, now: Micros) -> list[ErrorsQuestion]:
    if not request.error_ids:
        return []
    if len(request.error_ids) > MAX_ERROR_IDS:
        sentence = f"There are {len(request.error_ids):,} ids; at most {MAX_ERROR_IDS} are allowed. Filter instead."
        raise InvalidRequest.of("error_ids", sentence)
    besides = ["filter"] if request.filter.ByteSize() else []
    besides += [field for field in _RANGE if request.HasField(field)]
    besides += ["resume_token"] if request.resume_token else []
    if besides:
        raise InvalidRequest.of("error_ids", f"The ids say by themselves which errors; leave {besides[0]} out.")
    questions = {}
    for index, error_id in enumerate(request.error_ids):
        try:
            questions[error_id] = question_of_one(GetErrorRequest(property=request.property, error_id=error_id), now)
        except InvalidRequest as problem:
            field = {"error_id": f"error_ids[{index}]"}
            raise InvalidRequest(
                *(FieldViolation(field.get(each.field, each.field), each.description) for each in problem.violations)
            ) from None
    return list(questions.values())


def _fingerprint(request: RedriveErrorsRequest) -> bytes:
    kept = RedriveErrorsRequest()
    kept.CopyFrom(request)
    kept.ClearField("resume_token")
    return blake2b(b"redrive" + kept.SerializeToString(deterministic=True), digest_size=8).digest()


def _go_on(page: ErrorsQuestion, token: str, fingerprint: bytes) -> None:
    """Have a page begin where a token says, in the range that was resolved for the first one."""
    try:
        begin = page_start_of(token, fingerprint)
    except InvalidRequest:
        raise InvalidRequest.of(
            "resume_token",
            "It is no token of a redrive of this property, filter, range and repairs; send one as it was received with "
            "the same request, or leave it out to begin anew.",
        ) from None
    page.start_micros, page.end_micros = begin.start, begin.end
    page.after_time_ms, page.after_error_id = begin.time_ms, begin.error_id

"""Lists of errors, page by page: from the request to the question, and from what was found to the answer. Pure."""

from dataclasses import dataclass
from hashlib import blake2b

from google.protobuf.message import Message

from footfall.v1.errors_pb2 import GetErrorRequest, ListErrorsRequest, ListErrorsResponse
from footfall_core.clock import Micros
from footfall_core.errors.page_token import ERROR_ID, PageStart, page_start_of, page_token
from footfall_core.errors.selection import ErrorSelection, selection_of
from footfall_core.instants import instant_of
from footfall_core.problems import FieldViolation, InvalidRequest
from footfall_core.properties import parse_property
from footfall_core.wire.query_pb2 import ErrorsQuestion

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000

_DAY = 24 * 3600 * 1_000_000
"""Microseconds."""

KEPT = 30 * _DAY
"""How long an error can be asked for: as long as the errors topic keeps it. Microseconds."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for a page, checked."""

    question: ErrorsQuestion
    """What the store is asked: for one error more than the page holds, which says whether there is another page."""
    fingerprint: bytes
    """Of all in the request that must be the same for each page."""

    def page(self, found: ListErrorsResponse) -> ListErrorsResponse:
        """Return the page of what the store found."""
        size = self.question.limit - 1
        if len(found.errors) > size:
            del found.errors[size:]
            last = found.errors[-1]
            begin = PageStart(
                Micros(self.question.start_micros),
                Micros(self.question.end_micros),
                last.time.ToMilliseconds(),
                last.error_id,
            )
            found.next_page_token = page_token(begin, self.fingerprint)
        return found


def listing_of(request: ListErrorsRequest, now: Micros) -> Listing:
    """Check a request for a page.

    Raises:
        InvalidRequest: names each field that is wrong.
    """
    violations: list[FieldViolation] = []
    selection, start, end = ErrorSelection(""), None, None
    try:
        selection = selection_of(request.property, request.filter)
    except InvalidRequest as problem:
        violations += problem.violations
    try:
        start, end = _given(request, "start_time"), _given(request, "end_time")
    except InvalidRequest as problem:
        violations += problem.violations
    if not 0 <= request.page_size <= MAX_PAGE_SIZE:
        allowed = f"{request.page_size} is out of range; allowed are 1 to {MAX_PAGE_SIZE:,}, and 0 for the default."
        violations.append(FieldViolation("page_size", allowed))
    if violations:
        raise InvalidRequest(*violations)
    fingerprint = blake2b(selection.fingerprint() + repr((start, end)).encode(), digest_size=8).digest()
    if request.page_token:
        begin = page_start_of(request.page_token, fingerprint)
    else:
        last = now if end is None else end
        begin = PageStart(Micros(max(0, last - _DAY)) if start is None else start, last, 0, "")
        if begin.start >= begin.end:
            which = "end_time" if end is not None else "now, the default of end_time"
            raise InvalidRequest.of("start_time", f"It must be before {which}.")
    question = ErrorsQuestion(
        property_id=selection.property_id,
        stages=sorted(selection.stages),
        codes=sorted(selection.codes),
        writer_id=selection.writer_id,
        start_micros=begin.start,
        end_micros=begin.end,
        limit=(request.page_size or DEFAULT_PAGE_SIZE) + 1,
        after_time_ms=begin.time_ms,
        after_error_id=begin.error_id,
    )
    return Listing(question, fingerprint)


def question_of_one(request: GetErrorRequest, now: Micros) -> ErrorsQuestion:
    """Return the question for the one error that a request names.

    Raises:
        InvalidRequest: names each field that is wrong.
    """
    violations: list[FieldViolation] = []
    property_id = ""
    try:
        property_id = parse_property(request.property)
    except InvalidRequest as problem:
        violations += problem.violations
    if ERROR_ID.fullmatch(request.error_id) is None:
        violations.append(FieldViolation("error_id", "Send the error_id of an error, as it was received."))
    if violations:
        raise InvalidRequest(*violations)
    return ErrorsQuestion(
        property_id=property_id,
        error_id=request.error_id,
        start_micros=max(0, now - KEPT),
        # the clock that stamped it may be ahead of this one
        end_micros=now + _DAY,
        limit=1,
    )


def _given(request: Message, field: str) -> Micros | None:
    return instant_of(getattr(request, field), field) if request.HasField(field) else None

"""A redrive of errors over as many calls as it takes. No I/O, so that it serves threads and asyncio alike."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

import grpc

from footfall.error_list import list_request
from footfall.retry import Attempts, RetryPolicy, Setback
from footfall.v1.errors_pb2 import NotRedrivable, RedriveErrorsRequest, RedriveErrorsResponse, Repair, StillRefused

EXAMPLES = 5
"""Examples of each code and reason that are kept."""

ENDED = Setback(grpc.StatusCode.UNAVAILABLE, "the stream ended before the redrive was done")
"""Why a stream is to be opened again that no status says anything of."""


class RedriveOptions(TypedDict, total=False):
    """Which errors to redrive, and how."""

    stages: Iterable[str]
    """Only errors found by these, for example `VALIDATION`; empty means all."""
    codes: Iterable[str]
    """Only errors of these kinds, for example `NAME_INVALID`; empty means all."""
    writer_id: str
    """Only errors of this writer; empty means all."""
    error_ids: Iterable[str]
    """These errors alone, at most 100; in the place of all of the above and of a range."""
    repairs: Iterable[Repair]
    """What is changed in each event before it is checked, in order: see `footfall.repairs`."""


def redrive_request(
    property_id: str,
    start: datetime | None,
    end: datetime | None,
    *,
    validate_only: bool,
    stages: Iterable[str] = (),
    codes: Iterable[str] = (),
    writer_id: str = "",
    error_ids: Iterable[str] = (),
    repairs: Iterable[Repair] = (),
) -> RedriveErrorsRequest:
    """Return the request of the first call; see `Client.redrive_errors` for the arguments.

    Raises:
        TypeError: one string where a list belongs, or there is no such option.
        ValueError: a time has no zone, or there is no such stage or code.
    """
    if isinstance(error_ids, str):
        raise TypeError("error_ids is a string; allowed is a list of ids")
    wanted = list_request(property_id, start, end, stages=stages, codes=codes, writer_id=writer_id)
    request = RedriveErrorsRequest(
        property=wanted.property, error_ids=error_ids, repairs=repairs, validate_only=validate_only
    )
    if wanted.filter.ByteSize():
        request.filter.CopyFrom(wanted.filter)
    if start is not None:
        request.start_time.CopyFrom(wanted.start_time)
    if end is not None:
        request.end_time.CopyFrom(wanted.end_time)
    return request


class Redrive:
    """How far a redrive has come, over all calls. Instants are seconds that never go back."""

    def __init__(self, request: RedriveErrorsRequest, retries: RetryPolicy, now: float) -> None:
        """Begin with a request; see `Client.redrive_errors` for the retries."""
        self._request = request
        self._retries = retries
        self._attempts = Attempts(retries, now)
        self._before = RedriveErrorsResponse()
        self._newest = RedriveErrorsResponse()
        self.done = False
        """Whether nothing is left to do."""

    def begin(self, now: float) -> RedriveErrorsRequest:
        """Return the request of the next call: behind what the one before told of."""
        self._attempts.begin(now)
        self._before = self._newest
        request = RedriveErrorsRequest()
        request.CopyFrom(self._request)
        request.resume_token = self._before.resume_token
        return request

    def take(self, message: RedriveErrorsResponse, now: float) -> RedriveErrorsResponse:
        """Return a message with the counts of all calls."""
        self._attempts = Attempts(self._retries, now)  # it goes on, so there is all the patience for what comes
        self._newest = _added(self._before, message)
        self.done = message.done
        return self._newest

    def pause_after(self, setback: Setback, now: float) -> float:
        """Return the seconds to wait before the next call.

        Raises:
            RefusedError: the answer will always be the same.
            GivenUpError: the policy's time is up.
        """
        return self._attempts.pause_after(setback.of_stream(heard=not self._attempts.made), now)


def _added(before: RedriveErrorsResponse, message: RedriveErrorsResponse) -> RedriveErrorsResponse:
    added = RedriveErrorsResponse(
        total_count=before.total_count or message.total_count,
        examined_count=before.examined_count + message.examined_count,
        redriven_count=before.redriven_count + message.redriven_count,
        redriven_before_count=before.redriven_before_count + message.redriven_before_count,
        refused_count=before.refused_count + message.refused_count,
        not_redrivable_count=before.not_redrivable_count + message.not_redrivable_count,
        redriven_event_count=before.redriven_event_count + message.redriven_event_count,
        refused_event_count=before.refused_event_count + message.refused_event_count,
        resume_token=message.resume_token,
        done=message.done,
    )
    refused: dict[int, StillRefused] = {}
    for kind in (*before.refused, *message.refused):
        sum_of_kind = refused.setdefault(kind.code, StillRefused(code=kind.code))
        sum_of_kind.event_count += kind.event_count
        sum_of_kind.examples.extend(kind.examples[: EXAMPLES - len(sum_of_kind.examples)])
    reasons: dict[int, NotRedrivable] = {}
    for why in (*before.not_redrivable, *message.not_redrivable):
        sum_of_reason = reasons.setdefault(why.reason, NotRedrivable(reason=why.reason, message=why.message))
        sum_of_reason.error_count += why.error_count
        sum_of_reason.error_ids.extend(why.error_ids[: EXAMPLES - len(sum_of_reason.error_ids)])
    added.refused.extend(refused[code] for code in sorted(refused))
    added.not_redrivable.extend(reasons[reason] for reason in sorted(reasons))
    return added

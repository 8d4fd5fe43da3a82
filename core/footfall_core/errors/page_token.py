"""Page tokens: where the next page of a list of errors begins, and for which request that is true.

    fingerprint   8 bytes of the request
    start, end    of the range as it was resolved for the first page, Unix microseconds
    time          of the last error that was listed, Unix milliseconds
    error id      of the same error

The range stands in the token because a request may leave it to the server's clock, and all pages are of one list.
"""

import re
import struct
from dataclasses import dataclass

from footfall_core.clock import Micros
from footfall_core.errors.sealed import seal, unseal
from footfall_core.instants import LATEST
from footfall_core.problems import InvalidRequest

ERROR_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What the id of an error is made of."""

_VERSION = 101
_HEAD = struct.Struct(">8sqqq")


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page begins: behind an error of a range."""

    start: Micros
    end: Micros
    time_ms: int
    error_id: str


def page_token(begin: PageStart, fingerprint: bytes) -> str:
    """Return the token of a page of the request with this fingerprint."""
    head = _HEAD.pack(fingerprint, begin.start, begin.end, begin.time_ms)
    return seal(_VERSION, head + begin.error_id.encode())


def page_start_of(token: str, fingerprint: bytes) -> PageStart:
    """Return where a client's token says that its page begins.

    Raises:
        InvalidRequest: it is no token, or one of another request.
    """
    try:
        content = unseal(_VERSION, token)
        theirs, start, end, time_ms = _HEAD.unpack_from(content)
        error_id = content[_HEAD.size :].decode()
        if not 0 <= start < end <= LATEST or not 0 <= time_ms <= LATEST // 1000 or not ERROR_ID.fullmatch(error_id):
            raise ValueError("no page begins there")  # noqa: TRY301 - one sentence for all of them
    except (ValueError, struct.error):
        raise InvalidRequest.of(
            "page_token", "It is not a token of this service; send next_page_token as it was received."
        ) from None
    if theirs != fingerprint:
        raise InvalidRequest.of(
            "page_token", "It comes from another request; property, filter, start_time and end_time must be the same."
        )
    return PageStart(Micros(start), Micros(end), time_ms, error_id)

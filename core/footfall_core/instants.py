"""Instants in requests."""

from google.protobuf.timestamp_pb2 import Timestamp

from footfall_core.clock import Micros
from footfall_core.problems import InvalidRequest

_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, up to which a `Timestamp` may reach."""

LATEST = Micros(_LAST_SECOND * 1_000_000 + 999_999)
"""The latest instant that a request may name."""


def instant_of(stamp: Timestamp, field: str) -> Micros:
    """Return a request's instant, Unix time in microseconds.

    Raises:
        InvalidRequest: it is before 1970 or no `Timestamp` that protobuf allows; names `field`.
    """
    if not 0 <= stamp.seconds <= _LAST_SECOND or not 0 <= stamp.nanos < 1_000_000_000:
        raise InvalidRequest.of(field, "Allowed are the years 1970 to 9999, and 0 to 999,999,999 nanos.")
    return Micros(stamp.ToMicroseconds())

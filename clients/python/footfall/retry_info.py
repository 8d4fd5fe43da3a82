"""Reads google.rpc.RetryInfo from the details of a status, for servers and gateways that say nothing in a trailer.

The classes of google.rpc are in a package that this library does without; the few fields are read by their numbers.
"""

from typing import Any as Untyped

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

TRAILER = "grpc-status-details-bin"
_STATUS_DETAILS = 3
_RETRY_DELAY = 1


def retry_delay(status: bytes) -> float | None:
    """Return the seconds after which a serialized google.rpc.Status asks to be tried again; None if it doesn't."""
    try:
        for detail in _submessages(status, _STATUS_DETAILS):
            packed = Any.FromString(detail)
            if packed.type_url.endswith("/google.rpc.RetryInfo"):
                for delay in _submessages(packed.value, _RETRY_DELAY):
                    return max(0.0, Duration.FromString(delay).ToTimedelta().total_seconds())
    except (DecodeError, ValueError, OverflowError):
        return None  # a status that cannot be read says nothing
    return None


def _submessages(message: bytes, number: int) -> list[bytes]:
    fields: Untyped = UnknownFieldSet(Empty.FromString(message))
    return [field.data for field in fields if field.field_number == number and isinstance(field.data, bytes)]

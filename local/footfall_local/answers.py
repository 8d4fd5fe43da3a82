"""What the gateway answers by itself where no server does."""

from base64 import b64encode

from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2, error_details_pb2, status_pb2

from footfall_local.filters import Json

AGAIN_SECONDS = 1
"""After how long a call is to come again that no server could be found for."""

NOBODY_ANSWERED = ("UH", "UF", "UC", "UO", "UR", "URX", "LR")
"""Envoy's flags of a response that it makes itself, because no server was healthy, could be connected to or stayed."""


def come_again() -> Json:
    """Return what has the gateway say when to come again, as our servers do, where it answers in their place.

    That of a server which ended under a call is among it: writes may be sent again, and all else changes nothing.
    """
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromSeconds(AGAIN_SECONDS)
    status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="No server could be reached; please try again.")
    detail = Any()
    detail.Pack(retry)
    status.details.append(detail)
    told = {
        "grpc-status-details-bin": b64encode(status.SerializeToString()).decode(),
        "grpc-retry-pushback-ms": str(AGAIN_SECONDS * 1000),
    }
    from_grpc = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    return {
        "filter": {
            "and_filter": {
                "filters": [
                    {"response_flag_filter": {"flags": list(NOBODY_ANSWERED)}},
                    {"header_filter": {"header": from_grpc}},
                ]
            }
        },
        "headers_to_add": [{"header": {"key": key, "value": value}} for key, value in told.items()],
    }

"""`GetMetadata`: what a report may ask for; the same for every property."""

from google.protobuf.message import DecodeError

from footfall.v1 import query_pb2
from footfall_core.problems import InvalidRequest
from footfall_core.properties import parse_property
from footfall_core.report.metadata import metadata
from footfall_server.hosts.call import Call


async def get_metadata(request: bytes, call: Call) -> bytes:
    """Return the bytes of a `GetMetadataResponse`."""
    try:
        asked = query_pb2.GetMetadataRequest.FromString(request)
    except DecodeError:
        raise InvalidRequest.of("", "The request is not a footfall.v1.GetMetadataRequest.") from None
    call.log["property"] = parse_property(asked.property)
    return metadata().SerializeToString()

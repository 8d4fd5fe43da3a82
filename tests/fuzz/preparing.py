"""What is there before anything almost right is sent: an error to look at, a property, and keys to revoke."""

import asyncio
from typing import Any

import grpc
from google.protobuf.message import Message

from footfall.v1 import admin_pb2, errors_pb2, ingest_pb2
from footfall.v1.event_pb2 import Event
from tests.fuzz.samples import PROPERTY, THERE, Samples, samples

KEYS = 20
"""How many keys there are to revoke."""

SECONDS = 60.0
"""How long to wait for all of it."""


async def prepared(channel: grpc.aio.Channel) -> Samples:
    """Return samples, once what the first ones are about is there."""
    wrong = ingest_pb2.WriteEventsRequest(property=PROPERTY, events=[Event(name="not a name", client_id="c")])
    await _ask(channel, "IngestService/WriteEvents", wrong)
    await _create(channel)
    key = admin_pb2.CreateKeyRequest(parent=f"properties/{THERE}")
    key.key.scopes.append(admin_pb2.KEY_SCOPE_READ)
    made = [await _ask(channel, "AdminService/CreateKey", key) for _ in range(KEYS)]
    names = [admin_pb2.CreateKeyResponse.FromString(each).key.name for each in made]
    async with asyncio.timeout(SECONDS):
        return samples(await _error_id(channel), names)


async def _create(channel: grpc.aio.Channel) -> None:
    """Create the property, or have it active again if an earlier round suspended it."""
    try:
        await _ask(channel, "AdminService/CreateProperty", admin_pb2.CreatePropertyRequest(property_id=THERE))
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
            raise
        found = admin_pb2.Property(name=f"properties/{THERE}", state=admin_pb2.PROPERTY_STATE_ACTIVE)
        again = admin_pb2.UpdatePropertyRequest(property=found)
        again.update_mask.paths.append("state")
        await _ask(channel, "AdminService/UpdateProperty", again)


async def _error_id(channel: grpc.aio.Channel) -> str:
    """Return the id of one of the property's errors, when it has one."""
    followed: Any = channel.unary_stream("/footfall.v1.ErrorService/StreamErrors")
    request = errors_pb2.StreamErrorsRequest(property=PROPERTY)
    request.start_time.GetCurrentTime()
    request.start_time.seconds -= 60
    call = followed(request.SerializeToString(), timeout=SECONDS)
    async for answer in call:
        message = errors_pb2.StreamErrorsResponse.FromString(answer)
        if message.HasField("error"):
            call.cancel()
            return message.error.error_id
    raise AssertionError("the stream of errors has ended")


async def _ask(channel: grpc.aio.Channel, method: str, request: Message) -> bytes:
    answer: bytes = await channel.unary_unary(f"/footfall.v1.{method}")(request.SerializeToString(), timeout=SECONDS)
    return answer

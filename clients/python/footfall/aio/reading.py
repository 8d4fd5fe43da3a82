"""Reads from streams, and tells the end of a call from the end of the task that reads."""

import asyncio
from typing import Any

import grpc
import grpc.aio

_HIDDEN = "Internal error from Core"


class CallCancelledError(Exception):
    """The call was cancelled, here or by the other end."""


async def read(call: Any) -> Any:
    """Return a stream's next message; None when the other end has ended it with OK.

    Raises:
        grpc.RpcError: the stream failed.
        CallCancelledError: the call was cancelled.
        asyncio.CancelledError: the task that reads was.
    """
    try:
        message = await call.read()
    except asyncio.CancelledError as error:
        # gRPC raises this for a cancelled call, too
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise CallCancelledError from error
    return None if message is grpc.aio.EOF else message


def hides_status(error: grpc.RpcError) -> bool:
    """Return whether gRPC put a status of its own in the place of the one that the other end sent.

    It does so when a message was being written as the stream ended: `_write` in `grpc/aio/_call.py` of 1.85.
    """
    return error.code() is grpc.StatusCode.INTERNAL and error.details() == _HIDDEN

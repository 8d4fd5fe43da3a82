"""What a `StreamErrorsRequest` asks for. Pure."""

from footfall.v1.errors_pb2 import StreamErrorsRequest
from footfall_core.clock import Micros
from footfall_core.errors.feed import Position
from footfall_core.errors.resume_token import position_of
from footfall_core.errors.selection import ErrorSelection, selection_of
from footfall_core.instants import instant_of
from footfall_core.problems import InvalidRequest


def following_of(request: StreamErrorsRequest) -> tuple[ErrorSelection, Micros | Position | None]:
    """Return which errors are to be pushed, and from where on: a time, a position, or now.

    Raises:
        InvalidRequest: names the fields that are wrong.
    """
    selection = selection_of(request.property, request.filter)
    if request.HasField("start_time"):
        if request.resume_token:
            raise InvalidRequest.of("resume_token", "It takes the place of start_time; set one of them.")
        return selection, instant_of(request.start_time, "start_time")
    if request.resume_token:
        return selection, position_of(request.resume_token, selection)
    return selection, None
